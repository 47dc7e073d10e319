"""How much a page is askew: the slope at which its rows and columns of print stand out most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segmenter.arrays import Index, Plane


@dataclass(frozen=True)
class SkewSearch:
    """Which slopes are tried (tangents), and on how much of the page."""

    most: float = 0.38  # nearly 21 degrees: so askew are photographs of pages; scans hardly ever more than 6
    rough: float = 0.01  # half a degree: the peak of the profiles of a few points is wider than that
    rough_points: int = 8000  # of which they are made: of a page with little on it, all
    coarse: float = 0.005  # a quarter of a degree, around the best of these
    fine: float = 0.0005  # less than a pixel over the width of the page
    reduced: int = 900  # pixels of the longer side that the coarse search looks at
    most_points: int = 60_000  # of which profiles are made; more change nothing but the time


SKEW = SkewSearch()


def estimate_skew(contrast: Plane) -> float:
    """The tangent by which rows of print fall a column, in [-SKEW.most, SKEW.most]; 0 on a blank page.

    contrast: (h, w) float32, dark high. Profiles of dark points along slopes: the one whose rows and columns are most
    uneven (sum of squares) is that of the page (Postl 1986, projection profiles).
    """
    level = max(0.06, 0.4 * float(np.percentile(contrast[::4, ::4], 99.5)))
    y, x = np.nonzero(contrast > level)
    if y.size < 50:
        return 0.0
    if y.size > SKEW.most_points:
        chosen = np.linspace(0, y.size - 1, SKEW.most_points).astype(np.intp)
        y, x = y[chosen], x[chosen]
    coarse = max(1.0, max(contrast.shape) / SKEW.reduced)
    some = slice(None, None, max(1, y.size // SKEW.rough_points))
    slopes = np.arange(-SKEW.most, SKEW.most + SKEW.rough / 2, SKEW.rough)
    best = slopes[int(np.argmax([_unevenness(y[some], x[some], slope, coarse) for slope in slopes]))]
    slopes = best + np.arange(-SKEW.rough, SKEW.rough + SKEW.coarse / 2, SKEW.coarse)
    best = slopes[int(np.argmax([_unevenness(y, x, slope, coarse) for slope in slopes]))]
    slopes = best + np.arange(-SKEW.coarse, SKEW.coarse + SKEW.fine / 2, SKEW.fine)
    return float(slopes[int(np.argmax([_unevenness(y, x, slope, 1.0) for slope in slopes]))])


def _unevenness(y: Index, x: Index, slope: float, bin: float) -> float:
    """Sum of squares of the two profiles."""
    total = 0.0
    for along in (y - slope * x, x + slope * y):
        rows = (along / bin).astype(np.intp)
        counts = np.bincount(rows - rows.min()).astype(np.float64)
        total += float(counts @ counts)
    return total
