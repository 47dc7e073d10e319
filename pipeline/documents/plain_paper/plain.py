"""Pictures of plain paper: one number, however it lies; or several, in several lines.

grey ── writing ──> lines, their direction ─┬─ one level line, read surely ──────────> Trace
                                            ├─ turned, or unsure: both ways up ──────> Trace, placed on the picture
                                            ├─ lines that fill a field, each read ───> one Trace with a note
                                            └─ numbers on a page, each read ─────────> DocumentTrace
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.documents.layout.cleaning import keep_inside
from pipeline.documents.layout.cutouts import Cutout, cut_out
from pipeline.documents.layout.sheet import Sheet, level_view
from pipeline.documents.looks import LOOKS, Look, look_at, on_page
from pipeline.documents.plain_paper.writing_lines import Things, Writing
from pipeline.reading.field_reader import FieldReader, Trace
from pipeline.reading.result import Reading
from segmenter.arrays import Grey
from segmenter.ink_steps.background import area_reduce
from segmenter.resample import compose, scaling

if TYPE_CHECKING:
    from pipeline.documents.document import DocumentTrace

ONE_WAY_UP = frozenset(
    "347"
)  # upside down these are no digits; 0, 1, 6, 8 and 9 are, and so are the 2 and 5 of displays


@dataclass(frozen=True)
class PlainSettings:
    """When a picture of plain paper is more than one level number."""

    unsure: float = 0.5  # confidence below which several numbers are looked at the other way up, too
    sure: float = 0.8  # confidence that one number must reach another way up: by chance hardly anything does
    fewest: int = 3  # digits of it
    glance: float = 0.005  # probability to the second reader alone of what it would read: less is not read at all
    line: float = 0.4  # confidence of each line, at least, where a picture is read as several
    number: float = 0.1  # confidence of what is taken for a number on a page, at least
    apart: float = 2.5  # heights of a character between two numbers in one line of a page
    margin: float = 0.6  # heights of paper around a number that is cut out


PLAIN = PlainSettings()


@dataclass(frozen=True, eq=False)
class PlainView:
    """A picture turned so that its writing is level. lines: as of the writing, in pixels of the sheet."""

    sheet: Sheet
    lines: tuple[Things, ...]
    height: float

    @classmethod
    def of(cls, grey: Grey, writing: Writing) -> PlainView:
        """The picture as its lines run."""
        sheet = level_view(grey, writing.degrees)
        return cls(sheet, tuple(_on_sheet(sheet, line) for line in writing.lines), writing.height)

    def reversed(self) -> PlainView:
        """The same picture the other way up."""
        height, width = self.sheet.contrast.shape
        turned = [np.array([width, height, width, height]) - line[::-1][:, [2, 3, 0, 1]] for line in self.lines[::-1]]
        return PlainView(self.sheet.turned(2), tuple(turned), self.height)

    @property
    def whole(self) -> Cutout:
        """All of the picture."""
        height, width = self.sheet.contrast.shape
        return cut_out(self.sheet, (0, 0, width, height), [], [])

    def cut_out(self, things: Things) -> Cutout:
        """The picture of some characters, without what stands around them."""
        margin = PLAIN.margin * self.height
        left, top = things[:, :2].min(axis=0) - margin
        right, bottom = things[:, 2:].max(axis=0) + margin
        cutout = cut_out(self.sheet, (left, top, right, bottom), [], [])
        height, width = cutout.grey.shape
        edge = round(0.5 * margin)
        grey, _ = keep_inside(cutout.grey, (edge, edge, max(edge + 1, width - edge), max(edge + 1, height - edge)))
        return Cutout(grey, cutout.to_page)

    def numbers(self) -> list[Things]:
        """The characters of each number, in reading order: parted where there is much paper within a line."""
        found = []
        for line in self.lines:
            ends = np.maximum.accumulate(line[:, 2])
            breaks = np.flatnonzero(line[1:, 0] - ends[:-1] > PLAIN.apart * self.height) + 1
            found += np.split(line, breaks)
        return found


def trace_several(reader: FieldReader, grey: Grey, writing: Writing) -> Trace | DocumentTrace | None:
    """What stands in a picture (H, W) of several numbers: on a page, fields of the kind "line"; lines that fill a
    field, one reading with a note. None where it shows one number; a format says that a field is one."""
    if not writing.is_small and (not writing.has_lines or reader.format is not None):
        return None
    trace_view = _trace_page if writing.is_small else _trace_lines
    view = PlainView.of(grey, writing)
    found = trace_view(reader, grey, view)
    if found is not None and writing.is_level and found.reading.confidence >= PLAIN.unsure:
        return found
    other = trace_view(reader, grey, view.reversed())
    return max((found, other), key=lambda one: -1.0 if one is None else _weight(one))


def trace_other_ways(reader: FieldReader, grey: Grey, writing: Writing, trace: Trace) -> Trace:
    """The trace of a number that lies on its side, or upside down; the given one where none is sure."""
    view = PlainView.of(grey, writing)
    views = [view.reversed()] if writing.is_level else [view, view.reversed()]
    views = [one for one in views if _is_worth_reading(reader, one.whole.grey, writing.is_level)]
    if not views:
        return trace
    best = max((placed(reader.trace(one.whole.grey), one.whole, grey) for one in views), key=_confidence)
    sure = best.reading.confidence >= PLAIN.sure
    return best if sure and _is_this_way_up(best.reading.text or "", writing.is_level) else trace


def _is_worth_reading(reader: FieldReader, grey: Grey, upside_down: bool) -> bool:
    """Whether a picture (H, W) that was turned could be read surely: a glance costs a tenth of a reading."""
    seen = reader.glance(grey)
    return seen is None or (seen[1] >= PLAIN.glance and _is_this_way_up(seen[0], upside_down))


def _is_this_way_up(text: str, upside_down: bool) -> bool:
    """Whether a text speaks for the way a picture was turned: it is no short one, and where it was turned upside down,
    not of digits that are digits both ways."""
    return len(text) >= PLAIN.fewest and (not upside_down or bool(ONE_WAY_UP & set(text)))


def _confidence(trace: Trace) -> float:
    return trace.reading.confidence


def _weight(trace: Trace | DocumentTrace) -> float:
    """How many digits are probably right."""
    return sum(part.reading.confidence * len(part.reading.text or "") for part in trace.reading.parts())


def _trace_page(reader: FieldReader, grey: Grey, view: PlainView) -> DocumentTrace | None:
    """The numbers of a page, each a field; None where there are no two."""
    numbers = view.numbers()
    if len(numbers) < 2:
        return None
    cutouts = [(things, view.cut_out(things)) for things in numbers]
    cutouts = [pair for pair in cutouts if _may_be_number(reader, pair[1].grey)]
    if len(cutouts) < 2:
        return None
    looks = [(things, look_at(reader, cutout, grey.shape)) for things, cutout in cutouts]
    kept = [(view.sheet.page_box(_extent(things)), look.reading) for things, look in looks if _is_number(look)]
    if len(kept) < 2:
        return None
    # What reads documents takes longer to import than a number to read, and is seldom needed here.
    from pipeline.documents.document import DocumentTrace
    from pipeline.documents.fields import DocumentReading, FieldReading
    from pipeline.documents.naming import field_names

    names = field_names(["line"] * len(kept), [False] * len(kept))
    fields = tuple(FieldReading(name, "line", 1, *one) for name, one in zip(names, kept, strict=True))
    return DocumentTrace(DocumentReading(fields), {1: grey})


def _may_be_number(reader: FieldReader, grey: Grey) -> bool:
    """Whether a glance at a picture (H, W) shows digits."""
    seen = reader.glance(grey)
    return seen is None or (bool(seen[0]) and seen[1] >= PLAIN.glance)


def _is_number(look: Look) -> bool:
    return look.reading.confidence >= PLAIN.number and look.digits >= LOOKS.lone_share


def _trace_lines(reader: FieldReader, grey: Grey, view: PlainView) -> Trace | None:
    """The lines of a field read one after the other; None where one of them is no number."""
    readings = []
    for line in view.lines:
        cutout = view.cut_out(line)
        reading = on_page(reader.read(cutout.grey), cutout, grey.shape)
        if reading.confidence < PLAIN.line:
            return None
        readings.append(reading)
    return Trace(grey, None, (), (), None, _joined(reader, readings))


def _joined(reader: FieldReader, readings: Sequence[Reading]) -> Reading:
    """Lines as one reading: it is right if all are."""
    confidence = float(np.prod([reading.confidence for reading in readings]))
    texts = [str(reading.text) for reading in readings]
    return replace(
        readings[0],
        text="".join(texts),
        confidence=confidence,
        accepted=confidence >= reader.threshold,
        digits=tuple(digit for reading in readings for digit in reading.digits),
        alternatives=(),
        rounds=max(reading.rounds for reading in readings),
        readers={},
        note=f"{len(texts)} lines, read one after the other: {', '.join(texts)}",
    )


def reduced(grey: Grey, factor: int) -> Cutout:
    """A picture (H, W), factor x factor pixels of it in one."""
    return Cutout(area_reduce(grey, factor), scaling(factor, 0, 0))


def placed(trace: Trace, cutout: Cutout, grey: Grey) -> Trace:
    """The trace of a turned or reduced picture as one of the picture: its places are the picture's."""
    pieces = trace.pieces
    if pieces is not None:
        ink = replace(pieces.ink, to_source=compose(cutout.to_page, pieces.ink.to_source))
        pieces = replace(pieces, ink=ink)
    return replace(trace, grey=grey, pieces=pieces, reading=on_page(trace.reading, cutout, grey.shape))


def _on_sheet(sheet: Sheet, things: Things) -> Things:
    """Boxes of the picture as boxes of the sheet, with the same middles; turned ones are no wider than before."""
    to_sheet = np.linalg.inv(np.vstack([sheet.to_page, [0, 0, 1]]))[:2]
    middles = 0.5 * (things[:, :2] + things[:, 2:]) @ to_sheet[:, :2].T + to_sheet[:, 2]
    half = 0.5 * (things[:, 2:] - things[:, :2])
    if abs(to_sheet[0, 0]) < abs(to_sheet[1, 0]):
        half = half[:, ::-1]
    return np.concatenate([middles - half, middles + half], axis=1)


def _extent(things: Things) -> tuple[float, float, float, float]:
    left, top = things[:, :2].min(axis=0)
    right, bottom = things[:, 2:].max(axis=0)
    return float(left), float(top), float(right), float(bottom)
