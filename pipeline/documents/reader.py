"""One reader for fields and documents alike. What reads documents is imported when there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.documents.fields import check_box
from pipeline.documents.pages import has_pages, longer_side
from pipeline.images import load_grey
from pipeline.reading.result import Reading
from segmenter.arrays import Box

if TYPE_CHECKING:
    from pipeline.documents.fields import DocumentReading
    from pipeline.documents.templates.template import Template
    from pipeline.reading.reader import Reader, Trace

LEAST_SIDE = 500  # pixels of the longer side: a smaller picture is a field


@dataclass(frozen=True)
class DocumentReader:
    """Reads fields and documents alike: what `read` of the command line does.

    document: take every image for a document; otherwise that is found out. fields: as for `read_document`.
    """

    reader: Reader
    document: bool = False
    fields: Mapping[str, Box] | None = None
    template: Template | None = None

    def __post_init__(self) -> None:
        for name, box in (self.fields or {}).items():
            check_box(name, box)

    @property
    def threshold(self) -> float:
        """The confidence from which on the reader accepts."""
        return self.reader.threshold

    def trace(self, image: Any) -> Trace:
        """The reading of a field, and how it came about."""
        return self.reader.trace(image)

    def takes_for_document(self, image: Any) -> bool:
        """Whether an image is read as a document. Raises ImageError."""
        return self._is_named(image) or (longer_side(image) >= LEAST_SIDE and _is_document(load_grey(image)))

    def _is_named(self, image: Any) -> bool:
        """Whether the caller, or the kind of the file, says that it is a document."""
        return self.document or bool(self.fields) or self.template is not None or has_pages(image)

    def read(self, image: Any) -> Reading | DocumentReading:
        """The reading of a field, or of a document. Raises ImageError, UsageError."""
        if self._is_named(image):
            from pipeline.documents.document import read_document

            return read_document(self.reader, image, fields=self.fields or None, template=self.template)
        if longer_side(image) < LEAST_SIDE:
            return self.reader.read(image)
        grey = load_grey(image)
        if not _is_document(grey):
            return self.reader.read(grey)
        from pipeline.documents.document import read_document

        return read_document(self.reader, grey)


def _is_document(grey: Any) -> bool:
    from pipeline.documents.document import is_document
    from pipeline.documents.layout.sheet import make_sheet

    return is_document(make_sheet(grey))
