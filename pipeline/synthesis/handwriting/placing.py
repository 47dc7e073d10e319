"""Glyphs set side by side on a line: gaps, overlaps and truly touching strokes, and whose ink is whose."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pipeline.synthesis.glyphs.pens import SOLID, Glyph, draw_strokes

ABOVE, BELOW = 2.6, 1.0
"""Rows of the canvas over and under the baseline, in heights of a digit."""


@dataclass(eq=False)
class Line:
    """A line that is being written: glyphs with their places, and the right edge of the ink in each row.

    baseline: row of the canvas; rows: of the canvas; edge: (rows,) float32, the column right of the last
    solid ink, -inf where there is none. Columns may be negative; they are counted from the first glyph's
    left.
    """

    height: float
    glyphs: list[tuple[int, int, Glyph, int]] = field(default_factory=list)
    """(left, top, glyph, index of its character)"""

    def __post_init__(self) -> None:
        self.baseline = int(ABOVE * self.height)
        self.rows = self.baseline + int(BELOW * self.height) + 1
        self.edge = np.full(self.rows, -np.inf, np.float32)
        self.centre = -np.inf

    def add(self, glyph: Glyph, owner: int, *, gap: float, lift: float, advance: float) -> int:
        """Writes a glyph ``gap`` pixels right of the ink before it (negative: into it), measured where the
        two come nearest, at least ``advance`` pixels further on than the last; ``lift`` raises it above the
        baseline. Returns its left column."""
        glyph, top = self._within(glyph, self.baseline + glyph.top - round(lift))
        h, w = glyph.ink.shape
        solid = glyph.ink > SOLID
        filled = solid.any(axis=1)
        start = np.where(filled, solid.argmax(axis=1), np.inf)
        end = np.where(filled, w - solid[:, ::-1].argmax(axis=1), -np.inf)
        if np.isfinite(self.centre):
            left = self._nearest(start, top, gap)
            left = round(max(left, self.centre + advance - w / 2))
        else:
            left = 0
        rows = self.edge[top : top + h]
        np.maximum(rows, end + left, out=rows)
        self.centre = left + w / 2
        self.glyphs.append((left, top, glyph, owner))
        return left

    @property
    def width(self) -> float:
        """Pixels from the first glyph's left to the last one's middle; 0 while the line is empty."""
        return max(0.0, self.centre) if self.glyphs else 0.0

    def intrude(self, rng: np.random.Generator, glyph: Glyph, owner: int) -> None:
        """Puts a glyph of another line over or under this one, so that it reaches into it at most a
        little."""
        ink, _, left = self.compose()
        rows = np.flatnonzero(ink.any(axis=1))
        h, w = glyph.ink.shape
        reach = round(self.height * 0.25 * rng.random())
        top = int(rows[0]) + reach - h if rng.random() < 0.5 else int(rows[-1]) - reach
        glyph, top = self._within(glyph, top)
        self.glyphs.append((left + int(rng.random() * max(1, ink.shape[1] - w)), top, glyph, owner))

    def _nearest(self, start: np.ndarray, top: int, gap: float) -> float:
        """The left column at which ink that starts at ``start`` (h,) comes ``gap`` from what is there."""
        reach = max(1, round(gap)) if gap > 0 else 0
        edge = self.edge
        for shift in range(1, reach + 1):
            # A row apart is a gap, too: ink above or below counts as far as the gap reaches.
            if shift > 3 and shift % 2:
                continue
            edge = np.maximum(edge, np.maximum(_shifted(self.edge, shift), _shifted(self.edge, -shift)))
        distances = edge[top : top + len(start)] - start
        nearest = float(distances.max())
        if not np.isfinite(nearest):
            nearest = float(self.edge.max()) - float(start.min())
        return nearest + gap

    def _within(self, glyph: Glyph, top: int) -> tuple[Glyph, int]:
        """The part of the glyph that lies on the canvas."""
        h = glyph.ink.shape[0]
        first, last = max(0, -top), min(h, self.rows - top)
        if (first, last) == (0, h):
            return glyph, top
        if last - first < 1:
            top = min(max(top, 0), max(0, self.rows - h))
            first, last = 0, min(h, self.rows)
            return Glyph(np.ascontiguousarray(glyph.ink[first:last]), glyph.left, glyph.top), top
        return Glyph(np.ascontiguousarray(glyph.ink[first:last]), glyph.left, glyph.top), top + first

    def join_last(self, rng: np.random.Generator, pen: float) -> None:
        """Joins the last two glyphs by a stroke, near their tops or in the middle, as zeros are often
        chained.

        The stroke belongs to the first of the two.
        """
        (left, top, first, owner), (next_left, next_top, second, _) = self.glyphs[-2:]
        low = 0.45 if rng.random() < 0.75 else 0.75
        start = _edge_point(first.ink, low * rng.random(), right=True)
        end = _edge_point(second.ink, low * rng.random(), right=False)
        if start is None or end is None:
            return
        x0, y0 = left + start[0], top + start[1]
        x1, y1 = next_left + end[0], next_top + end[1]
        sag = (rng.random() - 0.35) * 0.3 * self.height
        t = np.linspace(0, 1, 9)[:, None]
        points = (1 - t) ** 2 * [x0, y0] + 2 * t * (1 - t) * [(x0 + x1) / 2, (y0 + y1) / 2 + sag] + t**2 * [x1, y1]
        glyph = draw_strokes([points.astype(np.float32)], pen)
        if glyph is not None:
            glyph, row = self._within(glyph, glyph.top)
            self.glyphs.append((glyph.left, row, glyph, owner))
            # The joined pair stays last: what follows is placed by the ink, not by this stroke.
            self.glyphs[-1], self.glyphs[-2] = self.glyphs[-2], self.glyphs[-1]

    def compose(self) -> tuple[np.ndarray, np.ndarray, int]:
        """(ink, owner, left): (H, W) float32 in [0, 1], (H, W) int16 (-1 = nobody's), and the line's column
        at the canvas's left edge."""
        left = min(place[0] for place in self.glyphs) - 1
        right = max(place[0] + place[2].ink.shape[1] for place in self.glyphs) + 1
        ink = np.zeros((self.rows, right - left), np.float32)
        owner = np.full(ink.shape, -1, np.int16)
        for column, row, glyph, index in self.glyphs:
            h, w = glyph.ink.shape
            window = slice(row, row + h), slice(column - left, column - left + w)
            owner[window][(glyph.ink > ink[window]) & (glyph.ink > SOLID)] = index
            np.maximum(ink[window], glyph.ink, out=ink[window])
        return ink, owner, left


def _edge_point(ink: np.ndarray, share: float, *, right: bool) -> tuple[float, float] | None:
    """(x, y) of the outermost solid ink in the row ``share`` of the way down, in the glyph's pixels."""
    row = min(int(share * len(ink)), len(ink) - 1)
    for place in range(row, len(ink)):
        columns = np.flatnonzero(ink[place] > SOLID)
        if len(columns):
            return float(columns[-1] if right else columns[0]) + 0.5, place + 0.5
    return None


def _shifted(edge: np.ndarray, rows: int) -> np.ndarray:
    moved = np.full_like(edge, -np.inf)
    if rows > 0:
        moved[rows:] = edge[:-rows]
    else:
        moved[:rows] = edge[-rows:]
    return moved
