"""Figures of merit of string readings: accuracy interval, edit distance, read rate, calibration.

Arrays: confidences (n,) float in [0, 1]; right (n,) bool, whether the string was exactly the truth.
"""

from __future__ import annotations

import math

import numpy as np

CALIBRATION_BINS = 10
SIMULATIONS = 2000


def edit_distance(a: str, b: str) -> int:
    """Levenshtein distance: the fewest insertions, deletions and substitutions from a to b."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return row[-1]


def wilson(count: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's score interval of a proportion (JASA 22, 1927); z = 1.96 for 95 %."""
    if n == 0:
        return 0.0, 1.0
    share, scale = count / n, 1 + z * z / n
    centre = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def read_rate(confidences: np.ndarray, right: np.ndarray, bound: float) -> float:
    """Largest share of (n,) images to accept with an error among them of at most `bound`.

    Images are accepted in the order of confidence, those of equal confidence together.
    """
    n = len(confidences)
    order = np.argsort(-confidences, kind="stable")
    wrong = np.cumsum(~right[order])
    accepted = np.arange(1, n + 1)
    last_of_tie = np.append(np.diff(confidences[order]) < 0, True) if n else np.zeros(0, bool)
    allowed = accepted[last_of_tie & (wrong <= bound * accepted)]
    return float(allowed.max()) / n if allowed.size else 0.0


def calibration_error(confidences: np.ndarray, right: np.ndarray) -> float:
    """Expected calibration error of (n,) confidences: 10 equal bins (Naeini et al., AAAI 2015)."""
    bins = np.minimum((confidences * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    surplus = np.bincount(bins, weights=confidences - right, minlength=CALIBRATION_BINS)
    return float(np.abs(surplus).sum()) / max(1, len(confidences))


def calibration_noise(confidences: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """(mean, 95 % quantile) of the calibration error if every confidence were the exact probability.

    With few images the error is above 0 by chance alone; only what exceeds this says something.
    """
    errors = [calibration_error(confidences, rng.random(len(confidences)) < confidences) for _ in range(SIMULATIONS)]
    return float(np.mean(errors)), float(np.quantile(errors, 0.95))
