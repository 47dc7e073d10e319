"""How a number stands: its line, from the top of the tall digits to the baseline, its tilt and its slant."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmenter.arrays import Index, Mask
from segmenter.components import Components, usual_height
from segmenter.ink_steps.quantiles import median

TANGENTS = np.linspace(-0.3, 0.9, 25)


@dataclass(frozen=True)
class LineConfig:
    """How the line, the skew and the slant of a number are measured."""

    window: float = 0.5  # width of the sliding window in expected heights of a digit
    tall: float = 0.75  # of the usual height of the ink in a window: less are marks and small digits
    least_width: float = 2.0  # heights of a digit: in a narrower field no skew is estimated
    least_skew: float = 0.02  # smaller tangents are left as they are
    agreement: float = 0.5  # the slope of the tops to that of the bottoms, or the other way round, at least
    most_skew: float = 0.1  # tangent, about 6 degrees
    most_points: int = 48  # columns that the skew is estimated from
    away: float = 0.3  # line heights between the number line and what has no part in it
    prior: float = 0.5  # log gain that a shear of tangent 1 must bring in a field one digit wide
    rows: int = 18  # rows a digit that are looked at
    fewest: int = 8  # pixels below which no slant is estimated


LINE = LineConfig()


@dataclass(frozen=True, eq=False)
class Outline:
    """The top and bottom of the ink around each column, for the columns near tall ink only; three (n,), n > 0."""

    columns: Index
    tops: Index
    bottoms: Index

    @classmethod
    def of(cls, mask: Mask, guess: float) -> "Outline":
        """Of an upright mask, (h, w) bool, of at least one pixel. guess: height of a digit in pixels, roughly.

        A window of about a digit's width slides over the field; one in which the ink spans little height holds
        marks only and is left out.
        """
        height = mask.shape[0]
        filled = mask.any(axis=0)
        top = np.where(filled, mask.argmax(axis=0), height)
        bottom = np.where(filled, height - mask[::-1].argmax(axis=0), 0)
        window = max(1, round(LINE.window * guess)) | 1
        tops = ndimage.minimum_filter1d(top, window, mode="constant", cval=height)[filled]
        bottoms = ndimage.maximum_filter1d(bottom, window, mode="constant", cval=0)[filled]
        heights = bottoms - tops
        tall = heights >= LINE.tall * usual_height(heights)
        return cls(np.flatnonzero(filled)[tall], tops[tall], bottoms[tall])


def number_line(outline: Outline) -> tuple[float, float]:
    """Rows (top, bottom) between which the tall digits stand.

    The windows that hold more than marks vote with a median, so that one long descender moves nothing.
    """
    top, bottom = median(outline.tops), median(outline.bottoms)
    return top, max(bottom, top + 1.0)


def estimate_skew(outline: Outline, guess: float) -> float:
    """Tangent by which the number falls to the right; 0 when in doubt. guess: height of a digit in pixels, roughly.

    The slopes of the tops and of the bottoms (Theil and Sen: median over pairs) must agree in direction, and
    the smaller counts: digits that only grow or shrink along the line do not tilt it.
    """
    columns = outline.columns
    width = int(columns[-1] - columns[0])
    if width < LINE.least_width * guess:
        return 0.0
    chosen = np.linspace(0, columns.size - 1, min(columns.size, LINE.most_points)).astype(np.intp)
    first, second = _pairs(chosen.size)
    first, second = chosen[first], chosen[second]
    apart = columns[second] - columns[first]
    far = apart > max(guess, 0.3 * width)
    if np.count_nonzero(far) < LINE.most_points:
        return 0.0
    first, second, apart = first[far], second[far], apart[far]
    upper, lower = (median((edge[second] - edge[first]) / apart) for edge in (outline.tops, outline.bottoms))
    smaller, larger = sorted((upper, lower), key=abs)
    agree = upper * lower > 0 and abs(smaller) >= max(LINE.least_skew, LINE.agreement * abs(larger))
    return float(np.clip(smaller, -LINE.most_skew, LINE.most_skew)) if agree else 0.0


@lru_cache(maxsize=LINE.most_points + 1)
def _pairs(count: int) -> tuple[Index, Index]:
    """The first and the second of all pairs of so many points."""
    return np.triu_indices(count, 1)


def drop_outside(parts: Components, skew: float, line: tuple[float, float]) -> Mask:
    """The mask, (h, w) bool, of the strokes without what belongs to the lines above and below: those wholly beyond the
    number line.

    line: (top, bottom) rows at column 0 of a line that falls by `skew` a column. A component that touches the
    picture's upper or lower edge need only lie outside the line, another one must be well away from it, for
    commas hang and some marks are raised. With nothing left, all is kept.
    """
    left, top, right, bottom = parts.boxes.T
    fall = skew * 0.5 * (left + right)
    room = np.where((top == 0) | (bottom == len(parts.labels)), 0.0, LINE.away) * (line[1] - line[0])
    keep = (bottom > line[0] + fall - room) & (top < line[1] + fall + room)
    return parts.mask(keep) if keep.any() and not keep.all() else parts.whole


def estimate_slant(mask: Mask, height: float) -> float:
    """Tangent of the slant of the field, positive where strokes lean to the right.

    mask: (h, w) bool. height: about the height of a digit in pixels. Each candidate shear is judged by its
    projection's concentration (after Vinciarelli and Luettin 2001), less a penalty that keeps a field with
    little ink upright. The best is refined by a parabola through its neighbours.
    """
    step = max(1, round(height / LINE.rows))
    y, x = np.nonzero(mask[::step])
    if y.size < LINE.fewest:
        return 0.0
    digits = max(1.0, float(x.max() - x.min()) / max(height, 1.0))
    scores = _concentration(x, step * (y - float(y.mean()))) - LINE.prior / digits * TANGENTS**2
    best = int(np.argmax(scores))
    if not 0 < best < TANGENTS.size - 1:
        return float(TANGENTS[best])
    left, centre, right = (float(score) for score in scores[best - 1 : best + 2])
    bend = left - 2 * centre + right
    shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return float(TANGENTS[best] + shift * (TANGENTS[1] - TANGENTS[0]))


def _concentration(x: Index, y: NDArray[np.floating]) -> NDArray[np.float64]:
    """-2 log of the summed square roots of the projection, for each of TANGENTS; x, y: (n,) ink pixels.

    A root instead of the usual square: a square rewards one long diagonal, as of a 7 or a 2, that a shear
    sets upright more than the many columns that a wrong shear spoils.
    """
    columns = x + TANGENTS[:, None] * y
    columns -= columns.min()
    bins = int(columns.max()) + 2
    size = bins * TANGENTS.size
    left = columns.astype(np.intp)
    share = (columns - left).ravel()
    flat = (left + bins * np.arange(TANGENTS.size)[:, None]).ravel()
    projection = np.bincount(flat, 1 - share, size) + np.bincount(flat + 1, share, size)[:size]
    return -2 * np.log(np.sqrt(projection.reshape(TANGENTS.size, bins)).sum(axis=1))
