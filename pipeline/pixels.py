"""Samples in, grey out: arrays of whatever type and channels become (H, W) float32 in [0, 1], 1 = white."""

from __future__ import annotations

import numpy as np

from pipeline.errors import ImageError

LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as Pillow's mode "L"
BLOCK_PIXELS = 1 << 20  # large images are converted in blocks of rows, to keep the temporaries small
WHITES = (255.0, 1023.0, 4095.0, 16383.0, 65535.0)  # of 8, 10, 12, 14 and 16 bits: what cameras and scanners give


def stretched(pixels: np.ndarray) -> np.ndarray:
    """Samples without a stated white (int32, float) as float32 in [0, 1].

    White is the smallest usual white that holds the largest sample: 1 (float only), that of a whole number of bits, or
    else that sample. Negative samples are shifted to black.
    """
    low, high = float(pixels.min()), float(pixels.max())
    low = min(low, 0.0)
    usual = (1.0, *WHITES) if pixels.dtype.kind == "f" else WHITES
    white = next((value for value in usual if high <= value and low == 0), high)
    return ((pixels - low) / ((white - low) or 1.0)).astype(np.float32)


def grey_of_pixels(pixels: np.ndarray, name: str) -> np.ndarray:
    """(H, W) or (H, W, C) samples whose white is known by their type, as grey (H, W) float32."""
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        raise ImageError(f"{name}: some samples are not finite numbers")
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    height, width, channels = pixels.shape
    white = _white(pixels)
    paper = _paper(pixels, white) if channels in (2, 4) else 1.0
    grey = np.empty((height, width), np.float32)
    rows = max(1, BLOCK_PIXELS // width)
    for top in range(0, height, rows):
        luminance, alpha = _luminance(pixels[top : top + rows], white)
        if alpha is not None:
            luminance = alpha * luminance + (1 - alpha) * np.float32(paper)
        np.clip(luminance, 0, 1, out=grey[top : top + rows])
    return grey


def _white(pixels: np.ndarray) -> float:
    """The sample that means white: of 16 bits, the least usual one that holds all samples, since 12-bit pictures come
    in 16-bit arrays."""
    if pixels.dtype == np.uint16:
        highest = int(pixels.max())
        return next(white for white in WHITES if highest <= white)
    return float(np.iinfo(pixels.dtype).max) if pixels.dtype.kind == "u" else 1.0


def _luminance(block: np.ndarray, white: float) -> tuple[np.ndarray, np.ndarray | None]:
    """Luminance (h, w) and alpha (h, w) or None, float32 in [0, 1], of a block of rows (h, w, C)."""
    samples = block.astype(np.float32)
    if white != 1:
        samples /= np.float32(white)
    channels = block.shape[2]
    luminance = samples[:, :, :3] @ LUMINANCE if channels >= 3 else samples[:, :, 0]
    return luminance, samples[:, :, -1] if channels in (2, 4) else None


def _paper(pixels: np.ndarray, white: float) -> float:
    """The grey to lay a transparent image (H, W, 2 or 4) on: 1, or 0 where all that is visible is light.

    Light writing without a background would vanish on white; a photograph of a page with
    transparent corners also is light, but the writing on it is not.
    """
    step = max(1, int((pixels.shape[0] * pixels.shape[1] / BLOCK_PIXELS) ** 0.5))
    luminance, alpha = _luminance(pixels[::step, ::step], white)
    assert alpha is not None
    visible = luminance[(alpha > 0) & (alpha >= alpha.max() / 2)]
    dark = np.count_nonzero(visible < 0.5)
    return 0.0 if visible.size and dark < 0.001 * visible.size and alpha.min() < 0.5 else 1.0


def oriented(grey: np.ndarray, orientation: int) -> np.ndarray:
    """Turn (H, W) upright. EXIF 2.32, section 4.6.4, tag Orientation."""
    if orientation in (5, 6, 7, 8):
        grey = grey.T
    if orientation in (2, 3, 6, 7):
        grey = grey[:, ::-1]
    if orientation in (3, 4, 7, 8):
        grey = grey[::-1]
    return np.ascontiguousarray(grey)
