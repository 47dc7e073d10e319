"""Training on whole strings: path loss over lattices, with spans and lone digits taught beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.convolution import DIGITS, OUTPUTS, ConvolutionNetwork
from classifier.distortions import Distortion, distort
from classifier.optimiser import Adam
from pipeline.reading.characters import MEASURES
from pipeline.training.examples import Example
from pipeline.training.path_loss import path_loss

Float = NDArray[np.float32]

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
    """One network, its optimiser, and a running mean of its weights (Polyak and Juditsky 1992)."""

    def __init__(self, network: ConvolutionNetwork, config: StepConfig, decay: float = 1e-2, averaging: float = 0.998):
        self.network, self.config, self.averaging = network, config, averaging
        self.optimiser = Adam(network.weights, decay)
        self.mean = {name: value.copy() for name, value in network.weights.items()}

    def step(self, strings: list[Example], lone: Float, labels: NDArray[np.uint8], learning_rate: float) -> float:
        """One mini-batch; the mean path loss of its strings in nats.

        lone: (M, 28, 28) float32 crops of single digits, labels: (M,).
        """
        crops, measures = self._inputs(strings, lone)
        sums = forward_blocks(self.network, crops, measures)
        deltas, loss = self._deltas(strings, sums, labels)
        chosen = np.flatnonzero(np.abs(deltas).max(axis=1) > LEAST_DELTA)
        gradients: dict[str, Float] = {}
        for begin in range(0, len(chosen), BLOCK):
            rows = chosen[begin:begin + BLOCK]
            part, _ = self.network.backpropagate(crops[rows], measures[rows], lambda z, rows=rows: deltas[rows])
            for name, value in part.items():
                gradients[name] = gradients[name] + value if name in gradients else value
        self.optimiser.step(clipped(gradients), learning_rate)
        self._average()
        return loss

    def _inputs(self, strings: list[Example], lone: Float) -> tuple[Float, Float]:
        count = sum(len(example.start) for example in strings)
        crops = np.zeros((count + len(lone), 2, 28, 28), dtype=np.float32)
        np.concatenate([example.crops for example in strings], out=crops[:count], casting="unsafe")
        crops[:count] *= np.float32(1 / 255)
        crops[count:, 0] = lone
        measures = np.zeros((len(crops), MEASURES), dtype=np.float32)
        np.concatenate([example.measures for example in strings], out=measures[:count])
        return crops, measures

    def _deltas(self, strings: list[Example], sums: Float, labels: NDArray[np.uint8]) -> tuple[Float, float]:
        """Errors of the output layer (N, 11), and the mean path loss."""
        config = self.config
        deltas = np.zeros_like(sums)
        outputs = sigmoid(sums)
        at, losses = 0, []
        for example in strings:
            here = slice(at, at + len(example.start))
            loss, gradient = path_loss(example, sums[here])
            losses.append(loss)
            deltas[here] = config.path_weight * gradient
            if example.targets is not None:
                deltas[here] += config.span_weight * (outputs[here] - example.targets) * ~example.empty[:, None]
            at = here.stop
        lone_targets = np.zeros((len(labels), OUTPUTS), dtype=np.float32)
        lone_targets[np.arange(len(labels)), labels] = 1
        deltas[at:] = config.lone_weight * (outputs[at:] - lone_targets)
        deltas /= len(strings)
        return deltas, float(np.nanmean(losses)) if losses else 0.0

    def _average(self) -> None:
        keep = min(self.averaging, self.optimiser.steps / (self.optimiser.steps + 10))
        for name, value in self.network.weights.items():
            self.mean[name] += np.float32(1 - keep) * (value - self.mean[name])

    def averaged(self) -> ConvolutionNetwork:
        """The network with the running mean of its weights."""
        return ConvolutionNetwork(self.network.shape, {name: value.copy() for name, value in self.mean.items()})


def forward_blocks(network: ConvolutionNetwork, crops: Float, measures: Float) -> Float:
    """Weighted sums (N, 11), computed in blocks that fit the processor's cache."""
    parts = [network.forward(crops[k:k + BLOCK], measures[k:k + BLOCK]) for k in range(0, len(crops), BLOCK)]
    return np.concatenate(parts) if parts else np.zeros((0, OUTPUTS), dtype=np.float32)


def sigmoid(z: Float) -> Float:
    """1 / (1 + exp(-z)), stable: as a tanh it never overflows."""
    return 0.5 * (np.tanh(0.5 * z) + 1)


def clipped(gradients: dict[str, Float], limit: float = 5.0) -> dict[str, Float]:
    """Gradients scaled down together where their common norm exceeds the limit."""
    norm = float(np.sqrt(sum(float((g * g).sum()) for g in gradients.values())))
    return {name: g * np.float32(limit / norm) for name, g in gradients.items()} if norm > limit else gradients


def lone_accuracy(network: ConvolutionNetwork, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> float:
    """Share of single digits, (N, 28, 28) uint8, whose highest digit output is the right one."""
    crops = np.zeros((len(images), 2, 28, 28), dtype=np.float32)
    crops[:, 0] = images.astype(np.float32) / np.float32(255)
    sums = forward_blocks(network, crops, np.zeros((len(images), MEASURES), dtype=np.float32))
    return float((sums[:, :DIGITS].argmax(axis=1) == labels).mean())


def draw_lone(images: NDArray[np.uint8], labels: NDArray[np.uint8], count: int, rng: np.random.Generator,
              distortion: Distortion) -> tuple[Float, NDArray[np.uint8]]:
    """`count` freshly distorted digits and their labels."""
    picks = rng.integers(len(images), size=count)
    return distort(images[picks].astype(np.float32) / np.float32(255), rng, distortion), labels[picks]
