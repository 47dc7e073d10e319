"""Cells: what printed lines enclose. A box is a cell by itself, a comb a row of cells side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.documents.layout.lines import PrintedLine
from segmenter.arrays import Mask
from segmenter.components import Components


@dataclass(frozen=True)
class CellLimits:
    """What is a cell: lengths in working pixels."""

    extended: int = 7  # by which lines are made longer: rounded and worn corners close
    rectangular: float = 0.85  # share of its bounding box that a cell fills; the rest are rounded corners, not print
    least_side: int = 12  # the lowest digit that can still be read, and its margins
    most_height: float = 0.16  # of the sheet's longer side: what is higher holds more than a number


CELLS = CellLimits()


@dataclass(frozen=True)
class Cell:
    """A rectangle between printed lines, [left, right) x [top, bottom) in working pixels; the lines are outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Pixels across."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Pixels down."""
        return self.bottom - self.top


def find_cells(shape: tuple[int, int], across: list[PrintedLine], down: list[PrintedLine]) -> list[Cell]:
    """The cells of a sheet of `shape` (h, w) that are of the size of a field, from top to bottom."""
    drawn = _drawn(shape, across) | _drawn(shape[::-1], down).T
    parts = Components.of(~drawn, corners=False)
    found = []
    limit = CELLS.most_height * max(shape)
    for k, box in enumerate(parts.boxes.tolist()):
        cell = Cell(*box)
        if not (CELLS.least_side <= cell.height <= limit and cell.width >= CELLS.least_side):
            continue
        if cell.left == 0 or cell.top == 0 or cell.right == shape[1] or cell.bottom == shape[0]:
            continue
        if parts.cutout(k).mean() >= CELLS.rectangular:
            found.append(cell)
    return found


def _drawn(shape: tuple[int, ...], lines: list[PrintedLine]) -> Mask:
    mask = np.zeros(shape, dtype=bool)
    for line in lines:
        half = max(1.0, 0.5 * line.thickness)
        top, bottom = int(line.middle - half), int(np.ceil(line.middle + half))
        mask[max(0, top) : bottom, max(0, line.start - CELLS.extended) : line.end + CELLS.extended] = True
    return mask
