"""Documents read: of one page or several, with fields found, or named, or those of a template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.documents.fields import DocumentReading
from pipeline.documents.filling import draft, read_by_template
from pipeline.documents.given import check_box, read_given
from pipeline.documents.looks import Look
from pipeline.documents.pages import Page, has_pages, load_pages, longer_side
from pipeline.documents.reading import Found, named, read_page
from pipeline.documents.recognising import LEAST_SIDE, is_document
from pipeline.documents.sheet import Box, make_sheet
from pipeline.documents.templates import Template, load_template
from pipeline.errors import ImageError, UsageError
from pipeline.reading.images import load_grey
from pipeline.reading.reader import Reader, Trace
from pipeline.reading.reading import Reading


def read_document(reader: Reader, image: Any, *, fields: Mapping[str, Box] | None = None,
                  template: Template | str | Path | None = None) -> DocumentReading:
    """The fields of a document and what stands in them.

    image: as for Reader.read, or a PDF or a multi-page TIFF. fields: names and boxes (left, top, right, bottom) in
    pixels of its first page; template, or its file: likewise of the first page; neither: they are found.
    Raises ImageError where no page can be read, UsageError for a box that cannot be meant or a missing extra.
    """
    if fields is not None and template is not None:
        raise UsageError("fields are named either by their boxes or by a template, not both")
    if isinstance(template, str | Path):
        template = load_template(Path(template))
    given = fields is not None or template is not None
    pages = [next(iter(load_pages(image)))] if given else list(load_pages(image))
    errors = tuple(page.error for page in pages if page.error is not None)
    if len(errors) == len(pages):
        raise ImageError(errors[0] if len(errors) == 1 else f"{errors[0]}; nor can any other page be read")
    first = pages[0].grey
    if template is not None and first is not None:
        return read_by_template(reader, make_sheet(first), template)
    if fields is not None and first is not None:
        found = tuple(read_given(reader, make_sheet(first), fields))
    else:
        found = named([(page.number, one) for page in pages for one in _numbers(reader, page, len(pages) > 1)])
    return DocumentReading(found, len(pages), errors)


def _numbers(reader: Reader, page: Page, several: bool) -> list[Found]:
    """The numbers of a page; one of several pages may be a field cut out."""
    if page.grey is None:
        return []
    sheet = make_sheet(page.grey)
    if several and not is_document(sheet):
        reading = reader.read(page.grey)
        height, width = page.grey.shape
        return [] if reading.text is None else [Found("line", (0, 0, width, height), Look(reading, 1.0, False))]
    return read_page(reader, sheet)


def draft_template(reader: Reader, image: Any) -> Template:
    """A template with the fields that are found on the first page of a document. Raises ImageError, UsageError."""
    page = next(iter(load_pages(image)))
    if page.grey is None:
        raise ImageError(page.error or "the first page cannot be read")
    return draft(reader, make_sheet(page.grey))


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
        if self.document or self.fields or self.template is not None or has_pages(image):
            return True
        return longer_side(image) >= LEAST_SIDE and is_document(make_sheet(load_grey(image)))

    def read(self, image: Any) -> Reading | DocumentReading:
        """The reading of a field, or of a document. Raises ImageError, UsageError."""
        if self.document or self.fields or self.template is not None or has_pages(image):
            return read_document(self.reader, image, fields=self.fields or None, template=self.template)
        if longer_side(image) < LEAST_SIDE:
            return self.reader.read(image)
        grey = load_grey(image)
        sheet = make_sheet(grey)
        if not is_document(sheet):
            return self.reader.read(grey)
        return DocumentReading(named([(1, one) for one in read_page(self.reader, sheet)]))
