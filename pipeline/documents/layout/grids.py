"""Combs by their regularity: two lines across, and lines down between them at equal distances.

Some of the lines down may be missing, faint or hidden by strokes, and a stroke may pass for one: the grid decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.documents.layout.cells import Cell
from pipeline.documents.layout.lines import PrintedLine


@dataclass(frozen=True)
class GridLimits:
    """Which lines make a comb by their regularity; lengths in working pixels."""

    ends: float = 7.0  # by which the lines down may end off the lines across
    along: float = 0.5  # share of a comb's width along which each of the two lines across is seen
    over: float = 12.0  # by which lines down may go on beyond
    lowest: float = 14  # height of a comb, at least: lower rows are those of print ...
    highest: float = 110  # ... and at most: a thirtieth of a page's width is a large digit already
    narrowest: float = 0.45  # width of a cell over its height, at least ...
    widest: float = 1.7  # ... and at most: a digit has room, two have not
    fewest: int = 3  # cells
    missing: int = 2  # separators in a row that may not be seen, hidden by strokes
    seen: float = 0.6  # share of the separators that are seen, at least
    odd: float = 0.2  # of a cell's width that the lines across may go on for more or less than whole cells
    off: float = 0.09  # of a cell's width that a separator may be off its place


GRIDS = GridLimits()


def find_grids(across: list[PrintedLine], down: list[PrintedLine], unsure: list[PrintedLine]) -> list[tuple[Cell, ...]]:
    """The cells of each comb, from left to right; unsure: lines down that may be strokes, for the rest."""
    chosen: list[tuple[Cell, ...]] = []
    for lines in (down, unsure):
        # Patterns of the paper may pass for lines: of several grids in one place, the one that its lines down fit best.
        for _, cells in sorted(_grids(across, lines), key=lambda fit: fit[0]):
            if not any(_meet(cells, others) for others in chosen):
                chosen.append(cells)
    return chosen


def _grids(across: list[PrintedLine], down: list[PrintedLine]) -> list[tuple[float, tuple[Cell, ...]]]:
    """How well each grid fits, the lower the better, and its cells."""
    found: list[tuple[float, tuple[Cell, ...]]] = []
    places = np.array([[line.middle, line.start, line.end] for line in down]).reshape(-1, 3)
    lines = sorted(across, key=lambda line: line.middle)
    for index, top in enumerate(lines):
        for bottom in lines[index + 1 :]:
            height = bottom.middle - top.middle
            if height > GRIDS.highest:
                break
            if height >= GRIDS.lowest and min(top.end, bottom.end) > max(top.start, bottom.start):
                fit = _fit(top, bottom, places)
                found += [fit] if fit is not None else []
    return found


def _meet(one: tuple[Cell, ...], other: tuple[Cell, ...]) -> bool:
    return (
        one[0].left < other[-1].right
        and other[0].left < one[-1].right
        and one[0].top < other[0].bottom
        and other[0].top < one[0].bottom
    )


def _fit(top: PrintedLine, bottom: PrintedLine, down: NDArray[np.float64]) -> tuple[float, tuple[Cell, ...]] | None:
    """How far the lines down end off two lines across, in pixels, less for every cell; and the cells of the grid
    between. None where there is no grid. down: (n, 3) middle, start, end."""
    off = np.abs(down[:, 1] - top.middle) + np.abs(down[:, 2] - bottom.middle)
    here = (np.abs(down[:, 1] - top.middle + 0.5 * GRIDS.over) <= GRIDS.ends + 0.5 * GRIDS.over) & (
        np.abs(down[:, 2] - bottom.middle - 0.5 * GRIDS.over) <= GRIDS.ends + 0.5 * GRIDS.over
    )
    here &= (down[:, 0] >= min(top.start, bottom.start) - GRIDS.ends) & (
        down[:, 0] <= max(top.end, bottom.end) + GRIDS.ends
    )
    places = np.sort(down[here, 0])
    if len(places) < 3:
        return None
    edges = _regular(places, bottom.middle - top.middle)
    if edges is None or len(edges) <= GRIDS.fewest:
        return None
    edges = _completed(edges, top, bottom, down[:, 0])
    left, right = float(edges[0]), float(edges[-1])
    if any(min(line.end, right) - max(line.start, left) < GRIDS.along * (right - left) for line in (top, bottom)):
        return None
    cells = _cells(top, bottom, edges)
    return float(np.median(off[here])) - len(cells), cells


def _regular(places: NDArray[np.float64], height: float) -> NDArray[np.float64] | None:
    """The longest run of equal distances among places, as its edges; up to two in a row may be missing."""
    best, edges = 0.0, None
    for first in range(len(places)):
        for second in range(first + 1, len(places)):
            width = places[second] - places[first]
            if not GRIDS.narrowest * height <= width <= GRIDS.widest * height:
                continue
            steps = np.rint((places - places[first]) / width)
            near = np.abs(places - places[first] - steps * width) <= np.maximum(2.0, GRIDS.off * width)
            run = _run_around(np.unique(steps[near]).astype(int))
            score = 2.0 * len(run) - (run[-1] - run[0] + 1)
            if score > best and len(run) >= GRIDS.seen * (run[-1] - run[0] + 1):
                slope, start = np.polyfit(steps[near], places[near], 1)
                best, edges = score, start + slope * np.arange(run[0], run[-1] + 1)
    return edges


def _completed(
    edges: NDArray[np.float64], top: PrintedLine, bottom: PrintedLine, places: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The edges, and those of the last cells on either side, where both lines across go on for just so long.

    The last line down may be hidden by a pattern; where it is seen, those before it may be.
    """
    width = float(edges[1] - edges[0])
    for low, high, sign in (
        (max(top.start, bottom.start), edges[0], -1.0),
        (edges[-1], min(top.end, bottom.end), 1.0),
    ):
        count = round((high - low) / width)
        seen = (np.abs(places - (low if sign < 0 else high)) <= GRIDS.ends).any()
        most = GRIDS.missing + 1 if seen and len(edges) > GRIDS.fewest + 1 else 1
        if 1 <= count <= most and abs(high - low - count * width) <= GRIDS.odd * width:
            more = (edges[0] if sign < 0 else edges[-1]) + sign * width * np.arange(1, count + 1)
            edges = np.sort(np.concatenate([edges, more]))
    return edges


def _run_around(steps: NDArray[np.intp]) -> NDArray[np.intp]:
    """The steps that hang together with step 0."""
    parts = np.split(steps, np.flatnonzero(np.diff(steps) > GRIDS.missing + 1) + 1)
    return next(part for part in parts if 0 in part)


def _cells(top: PrintedLine, bottom: PrintedLine, edges: NDArray[np.float64]) -> tuple[Cell, ...]:
    """The cells between two lines across and the edges of a grid."""
    upper, lower = round(top.middle + 0.5 * top.thickness + 0.5), round(bottom.middle - 0.5 * bottom.thickness - 0.5)
    return tuple(Cell(round(a + 1.5), upper, round(b - 1.5), lower) for a, b in pairwise(edges))
