"""Printed lines: long, thin and straight, across or down a level page; dotted and micro-printed ones too."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.documents.layout.sheet import Sheet

Float = NDArray[np.float32]
Mask = NDArray[np.bool_]

LENGTH = 25  # pixels over which a line is averaged: longer than bars of letters, shorter than the side of a box
SHORTEST = 18  # pixels: less is a stroke
NEAR, FAR = 2, 4  # pixels to either side of a line's middle where there is paper
BAND = 2  # pixels around its middle in which a line may wander
STRONG = 3.0  # times the noise of the sheet, averaged, at which a line is sure; and at least ...
LEAST = 0.035
PATTERN = 4.5  # times the spread of what the paper's pattern averages to, at least
WEAK = 0.5  # of the strong level: how far a sure line goes on
COVERED = 0.8  # share of a line's length at least that is drawn; the row of a word's letters has gaps
LEAST_DRAWN = 0.5  # share of its length that is not crossed by strokes
DRAWN = 0.4  # of the line's usual ridge: there it is drawn
BREAK = 8  # pixels that may be missing between two pieces of a line
CONTINUED = 40  # the same, where something dark lies over it


@dataclass(frozen=True)
class PrintedLine:
    """A line along rows (or, of the transposed page, columns) from `start` to `end`, around `middle`; in pixels."""

    start: int
    end: int
    middle: float
    thickness: float

    @property
    def length(self) -> int:
        return self.end - self.start


def find_lines(sheet: Sheet) -> tuple[list[PrintedLine], list[PrintedLine]]:
    """The lines across (start, end: columns; middle: row) and down (start, end: rows; middle: column)."""
    return _across(sheet.contrast, sheet.noise), _across(np.ascontiguousarray(sheet.contrast.T), sheet.noise)


def _across(contrast: Float, noise: float) -> list[PrintedLine]:
    """Ridges, averaged along rows, that reach a level; pieces on one row are put together."""
    ridges = _Ridges.of(contrast)
    averaged = ndimage.uniform_filter1d(ridges.strict, LENGTH, axis=1)
    strong = max(LEAST, STRONG * noise / np.sqrt(LENGTH), PATTERN * _spread(averaged))
    labels, count = ndimage.label(averaged > WEAK * strong, structure=np.ones((3, 3), dtype=bool))
    sure = np.zeros(count + 1, dtype=bool)
    sure[labels[averaged > strong]] = True
    pieces = []
    for index, place in enumerate(ndimage.find_objects(labels), 1):
        if sure[index] and place[1].stop - place[1].start >= SHORTEST:
            own = np.where(labels[place] == index, averaged[place], 0)
            pieces += _pieces(ridges, own, place[0].start, place[1].start, noise)
    return _joined(pieces, contrast, strong)


@dataclass(frozen=True, eq=False)
class _Ridges:
    """How much darker each pixel, (h, w), is than what is above and below it; may be negative.

    contrast: of the sheet. strict: than FAR rows away on both sides. loose: the same, but paper is seen nearer, too,
    where letters stand close.
    """

    contrast: Float
    strict: Float
    loose: Float

    @classmethod
    def of(cls, contrast: Float) -> _Ridges:
        padded = np.pad(np.minimum(contrast, 0.5), ((FAR, FAR), (0, 0)), mode="edge")
        height = contrast.shape[0]

        def beside(shift: int) -> Float:
            return padded[FAR + shift : FAR + shift + height]

        above, below = beside(-FAR), beside(FAR)
        nearer = np.maximum(np.minimum(above, beside(-NEAR)), np.minimum(below, beside(NEAR)))
        return cls(contrast, beside(0) - np.maximum(above, below), beside(0) - nearer)


def _spread(averaged: Float) -> float:
    """Standard deviation of averaged ridges where there is no line: of the pattern of the paper."""
    values = averaged[::3, ::3]
    return float(1.48 * np.median(np.abs(values - np.median(values))))


def _pieces(ridges: _Ridges, averaged: Float, top: int, left: int, noise: float) -> list[PrintedLine]:
    """The lines that a component of averaged ridges (h, w), its corner at (left, top), shows: the strongest, from
    where it is drawn to where it is, and those beside it. A row of letters is none."""
    if averaged.shape[1] < SHORTEST:
        return []
    row = top + int(averaged.sum(axis=1).argmax())
    rows = slice(max(0, row - BAND), row + BAND + 1)
    band = ridges.strict[rows, left : left + averaged.shape[1]]
    best = band.max(axis=0)
    usual = float(np.median(best[best > noise])) if (best > noise).any() else 0.0
    level = max(DRAWN * usual, noise)
    drawn = best > level
    crossed = ~drawn & (ridges.contrast[rows, left : left + averaged.shape[1]].max(axis=0) > level)
    start, end = _densest(drawn, crossed)
    there = drawn[start:end][~crossed[start:end]]
    if end - start < SHORTEST or there.sum() < LEAST_DRAWN * (end - start) or there.mean() < COVERED:
        return []
    weights = np.clip(band[:, start:end], 0, None).sum(axis=1)
    middle = rows.start + 0.5 + float(np.average(np.arange(len(weights)), weights=weights))
    thickness = float((band[:, start:end] > 0.5 * usual).sum(axis=0).mean())
    ends = _prolonged(ridges.loose[rows].max(axis=0) > level, left + start, left + end)
    return [
        *_pieces(ridges, averaged[:, :start], top, left, noise),
        PrintedLine(*ends, middle, thickness),
        *_pieces(ridges, averaged[:, end:], top, left + end, noise),
    ]


def _prolonged(drawn: NDArray[np.bool_], start: int, end: int) -> tuple[int, int]:
    """Where a line that is drawn from `start` to `end` begins and ends, as far as it goes on without a gap."""
    before, after = drawn[:start][::-1], drawn[end:]
    return (
        start - (int(before.argmin()) if not before.all() else start),
        end + (int(after.argmin()) if not after.all() else after.size),
    )


def _densest(drawn: NDArray[np.bool_], crossed: NDArray[np.bool_]) -> tuple[int, int]:
    """The run (start, end) with the most drawn columns over the share that a line has at least (Kadane's sum); where
    a stroke crosses, nobody can tell."""
    gain = np.concatenate([[0.0], np.cumsum(np.where(drawn, 1 - COVERED, np.where(crossed, -1e-3, -COVERED)))])
    lowest = np.minimum.accumulate(gain)
    end = int(np.argmax(gain - lowest))
    return int(np.argmin(gain[: end + 1])), end


def _joined(pieces: list[PrintedLine], contrast: Float, strong: float) -> list[PrintedLine]:
    """Pieces that continue one another, as one: where little is between them, or a stroke that crosses."""
    lines: list[PrintedLine] = []
    for piece in sorted(pieces, key=lambda piece: piece.start):
        for index, line in enumerate(lines):
            if abs(line.middle - piece.middle) <= 2 and _continues(line, piece, contrast, strong):
                total = line.length + piece.length
                middle = (line.middle * line.length + piece.middle * piece.length) / total
                lines[index] = replace(line, end=max(line.end, piece.end), middle=middle)
                break
        else:
            lines.append(piece)
    return lines


def _continues(line: PrintedLine, piece: PrintedLine, contrast: Float, strong: float) -> bool:
    gap = piece.start - line.end
    if gap <= BREAK:
        return True
    if gap > CONTINUED:
        return False
    row = int(0.5 * (line.middle + piece.middle))
    between = contrast[max(0, row - 1) : row + 2, line.end : piece.start].max(axis=0)
    return bool((between > strong).mean() >= COVERED)
