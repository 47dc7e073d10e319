"""Printed lines: long, thin and straight, across or down a level page; dotted and micro-printed ones too.

Of frames are those that end at one another, and the long ones. Others are strokes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.documents.layout.sheet import Sheet
from segmenter.arrays import Mask, Plane
from segmenter.components import Components
from segmenter.ink_steps.quantiles import median


@dataclass(frozen=True)
class LineSettings:
    """What is a printed line; lengths in working pixels."""

    length: int = 25  # over which a line is averaged: longer than bars of letters, shorter than the side of a box
    shortest: int = 18  # less is a stroke
    near: int = 2  # to either side of a line's middle where there is paper between close letters ...
    far: int = 4  # ... and where there is paper beside the thickest line
    band: int = 2  # around its middle in which a line may wander
    strong: float = 3.0  # times the noise of the sheet, averaged, at which a line is sure; and at least ...
    least: float = 0.035  # ... so much contrast: on clean scans there is no noise to speak of
    pattern: float = 4.5  # times the spread of what the paper's pattern averages to, at least
    weak: float = 0.5  # of the strong level: how far a sure line goes on
    covered: float = 0.8  # share of a line's length at least that is drawn; the row of a word's letters has gaps
    least_drawn: float = 0.5  # share of its length that is not crossed by strokes
    drawn: float = 0.4  # of the line's usual ridge: there it is drawn
    broken: int = 8  # that may be missing between two pieces of a line: dots and dashes
    continued: int = 40  # the same, where something dark lies over it


LINES = LineSettings()


@dataclass(frozen=True)
class PrintedLine:
    """A line along rows (or, of the transposed page, columns) from `start` to `end`, around `middle`; in pixels."""

    start: int
    end: int
    middle: float
    thickness: float

    @property
    def length(self) -> int:
        """Pixels along it."""
        return self.end - self.start


def find_lines(sheet: Sheet) -> tuple[list[PrintedLine], list[PrintedLine]]:
    """The lines across (start, end: columns; middle: row) and down (start, end: rows; middle: column)."""
    return _across(sheet.contrast, sheet.noise), _across(np.ascontiguousarray(sheet.contrast.T), sheet.noise)


def _across(contrast: Plane, noise: float) -> list[PrintedLine]:
    """Ridges, averaged along rows, that reach a level; pieces on one row are put together."""
    ridges = _Ridges.of(contrast)
    averaged = ndimage.uniform_filter1d(ridges.strict, LINES.length, axis=1)
    strong = max(LINES.least, LINES.strong * noise / np.sqrt(LINES.length), LINES.pattern * _spread(averaged))
    parts = Components.of(averaged > LINES.weak * strong)
    pieces = []
    for k in np.flatnonzero(parts.holding(averaged > strong) & (parts.widths >= LINES.shortest)).tolist():
        left, top, right, bottom = parts.boxes[k].tolist()
        own = np.where(parts.cutout(k), averaged[top:bottom, left:right], 0)
        pieces += _pieces(ridges, own, top, left, noise)
    return _joined(pieces, contrast, strong)


@dataclass(frozen=True, eq=False)
class _Ridges:
    """How much darker each pixel, (h, w), is than what is above and below it; may be negative.

    contrast: of the sheet. strict: than LINES.far rows away on both sides. loose: the same, but paper is seen nearer,
    too, where letters stand close.
    """

    contrast: Plane
    strict: Plane
    loose: Plane

    @classmethod
    def of(cls, contrast: Plane) -> _Ridges:
        padded = np.pad(np.minimum(contrast, 0.5), ((LINES.far, LINES.far), (0, 0)), mode="edge")
        height = contrast.shape[0]

        def beside(shift: int) -> Plane:
            return padded[LINES.far + shift : LINES.far + shift + height]

        above, below = beside(-LINES.far), beside(LINES.far)
        nearer = np.maximum(np.minimum(above, beside(-LINES.near)), np.minimum(below, beside(LINES.near)))
        return cls(contrast, beside(0) - np.maximum(above, below), beside(0) - nearer)


def _spread(averaged: Plane) -> float:
    """Standard deviation of averaged ridges where there is no line: of the pattern of the paper."""
    values = averaged[::3, ::3]
    return float(1.48 * np.median(np.abs(values - np.median(values))))


def _pieces(ridges: _Ridges, averaged: Plane, top: int, left: int, noise: float) -> list[PrintedLine]:
    """The lines that a component of averaged ridges (h, w), its corner at (left, top), shows: the strongest, from
    where it is drawn to where it is, and those beside it. A row of letters is none."""
    if averaged.shape[1] < LINES.shortest:
        return []
    row = top + int(averaged.sum(axis=1).argmax())
    rows = slice(max(0, row - LINES.band), row + LINES.band + 1)
    band = ridges.strict[rows, left : left + averaged.shape[1]]
    best = band.max(axis=0)
    inked = best[best > noise]
    if len(inked) < max(1, LINES.least_drawn * LINES.shortest):  # then less will be drawn, too
        return []
    usual = median(inked)
    level = max(LINES.drawn * usual, noise)
    drawn = best > level
    crossed = ~drawn & (ridges.contrast[rows, left : left + averaged.shape[1]].max(axis=0) > level)
    start, end = _densest(drawn, crossed)
    seen = ~crossed[start:end]
    there, all_seen = np.count_nonzero(drawn[start:end] & seen), np.count_nonzero(seen)
    if end - start < LINES.shortest or there < max(LINES.least_drawn * (end - start), LINES.covered * all_seen):
        return []
    weights = np.clip(band[:, start:end], 0, None).sum(axis=1)
    middle = rows.start + 0.5 + float(np.arange(len(weights)) @ weights / weights.sum())
    thickness = float((band[:, start:end] > 0.5 * usual).sum(axis=0).mean())
    ends = _prolonged(ridges.loose[rows].max(axis=0) > level, left + start, left + end)
    return [
        *_pieces(ridges, averaged[:, :start], top, left, noise),
        PrintedLine(*ends, middle, thickness),
        *_pieces(ridges, averaged[:, end:], top, left + end, noise),
    ]


def _prolonged(drawn: Mask, start: int, end: int) -> tuple[int, int]:
    """Where a line that is drawn from `start` to `end` begins and ends, as far as it goes on without a gap."""
    before, after = drawn[:start][::-1], drawn[end:]
    return (
        start - (int(before.argmin()) if not before.all() else start),
        end + (int(after.argmin()) if not after.all() else after.size),
    )


def _densest(drawn: Mask, crossed: Mask) -> tuple[int, int]:
    """The run (start, end) with the most drawn columns over the share that a line has at least (Kadane's sum); where
    a stroke crosses, nobody can tell."""
    gain = np.zeros(len(drawn) + 1)
    np.cumsum(np.where(drawn, 1 - LINES.covered, np.where(crossed, -1e-3, -LINES.covered)), out=gain[1:])
    end = int((gain - np.minimum.accumulate(gain)).argmax())
    return int(gain[: end + 1].argmin()), end


def _joined(pieces: list[PrintedLine], contrast: Plane, strong: float) -> list[PrintedLine]:
    """Pieces that continue one another, as one: where little is between them, or a stroke that crosses."""
    lines: list[PrintedLine] = []
    middles = np.empty(len(pieces))  # of the lines so far
    for piece in sorted(pieces, key=lambda piece: piece.start):
        near = np.flatnonzero(np.abs(middles[: len(lines)] - piece.middle) <= 2).tolist()
        index = next((k for k in near if _continues(lines[k], piece, contrast, strong)), len(lines))
        if index == len(lines):
            lines.append(piece)
        else:
            line = lines[index]
            total = line.length + piece.length
            middle = (line.middle * line.length + piece.middle * piece.length) / total
            lines[index] = replace(line, end=max(line.end, piece.end), middle=middle)
        middles[index] = lines[index].middle
    return lines


def _continues(line: PrintedLine, piece: PrintedLine, contrast: Plane, strong: float) -> bool:
    gap = piece.start - line.end
    if gap <= LINES.broken:
        return True
    if gap > LINES.continued:
        return False
    row = int(0.5 * (line.middle + piece.middle))
    between = contrast[max(0, row - 1) : row + 2, line.end : piece.start].max(axis=0)
    return bool((between > strong).mean() >= LINES.covered)


@dataclass(frozen=True)
class FrameLimits:
    """Which lines belong to frames; lengths in working pixels."""

    near: float = 3.5  # between a line's end and the line that it ends at: corners are worn off
    over: float = 12.0  # by which a line may go on beyond; on patterned paper it seems to
    long_across: int = 60  # so long is no stroke of a digit ...
    long_down: int = 150  # ... nor are letters below one another
    rounds: int = 3  # until nothing changes, hardly ever more than two


FRAMES = FrameLimits()


def keep_frames(across: list[PrintedLine], down: list[PrintedLine]) -> tuple[list[PrintedLine], list[PrintedLine]]:
    """The lines across and down without strokes: what is left is long, or has both its ends at lines that are left."""
    for _ in range(FRAMES.rounds):
        before = len(across), len(down)
        across, down = _anchored(across, down, FRAMES.long_across), _anchored(down, across, FRAMES.long_down)
        if (len(across), len(down)) == before:
            break
    return across, down


def _anchored(lines: list[PrintedLine], others: list[PrintedLine], long: int) -> list[PrintedLine]:
    table = np.array(
        [[other.middle, other.start, other.end, FRAMES.near + 0.5 * other.thickness] for other in others]
    ).reshape(-1, 4)
    return [
        line
        for line in lines
        if line.length >= long
        or (_meets(table, line.start, line.middle, FRAMES.over) and _meets(table, line.end, line.middle, -FRAMES.over))
    ]


def _meets(others: NDArray[np.float64], end: float, middle: float, over: float) -> bool:
    """Whether a line of (middle, start, end, room beside it) passes the end of a line, or comes `over` before it."""
    low, high = min(end, end + over), max(end, end + over)
    near = (low - others[:, 3] <= others[:, 0]) & (others[:, 0] <= high + others[:, 3])
    near &= (others[:, 1] - FRAMES.near <= middle) & (middle <= others[:, 2] + FRAMES.near)
    return bool(near.any())
