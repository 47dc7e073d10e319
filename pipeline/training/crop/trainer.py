"""Training on whole strings: path loss over lattices, with spans and lone digits taught beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.arrays import Crops, Inks, Logits, Measures, Weights
from classifier.distortions import Distortion, distort
from classifier.network import DIGITS, SYMBOLS, ConvolutionNetwork, forward_blocks
from classifier.optimiser import Adam
from classifier.sigmoid import sigmoid
from classifier.weights import Networks
from pipeline.reading.lattices.characters import MEASURES
from pipeline.reading.lattices.rescoring import second_measures
from pipeline.training.crop.examples import Example
from pipeline.training.crop.path_loss import path_loss

LEAST_DELTA = 1e-3  # spans whose error is smaller are not worth backpropagating
BLOCK = 64  # crops that go through the network at once


@dataclass(frozen=True)
class StepConfig:
    """strings and lone digits in a mini-batch; weights of the three terms of the cost."""

    strings: int = 12
    lone: int = 96
    span_weight: float = 0.15
    lone_weight: float = 0.3
    path_weight: float = 1.0


class StringTrainer:
    """One network, its optimiser, and a running mean of its weights (Polyak and Juditsky 1992).

    first: the network whose sums this one adds to; None for a first network.
    """

    def __init__(
        self,
        network: ConvolutionNetwork,
        config: StepConfig,
        decay: float = 1e-2,
        averaging: float = 0.998,
        first: ConvolutionNetwork | None = None,
    ):
        self.network, self.config, self.averaging, self.first = network, config, averaging, first
        self.optimiser = Adam(network.weights, decay)
        self.mean = {name: value.copy() for name, value in network.weights.items()}

    def step(self, strings: list[Example], lone: Inks, labels: NDArray[np.uint8], learning_rate: float) -> float:
        """One mini-batch; the mean path loss of its strings in nats.

        lone: (M, 28, 28) float32 crops of single digits, labels: (M,).
        """
        crops, measures, lone_base = self._inputs(strings, lone)
        sums = forward_blocks(self.network, crops, measures)
        deltas, loss = self._deltas(strings, sums, lone_base, labels)
        chosen = np.flatnonzero(np.abs(deltas).max(axis=1) > LEAST_DELTA)
        gradients: dict[str, Weights] = {}
        for begin in range(0, len(chosen), BLOCK):
            rows = chosen[begin : begin + BLOCK]
            part, _ = self.network.backpropagate(crops[rows], measures[rows], _always(deltas[rows]))
            for name, value in part.items():
                gradients[name] = gradients[name] + value if name in gradients else value
        self.optimiser.step(clipped(gradients), learning_rate)
        self._average()
        return loss

    def _inputs(self, strings: list[Example], lone: Inks) -> tuple[Crops, Measures, Logits]:
        """Crops (N, 2, 28, 28) and measures of all, and (lone, 11) what the sums for the lone digits are added to."""
        count = sum(len(example.rows) for example in strings)
        crops = np.zeros((count + len(lone), 2, 28, 28), dtype=np.float32)
        np.concatenate([example.crops for example in strings], out=crops[:count], casting="unsafe")
        crops[:count] *= np.float32(1 / 255)
        crops[count:, 0] = lone
        lone_measures, lone_base = lone_inputs(self.first, crops[count:])
        measures = np.concatenate([*(example.measures for example in strings), lone_measures])
        return crops, measures, lone_base

    def _deltas(
        self, strings: list[Example], sums: Logits, lone_base: Logits, labels: NDArray[np.uint8]
    ) -> tuple[Logits, float]:
        """Errors of the output layer (N, 11), and the mean path loss."""
        config = self.config
        deltas = np.zeros_like(sums)
        at, losses = 0, []
        for example in strings:
            here = slice(at, at + len(example.rows))
            scores = example.scores(sums[here])
            loss, gradient = path_loss(example, scores)
            losses.append(loss)
            deltas[here] = config.path_weight * gradient[example.rows]
            if example.targets is not None:
                outputs, targets = sigmoid(scores[example.rows]), example.targets[example.rows]
                deltas[here] += config.span_weight * (outputs - targets) * ~example.empty[example.rows, None]
            at = here.stop
        lone_targets = np.zeros((len(labels), SYMBOLS), dtype=np.float32)
        lone_targets[np.arange(len(labels)), labels] = 1
        deltas[at:] = config.lone_weight * (sigmoid(sums[at:] + lone_base) - lone_targets)
        deltas /= len(strings)
        return deltas, float(np.nanmean(losses)) if losses else 0.0

    def _average(self) -> None:
        keep = min(self.averaging, self.optimiser.steps / (self.optimiser.steps + 10))
        for name, value in self.network.weights.items():
            self.mean[name] += np.float32(1 - keep) * (value - self.mean[name])

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything needed to go on after a stop, as named arrays."""
        parts = {"weight": self.network.weights, "average": self.mean, "optimiser": self.optimiser.state()}
        return {f"{part}/{name}": value for part, arrays in parts.items() for name, value in arrays.items()}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take up a saved `state`."""
        for name in self.network.weights:
            self.network.weights[name][:] = arrays[f"weight/{name}"]
            self.mean[name][:] = arrays[f"average/{name}"]
        prefix = "optimiser/"
        self.optimiser.restore({k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)})

    def averaged(self) -> ConvolutionNetwork:
        """The network with the running mean of its weights."""
        return ConvolutionNetwork(self.network.shape, {name: value.copy() for name, value in self.mean.items()})


def _always(error: Logits) -> Callable[[Logits], Logits]:
    """The error of the output layer where it is known beforehand."""
    return lambda z: error


def clipped(gradients: dict[str, Weights], limit: float = 5.0) -> dict[str, Weights]:
    """Gradients scaled down together where their common norm exceeds the limit."""
    norm = float(np.sqrt(sum(float((g * g).sum()) for g in gradients.values())))
    return {name: g * np.float32(limit / norm) for name, g in gradients.items()} if norm > limit else gradients


def lone_accuracy(networks: Networks, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> float:
    """Share of single digits, (N, 28, 28) uint8, whose highest digit output is the right one."""
    crops = np.zeros((len(images), 2, 28, 28), dtype=np.float32)
    crops[:, 0] = images.astype(np.float32) / np.float32(255)
    return float((lone_sums(networks, crops)[:, :DIGITS].argmax(axis=1) == labels).mean())


def lone_inputs(first: ConvolutionNetwork | None, crops: Crops) -> tuple[Measures, Logits]:
    """What the network in training sees beside the crops (M, 2, 28, 28) of lone digits, and what its sums (M, 11) are
    added to; first: the network before it, if any."""
    measures = np.zeros((len(crops), MEASURES), dtype=np.float32)
    if first is None:
        return measures, np.zeros((len(crops), SYMBOLS), dtype=np.float32)
    base = forward_blocks(first, crops, measures)
    return second_measures(measures, base), base


def lone_sums(networks: Networks, crops: Crops) -> Logits:
    """Sums (N, 11), of all networks together, of crops (N, 2, 28, 28) whose field nobody knows."""
    if networks.second is None:
        return forward_blocks(networks.first, crops, lone_inputs(None, crops)[0])
    measures, base = lone_inputs(networks.first, crops)
    return base + forward_blocks(networks.second, crops, measures)


def draw_lone(
    images: NDArray[np.uint8], labels: NDArray[np.uint8], count: int, rng: np.random.Generator, distortion: Distortion
) -> tuple[Inks, NDArray[np.uint8]]:
    """`count` freshly distorted digits and their labels."""
    picks = rng.integers(len(images), size=count)
    return distort(images[picks].astype(np.float32) / np.float32(255), rng, distortion), labels[picks]
