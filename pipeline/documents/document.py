"""Documents read: of one page or several, with fields found, or named, or those of a template."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.documents.fields import DocumentReading
from pipeline.documents.given import read_given
from pipeline.documents.layout.sheet import Box, make_sheet
from pipeline.documents.looks import Look
from pipeline.documents.page import Found, named, read_page
from pipeline.documents.pages import Page, load_pages
from pipeline.documents.recognising import is_document
from pipeline.documents.templates.filling import draft, read_by_template
from pipeline.documents.templates.template import Template, load_template
from pipeline.errors import ImageError, UsageError
from pipeline.reading.reader import Reader


def read_document(
    reader: Reader,
    image: Any,
    *,
    fields: Mapping[str, Box] | None = None,
    template: Template | str | Path | None = None,
) -> DocumentReading:
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
