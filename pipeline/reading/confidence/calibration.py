"""Calibration: from the posterior of a text to the probability that it is right, fitted on strings held out.

Platt scaling on the log-odds (Platt 1999; Guo et al. 2017, "On calibration of modern neural networks").
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.sigmoid import sigmoid

LEAST = 1e-9  # posteriors nearer to 0 or 1 are taken as this far from it
LEAST_SLOPE = 1e-3  # a surer reading is never less likely to be right


@dataclass(frozen=True)
class Calibration:
    """confidence = sigma(slope * log-odds of the posterior + offset), bent so that it stays below `ceiling`.

    Bent and not cut off: sure readings keep their order, by which the surest of them are accepted.
    """

    slope: float = 1.0
    offset: float = 0.0
    ceiling: float = 1.0

    def __post_init__(self) -> None:
        if not (0 < self.slope < np.inf and np.isfinite(self.offset) and 0 < self.ceiling <= 1):
            raise ValueError(f"not a calibration: {self}")

    def confidence(self, posterior: float) -> float:
        """The probability of being right, in [0, 1]; rises with the posterior."""
        p = min(max(posterior, LEAST), 1 - LEAST)
        z = self.slope * math.log(p / (1 - p)) + self.offset
        odds_of_error = math.hypot(math.exp(min(-z, 700.0)), 1 / self.ceiling - 1)
        return 1 / (1 + odds_of_error)

    def to_json(self) -> dict[str, float]:
        """Keys: slope, offset, ceiling."""
        return {"slope": self.slope, "offset": self.offset, "ceiling": self.ceiling}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Calibration:
        """What `to_json` gave. Raises KeyError, TypeError, ValueError for anything else."""
        return cls(float(record["slope"]), float(record["offset"]), float(record["ceiling"]))


def fit_calibration(posteriors: NDArray[np.float64], right: NDArray[np.bool_]) -> Calibration:
    """Maximum likelihood slope and offset, with Platt's smoothed targets.

    posteriors: (N,) of the best texts; right: (N,) whether each was. The ceiling is the share that is right among the
    surest fifth, by the rule of succession, or the fitted curve would promise more than was ever seen.
    """
    p = np.clip(posteriors, LEAST, 1 - LEAST)
    x = np.log(p / (1 - p))
    hits = int(right.sum())
    target = np.where(right, (hits + 1) / (hits + 2), 1 / (len(x) - hits + 2))
    slope, offset = _platt_fit(x, target, Calibration())
    top = right[np.argsort(-x, kind="stable")[: max(1, len(x) // 5)]]
    ceiling = (top.sum() + 1) / (len(top) + 2)
    return Calibration(slope, offset, float(ceiling))


def pulled_calibration(
    posteriors: NDArray[np.float64], right: NDArray[np.bool_], towards: Calibration, pull: int
) -> Calibration:
    """The calibration fitted on few strings, pulled towards one that was fitted on many.

    posteriors, right: as for `fit_calibration`, N >= 1. pull: so many strings are added, their posteriors spread as
    those given, each as often right as `towards` says.
    """
    p = np.clip(posteriors, LEAST, 1 - LEAST)
    added = np.quantile(p, (np.arange(pull) + 0.5) / pull)
    every = np.concatenate([p, added])
    target = np.concatenate([right.astype(np.float64), [towards.confidence(value) for value in added]])
    slope, offset = _platt_fit(np.log(every / (1 - every)), target, towards)
    top = right[np.argsort(-p, kind="stable")[: max(1, len(p) // 5)]]
    ceiling = (top.sum() + towards.ceiling * pull / 5) / (len(top) + pull / 5)
    return Calibration(slope, offset, float(ceiling))


def expected_thresholds(
    confidences: NDArray[np.float64], errors: tuple[float, ...] = (0.05, 0.01, 0.001)
) -> dict[str, float]:
    """As `thresholds`, but with the errors that the confidences promise instead of those counted: of few strings, there
    are too few errors to count."""
    ordered = -np.sort(-confidences)
    expected = np.cumsum(1 - ordered) / np.arange(1, len(ordered) + 1)
    found = {}
    for bound in errors:
        within = np.flatnonzero(expected <= bound)  # rises along the order
        found[str(bound)] = float(ordered[within[-1]]) if len(within) else 1.0
    return found


def _platt_fit(x: NDArray[np.float64], target: NDArray[np.float64], start: Calibration) -> tuple[float, float]:
    """Slope, at least LEAST_SLOPE, and offset of least cross-entropy for log-odds x (N,) and targets (N,)."""
    ones = np.ones_like(x)
    slope, offset = logistic_fit(
        np.stack([x, ones], axis=1), target, np.zeros_like(x), np.array([start.slope, start.offset])
    )
    if slope < LEAST_SLOPE:
        slope, (offset,) = LEAST_SLOPE, logistic_fit(ones[:, None], target, LEAST_SLOPE * x, np.zeros(1))
    return float(slope), float(offset)


def logistic_fit(
    x: NDArray[np.float64],
    target: NDArray[np.float64],
    base: NDArray[np.float64],
    start: NDArray[np.float64],
    steps: int = 50,
) -> NDArray[np.float64]:
    """Weights w (K,) of least cross-entropy between sigma(base + x @ w) and target ((N,)), by Newton's method.

    A step that would raise the cost is halved: where posteriors lie near 0 and 1, whole steps diverge.
    """

    def cost(w: NDArray[np.float64]) -> float:
        z = base + x @ w
        return float((np.logaddexp(0, z) - target * z).sum())

    w = start
    for _ in range(steps):
        q = sigmoid(base + x @ w)
        hessian = (x * (q * (1 - q))[:, None]).T @ x + 1e-6 * np.eye(x.shape[1])
        step = np.linalg.solve(hessian, x.T @ (q - target))
        here = cost(w)
        while cost(w - step) > here and np.abs(step).max() > 1e-9:
            step = step / 2
        w = w - step
        if np.abs(step).max() <= 1e-9:
            break
    return w


def thresholds(
    confidences: NDArray[np.float64], right: NDArray[np.bool_], errors: tuple[float, ...] = (0.05, 0.01, 0.001)
) -> dict[str, float]:
    """For each error bound the lowest confidence from which on the share of errors stays within it; 1.0 if none.

    Keys are the bounds as text. Equal confidences are accepted together.
    """
    order = np.argsort(-confidences, kind="stable")
    sorted_confidences, wrong = confidences[order], np.cumsum(~right[order])
    last_of_tie = np.append(np.diff(sorted_confidences) < 0, True)
    found = {}
    for bound in errors:
        within = np.flatnonzero(last_of_tie & (wrong <= bound * np.arange(1, len(order) + 1)))
        found[str(bound)] = float(sorted_confidences[within[-1]]) if len(within) else 1.0
    return found
