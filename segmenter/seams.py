"""Seams: top-to-bottom paths of least ink, one for each column, by dynamic programming.

A digit string is cut better along a path that bends around strokes than along a straight line (Casey and
Lecolinet 1996, "A survey of methods and strategies in character segmentation", section III).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

REACH = 7  # a seam stays within this many pixels of its column
BEND_COST = 0.02  # of one sideways step, in ink pixels: an empty detour beats crossing a stroke
DRIFT_COST = 0.003  # for each row, of standing one pixel beside the seam's own column


@dataclass(frozen=True)
class Seams:
    """The least-ink seam around every column.

    cost: (w,) float32, ink crossed plus the small costs of bending. _choice: (h, w, 2 * REACH + 1) int8.
    """

    cost: NDArray[np.float32]
    _choice: NDArray[np.int8]
    _bottom: NDArray[np.intp]

    def trace(self, columns: NDArray[np.intp]) -> NDArray[np.int16]:
        """The seams around `columns` (K,) as (K, h) x positions; a pixel with x < seam is on its left."""
        h, _, w = self._choice.shape
        choice = self._choice.reshape(h, -1)
        place = self._bottom[columns] * w + columns  # in a row of the choices, lane by lane
        places = np.empty((h, len(columns)), dtype=np.intp)
        for y in range(h - 1, -1, -1):
            places[y] = place
            place = place + np.multiply(choice[y].take(place), w, dtype=np.intp)
        return np.clip(columns[:, None] + places.T // w - REACH, 0, w).astype(np.int16)


def find_seams(ink: NDArray[np.float32]) -> Seams:
    """Least-ink seams of ink (h, w), w > 0. A seam at x runs along the left edge of column x and pays for x's ink."""
    h, w = ink.shape
    lanes = 2 * REACH + 1
    padded = np.zeros((h, w + 2 * REACH), dtype=np.float32)
    padded[:, REACH:-REACH] = ink
    row, column = padded.strides
    price = np.ndarray((h, lanes, w), padded.dtype, padded, 0, (row, column, column))  # a view
    drift = np.repeat(DRIFT_COST * np.abs(np.arange(-REACH, REACH + 1, dtype=np.float32))[:, None], w, axis=1)
    # Lanes are rows, with a wall on both sides: neighbouring lanes of all columns are then one run of memory.
    total = np.full((lanes + 2, w), np.inf, dtype=np.float32)
    total[1:-1] = 0
    to_left, to_right = np.empty((2, h, lanes, w), dtype=bool)
    straight, bent = total[1:-1], np.empty_like(total)
    left, right = bent[:-2], bent[2:]
    for y in range(h):
        np.add(total, BEND_COST, out=bent)
        np.less(left, straight, out=to_left[y])
        np.minimum(left, straight, out=straight)
        np.less(right, straight, out=to_right[y])
        np.minimum(right, straight, out=straight)
        straight += price[y]
        straight += drift
    choice = to_right.view(np.int8) - (to_left > to_right)
    bottom = np.argmin(straight, axis=0)
    return Seams(straight[bottom, np.arange(w)], choice, bottom)
