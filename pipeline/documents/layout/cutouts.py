"""The picture of a field: cut out of the page, level, without the printed lines around and through it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.documents.layout.lines import PrintedLine
from pipeline.documents.layout.sheet import Place, Sheet, turn_quarters
from segmenter.arrays import Affine, Box, Grey
from segmenter.resample import compose, scaling


@dataclass(frozen=True)
class CuttingSettings:
    """How printed lines are taken out of a field's picture."""

    beside: int = 3  # working pixels to either side of a line's middle: level to a degree, it wanders no further
    edge: float = 0.15  # of a line's darkness: what is less is the paper beside it


CUTTING = CuttingSettings()


@dataclass(frozen=True, eq=False)
class Cutout:
    """grey: (h, w) float32 in [0, 1], 1 = white; to_page: (2, 3), from its pixels to the page's."""

    grey: Grey
    to_page: Affine

    def page_box(self, box: Box, shape: tuple[int, ...]) -> Box:
        """A box of the picture as a box of the page of `shape`, whole pixels that surround it."""
        left, top, right, bottom = box
        x, y = self.to_page @ np.array([[left, right, left, right], [top, top, bottom, bottom], [1, 1, 1, 1]])
        x, y = np.clip(x, 0, shape[1]), np.clip(y, 0, shape[0])
        first = min(int(x.min() + 1e-6), shape[1] - 1), min(int(y.min() + 1e-6), shape[0] - 1)
        return (
            *first,
            max(int(np.ceil(x.max() - 1e-6)), first[0] + 1),
            max(int(np.ceil(y.max() - 1e-6)), first[1] + 1),
        )


def cut_out(sheet: Sheet, box: Place, across: list[PrintedLine], down: list[PrintedLine]) -> Cutout:
    """The picture within a box of the sheet, at the page's resolution, the printed lines taken out."""
    crop = _sampled(sheet, box)
    unit = sheet.unit
    left, top, right, bottom = box
    across = _near(across, left, right, top, bottom)
    grey = _without_lines(crop.grey, [_moved(line, left, top, unit) for line in across], unit)
    turned = np.ascontiguousarray(grey.T)
    down = _near(down, top, bottom, left, right)
    grey = _without_lines(turned, [_moved(line, top, left, unit) for line in down], unit).T
    return Cutout(np.ascontiguousarray(grey), crop.to_page)


def _sampled(sheet: Sheet, box: Place) -> Cutout:
    """A level picture of the box. Where the page lies straight, whichever way up, its own pixels."""
    unit, quarters = sheet.unit, sheet.quarters
    left, top, right, bottom = box
    shape = max(1, round((bottom - top) * unit)), max(1, round((right - left) * unit))
    if quarters is not None:
        return _sliced(sheet, box, shape, quarters)
    to_page = compose(sheet.to_page, scaling(1 / unit, left, top))
    matrix = to_page[::-1, 1::-1]
    # The array functions put coordinate 0 at the centre of the first pixel, half a pixel from ours.
    offset = matrix @ [0.5, 0.5] + to_page[::-1, 2] - 0.5
    corner, local = _window(sheet.page.shape, matrix, offset, shape)
    grey = ndimage.affine_transform(sheet.page[local], matrix, offset - corner, shape, order=3, mode="nearest")
    return Cutout(np.clip(grey, 0, 1, dtype=np.float32), to_page)


def _sliced(sheet: Sheet, box: Place, shape: tuple[int, int], quarters: int) -> Cutout:
    """The page's own pixels in a box of a sheet, (h, w), that was made by turning the page by quarters."""
    left, top, right, bottom = box
    height, width = shape[::-1] if quarters % 2 else shape
    x, y = np.rint((sheet.to_page @ [[left, right], [top, bottom], [1, 1]]).min(axis=1)).astype(int)
    x0, y0 = min(max(0, x), sheet.page.shape[1] - 1), min(max(0, y), sheet.page.shape[0] - 1)
    grey = sheet.page[y0 : max(y0 + 1, y + height), x0 : max(x0 + 1, x + width)]
    return Cutout(*turn_quarters(np.array(grey), scaling(1, x0, y0), quarters))


