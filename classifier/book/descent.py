"""Gradient descent, stochastic with mini-batches or on the full batch (Nielsen ch. 1), with momentum and
weight decay.

The rule is v -> v - eta grad C. The gradient is that of `Network.backpropagate`, computed into buffers
made once for each batch size: with ten examples of 784 pixels a mini-batch is some 40 microseconds of
arithmetic, and allocating, copying and scaling whole gradients would take longer than that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from classifier.book.costs import COSTS, Cost, cost_named
from classifier.book.sigmoid_network import Network, Parameters

Schedule = Callable[[float], float]
SCHEDULES: dict[str, Schedule] = {
    "constant": lambda progress: 1.0,
    "linear": lambda progress: 1.0 - progress,
    "cosine": lambda progress: 0.5 * (1.0 + math.cos(math.pi * progress)),
    "halving": lambda progress: 0.5 ** int(progress * 5),
}
BLOCK_ROWS = 1000  # shuffled examples copied at a time: few enough to stay in the processor's cache


@dataclass(frozen=True)
class TrainingConfig:
    """How to descend.

    epochs: passes over the training data, at least 1
    batch_size: examples of a mini-batch; None is the full batch, one step an epoch
    learning_rate: eta, above 0
    cost: "quadratic" or "cross-entropy"
    momentum: mu in [0, 1): velocity -> mu velocity - eta grad C, v -> v + velocity (ch. 3)
    weight_decay: the book's lambda / n, at least 0: every step first shrinks the weights (not the biases) to
        1 - eta weight_decay of themselves (ch. 3, L2 regularisation; with momentum this is decoupled decay,
        Loshchilov and Hutter 2019)
    schedule: factor on the learning rate as a function of the share of epochs done, in [0, 1): a callable, or
        one of "constant", "linear", "cosine" (both to 0), "halving" (every fifth of the epochs)
    """

    epochs: int = 30
    batch_size: int | None = 10
    learning_rate: float = 3.0
    cost: str = "quadratic"
    momentum: float = 0.0
    weight_decay: float = 0.0
    schedule: str | Schedule = "constant"

    def __post_init__(self) -> None:
        named = not callable(self.schedule)
        shrink = self.weight_decay * self.learning_rate
        problems = (
            (self.epochs < 1, f"epochs must be at least 1, got {self.epochs}"),
            (
                self.batch_size is not None and self.batch_size < 1,
                f"batch_size must be at least 1, or None for the full batch, got {self.batch_size}",
            ),
            (
                not 0 < self.learning_rate < math.inf,
                f"learning_rate must be above 0, got {self.learning_rate}",
            ),
            (self.cost not in COSTS, f"cost must be one of {', '.join(COSTS)}, got {self.cost!r}"),
            (not 0 <= self.momentum < 1, f"momentum must lie in [0, 1), got {self.momentum}"),
            (
                not 0 <= shrink < 1,
                f"learning_rate * weight_decay must lie in [0, 1), got {shrink}",
            ),
            (
                named and self.schedule not in SCHEDULES,
                f"schedule must be one of {', '.join(SCHEDULES)}, or a callable, got {self.schedule!r}",
            ),
        )
        for wrong, message in problems:
            if wrong:
                raise ValueError(message)

    def learning_rate_at(self, epoch: int) -> float:
        """Learning rate of an epoch, counted from 0."""
        schedule = SCHEDULES[self.schedule] if isinstance(self.schedule, str) else self.schedule
        return self.learning_rate * schedule(epoch / self.epochs)


class _Backpropagation:
    """`Network.backpropagate` for batches of one size, step by step the same, without allocating."""

    def __init__(self, network: Network, cost: Cost, batch_size: int) -> None:
        dtype = network.vector.dtype
        self.network, self.cost = network, cost
        self.transposed = [w.T for w in network.weights]
        self.activations = [np.empty((batch_size, n), dtype) for n in network.sizes[1:]]
        self.primes = [np.empty_like(a) for a in self.activations]
        self.deltas = [np.empty_like(a) for a in self.activations]
        self.ones = np.ones(batch_size, dtype)
        self.gradient = Parameters.zeros(network.sizes, dtype)

    def __call__(self, x: np.ndarray, y: np.ndarray, scale: float) -> np.ndarray:
        """scale times the sum over the batch of every example's gradient, as one vector (nV,).

        The vector is overwritten by the next call. Scaling delta, which is small, scales the whole gradient,
        since everything after BP1 is linear in it.
        """
        gradient, deltas = self.gradient, self.deltas
        inputs = [x, *self.activations]
        for layer, b in enumerate(self.network.biases):
            out = self.activations[layer]
            np.dot(inputs[layer], self.transposed[layer], out=out)
            np.add(out, b, out=out)
            expit(out, out=out)
        self.cost.output_error(self.activations[-1], y, out=deltas[-1])  # BP1
        np.multiply(deltas[-1], scale, out=deltas[-1])
        for layer in range(len(deltas) - 1, -1, -1):
            delta = deltas[layer]
            np.dot(self.ones, delta, out=gradient.biases[layer])  # BP3
            np.dot(delta.T, inputs[layer], out=gradient.weights[layer])  # BP4
            if layer > 0:  # BP2
                before, prime, a = deltas[layer - 1], self.primes[layer - 1], inputs[layer]
                np.dot(delta, self.network.weights[layer], out=before)
                np.subtract(1, a, out=prime)
                np.multiply(prime, a, out=prime)
                np.multiply(before, prime, out=before)
        return gradient.vector


class GradientDescent:
    """A training under way: the network, the velocity, the number of epochs done, and the random generator.

    network: a copy of the one given; its arrays are updated in place
    velocity: (nV,) what momentum carries on
    epoch: epochs done
    """

    def __init__(self, network: Network, config: TrainingConfig, rng: np.random.Generator) -> None:
        self.network, self.config, self.rng = network.copy(), config, rng
        self.velocity = np.zeros_like(network.vector)
        self.epoch = 0
        self._cost = cost_named(config.cost)
        self._by_size: dict[int, _Backpropagation] = {}

    def run_epoch(self, x: np.ndarray, y: np.ndarray) -> None:
        """One pass over the training data x (n, nI), y (n, nO); it is shuffled anew each epoch.

        Raises ValueError when inputs and targets do not fit the network or each other.
        """
        sizes, dtype = self.network.sizes, self.network.vector.dtype
        if x.shape != (len(x), sizes[0]) or y.shape != (len(x), sizes[-1]) or len(x) == 0:
            raise ValueError(
                f"a network of sizes {sizes} takes inputs (n, {sizes[0]}) and targets (n, {sizes[-1]}) "
                f"with n at least 1, got {x.shape} and {y.shape}"
            )
        rate = self.config.learning_rate_at(self.epoch)
        x, y = np.ascontiguousarray(x, dtype), np.ascontiguousarray(y, dtype)
        for x_batch, y_batch in self._batches(x, y):
            self._step(x_batch, y_batch, rate)
        self.epoch += 1

    def _batches(self, x: np.ndarray, y: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        n, size = len(x), self.config.batch_size
        if size is None:  # the order does not matter, and the data need not be copied
            yield x, y
            return
        order = self.rng.permutation(n)
        rows = size * max(1, BLOCK_ROWS // size)
        x_block, y_block = (np.empty((min(rows, n), data.shape[1]), data.dtype) for data in (x, y))
        for start in range(0, n, rows):
            chosen = order[start : start + rows]
            count = len(chosen)
            np.take(x, chosen, axis=0, out=x_block[:count], mode="clip")  # "clip" writes straight into out
            np.take(y, chosen, axis=0, out=y_block[:count], mode="clip")
            for i in range(0, count, size):
                end = min(i + size, count)
                yield x_block[i:end], y_block[i:end]

    def _step(self, x: np.ndarray, y: np.ndarray, rate: float) -> None:
        size = len(x)
        backpropagation = self._by_size.get(size)
        if backpropagation is None:
            backpropagation = self._by_size[size] = _Backpropagation(self.network, self._cost, size)
        v, step = self.network.vector, backpropagation(x, y, rate / size)  # step = eta grad C
        if self.config.weight_decay:
            for w in self.network.weights:
                w *= 1 - rate * self.config.weight_decay
        if self.config.momentum:
            self.velocity *= self.config.momentum
            self.velocity -= step
            v += self.velocity
        else:
            np.subtract(v, step, out=v)


def train(
    network: Network,
    x: np.ndarray,
    y: np.ndarray,
    config: TrainingConfig,
    rng: np.random.Generator,
    on_epoch: Callable[[GradientDescent], None] | None = None,
) -> Network:
    """A trained copy of the network.

    x: (n, nI) float32, y: (n, nO) float32 targets in [0, 1]; on_epoch is called after every epoch with the
    training so far (`.epoch` epochs done, `.network` as it now is).
    """
    descent = GradientDescent(network, config, rng)
    dtype = network.vector.dtype  # converted once here, not once an epoch
    x, y = np.ascontiguousarray(x, dtype), np.ascontiguousarray(y, dtype)
    while descent.epoch < config.epochs:
        descent.run_epoch(x, y)
        if on_epoch is not None:
            on_epoch(descent)
    return descent.network
