"""Where the MICR line of a page may stand: in a row of things of one height at its foot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pipeline.documents.layout.cells import Cell
from pipeline.documents.layout.cutouts import cut_out
from pipeline.documents.layout.sheet import Sheet
from segmenter.arrays import Index, Mask, Plane
from segmenter.components import Components
from segmenter.running import closed


@dataclass(frozen=True)
class StripSettings:
    """What is taken for a line of MICR characters; lengths in working pixels."""

    foot: float = 0.7  # of the page's height: the line is below
    dark: float = 0.4  # of the contrast of the darkest print there: magnetic ink is black ...
    pale: float = 0.2  # ... but bars half a pixel wide are grey
    lowest: int = 8  # of a character: less than a pixel for a cell cannot be told apart
    of_bars: int = 12  # of the page's pixels, of a character of bars: bars must be a pixel apart
    highest: int = 45
    level: float = 1.5  # that heads and feet of the digits may be off; all are equally high
    digits: int = 8  # that stand so, at least
    tried: int = 4  # rows: other print stands at the foot, too
    beside: float = 4.0  # heights to either side of these digits in which symbols may stand
    seen: float = 0.3  # heights, of the part whose ink is measured: about the narrowest character
    shape: tuple[float, float] = (0.6, 1.05)  # width to height of a character of bars: all are equally wide (0.82)
    near: float = 0.2  # of the height, that a character of bars may be off a line that falls


STRIPS = StripSettings()


@dataclass(frozen=True, eq=False)
class Strip:
    """Where a line may stand, and what does. place: on the sheet. fall: rows by which it falls in a column, about the
    middle of the place. contrast: (h, w) float32, ink high, from 0, the line made level."""

    place: Cell
    fall: float
    contrast: Plane

    def ink(self, left: float, right: float) -> float:
        """Mean contrast of the darkest part between two columns, in heights of the strip; 0 where none is between."""
        start, end = (round(edge * self.contrast.shape[0]) for edge in (left, right))
        columns = self.contrast[:, max(0, start) : max(0, end)].mean(axis=0)
        window = max(1, round(STRIPS.seen * self.contrast.shape[0]))
        return float(ndimage.uniform_filter1d(columns, window, mode="constant").max(initial=0.0))

    def frame(self, left: float, right: float) -> Cell:
        """What lies between two columns, in heights of the strip, as a frame on the sheet."""
        start, end = (self.place.left + edge * self.place.height for edge in (left, right))
        down = round(self.fall * (0.5 * (start + end) - 0.5 * (self.place.left + self.place.right)))
        return Cell(max(0, int(start)), self.place.top + down, max(1, int(np.ceil(end))), self.place.bottom + down)


def strips_of_shapes(sheet: Sheet) -> list[Strip]:
    """Rows of things of one height at the foot of the page, the lowest first: characters of one piece, as E-13B's."""
    foot, first, darkest = _foot(sheet)
    parts = Components.of(foot > max(0.1, STRIPS.dark * darkest))
    places = [_place(row, first, foot.shape[1]) for row in _rows(parts.boxes[_high(parts)])]
    return [
        Strip(place, 0.0, np.clip(sheet.contrast[place.top : place.bottom, place.left : place.right], 0, None))
        for place in sorted(places, key=lambda place: -place.bottom)
    ]


def strips_of_bars(sheet: Sheet) -> list[Strip]:
    """Rows of things of one height and width, made of bars: what becomes one piece when small gaps are closed; at the
    page's resolution, where that is fine enough: bars are an eighth of a character apart."""
    foot, first, darkest = _foot(sheet)
    found: list[Strip] = []
    for gap in (3, 5, 7):  # a gap within a character is 0.35 mm wide, that between two 0.8: 4 to 20 pixels a mm
        joined = ndimage.grey_closing(foot, (2 * gap, gap))
        parts = Components.of(joined > max(0.1, STRIPS.pale * darkest))
        ratio = parts.widths / parts.heights
        boxes = parts.boxes[_high(parts) & (ratio > STRIPS.shape[0]) & (ratio < STRIPS.shape[1])]
        for row in _rows(boxes):
            fall, row = _followed(row, boxes)
            place = _place(row, first, foot.shape[1])
            if place.height * sheet.unit >= STRIPS.of_bars and not any(_same(place, other.place) for other in found):
                found.append(Strip(place, fall, _level_contrast(sheet, place, fall)))
    return found


