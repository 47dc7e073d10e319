"""Cells put together: combs, a box for each digit, and boxes for whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pipeline.documents.layout.cells import Cell
from pipeline.documents.layout.lines import PrintedLine


@dataclass(frozen=True)
class CombLimits:
    """Which cells make a comb; lengths in working pixels."""

    between: int = 7  # that a printed line takes between two cells, its blur included
    level: float = 0.2  # of its height that a cell may stand higher or lower than its neighbour, or be higher
    tooth: float = 1.7  # heights: a wider cell has room for more than a digit
    gap: float = 1.2  # widths of a cell that may lie between the groups of a comb, as day, month and year
    fewest: int = 3  # cells: two side by side are as often two boxes
    inside: int = 4  # within a cell at which a line is no longer one of its sides
    over: int = 25  # by which a stroke may reach out of its cell
    written: float = 0.5  # of a plain box's width: a shorter line within it is writing
    same: float = 0.3  # of the usual width by which a cell of a comb may be wider or narrower
    narrow: float = 1.1  # heights: a narrower box by itself is a check box


COMBS = CombLimits()


@dataclass(frozen=True)
class PrintedBox:
    """Where a number is written, in working pixels. cells: of a comb, from left to right; of a plain box, itself."""

    cells: tuple[Cell, ...]

    @cached_property
    def frame(self) -> Cell:
        """The rectangle around all cells."""
        return Cell(
            min(cell.left for cell in self.cells),
            min(cell.top for cell in self.cells),
            max(cell.right for cell in self.cells),
            max(cell.bottom for cell in self.cells),
        )

    @property
    def is_comb(self) -> bool:
        """Whether it has a cell for each digit."""
        return len(self.cells) > 1

    def separators(self) -> list[PrintedLine]:
        """The lines down between neighbouring cells of a comb, also where they were not seen."""
        return [
            PrintedLine(left.top, left.bottom, 0.5 * (left.right + right.left), max(1, right.left - left.right - 2))
            for left, right in zip(self.cells, self.cells[1:], strict=False)
            if right.left - left.right <= COMBS.between
        ]

    def edges(self) -> list[PrintedLine]:
        """The lines across above and below a comb, as long as it is, also where they were not seen."""
        frame = self.frame
        return [
            PrintedLine(frame.left, frame.right, middle, 2.0)
            for middle in (frame.top - 1.5, frame.bottom + 1.5)
            if self.is_comb
        ]


def group_cells(cells: list[Cell], grids: Sequence[tuple[Cell, ...]] = ()) -> list[PrintedBox]:
    """The combs and boxes that cells make, in reading order. Check boxes are left out.

    grids: the cells of combs that are known; what lies in them is theirs.
    """
    combs = [PrintedBox(grid) for grid in grids]
    cells = [cell for cell in cells if not any(_lies_in(cell, comb.frame) for comb in combs)]
    rows: list[list[Cell]] = []
    for cell in sorted(cells, key=lambda cell: cell.left):
        row = next((row for row in rows if _follows(row[-1], cell)), None)
        if row is None:
            rows.append([cell])
        else:
            row.append(cell)
    boxes = combs
    for row in rows:
        comb = _comb(row)
        boxes += (
            [PrintedBox(comb)]
            if comb
            else [PrintedBox((cell,)) for cell in row if cell.width >= COMBS.narrow * cell.height]
        )
    order = sort_reading([box.frame for box in boxes])
    return sorted(boxes, key=lambda box: order.index(box.frame))


def without_strokes(
    across: list[PrintedLine], down: list[PrintedLine], boxes: list[PrintedBox]
) -> tuple[list[PrintedLine], list[PrintedLine]]:
    """The lines less those that lie within cells: they are strokes of digits, or the feet of several."""
    return (
        [line for line in across if not any(_is_stroke_across(line, box) for box in boxes)],
        [line for line in down if not any(_is_stroke_down(line, cell) for box in boxes for cell in box.cells)],
    )


def _is_stroke_across(line: PrintedLine, box: PrintedBox) -> bool:
    """Whether a line across lies within a box; in a plain one, a long one may be printed to write on."""
    frame = box.frame
    return (
        frame.top + COMBS.inside < line.middle < frame.bottom - COMBS.inside
        and frame.left - COMBS.over < line.start
        and line.end < frame.right + COMBS.over
        and (box.is_comb or line.length < COMBS.written * frame.width)
    )


def _is_stroke_down(line: PrintedLine, cell: Cell) -> bool:
    return (
        cell.left + COMBS.inside < line.middle < cell.right - COMBS.inside
        and cell.top - COMBS.over < line.start
        and line.end < cell.bottom + COMBS.over
    )


def sort_reading(frames: list[Cell]) -> list[Cell]:
    """From top to bottom, and from left to right where the middle of one is within the height of the other."""
    rows: list[list[Cell]] = []
    for frame in sorted(frames, key=lambda frame: frame.top + frame.bottom):
        if rows and 0.5 * (frame.top + frame.bottom) < rows[-1][0].bottom:
            rows[-1].append(frame)
        else:
            rows.append([frame])
    return [frame for row in rows for frame in sorted(row, key=lambda frame: frame.left)]


def _lies_in(cell: Cell, frame: Cell) -> bool:
    x, y = 0.5 * (cell.left + cell.right), 0.5 * (cell.top + cell.bottom)
    return frame.left <= x <= frame.right and frame.top <= y <= frame.bottom and cell.height <= 1.1 * frame.height


def _follows(left: Cell, right: Cell) -> bool:
    """Whether two cells stand side by side at one height, near each other."""
    height = max(left.height, right.height)
    level = (
        abs(left.top - right.top) <= COMBS.level * height and abs(left.bottom - right.bottom) <= COMBS.level * height
    )
    return level and 0 <= right.left - left.right <= max(COMBS.between, COMBS.gap * min(left.width, left.height))


def _comb(row: list[Cell]) -> tuple[Cell, ...] | None:
    """The cells of a comb, those parted that a missing line has left together; None where the row is no comb."""
    if len(row) < COMBS.fewest:
        return None
    usual = float(np.median([cell.width for cell in row]))
    if usual > COMBS.tooth * row[0].height:
        return None
    cells: list[Cell] = []
    for cell in row:
        count = max(1, round((cell.width + 3) / (usual + 3)))
        if abs(cell.width / count - usual) > COMBS.same * usual:
            return None
        edges = np.linspace(cell.left - 1, cell.right + 2, count + 1)
        cells += [replace(cell, left=round(edges[k]) + 1, right=round(edges[k + 1]) - 2) for k in range(count)]
    return tuple(cells)
