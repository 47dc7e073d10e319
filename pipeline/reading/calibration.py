"""Calibration: from the posterior of a text to the probability that it is right, fitted on strings held out.

Platt scaling on the log-odds (Platt 1999; Guo et al. 2017, "On calibration of modern neural networks").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST = 1e-9  # posteriors nearer to 0 or 1 are taken as this far from it


@dataclass(frozen=True)
class Calibration:
    """confidence = sigma(slope * log-odds of the posterior + offset), at most `ceiling`."""

    slope: float = 1.0
    offset: float = 0.0
    ceiling: float = 1.0

    def __post_init__(self) -> None:
        if not (self.slope > 0 and np.isfinite(self.offset) and 0 < self.ceiling <= 1):
            raise ValueError(f"not a calibration: {self}")

    def confidence(self, posterior: float) -> float:
        """The probability of being right, in [0, 1]; rises with the posterior."""
        p = min(max(posterior, LEAST), 1 - LEAST)
        z = self.slope * np.log(p / (1 - p)) + self.offset
        return min(self.ceiling, float(0.5 * (np.tanh(0.5 * z) + 1)))

    def to_json(self) -> dict[str, float]:
        return {"slope": self.slope, "offset": self.offset, "ceiling": self.ceiling}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Calibration:
        return cls(float(record["slope"]), float(record["offset"]), float(record["ceiling"]))


def fit_calibration(posteriors: NDArray[np.float64], right: NDArray[np.bool_], steps: int = 50) -> Calibration:
    """Maximum likelihood slope and offset by Newton's method, with Platt's smoothed targets.

    posteriors: (N,) of the best texts; right: (N,) whether each was. The ceiling is the share that is right among the
    surest fifth, by the rule of succession, or the fitted curve would promise more than was ever seen.
    """
    p = np.clip(posteriors, LEAST, 1 - LEAST)
    x = np.stack([np.log(p / (1 - p)), np.ones(len(p))], axis=1)
    hits = int(right.sum())
    target = np.where(right, (hits + 1) / (hits + 2), 1 / (len(p) - hits + 2))
    w = np.array([1.0, 0.0])
    for _ in range(steps):
        q = 0.5 * (np.tanh(0.5 * x @ w) + 1)
        hessian = (x * (q * (1 - q))[:, None]).T @ x + 1e-6 * np.eye(2)
        w = w - np.linalg.solve(hessian, x.T @ (q - target))
    top = right[np.argsort(-p)[: max(1, len(p) // 5)]]
    ceiling = (top.sum() + 1) / (len(top) + 2)
    return Calibration(max(float(w[0]), 1e-3), float(w[1]), float(ceiling))


def thresholds(confidences: NDArray[np.float64], right: NDArray[np.bool_],
               errors: tuple[float, ...] = (0.05, 0.01, 0.001)) -> dict[str, float]:
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
