"""A cheque's MICR line: found by its digits, all of one height, read, and taken apart where its order is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from pipeline.documents.layout.cells import Cell
from pipeline.documents.layout.sheet import Sheet
from pipeline.documents.micr import cmc7, e13b
from pipeline.documents.micr.line_formats import CMC7_FORMATS, E13B_FORMATS, PARTS, LineFormat, recognise
from pipeline.documents.micr.matching import Match
from pipeline.documents.micr.strips import Strip, strips_of_bars, strips_of_shapes
from pipeline.reading.result import Reading
from pipeline.reading.result_parts import Digit
from segmenter.arrays import Plane

NO_AMOUNT = "a line of MICR characters has no value"
UNREAD = "something that stands in it was not read"


@dataclass(frozen=True)
class LineSettings:
    """What is taken for a line, and how sure it is."""

    fewest: int = 10  # characters
    even: float = 0.6  # of the distances between neighbours, at least, are the usual one: others have spaces between
    off: float = 0.08  # of the usual distance that one may differ from it
    space: float = 1.5  # of the usual distance, at least, where a place is left free
    ink: float = 0.5  # of a character's, at least, of something that was not read: in spaces of real lines are 0.07
    wrong: float = 0.05  # confidence, at most, where a check digit does not fit, printed ones do, or ink was not read
    surest: float = 0.985  # confidence, at most: it is not calibrated


LINE = LineSettings()


@dataclass(frozen=True)
class Alphabet:
    """Characters that a line may be of. strips: where one may stand on a sheet. match: the characters of a strip.
    score: mean correlation of a line, at least: rows of other print stay below, and have no symbols. formats: the
    orders of its numbers."""

    strips: Callable[[Sheet], list[Strip]]
    match: Callable[[Plane], list[Match]]
    score: float
    formats: tuple[LineFormat, ...]

    def is_line(self, matches: Sequence[Match]) -> bool:
        """Whether there are digits and symbols, enough, evenly spaced and alike enough to what they are taken for."""
        digits = sum(match.symbol.isdigit() for match in matches)
        return (
            len(matches) >= LINE.fewest
            and 0 < digits < len(matches)
            and float(np.mean([match.score for match in matches])) >= self.score
            and _evenly_spaced(matches)
        )


@dataclass(frozen=True)
class MicrField:
    """A part of the line: name (micr, serial, routing, account), its frame on the sheet and what stands there."""

    name: str
    frame: Cell
    reading: Reading


E13B = Alphabet(strips_of_shapes, e13b.match_strip, 0.62, E13B_FORMATS)
CMC7 = Alphabet(strips_of_bars, cmc7.match_strip, 0.75, CMC7_FORMATS)


def read_micr(sheet: Sheet, threshold: float) -> list[MicrField]:
    """The MICR line of an upright page as a field `micr`, its marks in `written`, and its parts; none without one."""
    for alphabet in (E13B, CMC7):
        tried = ((strip, alphabet.match(strip.contrast)) for strip in alphabet.strips(sheet))
        lines = [MicrLine(sheet, strip, matches) for strip, matches in tried if alphabet.is_line(matches)]
        if lines:
            line = max(lines, key=lambda one: sum(match.score for match in one.matches))
            return [_accepted(field, threshold) for field in line.fields(alphabet.formats)]
    return []


@dataclass(frozen=True, eq=False)
class MicrLine:
    """The characters that were found in a strip of a sheet."""

    sheet: Sheet
    strip: Strip
    matches: Sequence[Match]

    def fields(self, formats: tuple[LineFormat, ...]) -> list[MicrField]:
        """The line and its parts; where a check digit is wrong or ink was not read, part and line are doubted."""
        text, places = self.written()
        parts = self.parts(text, places, formats)
        whole = self.field("micr", self.matches)
        whole = replace(whole, reading=replace(whole.reading, written=text, value_note=NO_AMOUNT))
        notes = [part.reading.note for part in parts if part.reading.note is not None]
        return [_doubted(whole, UNREAD if any(self.unread) else next(iter(notes), None)), *parts]

    def written(self) -> tuple[str, list[int]]:
        """The characters, a space where one is left free; and of each of them the match, -1 of a space."""
        text = ""
        places: list[int] = []
        for index, (match, is_spaced) in enumerate(zip(self.matches, self.spaced, strict=True)):
            if is_spaced:
                text, places = text + " ", [*places, -1]
            text, places = text + match.symbol, [*places, index]
        return text, places

    @cached_property
    def spaced(self) -> list[bool]:
        """Of each character, whether a place is left free before it."""
        distances = _distances(self.matches)
        return [False, *(distances > LINE.space * np.median(distances)).tolist()]

    @cached_property
    def unread(self) -> list[bool]:
        """Of each character, whether the place before it is not free but holds what was taken for none."""
        usual = float(np.median([self.strip.ink(match.left, match.right) for match in self.matches]))
        between = [0.0, *(self.strip.ink(one.right, other.left) for one, other in pairwise(self.matches))]
        return [is_spaced and ink > LINE.ink * usual for is_spaced, ink in zip(self.spaced, between, strict=True)]

    def parts(self, text: str, places: Sequence[int], formats: tuple[LineFormat, ...]) -> list[MicrField]:
        """Serial, routing and account, in the order of the line, if it follows a known one."""
        known = recognise(text, formats)
        if known is None:
            return []
        order, found = known
        parts = []
        for name in order.parts(found):
            chosen = [k for k in places[found.start(name) : found.end(name)] if k >= 0]
            part = self.field(PARTS[name], [self.matches[k] for k in chosen if self.matches[k].symbol.isdigit()])
            wrong = None if order.fits(name, found) else f"the {part.name} number's check digit is wrong"
            beside = self.unread[chosen[0] : chosen[-1] + 2]  # before each, and behind the last
            parts.append(_doubted(part, UNREAD if any(beside) else wrong))
        return parts

    def field(self, name: str, matches: Sequence[Match]) -> MicrField:
        """What some characters of the line say; right if each is."""
        frames = [self.strip.frame(match.left, match.right) for match in matches]
        confidence = min(LINE.surest, float(np.prod([match.chance for match in matches])))
        digits = tuple(
            Digit(match.symbol, max(confidence, min(match.chance, LINE.surest)), self.sheet.page_box(_edges(frame)))
            for match, frame in zip(matches, frames, strict=True)
            if match.symbol.isdigit()
        )
        top, bottom = min(frame.top for frame in frames), max(frame.bottom for frame in frames)
        text = "".join(digit.digit for digit in digits)
        return MicrField(
            name, Cell(frames[0].left, top, frames[-1].right, bottom), Reading(text, confidence, False, digits)
        )


def _accepted(field: MicrField, threshold: float) -> MicrField:
    return replace(field, reading=replace(field.reading, accepted=field.reading.confidence >= threshold))


def _doubted(field: MicrField, note: str | None) -> MicrField:
    """A number with a note, if there is one, and then next to no confidence."""
    if note is None:
        return field
    confidence = min(field.reading.confidence, LINE.wrong)
    return replace(field, reading=replace(field.reading, confidence=confidence, note=note))


def _evenly_spaced(matches: Sequence[Match]) -> bool:
    """Whether most distances between neighbours are the usual one, as where no space is between."""
    distances = _distances(matches)
    return float(np.mean(np.abs(distances / np.median(distances) - 1) <= LINE.off)) >= LINE.even


def _distances(matches: Sequence[Match]) -> Plane:
    """(n - 1,) between the right sides of neighbours, in heights."""
    return np.diff(np.array([match.right for match in matches], dtype=np.float32))


def _edges(frame: Cell) -> tuple[float, float, float, float]:
    return frame.left, frame.top, frame.right, frame.bottom
