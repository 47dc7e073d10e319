"""Documents read: of one page or several, with fields found, or named, or those of a template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.documents.fields import DocumentReading
from pipeline.documents.given import read_given
from pipeline.documents.glance import may_be_page
from pipeline.documents.layout.field_finding import Layout
from pipeline.documents.layout.sheet import Sheet, make_sheet
from pipeline.documents.looks import Look
from pipeline.documents.page import FoundNumber, named, read_page
from pipeline.documents.pages import MOST_PAGES, Page, load_pages
from pipeline.documents.templates.filling import draft, read_by_template
from pipeline.documents.templates.template_file import Template, load_template
from pipeline.errors import ImageError, UsageError
from pipeline.reading.field_reader import FieldReader
from segmenter.arrays import Box, Grey
from segmenter.components import Components


def read_document(
    reader: FieldReader,
    image: Any,
    *,
    fields: Mapping[str, Box] | None = None,
    template: Template | str | Path | None = None,
    most_pages: int = MOST_PAGES,
) -> DocumentReading:
    """The fields of a document and what stands in them. Its pages are decoded, read and let go one by one.

    image: as for Reader.read, also a PDF or a multi-page TIFF. fields: names and boxes (left, top, right, bottom) in
    pixels of its first page; template, or its file: likewise of the first page; neither: they are found. most_pages:
    that are read; where there are more, `errors` say so.
    Raises ImageError where no page can be read, UsageError for a box that cannot be meant or a missing extra.
    """
    if fields is not None and template is not None:
        raise UsageError("fields are named either by their boxes or by a template, not both")
    if isinstance(template, str | Path):
        template = load_template(Path(template))
    pages = load_pages(image, most_pages)
    if fields is not None or template is not None:
        pages = islice(pages, 1)
    return read_pages(reader, pages, fields=fields, template=template)


def read_pages(
    reader: FieldReader,
    pages: Iterable[Page],
    *,
    fields: Mapping[str, Box] | None = None,
    template: Template | None = None,
) -> DocumentReading:
    """As `read_document`, of pages that come one by one; of the first one where fields or a template are given."""
    coming = iter(pages)
    first = next(coming)
    if (template is not None or fields is not None) and first.grey is not None:
        return _read_named(reader, make_sheet(first.grey), fields, template)
    second = next(coming, None)
    several = second is not None
    found, errors, count = [], [], 0
    for page in chain([first], [] if second is None else [second], coming):
        found += [(page.number, one) for one in _numbers(reader, page, several)]
        errors += [] if page.error is None else [page.error]
        count += 1
    if len(errors) == count:
        raise ImageError(errors[0] if count == 1 else f"{errors[0]}; nor can any other page be read")
    return DocumentReading(named(found), page.number, tuple(errors))


def _read_named(
    reader: FieldReader, sheet: Sheet, fields: Mapping[str, Box] | None, template: Template | None
) -> DocumentReading:
    """The fields that were named on a page."""
    if template is not None:
        return read_by_template(reader, sheet, template)
    return DocumentReading(tuple(read_given(reader, sheet, fields or {})))


def _numbers(reader: FieldReader, page: Page, several: bool) -> list[FoundNumber]:
    """The numbers of a page; one of several pages may be a field cut out."""
    if page.grey is None:
        return []
    sheet = _sheet_of_page(page.grey) if several else make_sheet(page.grey)
    if sheet is None:
        reading = reader.read(page.grey)
        height, width = page.grey.shape
        return [] if reading.text is None else [FoundNumber("line", (0, 0, width, height), Look(reading, 1.0, False))]
    return read_page(reader, sheet)


def _sheet_of_page(grey: Grey) -> Sheet | None:
    """The sheet of a picture that looks like a page; None of one that looks like a field."""
    if not may_be_page(grey):
        return None
    sheet = make_sheet(grey)
    return sheet if is_document(sheet) else None


def find_document(reader: FieldReader, grey: Grey) -> DocumentReading | None:
    """What a picture (H, W) float32 in [0, 1], 1 = white, shows if it is a page; None where it is of a field: by its
    looks, or since nothing is found where the fields of a page would be."""
    sheet = _sheet_of_page(grey)
    if sheet is None:
        return None
    found = named([(1, one) for one in read_page(reader, sheet)])
    return DocumentReading(found) if found else None


@dataclass(frozen=True, eq=False)
class DocumentTrace:
    """A document's reading, and the pages (H, W) it was read on by their numbers, for `explain`."""

    reading: DocumentReading
    pages: Mapping[int, Grey]


def trace_document(
    reader: FieldReader,
    image: Any,
    *,
    fields: Mapping[str, Box] | None = None,
    template: Template | None = None,
    most_pages: int = MOST_PAGES,
) -> DocumentTrace:
    """As `read_document`, with its pages, all in memory. Raises ImageError, UsageError."""
    pages = list(load_pages(image, most_pages))
    reading = read_pages(reader, pages, fields=fields, template=template)
    return DocumentTrace(reading, {page.number: page.grey for page in pages if page.grey is not None})


def draft_template(reader: FieldReader, image: Any) -> Template:
    """A template with the fields that are found on the first page of a document. Raises ImageError, UsageError."""
    page = next(iter(load_pages(image)))
    if page.grey is None:
        raise ImageError(page.error or "the first page cannot be read")
    template = draft(reader, make_sheet(page.grey))
    if not template.fields:
        name = image if isinstance(image, str | Path) else "image data"
        raise ImageError(
            f"{name}: no field is found on it; a template is drawn up from a sharp scan of the form, filled in"
        )
    return template


@dataclass(frozen=True)
class PageLimits:
    """What tells a page from a field."""

    dark: float = 0.3  # of the contrast of the darkest print: what is darker may be a letter
    lowest_letter: int = 6  # pixels: lower are specks
    highest_letter: float = 0.09  # of the shorter side: in a field, characters are higher
    fewest_letters: int = 80  # a page without boxes has more ...
    spread: float = 0.35  # ... over so much of its height; half of that is enough on a page with boxes ...
    fewest_boxes: int = 3  # ... so many
    small_box: float = 0.25  # of the picture's width: boxes of a form are smaller


PAGE = PageLimits()


def is_document(sheet: Sheet) -> bool:
    """Whether a picture is of a page: print all over it, much smaller than the page, or several boxes. A field, in
    whatever resolution, is filled by one line of characters."""
    rows = _letters(sheet)
    height = sheet.contrast.shape[0]
    spread = float(np.subtract(*np.percentile(rows, [95, 5]))) / height if rows.size else 0.0
    if rows.size >= PAGE.fewest_letters and spread >= PAGE.spread:
        return True
    return spread >= 0.5 * PAGE.spread and _boxes(sheet) >= PAGE.fewest_boxes


def _letters(sheet: Sheet) -> NDArray[np.float64]:
    """The rows at which things of the size of letters stand, in working pixels."""
    contrast = sheet.contrast
    level = max(0.1, PAGE.dark * float(np.quantile(contrast[::2, ::2], 0.995)))
    parts = Components.of(contrast > level)
    most = PAGE.highest_letter * min(contrast.shape)
    letters = (parts.heights >= PAGE.lowest_letter) & (parts.heights <= most) & (parts.widths <= 3 * most)
    return 0.5 * parts.boxes[letters][:, [1, 3]].sum(axis=1)


def _boxes(sheet: Sheet) -> int:
    width = sheet.contrast.shape[1]
    return sum(box.frame.width < PAGE.small_box * width for box in Layout.of(sheet).boxes)
