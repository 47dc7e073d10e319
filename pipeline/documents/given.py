"""Fields that somebody named, by their boxes on the page."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pipeline.documents.fields import FieldReading, check_box
from pipeline.documents.layout.cleaning import without_sign
from pipeline.documents.layout.field_finding import Layout, given_candidate
from pipeline.documents.layout.sheet import Place, Sheet
from pipeline.documents.looks import look_at
from pipeline.documents.page import look_at_candidate
from pipeline.errors import UsageError
from pipeline.formats.format import parse_format
from pipeline.reading.field_reader import FieldReader
from pipeline.reading.result import Reading
from segmenter.arrays import Box
from segmenter.resample import inverse


def read_given(reader: FieldReader, sheet: Sheet, fields: Mapping[str, Box], page: int = 1) -> list[FieldReading]:
    """The fields of boxes in pixels of the page. Raises UsageError where one lies outside of it."""
    layout = Layout.of(sheet)
    height, width = sheet.page.shape
    result = []
    for name, box in fields.items():
        left, top, right, bottom = check_box(name, box)
        if left >= width or top >= height:
            raise UsageError(f"the box of the field {name!r} lies outside the page of {width} x {height} pixels")
        inside = left, top, min(right, width), min(bottom, height)
        result.append(
            FieldReading(name, "given", page, inside, read_box(reader, sheet, layout, sheet_box(sheet, inside)))
        )
    return result


def sheet_box(sheet: Sheet, box: Box) -> Place:
    """A box of the page in working pixels: level, with the same middle, width and height."""
    left, top, right, bottom = box
    x, y = inverse(sheet.to_page) @ np.array([0.5 * (left + right), 0.5 * (top + bottom), 1])
    across = abs(sheet.to_page[0, 0]) >= abs(sheet.to_page[1, 0])
    width, height = (right - left, bottom - top) if across else (bottom - top, right - left)
    half = 0.5 * width / sheet.unit, 0.5 * height / sheet.unit
    return x - half[0], y - half[1], x + half[0], y + half[1]


def read_box(reader: FieldReader, sheet: Sheet, layout: Layout, box: Place, format: str | None = None) -> Reading:
    """What is written in a box in working pixels, in a format if one is given."""
    candidate = given_candidate(sheet, layout, box)
    wanted = format or (None if reader.format is None else reader.format.spec)
    if candidate is None:
        return Reading.nothing(format=wanted, blank=True)
    if wanted is not None:
        crop = without_sign(candidate.crop) if parse_format(wanted).is_amount else candidate.crop
        return look_at(reader, crop, sheet.page.shape, wanted).reading
    return look_at_candidate(reader, sheet, candidate).reading
