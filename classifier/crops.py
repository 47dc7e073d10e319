"""Crops: MNIST-normalised pictures of one character each, made in one batch.

MNIST's digits were scaled to fit a 20 x 20 box, keeping their aspect, and shifted so that the centre of mass stands
in the middle of 28 x 28 pixels (LeCun et al. 1998, section III.A). The same is done here for a whole batch by
area sampling, written as two matrix products. Training and reading use these functions and no others.
"""

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]

SIDE = 28  # pixels of a crop
BOX = 20  # the larger side of a digit in it
LEAST_PEAK = 0.3  # ink fainter than this everywhere is not made as dark as a digit


def make_crops(own: Float, left: NDArray[np.intp], field: Float, box: Float, centre: Float) -> Float:
    """Crops of N characters of one field, with what stands around each.

    own: (N, h, W) float32 in [0, 1], windows of the field with the ink of one character each; left: (N,) the field
    column at which each window begins. field: (h, w), all ink. box: (N, 4) left, top, right, bottom of each
    character in field pixels; centre: (N, 2) x, y of its mass.
    Returns (N, 2, 28, 28) float32 in [0, 1]: the character, and the other ink around it in the same frame.
    """
    scale = BOX / np.maximum(np.maximum(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]), 1.0)
    x0 = _frame_origin(centre[:, 0], box[:, 0], box[:, 2], scale)
    y0 = _frame_origin(centre[:, 1], box[:, 1], box[:, 3], scale)
    rows = sampling(y0, scale, field.shape[0])
    columns = sampling(x0, scale, field.shape[1])
    inner = sampling(x0 - left, scale, own.shape[2])
    character = np.matmul(np.matmul(rows, own), inner.transpose(0, 2, 1))
    around = np.matmul((rows.reshape(-1, field.shape[0]) @ field).reshape(len(own), SIDE, -1),
                       columns.transpose(0, 2, 1))
    crops = np.stack([character, around - character], axis=1)
    peak = np.maximum(character.max(axis=(1, 2), initial=0.0), LEAST_PEAK)
    return np.clip(crops / peak[:, None, None, None], 0, 1).astype(np.float32)


def crop_images(images: list[Float]) -> Float:
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


def sampling(origin: Float, scale: Float, length: int) -> Float:
    """(N, 28, length) area-sampling matrices along one axis.

    Crop pixel t covers the source interval of 1 / scale pixels that begins at origin + t / scale. Where the crop is
    finer than the source the interval is one source pixel wide instead, which is linear interpolation.
    """
    step = (1.0 / scale)[:, None]
    middle = origin[:, None] + (np.arange(SIDE, dtype=np.float32) + 0.5) * step
    width = np.maximum(step, 1.0)
    begin, end = (middle - width / 2)[:, :, None], (middle + width / 2)[:, :, None]
    pixel = np.arange(length, dtype=np.float32)
    overlap = np.minimum(end, pixel + 1) - np.maximum(begin, pixel)
    return (np.maximum(overlap, 0, out=overlap) / width[:, :, None]).astype(np.float32)


def _frame_origin(centre: Float, low: Float, high: Float, scale: Float) -> Float:
    """Where the frame begins so that the mass is in its middle, or as near to it as keeps the box inside."""
    side = SIDE / scale
    return np.clip(centre - side / 2, high - side, low).astype(np.float32)
