"""A feedforward network of sigmoid neurons.

Source: Michael Nielsen, *Neural Networks and Deep Learning*, chapters 1 and 2. The book follows one
example as a column vector, so a layer is sigma(w a + b). Here a batch is a matrix with one example a row,
so the same layer is sigma(a @ w.T + b), and every sum over examples is done by the matrix product.

Axes: nB examples of a batch; nI inputs and nO outputs of a layer. `weights[0]` joins the input to the
first hidden layer; the book would call it w^2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Self

import numpy as np

from classifier.sigmoid import sigmoid as sigmoid

if TYPE_CHECKING:
    from classifier.book.costs import Cost

SCALES = ("book", "fan_in")


def sigmoid_prime(z: np.ndarray) -> np.ndarray:
    """sigma'(z), written as sigma(z) sigma(-z) so that it keeps its digits when sigma(z) rounds to 1."""
    return sigmoid(z) * sigmoid(-z)


def parameter_count(sizes: Sequence[int]) -> int:
    """Number of weights and biases of a network with these layer sizes."""
    return sum(n_out * (n_in + 1) for n_in, n_out in pairwise(sizes))


@dataclass(frozen=True, eq=False)
class Parameters:
    """The weights and biases of a network, or a gradient with respect to them.

    They lie in one vector, the book's v (ch. 1: v -> v - eta grad C), layer by layer, weights before biases.

    sizes: neurons in each layer, input first, as in (784, 30, 10)
    vector: (nV,) float32 (float64 for checking gradients)
    weights: weights[l] (nO, nI), a view into vector
    biases: biases[l] (nO,), a view into vector

    Raises ValueError when the sizes are not at least two positive numbers, or the vector does not fit them.
    """

    sizes: tuple[int, ...]
    vector: np.ndarray
    weights: tuple[np.ndarray, ...] = field(init=False, repr=False)
    biases: tuple[np.ndarray, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        sizes = tuple(int(size) for size in self.sizes)
        if len(sizes) < 2 or min(sizes) < 1:
            raise ValueError(f"a network needs at least two layers of at least one neuron, got sizes {sizes}")
        if self.vector.shape != (parameter_count(sizes),) or self.vector.dtype.kind != "f":
            raise ValueError(
                f"sizes {sizes} need a vector of {parameter_count(sizes)} floats, "
                f"got shape {self.vector.shape} of {self.vector.dtype}"
            )
        weights, biases, start = [], [], 0
        for n_in, n_out in pairwise(sizes):
            middle, end = start + n_out * n_in, start + n_out * (n_in + 1)
            weights.append(self.vector[start:middle].reshape(n_out, n_in))
            biases.append(self.vector[middle:end])
            start = end
        object.__setattr__(self, "sizes", sizes)
        object.__setattr__(self, "weights", tuple(weights))
        object.__setattr__(self, "biases", tuple(biases))

    @classmethod
    def zeros(cls, sizes: Sequence[int], dtype: np.dtype | type = np.float32) -> Self:
        """All weights and biases zero."""
        return cls(tuple(sizes), np.zeros(parameter_count(sizes), dtype))

    @classmethod
    def from_layers(cls, weights: Sequence[np.ndarray], biases: Sequence[np.ndarray]) -> Self:
        """From weights[l] (nO, nI) and biases[l] (nO,); they are copied.

        Raises ValueError when neighbouring layers do not fit together.
        """
        if not weights:
            raise ValueError("a network needs at least one layer of weights")
        matrices, vectors = [np.asarray(w) for w in weights], [np.asarray(b) for b in biases]
        if any(w.ndim != 2 for w in matrices):
            raise ValueError("every layer's weights must have the axes (nO, nI)")
        outputs, inputs = [w.shape[0] for w in matrices], [w.shape[1] for w in matrices]
        if [b.shape for b in vectors] != [(n,) for n in outputs] or inputs[1:] != outputs[:-1]:
            shapes = [w.shape for w in matrices], [b.shape for b in vectors]
            raise ValueError(f"layers do not fit together: weights {shapes[0]}, biases {shapes[1]}")
        flat = [part.ravel() for pair in zip(matrices, vectors, strict=True) for part in pair]
        vector = np.concatenate(flat)
        dtype = vector.dtype if vector.dtype.kind == "f" else np.float32
        return cls((inputs[0], *outputs), vector.astype(dtype))

    def astype(self, dtype: np.dtype | type) -> Self:
        """A copy in another precision; float64 is for comparing gradients with finite differences."""
        return type(self)(self.sizes, self.vector.astype(dtype))

    def copy(self) -> Self:
        """A copy that shares nothing with this one."""
        return self.astype(self.vector.dtype)


class Network(Parameters):
    """A feedforward network: its parameters, what it computes, and how its cost depends on them."""

    def weighted_sums(self, x: np.ndarray) -> list[np.ndarray]:
        """z of every layer after the input: z[l] (nB, nO) for x (nB, nI)."""
        self._check_input(x)
        sums: list[np.ndarray] = []
        for w, b in zip(self.weights, self.biases, strict=True):
            a = sigmoid(sums[-1]) if sums else x
            sums.append(a @ w.T + b)
        return sums

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Outputs (nB, nO) in (0, 1) for inputs x (nB, nI); for one input (nI,), outputs (nO,)."""
        if x.ndim == 1:
            return self.forward(x[np.newaxis])[0]
        self._check_input(x)
        a = x
        for w, b in zip(self.weights, self.biases, strict=True):
            a = sigmoid(a @ w.T + b)
        return a

    def cost(self, x: np.ndarray, y: np.ndarray, cost: Cost) -> float:
        """The cost C of inputs x (nB, nI) with targets y (nB, nO), averaged over the batch."""
        return cost.value(self.weighted_sums(x)[-1], y)

    def backpropagate(self, x: np.ndarray, y: np.ndarray, cost: Cost) -> Parameters:
        """Gradient of the cost with respect to every weight and bias, averaged over the batch.

        x: (nB, nI), y: (nB, nO). Nielsen ch. 2, equations BP1 to BP4; delta is (nB, nO of its layer).
        """
        self._check_input(x)
        activations = [x]
        for w, b in zip(self.weights, self.biases, strict=True):
            activations.append(sigmoid(activations[-1] @ w.T + b))

        gradient = Parameters.zeros(self.sizes, self.vector.dtype)
        delta = cost.output_error(activations[-1], y) / len(x)  # BP1; the sums below make 1 / nB the average
        for layer in reversed(range(len(self.weights))):
            a = activations[layer]
            gradient.biases[layer][:] = delta.sum(axis=0)  # BP3
            gradient.weights[layer][:] = delta.T @ a  # BP4
            if layer > 0:
                delta = (delta @ self.weights[layer]) * (a * (1 - a))  # BP2, sigma'(z) = a (1 - a)
        return gradient

    def _check_input(self, x: np.ndarray) -> None:
        if x.ndim != 2 or x.shape[1] != self.sizes[0]:
            raise ValueError(f"this network takes inputs (nB, {self.sizes[0]}), got {x.shape}")


def initialise(sizes: Sequence[int], rng: np.random.Generator, scale: str = "book") -> Network:
    """A network with random float32 weights and biases.

    scale: "book", every weight and bias from N(0, 1) (Nielsen ch. 1); "fan_in", weights from
        N(0, 1 / nI) so that neurons with many inputs do not start saturated (ch. 3).
    """
    if scale not in SCALES:
        raise ValueError(f"scale must be one of {', '.join(SCALES)}, got {scale!r}")
    network = Network.zeros(sizes)
    network.vector[:] = rng.standard_normal(network.vector.size, dtype=np.float32)
    if scale == "fan_in":
        for w in network.weights:
            w /= np.sqrt(w.shape[1], dtype=np.float32)
    return network
