"""Numbers written on a ruled line, in no box: what stands on each lone line, if it looks handwritten."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.documents.layout.cells import Cell
from pipeline.documents.layout.combs import PrintedBox
from pipeline.documents.layout.lines import PrintedLine
from pipeline.documents.layout.sheet import Sheet
from segmenter.arrays import Box
from segmenter.components import Components


@dataclass(frozen=True)
class RowSettings:
    """What is a handwritten number on a ruled line; lengths in working pixels."""

    above: int = 62  # over a line in which its writing stands ...
    below: int = 8  # ... and under it
    room: int = 8  # that writing goes beyond the line's ends
    dark: float = 0.25  # of the contrast of the darkest ink
    tallest: int = 56  # what is higher is no digit
    shortest: int = 9  # what is lower is a mark
    hangs: int = 18  # above the line at which the lowest ink of a digit ends, at most: hands float over the line
    apart: float = 2.2  # heights between neighbours of one number
    printed: float = 0.035  # heights by which the feet of printed characters stray, at most
    fewest_to_tell: int = 4  # characters from which on print is told from writing
    lowest_letter: int = 7  # heights of printed characters, from ...
    highest_letter: int = 40  # ... to
    fewest_letters: int = 80  # from which on the usual height of print is known
    larger: float = 1.15  # times the usual height of print that writing is high, at least
    thickest: float = 4.0  # of a rule: thicker ones are bars and the feet of pictures
    most_below: float = 0.3  # share of a rule's length with something right below it
    joined: float = 1.9  # heights of what is joined-up writing ...
    most_joined: float = 0.4  # ... and the share of a group's width that is
    most_things: int = 16  # characters of a number; more are words
    at_line: int = 6  # from a line at which the side of a box is that line


ROWS = RowSettings()


def find_rows(sheet: Sheet, across: list[PrintedLine], boxes: list[PrintedBox]) -> list[Cell]:
    """The rectangles of what is written on lines that are no side of a box, in working pixels."""
    frames = [box.frame for box in boxes]
    found: list[Cell] = []
    least = ROWS.larger * print_height(sheet)
    for line in across:
        if line.thickness > ROWS.thickest or _is_in_text(sheet, line):
            continue
        if any(
            frame.left - ROWS.at_line <= 0.5 * (line.start + line.end) <= frame.right + ROWS.at_line
            and frame.top - ROWS.at_line <= line.middle <= frame.bottom + ROWS.at_line
            for frame in frames
        ):
            continue
        for cell in _written_on(sheet, line):
            if cell.height - 4 >= least and not any(_meet(cell, other) for other in [*frames, *found]):
                found.append(cell)
    return found


def print_height(sheet: Sheet) -> float:
    """The usual height of characters on a page, in working pixels; 0 where there are too few to tell."""
    level = max(0.1, ROWS.dark * float(np.quantile(sheet.contrast[::2, ::2], 0.995)))
    heights = Components.of(sheet.contrast > level).heights
    heights = heights[(heights >= ROWS.lowest_letter) & (heights <= ROWS.highest_letter)]
    return float(np.median(heights)) if len(heights) >= ROWS.fewest_letters else 0.0


def _is_in_text(sheet: Sheet, line: PrintedLine) -> bool:
    """Whether a line is no rule but part of a row of letters: much stands right below it."""
    row = round(line.middle + 0.5 * line.thickness)
    below = sheet.contrast[row + 3 : row + 9, line.start : line.end]
    level = max(0.08, 2.5 * sheet.noise)
    return bool(below.size and (below > level).any(axis=0).mean() > ROWS.most_below)


def _meet(one: Cell, other: Cell) -> bool:
    return one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom


def _written_on(sheet: Sheet, line: PrintedLine) -> list[Cell]:
    """The groups of what looks like handwritten characters on a line."""
    height, width = sheet.contrast.shape
    top, bottom = max(0, int(line.middle) - ROWS.above), min(height, int(line.middle) + ROWS.below)
    left, right = max(0, line.start - ROWS.room), min(width, line.end + ROWS.room)
    strip = np.array(sheet.contrast[top:bottom, left:right])
    at = line.middle - top
    half = 0.5 * line.thickness + 1.5
    strip[max(0, int(at - half)) : int(np.ceil(at + half))] = 0
    level = max(0.08, 2.5 * sheet.noise, ROWS.dark * float(strip.max()))
    parts = Components.of(strip > level)
    upper, lower = parts.boxes[:, 1], parts.boxes[:, 3]
    written = (parts.heights >= ROWS.shortest) & (parts.heights <= ROWS.tallest)
    written &= (lower >= at - ROWS.hangs) & (upper > 0)
    things = sorted(map(tuple, parts.boxes[written].tolist()))
    groups = [group for group in _grouped(things) if not _is_print(group) and not _is_joined(group)]
    return [_cell(group, left, top) for group in groups]


def _grouped(things: list[Box]) -> list[NDArray[np.int64]]:
    """Neighbours put together; (n, 4) left, top, right, bottom."""
    groups: list[list[Box]] = []
    for thing in things:
        if groups:
            end = max(other[2] for other in groups[-1])
            usual = float(np.median([other[3] - other[1] for other in groups[-1]]))
            if thing[0] - end <= ROWS.apart * usual:
                groups[-1].append(thing)
                continue
        groups.append([thing])
    return [np.array(group) for group in groups]


def _is_print(group: NDArray[np.int64]) -> bool:
    """Whether characters stand as level as only print does."""
    heights = group[:, 3] - group[:, 1]
    tall = group[heights >= 0.7 * np.median(heights)]
    if len(tall) < ROWS.fewest_to_tell:
        return False
    feet, heads = tall[:, 3], tall[:, 1]
    usual = float(np.median(heights))
    return bool(np.std(feet) <= ROWS.printed * usual and np.std(heads) <= 2 * ROWS.printed * usual)


def _is_joined(group: NDArray[np.int64]) -> bool:
    """Whether most of a group is joined-up writing, or it is longer than a number."""
    widths, heights = group[:, 2] - group[:, 0], group[:, 3] - group[:, 1]
    long = widths > ROWS.joined * heights
    return bool(len(group) > ROWS.most_things or widths[long].sum() > ROWS.most_joined * widths.sum())


def _cell(group: NDArray[np.int64], left: int, top: int) -> Cell:
    low, high = group[:, :2].min(axis=0), group[:, 2:].max(axis=0)
    return Cell(left + int(low[0]) - 2, top + int(low[1]) - 2, left + int(high[0]) + 2, top + int(high[1]) + 2)