def _level_contrast(sheet: Sheet, place: Cell, fall: float) -> Plane:
    """(h, w) how much darker than the paper a place is, at the page's resolution; a line that falls made level."""
    more = int(np.ceil(0.5 * abs(fall) * place.width)) + 1
    grey = cut_out(sheet, (place.left, place.top - more, place.right, place.bottom + more), [], []).grey
    contrast = np.clip(closed(grey, max(9, round(0.5 * place.height * sheet.unit))) - grey, 0, None)
    shape = (round(place.height * sheet.unit), grey.shape[1])
    shear = np.array([[1, fall], [0, 1]])
    offset = (more * sheet.unit - 0.5 * fall * grey.shape[1], 0)
    return np.asarray(ndimage.affine_transform(contrast, shear, offset, shape, order=1), dtype=np.float32)


def _foot(sheet: Sheet) -> tuple[Plane, int, float]:
    """The contrast at the foot of the page, (h, w), the foot's first row, and the contrast of its darkest print."""
    first = int(STRIPS.foot * sheet.contrast.shape[0])
    foot = sheet.contrast[first:]
    return foot, first, float(np.quantile(foot, 0.998))


def _high(parts: Components) -> Mask:
    return (parts.heights >= STRIPS.lowest) & (parts.heights <= STRIPS.highest)


def _rows(boxes: Index) -> list[Index]:
    """The boxes (k, 4) of each row of boxes of one height."""
    found: list[Index] = []
    while len(found) < STRIPS.tried and len(boxes) >= STRIPS.digits:
        commonest = boxes[_alike(boxes).argmax()]
        row = boxes[(np.abs(boxes[:, [1, 3]] - commonest[[1, 3]]) <= STRIPS.level).all(axis=1)]
        if len(row) < STRIPS.digits:
            break
        found.append(row)
        top, bottom = np.rint(np.median(row[:, [1, 3]], axis=0))
        boxes = boxes[(boxes[:, 3] <= top) | (boxes[:, 1] >= bottom)]
    return found


def _alike(boxes: Index) -> Index:
    """(k,) how many of the boxes (k, 4) have heads and feet at a box's, itself among them.

    Counted by rows of heads and feet: a table of all pairs of boxes takes a gigabyte on a page full of small print.
    """
    reach = int(STRIPS.level)  # of whole pixels
    wide = int(boxes[:, 3].max()) + 2 * reach + 1
    places = (boxes[:, 1] + reach) * wide + boxes[:, 3] + reach
    counts = np.bincount(places, minlength=int(places.max()) + reach * (wide + 1) + 1)
    steps = range(-reach, reach + 1)
    return np.asarray(sum(counts[places + head * wide + foot] for head in steps for foot in steps), dtype=np.intp)


def _followed(row: Index, boxes: Index) -> tuple[float, Index]:
    """How much a row falls in a column, and its boxes (k, 4), moved to the height that it has in its middle."""
    fall = 0.0
    height = float(np.median(row[:, 3] - row[:, 1]))
    for _ in range(3):
        across, down = 0.5 * (row[:, 0] + row[:, 2]), 0.5 * (row[:, 1] + row[:, 3])
        fall, start = np.polyfit(across, down, 1)
        off = 0.5 * (boxes[:, 1] + boxes[:, 3]) - fall * 0.5 * (boxes[:, 0] + boxes[:, 2]) - start
        alike = np.abs(boxes[:, 3] - boxes[:, 1] - height) <= STRIPS.near * height
        along = (np.abs(off) <= STRIPS.near * height) & alike
        if np.count_nonzero(along) < STRIPS.digits:
            break
        row = boxes[along]
    middle = 0.5 * (row[:, 0].min() + row[:, 2].max())
    moved = np.rint(fall * (0.5 * (row[:, 0] + row[:, 2]) - middle)).astype(np.intp)
    return float(fall), row - np.stack([0 * moved, moved, 0 * moved, moved], axis=1)


def _place(row: Index, first: int, width: int) -> Cell:
    """Where the boxes of a row stand, with room for symbols beside them."""
    top, bottom = (round(float(edge)) for edge in np.median(row[:, [1, 3]], axis=0))
    beside = round(STRIPS.beside * (bottom - top))
    left, right = max(0, int(row[:, 0].min()) - beside), min(width, int(row[:, 2].max()) + beside)
    return Cell(left, first + top, right, first + bottom)


def _same(one: Cell, other: Cell) -> bool:
    """Whether two places are of the same row, found twice."""
    return all(
        abs(a - b) <= 2 * STRIPS.level
        for a, b in ((one.top, other.top), (one.bottom, other.bottom), (one.left, other.left), (one.right, other.right))
    )
