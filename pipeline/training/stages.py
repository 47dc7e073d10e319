"""The stages of a training: one network after the other, epoch by epoch.

One epoch is one pass over the strings in the pool (string_pool.py), with freshly distorted MNIST digits beside them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from classifier.network import ConvolutionNetwork, forward_blocks
from classifier.weights import Networks, network_arrays, network_card, rounded
from pipeline.reading.lattices.texts import likely_texts
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.style import EVALUATION
from pipeline.training.checkpoints import TrainingFiles, commit, plain, versions
from pipeline.training.crop.examples import Example
from pipeline.training.crop.hard_digits import emphasise
from pipeline.training.crop.path_loss import example_lattice
from pipeline.training.crop.pretraining import pretrain
from pipeline.training.crop.trainer import (
    StringTrainer,
    draw_lone,
    lone_accuracy,
)
from pipeline.training.string_pool import StringData, alone, chunks, draw_examples
from pipeline.training.training_data import ATTRIBUTION, TrainingData

if TYPE_CHECKING:
    from pipeline.training.recipe import Recipe, Stage


@dataclass(frozen=True)
class EpochReport:
    """How the reader does with the averaged network after an epoch (counted from 1) of a stage: held-out strings and
    digits read right."""

    stage: str
    epoch: int
    epochs: int
    loss: float
    strings: float
    digits: float

    def __str__(self) -> str:
        return (
            f"{self.stage} network, epoch {self.epoch} of {self.epochs}: loss {self.loss:.3f}, "
            f"held-out strings {self.strings:.1%}, held-out digits {self.digits:.2%}"
        )


@dataclass(eq=False)
class StageRun:
    """Trains one network after the other on the same data. start: weights with which the first begins, instead of
    chance; report: how the last epoch went."""

    recipe: Recipe
    data: TrainingData
    on_epoch: Callable[[EpochReport], None]
    start: ConvolutionNetwork | None = None
    report: EpochReport | None = None

    def train(
        self, name: str, files: TrainingFiles, identity: dict[str, Any], first: ConvolutionNetwork | None, resume: bool
    ) -> Networks:
        """The networks with the one of this stage trained, rounded as they are saved. Saves the first one itself."""
        stage = self.recipe.stage(name)
        rng = np.random.default_rng(self.recipe.seed)
        trainer = StringTrainer(
            ConvolutionNetwork.initialise(stage.shape, rng), stage.step, stage.weight_decay, first=first
        )
        training = self.data.training
        if first is not None and stage.hard > 1:
            training = emphasise(training, first, stage.hard, self.recipe.seed)
        done = _resume(trainer, files, identity) if resume and files.checkpoint.exists() else 0
        if not done:
            self._begin(trainer, training, stage)
        validation = draw_validation(self.data, self.recipe, first)
        strings = StringData(training, self.data.registers)
        pools = chunks(strings, stage.mixture, self.recipe.seed, done, stage.epochs, stage.pool, first)
        for epoch, pool in enumerate(pools, start=done):
            loss = run_epoch(trainer, pool, self.data, self.recipe, stage, epoch)
            networks = _networks(first, trainer.averaged())
            self.report = _validate(networks, validation, self.data, name, epoch + 1, stage.epochs, loss)
            files.save_checkpoint(trainer.state(), {**identity, "epoch": epoch + 1})
            self.on_epoch(self.report)
        if done == stage.epochs:  # interrupted after the last epoch
            self.report = _validate(
                _networks(first, trainer.averaged()), validation, self.data, name, done, done, float("nan")
            )
        networks = _networks(first, rounded(trainer.averaged()))
        if first is None:
            assert self.report is not None
            kept = {"identity": identity, "report": plain(asdict(self.report))}
            files.save(network_arrays(networks), {**network_card(networks), **kept})
        return networks

    def _begin(self, trainer: StringTrainer, training: Sources, stage: Stage) -> None:
        """Pretraining; after a first network the one that follows says nothing yet, its outputs' weights all zero."""
        network = trainer.network
        if trainer.first is None and self.start is not None:
            for name, value in network.weights.items():
                value[:] = self.start.weights[name]
        if stage.pretraining:
            pretrain(
                network,
                training,
                stage.mixture.styles[0][0],
                stage.pretraining,
                self.recipe.distortion,
                np.random.default_rng([self.recipe.seed, 3]),
            )
        if trainer.first is not None:
            silence(network)
        for name, value in network.weights.items():
            trainer.mean[name][:] = value

    def save(
        self, files: TrainingFiles, networks: Networks, identity: dict[str, Any], confidence: dict[str, Any]
    ) -> None:
        """Weights and card."""
        report = self.report
        assert report is not None
        files.save(
            network_arrays(networks),
            {
                **network_card(networks),
                **identity,
                "commit": commit(),
                "versions": versions(),
                "attribution": ATTRIBUTION,
                "figures": {
                    "epochs": report.epoch,
                    "held_out_strings": report.strings,
                    "held_out_digits": report.digits,
                },
                **confidence,
            },
        )


