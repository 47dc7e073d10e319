"""Perceptrons: neurons whose output is a step, the limit of sigmoid neurons (Nielsen ch. 1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from classifier.book.sigmoid_network import Network, Parameters


def step(z: np.ndarray) -> np.ndarray:
    """1 where z > 0, else 0, in the precision of z."""
    return (z > 0).astype(z.dtype)


class PerceptronNetwork(Parameters):
    """A feedforward network of perceptrons: each fires when its weighted sum w a + b is above 0."""

    def weighted_sums(self, x: np.ndarray) -> list[np.ndarray]:
        """z of every layer after the input: z[l] (nB, nO) for inputs x (nB, nI)."""
        sums: list[np.ndarray] = []
        for w, b in zip(self.weights, self.biases, strict=True):
            a = step(sums[-1]) if sums else x
            sums.append(a @ w.T + b)
        return sums

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Outputs (nB, nO), each 0 or 1, for inputs x (nB, nI)."""
        return step(self.weighted_sums(x)[-1])

    def scaled(self, c: float) -> PerceptronNetwork:
        """All weights and biases times c; for c > 0 no weighted sum changes its sign, so no output changes.

        In floating point a sum of exactly zero may round to the other side; it stays zero when c is a power
        of two. Raises ValueError for c <= 0.
        """
        if c <= 0:
            raise ValueError(f"c must be above 0, got {c}")
        return PerceptronNetwork(self.sizes, self.vector * self.vector.dtype.type(c))

    def sigmoid_network(self, c: float = 1.0) -> Network:
        """Sigmoid neurons with the same weights and biases times c.

        As c grows, sigma(c z) goes to step(z) for every z but 0, where it stays 1/2; so this network goes to
        the perceptrons wherever none of their weighted sums is zero.
        """
        return Network(self.sizes, self.scaled(c).vector)


def perceptron(weights: Sequence[float], bias: float) -> PerceptronNetwork:
    """A single perceptron: weights (nI,) and its bias, which is minus the book's threshold."""
    return PerceptronNetwork.from_layers([np.array([weights], np.float32)], [np.array([bias], np.float32)])


NAND = perceptron([-2, -2], 3)  # the book's NAND gate: 0 only when both inputs are 1


def half_adder() -> PerceptronNetwork:
    """The book's circuit for adding two bits, (sum, carry), of NAND gates laid out in layers.

    With m = NAND(x1, x2), sum = NAND(NAND(x1, m), NAND(m, x2)) and carry = NAND(m, m). A feedforward layer
    sees only the layer before it, so a bit needed further on is passed by a perceptron that repeats it.
    """
    first = _layer([{0: 1}, {0: -2, 1: -2}, {1: 1}], 2)  # x1, m, x2
    second = _layer([{0: -2, 1: -2}, {1: -2, 2: -2}, {1: 1}], 3)  # NAND(x1, m), NAND(m, x2), m
    third = _layer([{0: -2, 1: -2}, {2: -4}], 3)  # sum, carry: m goes into both inputs of one NAND
    layers = (first, second, third)
    return PerceptronNetwork.from_layers([w for w, _ in layers], [b for _, b in layers])


def _layer(neurons: list[dict[int, float]], n_in: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights (nO, n_in) and biases (nO,) from {input: weight}: repeaters (bias -1/2) or NANDs (3)."""
    weights = np.zeros((len(neurons), n_in), np.float32)
    for row, inputs in zip(weights, neurons, strict=True):
        row[list(inputs)] = list(inputs.values())
    biases = np.where(weights.min(axis=1) < 0, 3, -0.5).astype(np.float32)
    return weights, biases
