"""Numbers written on a ruled line, in no box: what stands on each lone line, if it looks handwritten."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.documents.layout.cells import Cell
from pipeline.documents.layout.combs import Box
from pipeline.documents.layout.lines import PrintedLine
from pipeline.documents.layout.sheet import Sheet

ABOVE, BELOW = 62, 8  # working pixels over and under a line in which its writing stands
ROOM = 8  # pixels that writing goes beyond the line's ends
DARK = 0.25  # of the contrast of the darkest ink
TALLEST = 56  # pixels: what is higher is no digit
SHORTEST = 9
HANGS = 18  # pixels above the line at which the lowest ink of a digit ends, at most
APART = 2.2  # heights between neighbours of one number
PRINTED = 0.035  # heights by which the feet of printed characters stray, at most
FEWEST_TO_TELL = 4  # characters from which on print is told from writing
LETTER = (7, 40)  # pixels: heights of printed characters
FEWEST_LETTERS = 80
LARGER = 1.15  # times the usual height of print that writing is high, at least
THICKEST = 4.0  # pixels of a rule
MOST_BELOW = 0.3  # share of a rule's length with something right below it
JOINED, MOST_JOINED = 1.9, 0.4  # heights of what is joined-up writing; share of a group that is
MOST_THINGS = 16
AT_LINE = 6  # pixels from a line at which the side of a box is that line


def find_rows(sheet: Sheet, across: list[PrintedLine], boxes: list[Box]) -> list[Cell]:
    """The rectangles of what is written on lines that are no side of a box, in working pixels."""
    frames = [box.frame for box in boxes]
    found: list[Cell] = []
    least = LARGER * print_height(sheet)
    for line in across:
        if line.thickness > THICKEST or _is_in_text(sheet, line):
            continue
        if any(
            frame.left - AT_LINE <= 0.5 * (line.start + line.end) <= frame.right + AT_LINE
            and frame.top - AT_LINE <= line.middle <= frame.bottom + AT_LINE
            for frame in frames
        ):
            continue
        for cell in _written_on(sheet, line):
            if cell.height - 4 >= least and not any(_meet(cell, other) for other in [*frames, *found]):
                found.append(cell)
    return found


def print_height(sheet: Sheet) -> float:
    """The usual height of characters on a page, in working pixels; 0 where there are too few to tell."""
    level = max(0.1, DARK * float(np.quantile(sheet.contrast[::2, ::2], 0.995)))
    labels, _ = ndimage.label(sheet.contrast > level, structure=np.ones((3, 3), dtype=bool))
    heights = [rows.stop - rows.start for rows, _ in ndimage.find_objects(labels)]
    heights = [height for height in heights if LETTER[0] <= height <= LETTER[1]]
    return float(np.median(heights)) if len(heights) >= FEWEST_LETTERS else 0.0


def _is_in_text(sheet: Sheet, line: PrintedLine) -> bool:
    """Whether a line is no rule but part of a row of letters: much stands right below it."""
    row = round(line.middle + 0.5 * line.thickness)
    below = sheet.contrast[row + 3 : row + 9, line.start : line.end]
    level = max(0.08, 2.5 * sheet.noise)
    return bool(below.size and (below > level).any(axis=0).mean() > MOST_BELOW)


def _meet(one: Cell, other: Cell) -> bool:
    return one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom


def _written_on(sheet: Sheet, line: PrintedLine) -> list[Cell]:
    """The groups of what looks like handwritten characters on a line."""
    height, width = sheet.contrast.shape
    top, bottom = max(0, int(line.middle) - ABOVE), min(height, int(line.middle) + BELOW)
    left, right = max(0, line.start - ROOM), min(width, line.end + ROOM)
    strip = np.array(sheet.contrast[top:bottom, left:right])
    at = line.middle - top
    half = 0.5 * line.thickness + 1.5
    strip[max(0, int(at - half)) : int(np.ceil(at + half))] = 0
    level = max(0.08, 2.5 * sheet.noise, DARK * float(strip.max()))
    labels, _ = ndimage.label(strip > level, structure=np.ones((3, 3), dtype=bool))
    things = [
        (columns.start, rows.start, columns.stop, rows.stop)
        for rows, columns in ndimage.find_objects(labels)
        if SHORTEST <= rows.stop - rows.start <= TALLEST and rows.stop >= at - HANGS and rows.start > 0
    ]
    groups = [group for group in _grouped(sorted(things)) if not _is_print(group) and not _is_joined(group)]
    return [_cell(group, left, top) for group in groups]


def _grouped(things: list[tuple[int, int, int, int]]) -> list[NDArray[np.int64]]:
    """Neighbours put together; (n, 4) left, top, right, bottom."""
    groups: list[list[tuple[int, int, int, int]]] = []
    for thing in things:
        if groups:
            end = max(other[2] for other in groups[-1])
            usual = float(np.median([other[3] - other[1] for other in groups[-1]]))
            if thing[0] - end <= APART * usual:
                groups[-1].append(thing)
                continue
        groups.append([thing])
    return [np.array(group) for group in groups]


def _is_print(group: NDArray[np.int64]) -> bool:
    """Whether characters stand as level as only print does."""
    heights = group[:, 3] - group[:, 1]
    tall = group[heights >= 0.7 * np.median(heights)]
    if len(tall) < FEWEST_TO_TELL:
        return False
    feet, heads = tall[:, 3], tall[:, 1]
    usual = float(np.median(heights))
    return bool(np.std(feet) <= PRINTED * usual and np.std(heads) <= 2 * PRINTED * usual)


def _is_joined(group: NDArray[np.int64]) -> bool:
    """Whether most of a group is joined-up writing, or it is longer than a number."""
    widths, heights = group[:, 2] - group[:, 0], group[:, 3] - group[:, 1]
    long = widths > JOINED * heights
    return bool(len(group) > MOST_THINGS or widths[long].sum() > MOST_JOINED * widths.sum())


def _cell(group: NDArray[np.int64], left: int, top: int) -> Cell:
    low, high = group[:, :2].min(axis=0), group[:, 2:].max(axis=0)
    return Cell(left + int(low[0]) - 2, top + int(low[1]) - 2, left + int(high[0]) + 2, top + int(high[1]) + 2)
