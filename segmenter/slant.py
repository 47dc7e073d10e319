"""Slant of a whole field: the shear under which its vertical projection is most concentrated."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

TANGENTS = np.linspace(-0.3, 0.9, 25)
PRIOR = 0.5  # log gain that a shear of tangent 1 must bring in a field one digit wide
ROWS = 18  # rows a digit that are looked at
FEWEST = 8  # pixels below which no slant is estimated


def estimate_slant(mask: Mask, height: float) -> float:
    """Tangent of the slant of the field, positive where strokes lean to the right.

    mask: (h, w) bool. height: about the height of a digit in pixels. Each candidate shear is judged by its
    projection's concentration (after Vinciarelli and Luettin 2001), less a penalty that keeps a field with
    little ink upright. The best is refined by a parabola through its neighbours.
    """
    step = max(1, round(height / ROWS))
    y, x = np.nonzero(mask[::step])
    if y.size < FEWEST:
        return 0.0
    digits = max(1.0, float(np.ptp(x)) / max(height, 1.0))
    scores = _concentration(x, step * (y - float(y.mean()))) - PRIOR / digits * TANGENTS**2
    best = int(np.argmax(scores))
    if not 0 < best < TANGENTS.size - 1:
        return float(TANGENTS[best])
    left, centre, right = (float(score) for score in scores[best - 1 : best + 2])
    bend = left - 2 * centre + right
    shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return float(TANGENTS[best] + shift * (TANGENTS[1] - TANGENTS[0]))


def _concentration(x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.float64]:
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
