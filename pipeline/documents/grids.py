"""Combs by their regularity: two lines across, and lines down between them at equal distances.

Some of the lines down may be missing, faint or hidden by strokes, and a stroke may pass for one: the grid decides.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.documents.cells import Cell
from pipeline.documents.lines import PrintedLine

ENDS = 7.0  # pixels by which the two lines across may begin or end apart, and the lines down end off them
OVER = 12.0  # pixels by which lines down may go on beyond
HEIGHTS = (14, 110)  # pixels of a comb's height
CELL = (0.45, 1.7)  # width of a cell over its height
COUNTS = range(3, 26)
SEEN = 0.6  # share of the separators that are seen, at least
OFF = 0.09  # of a cell's width that a separator may be off its place


def find_grids(across: list[PrintedLine], down: list[PrintedLine]) -> list[tuple[Cell, ...]]:
    """The cells of each comb, from left to right."""
    found = []
    places = np.array([[line.middle, line.start, line.end] for line in down]).reshape(-1, 3)
    lines = sorted(across, key=lambda line: line.middle)
    for index, top in enumerate(lines):
        for bottom in lines[index + 1:]:
            height = bottom.middle - top.middle
            if height > HEIGHTS[1]:
                break
            if height < HEIGHTS[0] or abs(top.start - bottom.start) > ENDS or abs(top.end - bottom.end) > ENDS:
                continue
            cells = _cells(top, bottom, places)
            if cells:
                found.append(cells)
    return found


def _cells(top: PrintedLine, bottom: PrintedLine, down: NDArray[np.float64]) -> tuple[Cell, ...]:
    """The cells of the grid between two lines across, if there is one. down: (n, 3) middle, start, end."""
    height = bottom.middle - top.middle
    here = (np.abs(down[:, 1] - top.middle + 0.5 * OVER) <= ENDS + 0.5 * OVER) & (
        np.abs(down[:, 2] - bottom.middle - 0.5 * OVER) <= ENDS + 0.5 * OVER)
    places = np.sort(down[here, 0])
    if len(places) < 3:
        return ()
    left, right = 0.5 * (top.start + bottom.start), 0.5 * (top.end + bottom.end)
    # The outermost lines down are the frame's, where they are seen.
    left = places[0] if abs(places[0] - left) <= ENDS else left
    right = places[-1] if abs(places[-1] - right) <= ENDS else right
    best, edges = 0, None
    for count in COUNTS:
        width = (right - left) / count
        if not CELL[0] * height <= width <= CELL[1] * height:
            continue
        grid = np.linspace(left, right, count + 1)
        off = np.abs(places[:, None] - grid[None, 1:-1]).min(axis=0)
        seen = int((off <= max(2.0, OFF * width)).sum())
        if seen >= SEEN * (count - 1) and 2 * seen - (count - 1) > best:
            best, edges = 2 * seen - (count - 1), grid
    if edges is None:
        return ()
    upper, lower = round(top.middle + 0.5 * top.thickness + 0.5), round(bottom.middle - 0.5 * bottom.thickness - 0.5)
    return tuple(Cell(round(a + 1.5), upper, round(b - 1.5), lower)
                 for a, b in pairwise(edges))
