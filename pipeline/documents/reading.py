"""A page, or a whole document, read: its fields found, or given, and what stands in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.documents.fields import AMOUNT, FieldReading
from pipeline.documents.finding import Candidate, Layout, find_candidates
from pipeline.documents.looks import Look, look_at
from pipeline.documents.naming import DATE_ORDERS, SHORT_DATE_ORDERS, amounts, field_names
from pipeline.documents.sheet import Box, Sheet, make_sheet
from pipeline.formats.format import parse_format
from pipeline.reading.reader import Reader

Float = NDArray[np.float32]

TRIED = 5  # fields that are read to tell whether a page stands upright
UPRIGHT = 0.5  # mean confidence from which on it does
BETTER = 0.15  # by so much must another way up be better
YEARS = range(1900, 2100)  # of a date in a comb that is not known to be one


@dataclass(frozen=True)
class Found:
    """A number found on a page: its kind, where it is, and the look at it; is_date: whether it is a date's comb."""

    kind: str
    box: Box
    look: Look
    is_date: bool = False


def read_page(reader: Reader, page: Float) -> list[Found]:
    """The numbers of a page (H, W) float32 in [0, 1], 1 = white, found without a template, in reading order."""
    sheet = upright(reader, make_sheet(page))
    candidates = find_candidates(sheet, Layout.of(sheet))
    looks = [_look(reader, sheet, candidate) for candidate in candidates]
    height, width = sheet.contrast.shape
    paid = amounts(candidates, looks, (height, width))
    found = []
    for index, (candidate, look) in enumerate(zip(candidates, looks, strict=True)):
        if index in paid and reader.format is None:
            look = look_at(reader, candidate.crop, page.shape, "amount")
        if not look.is_number:
            continue
        kind = AMOUNT if index in paid else "comb" if candidate.is_comb else candidate.kind
        frame = candidate.frame
        box = sheet.page_box((frame.left, frame.top, frame.right, frame.bottom))
        found.append(Found(kind, box, look, candidate.is_comb and _fits_date(look)))
    return found


def upright(reader: Reader, sheet: Sheet) -> Sheet:
    """The sheet turned so that its numbers can be read: as it is, unless another way up is clearly better."""
    best, quarters = _readable(reader, sheet), 0
    if best < UPRIGHT:
        for turn in (2, 1, 3):
            chance = _readable(reader, sheet.turned(turn))
            if chance > best + (BETTER if quarters == 0 else 0):
                best, quarters = chance, turn
    return sheet.turned(quarters)


def _readable(reader: Reader, sheet: Sheet) -> float:
    """Mean confidence of some of the fields; 0 where there is none."""
    candidates = find_candidates(sheet, Layout.of(sheet))
    ranked = sorted(candidates, key=lambda candidate: -candidate.cells)[:TRIED]
    looks = [_look(reader, sheet, candidate) for candidate in ranked]
    return float(np.mean([look.reading.confidence for look in looks])) if looks else 0.0


def _look(reader: Reader, sheet: Sheet, candidate: Candidate) -> Look:
    """A comb is read as so many digits, and as a date if that is what it fits best."""
    if not candidate.is_comb:
        return look_at(reader, candidate.crop, sheet.page.shape)
    look = look_at(reader, candidate.crop, sheet.page.shape, f"digits:{candidate.cells}")
    orders = {8: DATE_ORDERS, 6: SHORT_DATE_ORDERS}.get(candidate.cells, ())
    if not orders:
        return look
    for order in orders:
        if look.reading.text is not None and _is_date(look.reading.text, order):
            return look_at(reader, candidate.crop, sheet.page.shape, order)
    return look


def _fits_date(look: Look) -> bool:
    return look.reading.format is not None and look.reading.format.startswith("date:")


def _is_date(text: str, order: str) -> bool:
    """Whether digits are a date of our time in an order such as date:DDMMYYYY."""
    place = order.removeprefix("date:").find("YYYY")
    return parse_format(order).fits(text) and (place < 0 or int(text[place:place + 4]) in YEARS)


def named(found: Sequence[tuple[int, Found]]) -> tuple[FieldReading, ...]:
    """Fields of a document from what was found on its pages (page number from 1)."""
    names = field_names([one.kind for _, one in found], [one.is_date for _, one in found])
    return tuple(FieldReading(name, one.kind, page, one.box, one.look.reading)
                 for name, (page, one) in zip(names, found, strict=True))
