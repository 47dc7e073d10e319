"""Slant of a field: the shear that makes the vertical projection sharpest (Vinciarelli and Luettin 2001)."""

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

TANGENTS = np.linspace(-0.3, 0.9, 25)
PRIOR = 0.10  # log gain a shear of tangent 1 must bring in a field about one digit wide


def estimate_slant(mask: Mask, height: float) -> float:
    """Tangent of the slant of the field, positive where strokes lean to the right.

    mask: (h, w) bool. height: about the height of a digit in pixels. Each candidate shear is judged by the
    log of the summed squared projection, less a penalty that makes a field with little ink stay upright.
    """
    y, x = np.nonzero(mask)
    if y.size < 8:
        return 0.0
    scores = _log_sharpness(x, y - float(y.mean()))
    digits = max(1.0, float(np.ptp(x)) / max(height, 1.0))
    scores -= PRIOR / digits * TANGENTS**2
    best = int(np.argmax(scores))
    tangent = float(TANGENTS[best])
    if 0 < best < TANGENTS.size - 1:
        left, centre, right = scores[best - 1 : best + 2]
        bend = left - 2 * centre + right
        if bend < 0:
            tangent += 0.5 * (left - right) / bend * float(TANGENTS[1] - TANGENTS[0])
    return tangent


def shear(mask: Mask, tangent: float) -> Mask:
    """The mask upright: every pixel moved by tangent * row columns, rounded; (h, w + shift)."""
    rows, columns = np.nonzero(mask)
    moved = np.rint(columns + tangent * rows).astype(np.intp)
    moved -= moved.min()
    upright = np.zeros((mask.shape[0], int(moved.max()) + 1), dtype=bool)
    upright[rows, moved] = True
    return upright


def _log_sharpness(x: NDArray, y: NDArray) -> NDArray[np.float64]:
    columns = x + TANGENTS[:, None] * y
    columns -= columns.min()
    bins = int(columns.max()) + 2
    left = columns.astype(np.intp)
    share = columns - left
    left += bins * np.arange(TANGENTS.size)[:, None]
    size = bins * TANGENTS.size
    projection = np.bincount(left.ravel(), (1 - share).ravel(), size)
    projection += np.bincount(left.ravel() + 1, share.ravel(), size + 1)[:size]
    return np.log((projection.reshape(TANGENTS.size, bins) ** 2).sum(axis=1))
