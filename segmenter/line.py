"""The number line: top of the tall digits to baseline, robust to marks, specks and flourishes."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmenter.arrays import Mask
from segmenter.components import usual_height

WINDOW = 0.5  # width of the sliding window in expected heights of a digit
TALL = 0.75  # of the usual height of the ink in a window: less are marks and small digits
LEAST_WIDTH = 2.0  # heights of a digit: in a narrower field no skew is estimated
LEAST_SKEW = 0.02  # smaller tangents are left as they are
AGREEMENT = 0.5  # the slope of the tops to that of the bottoms, or the other way round, at least
MOST_SKEW = 0.1  # tangent, about 6 degrees
MOST_POINTS = 48  # columns that the skew is estimated from
AWAY = 0.3  # line heights between the number line and what has no part in it


def number_line(mask: Mask, guess: float) -> tuple[float, float]:
    """Rows (top, bottom) between which the tall digits stand; mask: (h, w) bool, upright, at least one pixel.

    guess: height of a digit in pixels, roughly. The windows that hold more than marks vote with a median, so
    that one long descender moves nothing.
    """
    _, tops, bottoms = _outline(mask, guess)
    top, bottom = float(np.median(tops)), float(np.median(bottoms))
    return top, max(bottom, top + 1.0)


def estimate_skew(mask: Mask, guess: float) -> float:
    """Tangent by which the number falls to the right in an upright mask, (h, w) bool; 0 when in doubt.

    The slopes of the tops and of the bottoms (Theil and Sen: median over pairs) must agree in direction, and
    the smaller counts: digits that only grow or shrink along the line do not tilt it.
    """
    columns, tops, bottoms = _outline(mask, guess)
    chosen = np.linspace(0, columns.size - 1, min(columns.size, MOST_POINTS)).astype(np.intp)
    first, second = np.triu_indices(chosen.size, 1)
    first, second = chosen[first], chosen[second]
    apart = columns[second] - columns[first]
    far = apart > max(guess, 0.3 * np.ptp(columns))
    if far.sum() < MOST_POINTS or np.ptp(columns) < LEAST_WIDTH * guess:
        return 0.0
    upper, lower = (float(np.median((edge[second[far]] - edge[first[far]]) / apart[far])) for edge in (tops, bottoms))
    smaller, larger = sorted((upper, lower), key=abs)
    agree = upper * lower > 0 and abs(smaller) >= max(LEAST_SKEW, AGREEMENT * abs(larger))
    return float(np.clip(smaller, -MOST_SKEW, MOST_SKEW)) if agree else 0.0


def _outline(mask: Mask, guess: float) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Columns, and the top and bottom of the ink around each, for the columns near tall ink only; three (n,).

    A window of about a digit's width slides over the field; one in which the ink spans little height holds
    marks only and is left out.
    """
    height = mask.shape[0]
    filled = mask.any(axis=0)
    top = np.where(filled, mask.argmax(axis=0), height)
    bottom = np.where(filled, height - mask[::-1].argmax(axis=0), 0)
    window = max(1, round(WINDOW * guess)) | 1
    tops = ndimage.minimum_filter1d(top, window, mode="constant", cval=height)[filled]
    bottoms = ndimage.maximum_filter1d(bottom, window, mode="constant", cval=0)[filled]
    heights = bottoms - tops
    tall = heights >= TALL * usual_height(heights)
    return np.flatnonzero(filled)[tall], tops[tall], bottoms[tall]


def drop_outside(mask: Mask, skew: float, line: tuple[float, float]) -> Mask:
    """The mask without what belongs to the lines above and below: components wholly beyond the number line.

    line: (top, bottom) rows at column 0 of a line that falls by `skew` a column. A component that touches the
    picture's upper or lower edge need only lie outside the line, another one must be well away from it, for
    commas hang and some marks are raised. With nothing left, all is kept.
    """
    labels, count = ndimage.label(mask, structure=np.ones((3, 3), dtype=bool))
    keep = np.ones(count + 1, dtype=bool)
    keep[0] = False
    for index, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
        fall = skew * 0.5 * (columns.start + columns.stop)
        at_edge = rows.start == 0 or rows.stop == mask.shape[0]
        room = (0.0 if at_edge else AWAY) * (line[1] - line[0])
        keep[index] = rows.stop > line[0] + fall - room and rows.start < line[1] + fall + room
    return keep[labels] if keep.any() else mask
