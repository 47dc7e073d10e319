"""A cheque's MICR line: found by its digits, all of one height, read, and taken apart where its order is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

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


@dataclass(frozen=True)
class LineSettings:
    """What is taken for a line, and how sure it is."""

    fewest: int = 10  # characters
    even: float = 0.6  # of the distances between neighbours, at least, are the usual one: others have spaces between
    off: float = 0.08  # of the usual distance that one may differ from it
    wrong: float = 0.05  # confidence in a number whose check digit does not fit, at most: printed ones do
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


@dataclass(frozen=True)
class MicrLine:
    """The characters that were found in a strip of a sheet."""

    sheet: Sheet
    strip: Strip
    matches: Sequence[Match]

    def fields(self, formats: tuple[LineFormat, ...]) -> list[MicrField]:
        """The line and its parts; where a part's check digit is wrong, neither is to be trusted."""
        text, places = self.written()
        parts = self.parts(text, places, formats)
        whole = self.field("micr", self.matches)
        whole = replace(whole, reading=replace(whole.reading, written=text, value_note=NO_AMOUNT))
        notes = [part.reading.note for part in parts if part.reading.note is not None]
        return [_doubted(whole, notes[0]) if notes else whole, *parts]

    def written(self) -> tuple[str, list[int]]:
        """The characters, a space where one is left free; and of each of them the match, -1 of a space."""
        distances = _distances(self.matches)
        spaced = [False, *(distances > 1.5 * np.median(distances))]
        text = ""
        places: list[int] = []
        for index, match in enumerate(self.matches):
            if spaced[index]:
                text, places = text + " ", [*places, -1]
            text, places = text + match.symbol, [*places, index]
        return text, places

    def parts(self, text: str, places: Sequence[int], formats: tuple[LineFormat, ...]) -> list[MicrField]:
        """Serial, routing and account, in the order of the line, if it follows a known one."""
        known = recognise(text, formats)
        if known is None:
            return []
        order, found = known
        parts = []
        for name in order.parts(found):
            chosen = [self.matches[k] for k in places[found.start(name) : found.end(name)] if k >= 0]
            part = self.field(PARTS[name], [match for match in chosen if match.symbol.isdigit()])
            wrong = f"the {part.name} number's check digit is wrong"
            parts.append(part if order.fits(name, found) else _doubted(part, wrong))
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


def _doubted(field: MicrField, note: str) -> MicrField:
    """A number with a note and next to no confidence."""
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
