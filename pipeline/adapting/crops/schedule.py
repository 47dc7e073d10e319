"""Training a crop network on a user's strings, with strings of the parent's own kind beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from classifier.distortions import Distortion
from classifier.network import DIGITS, ConvolutionNetwork, forward_blocks
from pipeline.formats.automaton import spelling
from pipeline.reading.lattices.paths import posteriors
from pipeline.training.crop.examples import Example
from pipeline.training.crop.path_loss import example_lattice
from pipeline.training.crop.trainer import StepConfig, StringTrainer, draw_lone

Float = NDArray[np.float32]
Versions = tuple[Example, ...]

ALIGNED = 0.5  # posterior, among the paths that spell the text, above which a span is taken for its digit


@dataclass(frozen=True)
class AdaptSchedule:
    """How a crop network is adapted.

    learning_rate: constant, after a warm-up of `warm_up` mini-batches. pull: towards the parent's weights, per unit of
    learning rate, as weight decay is towards zero. averaging: of the running mean of the weights. share: of a
    mini-batch that is the user's. own_lone: single digits out of the user's strings in a mini-batch, beside those of
    the step. kept: how much of the parent's weights is mixed into those found: on the way from one to the other little
    is forgotten and as much is gained (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").
    """

    learning_rate: float = 6e-4
    warm_up: int = 20
    pull: float = 0.5
    averaging: float = 0.98
    share: float = 2 / 3
    step: StepConfig = field(default_factory=lambda: StepConfig(strings=18, lone=48, span_weight=0.3))
    own_lone: int = 24
    kept: float = 0.3

    def __post_init__(self) -> None:
        if (
            not (self.learning_rate > 0 and 0 < self.averaging < 1 and 0 <= self.kept < 1)
            or min(self.warm_up, self.pull, self.own_lone) < 0
        ):
            raise ValueError(f"not a schedule: {self}")
        if not 1 <= self.own_strings <= self.step.strings:
            raise ValueError(f"a mini-batch needs strings of the user's: {self}")

    @property
    def own_strings(self) -> int:
        """The user's strings in a mini-batch."""
        return round(self.share * self.step.strings)


@dataclass(frozen=True, eq=False)
class Base:
    """What the parent must not forget. strings: examples; images, (N, 28, 28) uint8, 255 = ink, and labels, (N,):
    single digits, N may be 0. own_images, own_labels: the same out of the user's strings."""

    strings: Sequence[Example]
    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    own_images: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, 28, 28), np.uint8))
    own_labels: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))

    def __post_init__(self) -> None:
        if not self.strings or len(self.images) != len(self.labels) or len(self.own_images) != len(self.own_labels):
            raise ValueError("strings, and a label for each image, are needed")

    def lone(self, count: int, own: int, rng: np.random.Generator) -> tuple[Float, NDArray[np.uint8]]:
        """`count` freshly distorted single digits and `own` of the user's (none where there are no images), labels."""
        old, old_labels = _distorted(self.images, self.labels, count, rng)
        new, new_labels = _distorted(self.own_images, self.own_labels, own, rng)
        return np.concatenate([old, new]), np.concatenate([old_labels, new_labels])

    def with_digits_of(self, own: Sequence[Versions], network: ConvolutionNetwork) -> Base:
        """The same with the single digits of the user's strings, as far as it is clear which spans they are.

        Forced alignment: a span is a digit if most of the weight of the paths that spell the text reads it so.
        """
        images, labels = [], []
        for example, *_ in own:
            sums = forward_blocks(network, example.crops.astype(np.float32) / np.float32(255), example.measures)
            text, _ = spelling([example.text])
            chances, _ = posteriors(example_lattice(example, example.scores(sums)), text)
            for row, digit in zip(*np.nonzero(chances[example.rows, :DIGITS] > ALIGNED), strict=True):
                images.append(example.crops[row, 0])
                labels.append(digit)
        if not images:
            return self
        return replace(self, own_images=np.stack(images), own_labels=np.array(labels, dtype=np.uint8))


def _distorted(
    images: NDArray[np.uint8], labels: NDArray[np.uint8], count: int, rng: np.random.Generator
) -> tuple[Float, NDArray[np.uint8]]:
    if not len(images):
        return np.zeros((0, 28, 28), np.float32), np.zeros(0, np.uint8)
    return draw_lone(images, labels, count, rng, Distortion())


def start_trainer(
    first: ConvolutionNetwork | None, parent: ConvolutionNetwork, schedule: AdaptSchedule
) -> StringTrainer:
    """The trainer of a copy of the parent's network; first: the one before it, if any."""
    copy = ConvolutionNetwork(parent.shape, {name: value.copy() for name, value in parent.weights.items()})
    return StringTrainer(copy, schedule.step, decay=0.0, averaging=schedule.averaging, first=first)


def run_pass(
    trainer: StringTrainer,
    parent: ConvolutionNetwork,
    own: Sequence[Versions],
    base: Base,
    schedule: AdaptSchedule,
    seed: Sequence[int],
) -> float:
    """One pass over the user's strings, of each a version drawn at random; the mean path loss in nats.

    seed: of everything random in this pass.
    """
    rng = np.random.default_rng(seed)
    order, size = rng.permutation(len(own)), schedule.own_strings
    losses = []
    for begin in range(0, len(order), size):
        picks = order[begin : begin + size]
        strings = [own[k][int(rng.integers(len(own[k])))] for k in picks]
        others = rng.integers(len(base.strings), size=schedule.step.strings - len(strings))
        strings += [base.strings[k] for k in others]
        rate = schedule.learning_rate * min(1.0, (trainer.optimiser.steps + 1) / (schedule.warm_up + 1))
        losses.append(trainer.step(strings, *base.lone(schedule.step.lone, schedule.own_lone, rng), rate))
        _pull(trainer.network, parent, rate * schedule.pull)
    return float(np.mean(losses)) if losses else 0.0


def mixed(network: ConvolutionNetwork, parent: ConvolutionNetwork, kept: float) -> ConvolutionNetwork:
    """A network with weights on the straight way from a trained one's to its parent's, `kept` of the way."""
    return ConvolutionNetwork(
        network.shape,
        {
            name: (weight + np.float32(kept) * (parent.weights[name] - weight))
            for name, weight in network.weights.items()
        },
    )


def _pull(network: ConvolutionNetwork, parent: ConvolutionNetwork, share: float) -> None:
    """Moves the weights this share of the way back to the parent's."""
    for name, weight in network.weights.items():
        weight += np.float32(share) * (parent.weights[name] - weight)