def _window(
    size: tuple[int, ...], matrix: NDArray[Any], offset: NDArray[Any], shape: tuple[int, int]
) -> tuple[NDArray[Any], tuple[slice, slice]]:
    """The part of the page that a picture is sampled from: its corner (row, column), and where it is."""
    ends = matrix @ np.array([[0, shape[0], 0, shape[0]], [0, 0, shape[1], shape[1]]]) + offset[:, None]
    low = np.clip(np.floor(ends.min(axis=1)) - 2, 0, np.array(size) - 1).astype(int)
    high = np.clip(np.ceil(ends.max(axis=1)) + 3, low + 1, size).astype(int)
    return low, (slice(low[0], high[0]), slice(low[1], high[1]))


def _near(lines: list[PrintedLine], start: float, end: float, low: float, high: float) -> list[PrintedLine]:
    """The lines that come into a box, or next to it: from `start` to `end` along them, from `low` to `high` across."""
    reach = CUTTING.beside + 2
    return [
        line
        for line in lines
        if low - reach <= line.middle <= high + reach and line.start <= end + reach and start - reach <= line.end
    ]


def _moved(line: PrintedLine, start: float, middle: float, unit: float) -> tuple[int, int, float]:
    """(first, last column, middle row) of a line in a picture whose corner is at (start, middle)."""
    return round((line.start - start) * unit), round((line.end - start) * unit), (line.middle - middle) * unit


def _without_lines(grey: Grey, lines: list[tuple[int, int, float]], unit: float) -> Grey:
    """The picture with the lines along its rows replaced by what is above and below: strokes across them stay."""
    result = grey.copy()
    height, width = grey.shape
    reach = CUTTING.beside * unit
    for start, end, middle in lines:
        first, last = max(0, start - round(reach)), min(width, end + round(reach))
        if last - first < 2 or not -reach < middle < height + reach:
            continue
        edges = _edges(grey[:, max(0, start) : min(width, end)], middle, reach)
        if edges is not None:
            _bridge(result, edges, first, last)
    return result


def _edges(grey: Grey, middle: float, reach: float) -> tuple[int, int] | None:
    """The rows [top, bottom) that a line takes: around the darkest near its middle."""
    top, bottom = max(0, int(middle - reach)), min(grey.shape[0], int(np.ceil(middle + reach)))
    if bottom - top < 1 or grey.shape[1] < 2:
        return None
    # The median of each row, rather than its mean: strokes that cross do not count.
    dark = 1 - np.median(grey[top:bottom], axis=1)
    dark = dark - dark.min()
    if dark.max() < 0.02:
        return None
    row = int(dark.argmax())
    inside = dark > CUTTING.edge * dark[row]
    first = row - int((~inside[: row + 1][::-1]).argmax()) + 1 if not inside[: row + 1].all() else 0
    last = row + int((~inside[row:]).argmax()) if not inside[row:].all() else inside.size
    return max(0, top + first - 1), min(grey.shape[0], top + last + 1)


def _bridge(grey: Grey, edges: tuple[int, int], first: int, last: int) -> None:
    """Fills the rows of a line, from column `first` to `last`, evenly from what is above to what is below."""
    top, bottom = edges
    height = grey.shape[0]
    if top == 0 and bottom == height:
        return
    above, below = grey[max(0, top - 1), first:last], grey[min(height - 1, bottom), first:last]
    if top == 0 or bottom == height:
        above = below = below if top == 0 else above
    share = ((np.arange(bottom - top) + 1) / (bottom - top + 1)).astype(np.float32)[:, None]
    grey[top:bottom, first:last] = (1 - share) * above + share * below
