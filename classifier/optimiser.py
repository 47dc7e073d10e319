"""Adam: gradient descent with a learning rate of its own for each weight (Kingma and Ba 2015, algorithm 1)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.arrays import Weights


class Adam:
    """Keeps running means of the gradient and its square for named weights; `step` updates them in place, with two
    arrays as large as a weight for what is between.

    decay: weight decay per unit of learning rate, on matrices only (Loshchilov and Hutter 2019).
    """

    def __init__(self, weights: dict[str, Weights], decay: float = 0.0, beta1: float = 0.9, beta2: float = 0.999):
        self.weights, self.decay, self.beta1, self.beta2 = weights, decay, beta1, beta2
        self.steps = 0
        self.mean = {name: np.zeros_like(value) for name, value in weights.items()}
        self.square = {name: np.zeros_like(value) for name, value in weights.items()}

    def step(self, gradients: dict[str, Weights], learning_rate: float) -> None:
        """One update. gradients: by name, of the cost of one mini-batch."""
        self.steps += 1
        rate = learning_rate * np.sqrt(1 - self.beta2**self.steps) / (1 - self.beta1**self.steps)
        for name, gradient in gradients.items():
            mean, square, weight = self.mean[name], self.square[name], self.weights[name]
            change = np.subtract(gradient, mean, dtype=mean.dtype)
            change *= 1 - self.beta1
            mean += change
            np.multiply(gradient, gradient, out=change, casting="same_kind")
            change -= square
            change *= 1 - self.beta2
            square += change
            if weight.ndim > 1 and self.decay:
                weight *= np.float32(1 - learning_rate * self.decay)
            np.multiply(mean, np.float32(rate), out=change)
            root = np.sqrt(square)
            root += np.float32(1e-7)
            change /= root
            weight -= change

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything needed to go on after a stop, as named arrays of their own."""
        arrays: dict[str, NDArray[Any]] = {"steps": np.array(self.steps)}
        for name in self.weights:
            arrays[f"mean/{name}"], arrays[f"square/{name}"] = self.mean[name].copy(), self.square[name].copy()
        return arrays

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take up a saved `state`."""
        self.steps = int(arrays["steps"])
        for name in self.weights:
            self.mean[name][:], self.square[name][:] = arrays[f"mean/{name}"], arrays[f"square/{name}"]
