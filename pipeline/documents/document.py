"""Documents read: of one page or several, with fields found, or named, or those of a template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.documents.fields import DocumentReading, FieldReading
from pipeline.documents.given import check_box, read_given
from pipeline.documents.looks import Look
from pipeline.documents.pages import Page, has_pages, load_pages, longer_side
from pipeline.documents.reading import Found, named, read_page
from pipeline.documents.recognising import LEAST_SIDE, is_document
from pipeline.documents.sheet import Box, make_sheet
from pipeline.errors import ImageError
from pipeline.reading.images import load_grey
from pipeline.reading.reader import Reader
from pipeline.reading.reading import Reading


def read_document(reader: Reader, image: Any, *, fields: Mapping[str, Box] | None = None) -> DocumentReading:
    """The fields of a document and what stands in them.

    image: as for Reader.read, or a PDF or a multi-page TIFF. fields: names and boxes (left, top, right, bottom) in
    pixels of its first page; None: they are found.
    Raises ImageError where no page can be read, UsageError for a box that cannot be meant or a missing extra.
    """
    pages = list(load_pages(image)) if fields is None else [next(iter(load_pages(image)))]
    errors = tuple(page.error for page in pages if page.error is not None)
    if len(errors) == len(pages):
        raise ImageError(errors[0] if len(errors) == 1 else f"{errors[0]}; nor can any other page be read")
    if fields is not None:
        found = read_fields(reader, pages[0], fields)
    else:
        found = named([(page.number, one) for page in pages for one in _numbers(reader, page, len(pages) > 1)])
    return DocumentReading(found, len(pages), errors)


def read_fields(reader: Reader, page: Page, fields: Mapping[str, Box]) -> tuple[FieldReading, ...]:
    """The named fields of a page."""
    return () if page.grey is None else tuple(read_given(reader, make_sheet(page.grey), fields, page.number))


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


@dataclass(frozen=True)
class DocumentReader:
    """Reads fields and documents alike: what `read` of the command line does.

    document: take every image for a document; otherwise that is found out. fields: as for `read_document`.
    """

    reader: Reader
    document: bool = False
    fields: Mapping[str, Box] | None = None

    def __post_init__(self) -> None:
        for name, box in (self.fields or {}).items():
            check_box(name, box)

    def read(self, image: Any) -> Reading | DocumentReading:
        """The reading of a field, or of a document. Raises ImageError, UsageError."""
        if self.document or self.fields or has_pages(image):
            return read_document(self.reader, image, fields=self.fields or None)
        if longer_side(image) < LEAST_SIDE:
            return self.reader.read(image)
        grey = load_grey(image)
        sheet = make_sheet(grey)
        if not is_document(sheet):
            return self.reader.read(grey)
        return DocumentReading(named([(1, one) for one in read_page(self.reader, sheet)]))
