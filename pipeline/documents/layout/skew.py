"""How much a page is askew: the slope at which its rows and columns of print stand out most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]

MOST = 0.12  # tangent, nearly 7 degrees
COARSE, FINE = 0.005, 0.0005
REDUCED = 900  # pixels of the longer side that the coarse search looks at
MOST_POINTS = 60_000


def estimate_skew(contrast: Float) -> float:
    """The tangent by which rows of print fall a column, in [-MOST, MOST]; 0 on a blank page.

    contrast: (h, w) float32, dark high. Profiles of dark points along slopes: the one whose rows and columns are most
    uneven (sum of squares) is that of the page (Postl 1986, projection profiles).
    """
    level = max(0.06, 0.4 * float(np.percentile(contrast[::4, ::4], 99.5)))
    y, x = np.nonzero(contrast > level)
    if y.size < 50:
        return 0.0
    if y.size > MOST_POINTS:
        chosen = np.linspace(0, y.size - 1, MOST_POINTS).astype(np.intp)
        y, x = y[chosen], x[chosen]
    coarse = max(1.0, max(contrast.shape) / REDUCED)
    slopes = np.arange(-MOST, MOST + COARSE / 2, COARSE)
    best = slopes[int(np.argmax([_unevenness(y, x, slope, coarse) for slope in slopes]))]
    slopes = best + np.arange(-COARSE, COARSE + FINE / 2, FINE)
    return float(slopes[int(np.argmax([_unevenness(y, x, slope, 1.0) for slope in slopes]))])


def _unevenness(y: NDArray[np.intp], x: NDArray[np.intp], slope: float, bin: float) -> float:
    """Sum of squares of the two profiles."""
    total = 0.0
    for along in (y - slope * x, x + slope * y):
        rows = (along / bin).astype(np.intp)
        counts = np.bincount(rows - rows.min()).astype(np.float64)
        total += float(counts @ counts)
    return total
