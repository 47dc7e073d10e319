"""The number line: top of the tall digits to baseline, robust to marks, specks and flourishes."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]

WINDOW = 0.5  # width of the sliding window in expected heights of a digit
TALL = 0.75  # of the usual height of the ink in a window: less are marks and small digits
AWAY = 0.3  # line heights between the number line and what has no part in it


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
    window = max(1, round(WINDOW * guess)) | 1
    tops = ndimage.minimum_filter1d(top, window, mode="constant", cval=height)[filled]
    bottoms = ndimage.maximum_filter1d(bottom, window, mode="constant", cval=0)[filled]
    heights = bottoms - tops
    tall = heights >= TALL * _usual(heights)
    line_top, line_bottom = float(np.median(tops[tall])), float(np.median(bottoms[tall]))
    return line_top, max(line_bottom, line_top + 1.0)


def _usual(heights: NDArray[np.intp]) -> float:
    """Median of the heights, each counted by its square: many columns of small marks weigh little."""
    ordered = np.sort(heights)
    weights = np.cumsum(ordered.astype(np.float64) ** 2)
    return float(ordered[np.searchsorted(weights, 0.5 * weights[-1])])


def drop_outside(mask: Mask, line: tuple[float, float]) -> Mask:
    """The mask without what belongs to the lines above and below: components wholly beyond the number line.

    A component that touches the picture's upper or lower edge need only lie outside the line, another one
    must be well away from it, for commas hang and some marks are raised. With nothing left, all is kept.
    """
    top, bottom = line
    labels, count = ndimage.label(mask, structure=np.ones((3, 3), dtype=bool))
    keep = np.ones(count + 1, dtype=bool)
    keep[0] = False
    for index, (rows, _) in enumerate(ndimage.find_objects(labels), start=1):
        at_edge = rows.start == 0 or rows.stop == mask.shape[0]
        room = (0.0 if at_edge else AWAY) * (bottom - top)
        keep[index] = rows.stop > top - room and rows.start < bottom + room
    return keep[labels] if keep.any() else mask
