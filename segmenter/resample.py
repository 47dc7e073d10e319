"""Affine maps between pixel grids, in continuous coordinates: pixel k covers [k, k + 1)."""

import numpy as np
from scipy import ndimage

from segmenter.arrays import Affine, Ink, Mask


def scaling(factor: float, left: float, top: float) -> Affine:
    """The map x -> factor * x + left, y -> factor * y + top."""
    return np.array([[factor, 0, left], [0, factor, top]], dtype=np.float64)


def compose(outer: Affine, inner: Affine) -> Affine:
    """The map that applies `inner` first, then `outer`."""
    return outer @ np.vstack([inner, [0, 0, 1]])


def upright(slant: float, skew: float) -> Affine:
    """The map from upright, level coordinates to those of the picture.

    Level y = y_upright - skew * x, upright x = x_picture + slant * y_picture: two shears, undone in turn.
    """
    return np.array([[1 - slant * skew, -slant, 0], [skew, 1, 0]], dtype=np.float64)


def determinant(affine: Affine) -> float:
    """The area that an area of 1 becomes, negative where the map mirrors."""
    (a, b, _), (c, d, _) = affine.tolist()
    return a * d - b * c


def inverse(affine: Affine) -> Affine:
    """The map back."""
    (a, b, x), (c, d, y) = affine.tolist()
    scale = 1 / determinant(affine)
    return np.array(
        [[d * scale, -b * scale, (b * y - d * x) * scale], [-c * scale, a * scale, (c * x - a * y) * scale]]
    )


def transform(mask: Mask, affine: Affine) -> tuple[Mask, float, float]:
    """Every pixel of a mask moved to the nearest whole place; with the (x, y) of the new mask's corner.

    Holes of single pixels may come about; for outlines and projections they do not matter.
    """
    rows, columns = np.nonzero(mask)
    x, y = affine @ np.stack([columns + 0.5, rows + 0.5, np.ones(rows.size)])
    column, row = np.floor(x).astype(np.intp), np.floor(y).astype(np.intp)
    left, top = int(column.min()), int(row.min())
    moved = np.zeros((int(row.max()) - top + 1, int(column.max()) - left + 1), dtype=bool)
    moved[row - top, column - left] = True
    return moved, float(left), float(top)


def sample(image: Ink, to_image: Affine, shape: tuple[int, int]) -> Ink:
    """Soft ink resampled bilinearly on a grid of `shape`; to_image maps the grid to the image."""
    matrix = to_image[::-1, 1::-1]
    # The array functions put coordinate 0 at the centre of the first pixel, half a pixel from ours.
    offset = matrix @ [0.5, 0.5] + to_image[::-1, 2] - 0.5
    pixels = ndimage.affine_transform(image, matrix, offset=offset, output_shape=shape, order=1)
    return np.clip(pixels, 0, 1).astype(np.float32)
