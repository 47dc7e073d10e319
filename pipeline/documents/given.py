"""Fields that somebody named, by their boxes on the page: `amount=1650,370,2270,525`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.documents.fields import FieldReading
from pipeline.documents.finding import Layout, given_candidate
from pipeline.documents.looks import look_at
from pipeline.documents.reading import look_at_candidate
from pipeline.documents.sheet import Box, Sheet
from pipeline.errors import UsageError
from pipeline.reading.reader import Reader
from pipeline.reading.reading import Reading
from segmenter.resample import inverse

SPEC = re.compile(r"\s*(?P<name>[^=]*?)\s*=(?P<box>.*)", re.DOTALL)


def parse_fields(specs: Sequence[str]) -> dict[str, Box]:
    """Names and boxes of NAME=left,top,right,bottom. Raises UsageError for what cannot be meant."""
    fields: dict[str, Box] = {}
    for spec in specs:
        found = SPEC.fullmatch(spec)
        if found is None or not found["name"]:
            raise UsageError(f"a field is written NAME=left,top,right,bottom, not {spec!r}")
        if found["name"] in fields:
            raise UsageError(f"two fields are named {found['name']!r}; give each its own name")
        try:
            left, top, right, bottom = (int(edge) for edge in found["box"].split(","))
        except ValueError:
            raise UsageError(f"the box of the field {found['name']!r} is left,top,right,bottom in whole pixels, "
                             f"not {found['box'].strip()!r}") from None
        fields[found["name"]] = check_box(found["name"], (left, top, right, bottom))
    return fields


def check_box(name: str, box: Box) -> Box:
    """The box. Raises UsageError unless it has an area and no negative edge."""
    left, top, right, bottom = box
    if not (0 <= left < right and 0 <= top < bottom):
        raise UsageError(f"the box of the field {name!r} is left,top,right,bottom, with left before right and top "
                         f"above bottom, not {','.join(map(str, box))}")
    return box


def read_given(reader: Reader, sheet: Sheet, fields: Mapping[str, Box], page: int = 1) -> list[FieldReading]:
    """The fields of boxes in pixels of the page. Raises UsageError where one lies outside of it."""
    layout = Layout.of(sheet)
    height, width = sheet.page.shape
    result = []
    for name, box in fields.items():
        left, top, right, bottom = check_box(name, box)
        if left >= width or top >= height:
            raise UsageError(f"the box of the field {name!r} lies outside the page of {width} x {height} pixels")
        inside = left, top, min(right, width), min(bottom, height)
        result.append(FieldReading(name, "given", page, inside,
                                   read_box(reader, sheet, layout, sheet_box(sheet, inside))))
    return result


def sheet_box(sheet: Sheet, box: Box) -> tuple[float, float, float, float]:
    """A box of the page in working pixels: level, with the same middle, width and height."""
    left, top, right, bottom = box
    x, y = inverse(sheet.to_page) @ np.array([0.5 * (left + right), 0.5 * (top + bottom), 1])
    across = abs(sheet.to_page[0, 0]) >= abs(sheet.to_page[1, 0])
    width, height = (right - left, bottom - top) if across else (bottom - top, right - left)
    half = 0.5 * width / sheet.unit, 0.5 * height / sheet.unit
    return x - half[0], y - half[1], x + half[0], y + half[1]


def read_box(reader: Reader, sheet: Sheet, layout: Layout, box: tuple[float, float, float, float],
             format: str | None = None) -> Reading:
    """What is written in a box in working pixels, in a format if one is given."""
    candidate = given_candidate(sheet, layout, box)
    wanted = format or (None if reader.format is None else reader.format.spec)
    if candidate is None:
        return Reading.nothing(format=wanted)
    if wanted is not None:
        return look_at(reader, candidate.crop, sheet.page.shape, wanted).reading
    return look_at_candidate(reader, sheet, candidate).reading
