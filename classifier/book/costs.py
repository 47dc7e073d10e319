"""Cost functions of a network of sigmoid outputs (Nielsen, ch. 1-3).

Each gives its value from the output layer's weighted sums z, which keep what the outputs a = sigma(z)
lose when they round to 0 or 1, and its error delta = dC/dz of the output layer (BP1), of each example for
itself: the average over the batch is taken by whoever sums the examples.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from classifier.book.sigmoid_network import sigmoid


class Cost(Protocol):
    """What the training needs to know about a cost function."""

    name: str

    def value(self, z: np.ndarray, y: np.ndarray) -> float:
        """C, averaged over the batch; z, y: (nB, nO), weighted sums and targets in [0, 1]."""

    def output_error(self, a: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """delta^L of every example; a, y: (nB, nO), outputs and targets; out: (nB, nO) to write into."""


class QuadraticCost:
    """C = 1/(2n) sum_x ||y(x) - a||^2, the mean squared error (Nielsen ch. 1)."""

    name = "quadratic"

    def value(self, z: np.ndarray, y: np.ndarray) -> float:
        """See Cost; the mean over the batch, a = sigma(z)."""
        return float(np.sum((y - sigmoid(z)) ** 2, dtype=np.float64) / (2 * len(z)))

    def output_error(self, a: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """BP1: (a - y) * sigma'(z), with sigma'(z) = a (1 - a); small where a saturates, right or wrong."""
        delta = np.subtract(1, a, out=out)
        delta *= a
        delta *= a - y
        return delta


class CrossEntropyCost:
    """C = -1/n sum_x sum_j [y ln a + (1 - y) ln(1 - a)] (Nielsen ch. 3)."""

    name = "cross-entropy"

    def value(self, z: np.ndarray, y: np.ndarray) -> float:
        """From z: -y ln sigma(z) - (1 - y) ln(1 - sigma(z)) = ln(1 + e^z) - y z, finite for every z."""
        return float(np.sum(np.logaddexp(0, z) - y * z, dtype=np.float64) / len(z))

    def output_error(self, a: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """a - y: the cost was made so that sigma'(z) cancels and a saturated neuron still learns."""
        return np.subtract(a, y, out=out)


COSTS: dict[str, Cost] = {cost.name: cost for cost in (QuadraticCost(), CrossEntropyCost())}


def cost_named(name: str) -> Cost:
    """The cost of this name; ValueError names the ones there are."""
    if name not in COSTS:
        raise ValueError(f"cost must be one of {', '.join(COSTS)}, got {name!r}")
    return COSTS[name]
