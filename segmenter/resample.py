"""Affine maps between pixel grids, in continuous coordinates: pixel k covers [k, k + 1)."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Float = NDArray[np.float32]
Affine = NDArray[np.float64]  # (2, 3): [x', y'] = affine @ [x, y, 1]


def scaling(factor: float, left: float, top: float) -> Affine:
    """The map x -> factor * x + left, y -> factor * y + top."""
    return np.array([[factor, 0, left], [0, factor, top]], dtype=np.float64)


def compose(outer: Affine, inner: Affine) -> Affine:
    """The map that applies `inner` first, then `outer`."""
    return outer @ np.vstack([inner, [0, 0, 1]])


def sample(image: Float, to_image: Affine, shape: tuple[int, int]) -> Float:
    """Soft ink resampled bilinearly on a grid of `shape`; to_image maps the grid to the image."""
    matrix = to_image[::-1, 1::-1]
    # The array functions put coordinate 0 at the centre of the first pixel, half a pixel from ours.
    offset = matrix @ [0.5, 0.5] + to_image[::-1, 2] - 0.5
    pixels = ndimage.affine_transform(image, matrix, offset=offset, output_shape=shape, order=1)
    return np.clip(pixels, 0, 1).astype(np.float32)
