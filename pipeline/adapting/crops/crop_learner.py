"""A crop network learns from a user's strings: the first one, or a second one whose sums are added to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from classifier.network import ConvolutionNetwork
from classifier.weights import Networks, rounded
from pipeline.adapting.crops.schedule import AdaptSchedule, Base, Versions, mixed, run_pass, start_trainer
from pipeline.adapting.learners import Arrays, Texts
from pipeline.training.crop.trainer import StringTrainer


@dataclass(frozen=True, eq=False)
class CropLearner:
    """name: "first" or "second". parent: the network of that name to start from and to be pulled to. before: the
    network whose sums it adds to; None for a first one. own: for each picture its examples, none where there is nothing
    to cut."""

    name: str
    parent: ConvolutionNetwork
    before: ConvolutionNetwork | None
    own: Sequence[Versions]
    base: Base
    schedule: AdaptSchedule

    def begin(self, texts: Texts, passes: int, seed: tuple[int, ...]) -> CropCourse:
        """As `Learner`."""
        own = [tuple(replace(each, text=text) for each in self.own[k]) for k, text in texts.items() if self.own[k]]
        trainer = start_trainer(self.before, self.parent, self.schedule)
        return CropCourse(self, own, self.base.with_digits_of(own, self.parent), seed, trainer)


@dataclass(frozen=True, eq=False)
class CropCourse:
    """A training on some of the pictures."""

    learner: CropLearner
    own: Sequence[Versions]
    base: Base
    seed: tuple[int, ...]
    trainer: StringTrainer

    def run_pass(self, number: int) -> None:
        """As `Course`."""
        learner = self.learner
        run_pass(self.trainer, learner.parent, self.own, self.base, learner.schedule, [*self.seed, number])

    def learned(self, networks: Networks) -> Networks:
        """As `Course`, rounded as they will be when loaded again."""
        learner = self.learner
        network = rounded(mixed(self.trainer.averaged(), learner.parent, learner.schedule.kept))
        return replace(networks, first=network) if learner.name == "first" else replace(networks, second=network)

    def state(self) -> Arrays:
        """As `Course`."""
        return self.trainer.state()

    def restore(self, arrays: Arrays) -> None:
        """As `Course`."""
        self.trainer.restore(arrays)
