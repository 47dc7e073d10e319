"""A cheque's MICR line: found by its digits, all of one height, read, and taken apart where its order is known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.documents.layout.cells import Cell
from pipeline.documents.layout.sheet import Sheet
from pipeline.documents.micr.e13b import PITCH, ROWS, Match, match_strip
from pipeline.reading.result import Reading
from pipeline.reading.result_parts import Digit
from segmenter.components import Components

NO_AMOUNT = "a line of MICR characters has no value"
ORDERS = (
    # USA and Canada: routing between transit symbols, the account closed by an on-us symbol, a serial on either side.
    re.compile(r"(?:⑈(?P<serial>\d+)⑈ ?)?⑆(?P<routing>\d{9})⑆ ?(?P<account>\d[\d ⑉]*)⑈ ?(?P<after>\d*)"),
    # India: serial, sort code, account or bank's number, transaction code.
    re.compile(r"⑈(?P<serial>\d{6})⑈ ?(?P<routing>\d{9})⑆ ?(?P<account>\d{6})⑈ ?\d{2}"),
)


@dataclass(frozen=True)
class MicrSettings:
    """What is taken for a line of MICR characters; lengths in working pixels."""

    foot: float = 0.7  # of the page's height: the line is below
    dark: float = 0.4  # of the contrast of the darkest print there: magnetic ink is black
    lowest: int = 8  # of a character: less than a pixel for a cell cannot be told apart
    highest: int = 45
    level: float = 1.5  # that heads and feet of the digits may be off; all are equally high
    digits: int = 8  # that stand so, at least
    tried: int = 4  # rows: other print stands at the foot, too
    beside: float = 4.0  # heights to either side of these digits in which symbols may stand
    fewest: int = 10  # characters of the line
    score: float = 0.62  # mean correlation of them, at least: rows of other print stay below, and have no symbols
    wrong: float = 0.05  # confidence in a number whose check digit does not fit, at most: printed ones do
    surest: float = 0.985  # confidence, at most: it is not calibrated


MICR = MicrSettings()


@dataclass(frozen=True)
class MicrField:
    """A part of the line: name (micr, serial, routing, account), its frame on the sheet and what stands there."""

    name: str
    frame: Cell
    reading: Reading


def read_micr(sheet: Sheet, threshold: float) -> list[MicrField]:
    """The MICR line of an upright page as a field `micr`, its marks in `written`, and its parts; none without one."""
    for place in _find_strips(sheet):
        strip = sheet.contrast[place.top : place.bottom, place.left : place.right]
        matches = match_strip(np.clip(strip, 0, None))
        if _is_line(matches):
            whole = _field("micr", matches, sheet, place, threshold)
            reading = replace(whole.reading, written=_written(matches)[0], value_note=NO_AMOUNT)
            return [replace(whole, reading=reading), *_parts(matches, sheet, place, threshold)]
    return []


def _is_line(matches: Sequence[Match]) -> bool:
    """Whether there are digits and symbols, enough and alike enough to what they are taken for."""
    digits = sum(match.symbol.isdigit() for match in matches)
    return (
        len(matches) >= MICR.fewest
        and 0 < digits < len(matches)
        and float(np.mean([match.score for match in matches])) >= MICR.score
    )


def check_digit_fits(routing: str) -> bool:
    """Whether nine digits of a routing number have a weighted sum (3, 7, 1, 3, ...) that ten divides (ANSI X9.100)."""
    return sum(weight * int(digit) for weight, digit in zip((3, 7, 1) * 3, routing, strict=True)) % 10 == 0


def _find_strips(sheet: Sheet) -> list[Cell]:
    """Where the line may stand: in rows of things of one height at the foot of the page, the lowest first."""
    first = int(MICR.foot * sheet.contrast.shape[0])
    foot = sheet.contrast[first:]
    level = max(0.1, MICR.dark * float(np.quantile(foot, 0.998)))
    parts = Components.of(foot > level)
    boxes = parts.boxes[(parts.heights >= MICR.lowest) & (parts.heights <= MICR.highest)]
    found: list[Cell] = []
    while len(found) < MICR.tried and len(boxes) >= MICR.digits:
        alike = (np.abs(boxes[:, None, [1, 3]] - boxes[None, :, [1, 3]]) <= MICR.level).all(axis=2)
        row = boxes[alike[int(alike.sum(axis=1).argmax())]]
        if len(row) < MICR.digits:
            break
        top, bottom = (round(float(edge)) for edge in np.median(row[:, [1, 3]], axis=0))
        beside = round(MICR.beside * (bottom - top))
        left, right = max(0, int(row[:, 0].min()) - beside), min(foot.shape[1], int(row[:, 2].max()) + beside)
        found.append(Cell(left, first + top, right, first + bottom))
        boxes = boxes[(boxes[:, 3] <= top) | (boxes[:, 1] >= bottom)]
    return sorted(found, key=lambda cell: -cell.bottom)


def _written(matches: Sequence[Match]) -> tuple[str, list[int]]:
    """The characters, a space where one is left free; and of each of them the match, -1 of a space."""
    text = ""
    places: list[int] = []
    for index, match in enumerate(matches):
        if index and match.right - matches[index - 1].right > 1.5 * PITCH / ROWS:
            text, places = text + " ", [*places, -1]
        text, places = text + match.symbol, [*places, index]
    return text, places


def _parts(matches: Sequence[Match], sheet: Sheet, place: Cell, threshold: float) -> list[MicrField]:
    """Serial, routing and account, in the order of the line, if it follows a known one."""
    text, places = _written(matches)
    found = next((match for match in (order.search(text) for order in ORDERS) if match is not None), None)
    if found is None:
        return []
    parts = []
    for name in sorted(found.groupdict(), key=lambda name: found.start(name)):
        chosen = [matches[k] for k in places[found.start(name) : found.end(name)] if k >= 0]
        chosen = [match for match in chosen if match.symbol.isdigit()]
        if chosen:
            parts.append(_field("serial" if name == "after" else name, chosen, sheet, place, threshold))
    if found.re is ORDERS[0]:
        parts = [_checked(part, threshold) if part.name == "routing" else part for part in parts]
    return parts


def _checked(part: MicrField, threshold: float) -> MicrField:
    """A routing number, with a note and next to no confidence where its check digit does not fit."""
    if check_digit_fits(str(part.reading.text)):
        return part
    confidence = min(part.reading.confidence, MICR.wrong)
    note = "the routing number's check digit is wrong"
    return replace(
        part, reading=replace(part.reading, confidence=confidence, accepted=confidence >= threshold, note=note)
    )


def _field(name: str, matches: Sequence[Match], sheet: Sheet, place: Cell, threshold: float) -> MicrField:
    """What some characters of the line say; right if each is."""
    frames = [_frame(match, place) for match in matches]
    confidence = min(MICR.surest, float(np.prod([match.chance for match in matches])))
    digits = tuple(
        Digit(match.symbol, max(confidence, min(match.chance, MICR.surest)), sheet.page_box(_edges(frame)))
        for match, frame in zip(matches, frames, strict=True)
        if match.symbol.isdigit()
    )
    frame = Cell(frames[0].left, place.top, frames[-1].right, place.bottom)
    text = "".join(digit.digit for digit in digits)
    return MicrField(name, frame, Reading(text, confidence, confidence >= threshold, digits))


def _frame(match: Match, place: Cell) -> Cell:
    left, right = (place.left + edge * place.height for edge in (match.left, match.right))
    return Cell(max(0, int(left)), place.top, max(1, int(np.ceil(right))), place.bottom)


def _edges(frame: Cell) -> tuple[float, float, float, float]:
    return frame.left, frame.top, frame.right, frame.bottom
