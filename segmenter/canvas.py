"""The flat canvas around a picture that was turned: its corners are no paper, and its edge is no stroke."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmenter.background import FLAT

Float = NDArray[np.float32]
Mask = NDArray[np.bool_]

SOFT = 2  # pixels beside the canvas that interpolation mixed with it
ALIKE = 0.5  # share of the picture that has the canvas's level: more is paper, the canvas a part of it
OVERLAP = 0.75  # overlap over union of the canvas and what a turned rectangle with the picture's corners leaves
SQUARE = 0.1  # cosine of the angle between two sides of a picture, at most
AROUND = 0.3  # heights of the whole: the square over which the paper beside the canvas is averaged
LEAST_SPREAD = 0.1  # between the 2nd and the 98th percentile of the picture's grey: less is a solid bar, as a bold 1


def find_canvas(grey: Float) -> Mask | None:
    """Where a picture is only the canvas that it was turned on, (H, W) bool; None where there is no such canvas.

    grey: (H, W) float32 in [0, 1], without a margin. A canvas is one level that all four corners have, and leaves a
    turned rectangle that reaches all four sides. Flat paper with writing on it leaves no such picture, or one that
    has the paper's level itself.
    """
    corners = grey[[0, 0, -1, -1], [0, -1, 0, -1]]
    if np.ptp(corners) > FLAT:
        return None
    flat = np.abs(grey - grey[0, 0]) <= FLAT
    labels, _ = ndimage.label(flat)
    picture = ~np.isin(labels, labels[[0, 0, -1, -1], [0, -1, 0, -1]])
    if not _is_turned(picture) or flat[picture].mean() > ALIKE:
        return None
    low, high = np.percentile(grey[picture], (2, 98))
    if high - low < LEAST_SPREAD:
        return None
    # The canvas takes the picture's soft edge, but nothing off the sides of the whole, where there is no canvas.
    return ndimage.binary_dilation(~picture, iterations=SOFT)


def _is_turned(picture: Mask) -> bool:
    """Whether a picture, (H, W) bool, is a turned rectangle that reaches all four sides."""
    height, width = picture.shape
    ends = [np.flatnonzero(end) for end in (picture[0], picture[:, -1], picture[-1], picture[:, 0])]
    if not all(end.size for end in ends):
        return False
    # The pixels of a corner at a side of the whole begin at the corner and go on along the longer of two edges.
    for last in (0, -1):
        top, right, bottom, left = (end[k] for end, k in zip(ends, (last, last, -1 - last, -1 - last), strict=True))
        corners = np.array([(0, top), (right, width - 1), (height - 1, bottom), (left, 0)], dtype=np.float64)
        if _is_square(corners) and _fills(corners, picture):
            return True
    return False


def _is_square(corners: NDArray[np.float64]) -> bool:
    """Whether neighbouring sides of a quadrangle, (4, 2), stand at right angles to each other."""
    sides = np.roll(corners, -1, axis=0) - corners
    sides /= np.linalg.norm(sides, axis=1, keepdims=True).clip(1e-9)
    return bool(np.abs((sides * np.roll(sides, -1, axis=0)).sum(axis=1)).max() <= SQUARE)


def _fills(corners: NDArray[np.float64], picture: Mask) -> bool:
    """Whether a quadrangle, (4, 2) rows and columns, leaves about the canvas that a picture leaves."""
    row, column = np.indices(picture.shape)
    inside = np.ones(picture.shape, dtype=bool)
    for (y, x), (down, across) in zip(corners, np.roll(corners, -1, axis=0) - corners, strict=True):
        inside &= across * (row - y) >= down * (column - x)  # clockwise: the picture lies on the right of each side
    canvas, expected = ~picture, ~inside
    return bool((canvas & expected).sum() >= OVERLAP * (canvas | expected).sum())


def fill_canvas(grey: Float, canvas: Mask) -> Float:
    """The picture with the canvas, (H, W) bool, overdrawn by the mean of the picture around the nearest pixel of it."""
    window = max(3, round(AROUND * grey.shape[0]) | 1)
    picture = (~canvas).astype(np.float32)
    share = ndimage.uniform_filter(picture, window, mode="constant")
    level = ndimage.uniform_filter(picture * grey, window, mode="constant") / np.maximum(share, 1 / window**2)
    nearest = ndimage.distance_transform_edt(canvas, return_distances=False, return_indices=True)
    return np.where(canvas, level[tuple(nearest)], grey).astype(np.float32)
