"""What both alphabets of MICR characters share: windows of a strip against shapes, and which of them are characters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from classifier.sigmoid import sigmoid
from segmenter.arrays import Plane

FLOOR = 0.15  # of the strip's deviation: a window that varies less is empty, and its noise is like anything


@dataclass(frozen=True)
class Match:
    """A character of a strip. left, right: its columns in heights of the strip. chance: that it is this one."""

    symbol: str
    left: float
    right: float
    score: float
    chance: float


@dataclass(frozen=True)
class Certainty:
    """How sure the best of several shapes is."""

    unsure: float  # of correlation by which the best leads where it is right as often as not ...
    slope: float  # ... and by which the odds grow to e times as much

    def of(self, lead: float) -> float:
        """The chance that the best is right, below 0.999."""
        return min(float(sigmoid(np.array((lead - self.unsure) / self.slope))), 0.999)


def standardised(shapes: Plane) -> Plane:
    """Shapes (k, n) of mean 0 and length 1."""
    centred = shapes - shapes.mean(axis=1, keepdims=True)
    return np.asarray(centred / np.linalg.norm(centred, axis=1, keepdims=True), dtype=np.float32)


def correlations(shapes: Plane, strip: Plane, width: int) -> Plane:
    """(k, x) of each standardised shape (k, h * width) with the window of a strip (h, w) whose first column is x."""
    windows = sliding_window_view(strip, width, axis=1).transpose(1, 0, 2).reshape(-1, shapes.shape[1])
    centred = windows - windows.mean(axis=1, keepdims=True)
    floor = FLOOR * np.sqrt(centred.shape[1]) * max(float(strip.std()), 1e-6)
    return np.asarray(shapes @ (centred / np.maximum(np.linalg.norm(centred, axis=1), floor)[:, None]).T)


def choose_places(gains: Plane, apart: int) -> list[int]:
    """The places, at least `apart` from one another, of the largest sum of gains: an exact search along them."""
    total = np.zeros(len(gains) + apart)
    taken = np.zeros(len(gains), dtype=bool)
    for x, gain in enumerate(gains):  # total[x + apart]: of what ends at x
        with_it = total[x] + gain
        taken[x] = with_it > total[x + apart - 1]
        total[x + apart] = max(with_it, total[x + apart - 1])
    places, x = [], len(gains) - 1
    while x >= 0:
        if taken[x]:
            places.append(x)
            x -= apart
        else:
            x -= 1
    return places[::-1]


def best_and_lead(scores: Plane, x: int, reach: int) -> tuple[int, float]:
    """The likeliest shape at a place, and by how much it leads the others within `reach` of there."""
    near = scores[:, max(0, x - reach) : x + reach + 1].max(axis=1)
    order = np.argsort(-scores[:, x])
    return int(order[0]), float(scores[order[0], x] - near[order[1:]].max())
