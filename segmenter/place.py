"""Where a number stands in its picture: a turned rectangle around its line, for what reads the picture itself."""

from dataclasses import dataclass

import numpy as np

from segmenter.arrays import Affine, Box
from segmenter.ink import Ink


@dataclass(frozen=True)
class PlaceConfig:
    """within: heights of the line above and below it where a number's ink still is. share: of the ink that is there
    at least; less are two lines, or a drawing. least: height of a digit in source pixels. slender: height over width
    of a lone digit at most; a stroke that is more slender may be what is left of a frame.
    """

    within: float = 0.4
    share: float = 0.8
    least: float = 6.0
    slender: float = 12.0


@dataclass(frozen=True)
class Place:
    """A rectangle in source pixels, x to the right and y down.

    x, y: its middle. width, height: along the line, and across it from the top of the tall digits to the baseline.
    tilt: the angle, in radians, by which the line falls to the right.
    """

    x: float
    y: float
    width: float
    height: float
    tilt: float

    def corners(self, beside: float = 0.0, above: float = 0.0) -> np.ndarray:
        """(4, 2) x, y of the rectangle's corners, clockwise from the upper left, with that many heights of room at
        its ends, and above and below."""
        half = np.array([0.5 * self.width + beside * self.height, (0.5 + above) * self.height])
        level = half * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
        return level @ _turn(self.tilt).T + (self.x, self.y)

    def box(self, shape: tuple[int, ...], beside: float = 0.0, above: float = 0.0) -> Box:
        """The upright box around those corners, in whole pixels within a picture of `shape`."""
        corners, limit = self.corners(beside, above), np.array(shape[1::-1])
        left, top = np.clip(np.floor(corners.min(axis=0)), 0, limit - 1).astype(int).tolist()
        right, bottom = np.clip(np.ceil(corners.max(axis=0)), (left + 1, top + 1), limit).astype(int).tolist()
        return left, top, right, bottom

    def level(self, beside: float = 0.0, above: float = 0.0) -> Affine:
        """The map to the source from a level picture of the rectangle with that room, in the same scale."""
        return np.column_stack([_turn(self.tilt), self.corners(beside, above)[0]])


def find_place(ink: Ink, config: PlaceConfig = PlaceConfig()) -> Place | None:
    """Where the number of an ink stands in the source; None where there is none, or where it is unsure."""
    columns = np.flatnonzero((ink.pixels > 0).any(axis=0))
    if not columns.size:
        return None
    (top, bottom), (left, right) = ink.line, (int(columns[0]), int(columns[-1]) + 1)
    reach = config.within * (bottom - top)
    within = ink.pixels[max(0, int(top - reach)) : int(np.ceil(bottom + reach))].sum()
    ends = ink.to_source @ [[left, right, right, left], [top, top, bottom, bottom], [1, 1, 1, 1]]
    along = ink.to_source[:, 0] / np.linalg.norm(ink.to_source[:, 0])
    # The ink leans no more: its line is the baseline's direction, its height the distance across.
    across = np.array([-along[1], along[0]])
    x, y = along @ ends, across @ ends
    width, height = float(np.ptp(x)), float(y[2] - y[1])
    unsure = within < config.share * ink.pixels.sum() or height < config.least or height > config.slender * width
    if unsure:
        return None
    middle = along * (x.min() + 0.5 * width) + across * (y[1] + 0.5 * height)
    return Place(float(middle[0]), float(middle[1]), width, height, float(np.arctan2(along[1], along[0])))


def _turn(angle: float) -> np.ndarray:
    """(2, 2) the rotation from x towards y."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, -sine], [sine, cosine]])
