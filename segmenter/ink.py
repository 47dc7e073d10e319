"""Ink: a grey image of a number becomes soft ink of standard height, upright, on an empty background."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmenter.background import area_reduce, content_box, darkness, subtract_background
from segmenter.line import number_line
from segmenter.rules import erase_rules
from segmenter.slant import estimate_slant, shear
from segmenter.strokes import dark_mask, soft_ink, stroke_mask, stroke_width

Float = NDArray[np.float32]

LINE_HEIGHT = 32  # height of the number line in ink pixels
MARGIN = 4  # empty ink pixels around the ink
WORKING_HEIGHT = 72  # rows of the picture in which the ink is found; a larger picture is averaged down first


@dataclass(frozen=True)
class Ink:
    """Soft ink of one field, upright and rescaled, and the way back to the source image.

    pixels: (h, w) float32 in [0, 1], 1 = ink, background exactly 0; h and w may be 0.
    to_source: (2, 3) float64; [x_src, y_src] = to_source @ [x_ink, y_ink, 1] in continuous pixel coordinates
        (pixel k covers [k, k + 1)).
    line: (top, bottom) of the number line in ink pixels; stroke_width: pen width in ink pixels.
    slant: the tangent of the slant that was removed, positive where the writing leaned to the right.
    """

    pixels: Float
    to_source: NDArray[np.float64]
    line: tuple[float, float]
    stroke_width: float
    slant: float

    def __post_init__(self) -> None:
        if self.pixels.ndim != 2 or self.pixels.dtype != np.float32:
            raise ValueError(f"pixels must be (h, w) float32, not {self.pixels.shape} {self.pixels.dtype}")
        if self.to_source.shape != (2, 3) or abs(np.linalg.det(self.to_source[:, :2])) < 1e-12:
            raise ValueError("to_source must be an invertible (2, 3) affine")
        if not self.line[0] < self.line[1]:
            raise ValueError(f"the line's top must be above its bottom, not {self.line}")

    @property
    def blank(self) -> bool:
        """Whether there is no ink at all."""
        return not bool(self.pixels.any())


def extract_ink(grey: Float) -> Ink:
    """The ink of a field.

    grey: (H, W) float32 in [0, 1], 1 = white, dark on light or light on dark. An image without writing gives
    an Ink without ink.
    """
    if grey.ndim != 2:
        raise ValueError(f"grey must be (H, W), not {grey.shape}")
    if grey.size == 0:
        return _blank()
    left, top, right, bottom = content_box(grey)
    if right - left < 3 or bottom - top < 3:
        return _blank()
    factor = max(1, -(-(bottom - top) // WORKING_HEIGHT))
    work = area_reduce(np.asarray(grey[top:bottom, left:right], dtype=np.float32), factor)
    contrast = subtract_background(darkness(work), window=work.shape[0])
    guess = 0.7 * work.shape[0]
    contrast = erase_rules(contrast, dark_mask(contrast), guess)
    mask, core = stroke_mask(contrast, guess)
    if core == 0:
        return _blank()
    soft = soft_ink(contrast, mask, core)
    to_source = np.array([[factor, 0, left], [0, factor, top]], dtype=np.float64)
    return _upright(soft, mask, to_source, guess)


def _upright(soft: Float, mask: NDArray[np.bool_], to_source: NDArray[np.float64], guess: float) -> Ink:
    """Shear and rescale found ink; to_source maps its pixels to the source image."""
    slant = estimate_slant(soft, guess)
    top, bottom = number_line(shear(mask, slant), guess)
    scale = LINE_HEIGHT / (bottom - top)
    # x_work = x / scale + x0 - slant * (y_work - bottom), y_work = y / scale + y0, in continuous coordinates.
    rows, columns = np.nonzero(soft)
    sheared = columns + 0.5 + slant * (rows + 0.5 - bottom)
    reach = 1.0 * (bottom - top)
    y0 = max(float(rows.min()), top - reach) - MARGIN / scale
    y1 = min(float(rows.max()) + 1, bottom + reach) + MARGIN / scale
    x0 = float(sheared.min()) - 0.5 - MARGIN / scale
    x1 = float(sheared.max()) + 0.5 + MARGIN / scale
    shape = (int(np.ceil((y1 - y0) * scale)), int(np.ceil((x1 - x0) * scale)))
    to_work = np.array([[1 / scale, -slant / scale, x0 - slant * (y0 - bottom)], [0, 1 / scale, y0]])
    return Ink(
        pixels=_sample(soft, to_work, shape),
        to_source=to_source @ np.vstack([to_work, [0, 0, 1]]),
        line=((top - y0) * scale, (bottom - y0) * scale),
        stroke_width=stroke_width(mask) * scale,
        slant=slant,
    )


def _sample(image: Float, to_image: NDArray[np.float64], shape: tuple[int, int]) -> Float:
    """image resampled at the places that the affine gives for each pixel of `shape`, bilinearly."""
    matrix = to_image[::-1, 1::-1]
    offset = matrix @ [0.5, 0.5] + to_image[::-1, 2] - 0.5
    pixels = ndimage.affine_transform(image, matrix, offset=offset, output_shape=shape, order=1)
    return np.clip(pixels, 0, 1).astype(np.float32)


def _blank() -> Ink:
    return Ink(
        pixels=np.zeros((LINE_HEIGHT, 0), dtype=np.float32),
        to_source=np.array([[1.0, 0, 0], [0, 1.0, 0]]),
        line=(0.0, float(LINE_HEIGHT)),
        stroke_width=1.0,
        slant=0.0,
    )
