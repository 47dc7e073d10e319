"""Crops: MNIST-normalised pictures of one character each, made in one batch.

MNIST's digits were scaled to fit a 20 x 20 box, keeping their aspect, and shifted so that the centre of mass stands
in the middle of 28 x 28 pixels (LeCun et al. 1998, section III.A). The same is done here for a whole batch by
area sampling, written as two matrix products. Training and reading use these functions and no others.
"""

import numpy as np
from numpy.typing import NDArray

from classifier.arrays import Boxes, Crops, Inks, Lengths

SIDE = 28  # pixels of a crop
BOX = 20  # the larger side of a digit in it
LEAST_PEAK = 0.3  # ink fainter than this everywhere is not made as dark as a digit


def frame_windows(box: Boxes, centre: Lengths, width: int) -> tuple[NDArray[np.intp], int]:
    """Windows of a field that is `width` pixels wide, each holding all that the crop of one character shows.

    box: (N, 4), centre: (N, 2) as for `make_crops`. Returns the column (N,) at which each begins, and their width.
    """
    scale = _scales(box)
    origin = _frame_origin(centre[:, 0], box[:, 0], box[:, 2], scale) - np.float32(0.5)  # as far as pixels blend
    left = np.floor(origin).astype(np.intp)
    window = min(width, int(np.max(np.ceil(origin + SIDE / scale + 1).astype(np.intp) - left, initial=1)))
    return np.clip(left, 0, width - window), window


def make_crops(own: Inks, left: NDArray[np.intp], field: Inks, box: Boxes, centre: Lengths) -> Crops:
    """Crops of N characters of one field, with what stands around each.

    own: (N, h, W) float32 in [0, 1], windows of the field with the ink of one character each; left: (N,) the field
    column at which each window begins; windows are as in `frame_windows`, or wider. field: (h, w), all ink.
    box: (N, 4) left, top, right, bottom of each character in field pixels; centre: (N, 2) x, y of its mass.
    Returns (N, 2, 28, 28) float32 in [0, 1]: the character, and the other ink around it in the same frame.
    """
    scale = _scales(box)
    x0 = _frame_origin(centre[:, 0], box[:, 0], box[:, 2], scale) - left.astype(np.float32)
    y0 = _frame_origin(centre[:, 1], box[:, 1], box[:, 3], scale)
    rows = sampling(y0, scale, field.shape[0])
    columns = sampling(x0, scale, own.shape[2]).transpose(0, 2, 1)
    width = own.shape[2]
    # As by sliding_window_view, which takes several times as long; (h, places, width), a view.
    windows = np.lib.stride_tricks.as_strided(
        field, (len(field), field.shape[1] - width + 1, width), (*field.strides, field.strides[1]), writeable=False
    )
    everything = windows[:, left].transpose(1, 0, 2)
    crops = np.empty((len(own), 2, SIDE, SIDE), dtype=np.float32)
    character, around = crops[:, 0], crops[:, 1]
    np.matmul(np.matmul(rows, own), columns, out=character)
    np.matmul(np.matmul(rows, everything), columns, out=around)
    around -= character
    area = np.maximum(1 / scale, 1) ** 2  # of the source that a crop pixel sums over
    crops /= np.maximum(character.max(axis=(1, 2), initial=0.0), LEAST_PEAK * area)[:, None, None, None]
    return np.clip(crops, 0, 1, out=crops)


def crop_images(images: list[Inks]) -> Crops:
    """(N, 2, 28, 28) crops of N pictures of one digit each, (h, w) float32 in [0, 1], 1 = ink; nothing around."""
    crops = np.zeros((len(images), 2, SIDE, SIDE), dtype=np.float32)
    for crop, image in zip(crops, images, strict=True):
        rows, columns = np.nonzero(image)
        if not len(rows):
            continue
        mass = image[rows, columns]
        box = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], dtype=np.float32)
        centre = np.array([[(mass * (columns + 0.5)).sum(), (mass * (rows + 0.5)).sum()]]) / mass.sum()
        crop[:] = make_crops(image[None], np.zeros(1, dtype=np.intp), image, box, centre.astype(np.float32))[0]
    return crops


def sampling(origin: Lengths, scale: Lengths, length: int) -> NDArray[np.float32]:
    """(N, 28, length) area-sampling matrices along one axis, times the length of the interval they average over.

    Crop pixel t covers the source interval of 1 / scale pixels that begins at origin + t / scale. Where the crop is
    finer than the source the interval is one source pixel wide instead, which is linear interpolation.
    """
    step = np.reciprocal(scale)[:, None]
    middle = origin[:, None] + _pixel_middles(SIDE) * step
    reach = (np.maximum(step, 1) + 1) / 2  # interval and pixel overlap when their middles are nearer than this
    overlap = middle[:, :, None] - _pixel_middles(length)
    np.abs(overlap, out=overlap)
    np.subtract(reach[:, :, None], overlap, out=overlap)
    return np.clip(overlap, 0, 1, out=overlap)


def _pixel_middles(length: int) -> Lengths:
    return np.arange(length, dtype=np.float32) + np.float32(0.5)


def _scales(box: Boxes) -> Lengths:
    """Crop pixels for each field pixel (N,)."""
    return BOX / np.maximum(np.maximum(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]), np.float32(1))


def _frame_origin(centre: Lengths, low: Lengths, high: Lengths, scale: Lengths) -> Lengths:
    """Where the frame begins so that the mass is in its middle, or as near to it as keeps the box inside."""
    side = SIDE / scale
    return np.clip(centre - side / 2, high - side, low)
