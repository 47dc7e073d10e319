"""A page at working size: level, with the contrast of everything dark on it, and the way back to the page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.documents.layout.skew import estimate_skew
from segmenter.arrays import Affine, Box, Grey, Plane
from segmenter.ink_steps.background import area_reduce
from segmenter.resample import compose, inverse, scaling
from segmenter.running import closed

Place = tuple[float, float, float, float]  # left, top, right, bottom in working pixels, not rounded


@dataclass(frozen=True)
class WorkingSize:
    """The size and the evenness at which a page is looked at."""

    side: int = 1800  # pixels of the longer side at most: printed lines of a scan are then one to three pixels thick
    least_skew: float = 0.0015  # tangent: less is less than three pixels over the page, and costs a resampling
    paper_window: int = 25  # pixels: wider than a line or stroke, narrower than what light and dark grounds are apart


WORKING = WorkingSize()


@dataclass(frozen=True, eq=False)
class Sheet:
    """A page at working size, level.

    contrast: (h, w) float32 in [0, 1], how much darker than the paper around; about 0 on paper.
    to_page: (2, 3); [x_page, y_page] = to_page @ [x, y, 1] in continuous pixel coordinates.
    page: (H, W) float32 in [0, 1], 1 = white, the page as it came.
    """

    contrast: Plane
    to_page: Affine
    page: Grey

    @property
    def unit(self) -> float:
        """Pixels of the page that a working pixel is wide."""
        return float(np.hypot(*self.to_page[:, 0]))

    @property
    def quarters(self) -> int | None:
        """By how many quarters, counter-clockwise, the page was turned to make the sheet; None where it was askew."""
        across, down = self.to_page[0, 0], self.to_page[1, 0]
        if across != 0 and down != 0:
            return None
        return (0 if across > 0 else 2) if down == 0 else (1 if down > 0 else 3)

    def turned(self, quarters: int) -> Sheet:
        """The sheet as it looks when the page is turned by quarters, counter-clockwise."""
        if quarters % 4 == 0:
            return self
        return Sheet(*turn_quarters(self.contrast, self.to_page, quarters), self.page)

    @cached_property
    def noise(self) -> float:
        """Standard deviation of the contrast on paper, with what pattern is printed on it."""
        values = self.contrast[::3, ::3]
        return float(max(0.01, 1.48 * np.median(np.abs(values - np.median(values)))))

    def page_box(self, box: Place) -> Box:
        """The box on the page, whole pixels, that surrounds a box of the sheet; inside the page."""
        left, top, right, bottom = box
        corners = self.to_page @ np.array([[left, right, left, right], [top, top, bottom, bottom], [1, 1, 1, 1]])
        height, width = self.page.shape
        x = np.clip(corners[0], 0, width)
        y = np.clip(corners[1], 0, height)
        first = min(int(x.min() + 0.5), width - 1), min(int(y.min() + 0.5), height - 1)
        return (*first, max(int(x.max() + 0.5), first[0] + 1), max(int(y.max() + 0.5), first[1] + 1))


def level_view(page: Grey, degrees: float) -> Sheet:
    """A page at its own size, turned so that what fell by some degrees, clockwise, is level; without contrast."""
    quarters = round(degrees / 90)
    shape, to_page = page.shape, scaling(1, 0, 0)
    if degrees != 90 * quarters:
        to_page = _turn(float(np.tan(np.radians(degrees - 90 * quarters))), shape)
        shape = _turned_shape(to_page, shape)
    return Sheet(np.zeros(shape, dtype=np.float32), to_page, page).turned(quarters)


def turn_quarters(picture: Plane, to_page: Affine, quarters: int) -> tuple[Plane, Affine]:
    """A picture (h, w) turned by quarters, counter-clockwise, pixel by pixel, and its way to the page."""
    for _ in range(quarters % 4):
        to_page = compose(to_page, np.array([[0, -1, picture.shape[1]], [1, 0, 0]], dtype=np.float64))
        picture = np.rot90(picture)
    return np.ascontiguousarray(picture), to_page


def make_sheet(page: Grey, skew: float | None = None) -> Sheet:
    """The sheet of a page (H, W) float32 in [0, 1], 1 = white; skew: the tangent of the page's, None: measured."""
    factor = max(1, int(np.ceil(max(page.shape) / WORKING.side)))
    work = area_reduce(page, factor)
    contrast = _contrast(work)
    skew = estimate_skew(contrast) if skew is None else skew
    to_page = np.array([[factor, 0, 0], [0, factor, 0]], dtype=np.float64)
    if abs(skew) < WORKING.least_skew:
        return Sheet(contrast, to_page, page)
    turn = _turn(skew, work.shape)
    shape = _turned_shape(turn, work.shape)
    # The array functions put coordinate 0 at the centre of the first pixel, half a pixel from ours.
    matrix = turn[::-1, 1::-1]
    offset = matrix @ [0.5, 0.5] + turn[::-1, 2] - 0.5
    level = ndimage.affine_transform(contrast, matrix, offset=offset, output_shape=shape, order=1)
    return Sheet(level, factor * turn, page)


def _contrast(work: Grey) -> Plane:
    """How much darker than the paper around: a closing with a square removes what is dark and small."""
    contrast = closed(work, WORKING.paper_window) - work
    return np.asarray(contrast - np.median(contrast[::4, ::4]), dtype=np.float32)


def _turn(skew: float, shape: tuple[int, ...]) -> Affine:
    """The rotation from a level sheet, its corner at 0, to a picture of `shape` whose rows fall by `skew` a column."""
    angle = np.arctan(skew)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0]])
    corners = inverse(turn) @ _corners(shape)
    turn[:, 2] = turn[:, :2] @ corners.min(axis=1)
    return turn


def _turned_shape(turn: Affine, shape: tuple[int, ...]) -> tuple[int, int]:
    width, height = np.ceil((inverse(turn) @ _corners(shape)).max(axis=1)).astype(int)
    return int(height), int(width)


def _corners(shape: tuple[int, ...]) -> NDArray[np.float64]:
    height, width = shape
    return np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]], dtype=np.float64)