def silence(network: ConvolutionNetwork) -> None:
    """Make all weighted sums of the outputs zero: added to a first network's, they change nothing."""
    network.weights["output"][:] = 0
    network.weights["output_bias"][:] = 0


def _networks(first: ConvolutionNetwork | None, trained: ConvolutionNetwork) -> Networks:
    return Networks(trained) if first is None else Networks(first, trained)


def draw_validation(data: TrainingData, recipe: Recipe, first: ConvolutionNetwork | None = None) -> list[Example]:
    """Examples of strings by writers that are never trained on, the same for every seed."""
    rng = np.random.default_rng(2003)
    return draw_examples(rng, StringData(data.held_out), alone(EVALUATION), recipe.validation_strings, first)


def run_epoch(
    trainer: StringTrainer, pool: list[Example], data: TrainingData, recipe: Recipe, stage: Stage, epoch: int
) -> float:
    """One pass over the pool in random order; the mean path loss."""
    rng = np.random.default_rng([recipe.seed, epoch, 1])
    order = rng.permutation(len(pool))
    size = stage.step.strings
    steps = len(pool) // size
    losses = []
    for step in range(steps):
        strings = [pool[k] for k in order[step * size : (step + 1) * size]]
        lone, labels = draw_lone(*data.lone, stage.step.lone, rng, recipe.distortion)
        losses.append(trainer.step(strings, lone, labels, learning_rate(stage, epoch + step / steps)))
    return float(np.mean(losses))


def learning_rate(stage: Stage, progress: float) -> float:
    """Warm-up, then a cosine. progress: epochs done, fractional."""
    rising = min(1.0, (progress + 0.02) / stage.warm_up) if stage.warm_up else 1.0
    return stage.learning_rate * rising * max(0.005, 0.5 * (1 + math.cos(math.pi * progress / stage.epochs)))


def _validate(
    networks: Networks, strings: list[Example], data: TrainingData, stage: str, epoch: int, epochs: int, loss: float
) -> EpochReport:
    digits = lone_accuracy(networks, *data.lone_held_out)
    return EpochReport(stage, epoch, epochs, loss, string_accuracy(networks.second or networks.first, strings), digits)


def string_accuracy(network: ConvolutionNetwork, examples: list[Example]) -> float:
    """Share of strings whose likeliest text over the full lattice is right; network: the one the examples are for."""
    right = 0
    for example in examples:
        sums = forward_blocks(network, example.crops.astype(np.float32) / np.float32(255), example.measures)
        found = likely_texts(example_lattice(example, example.scores(sums)), 1)
        right += bool(found) and found[0][0] == example.text
    return right / max(1, len(examples))


def _resume(trainer: StringTrainer, files: TrainingFiles, identity: dict[str, Any]) -> int:
    arrays, state = files.load_checkpoint(trainer.state(), plain(identity))
    trainer.restore(arrays)
    return int(state["epoch"])
