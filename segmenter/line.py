"""The number line: top of the tall digits to baseline, robust to marks, specks and flourishes."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]


def number_line(mask: Mask, guess: float) -> tuple[float, float]:
    """Rows (top, bottom) between which the tall digits stand; mask: (h, w) bool, upright, at least one pixel.

    guess: height of a digit in pixels, roughly. A window of about a digit's width slides over the field; the
    ink in it spans some height. Windows of small height hold marks only and do not vote; the others vote with
    a median, so that one long descender moves nothing.
    """
    height = mask.shape[0]
    filled = mask.any(axis=0)
    top = np.where(filled, mask.argmax(axis=0), height)
    bottom = np.where(filled, height - mask[::-1].argmax(axis=0), 0)
    window = max(1, round(0.5 * guess)) | 1
    tops = ndimage.minimum_filter1d(top, window, mode="constant", cval=height)[filled]
    bottoms = ndimage.maximum_filter1d(bottom, window, mode="constant", cval=0)[filled]
    heights = bottoms - tops
    tall = heights >= 0.7 * np.percentile(heights, 80)
    line_top, line_bottom = float(np.median(tops[tall])), float(np.median(bottoms[tall]))
    return line_top, max(line_bottom, line_top + 1.0)
