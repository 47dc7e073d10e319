"""The line network's last layer learns from a user's strings, in numpy: what can be done without PyTorch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from classifier.line.line_network import LineNetwork
from classifier.optimiser import Adam
from classifier.weights import Networks, rounded
from pipeline.adapting.learners import Arrays, Texts
from pipeline.adapting.lines.line_examples import LineVariation, OwnLine
from pipeline.training.line.ctc_gradient import ctc_gradient
from pipeline.training.line.line_strings import LineString

OUTPUT = ("output", "output_bias")


@dataclass(frozen=True)
class OutputSchedule:
    """strings: of the user's in a mini-batch, with as many base strings. pull: towards the parent's weights, per unit
    of learning rate. kept: how much of the parent's weights is mixed into those found."""

    strings: int = 16
    learning_rate: float = 1e-3
    pull: float = 1.0
    kept: float = 0.2
    variation: LineVariation = field(default_factory=LineVariation)

    def __post_init__(self) -> None:
        if self.strings < 1 or not self.learning_rate > 0 or self.pull < 0 or not 0 <= self.kept < 1:
            raise ValueError(f"not a schedule: {self}")


@dataclass(frozen=True, eq=False)
class OutputLearner:
    """own: a line for each picture; base: strings mixed in."""

    parent: LineNetwork
    own: Sequence[OwnLine]
    base: Sequence[LineString]
    schedule: OutputSchedule
    name: str = "line"

    def begin(self, texts: Texts, passes: int, seed: tuple[int, ...]) -> OutputCourse:
        """As `Learner`."""
        return OutputCourse(self, texts, seed)


class OutputCourse:
    """A training on some of the pictures; the layers below stay as they are."""

    def __init__(self, learner: OutputLearner, texts: Texts, seed: tuple[int, ...]) -> None:
        self.learner, self.texts, self.seed = learner, texts, seed
        self.weights = {name: learner.parent.weights[name].copy() for name in OUTPUT}
        self.optimiser = Adam(self.weights)

    def run_pass(self, number: int) -> None:
        """As `Course`."""
        rng = np.random.default_rng([*self.seed, number])
        learner, schedule = self.learner, self.learner.schedule
        order = rng.permutation(list(self.texts))
        for begin in range(0, len(order), schedule.strings):
            drawn = (
                learner.own[k].varied(self.texts[k], rng, schedule.variation)
                for k in order[begin : begin + schedule.strings].tolist()
            )
            own = [string for string in drawn if string is not None]
            base = [learner.base[int(k)] for k in rng.integers(len(learner.base), size=len(own))]
            self._step([*own, *base])

    def _step(self, strings: Iterable[LineString]) -> None:
        """One mini-batch."""
        gradients = {name: np.zeros_like(value) for name, value in self.weights.items()}
        for string in strings:
            seen = self.learner.parent.features(string.picture)
            sums = seen @ self.weights["output"] + self.weights["output_bias"]
            loss, gradient = ctc_gradient(sums, string.written, string.marks_known)
            if np.isfinite(loss):
                share = gradient / max(1, len(string.written))
                gradients["output"] += seen.T @ share
                gradients["output_bias"] += share.sum(axis=0)
        schedule = self.learner.schedule
        self.optimiser.step(gradients, schedule.learning_rate)
        for name, value in self.weights.items():
            value += np.float32(schedule.learning_rate * schedule.pull) * (self.learner.parent.weights[name] - value)

    def learned(self, networks: Networks) -> Networks:
        """As `Course`."""
        parent, kept = self.learner.parent, np.float32(self.learner.schedule.kept)
        found: dict[str, NDArray[np.float32]] = {
            name: value + kept * (parent.weights[name] - value) for name, value in self.weights.items()
        }
        return replace(networks, line=rounded(LineNetwork(parent.shape, {**parent.weights, **found})))

    def state(self) -> Arrays:
        """As `Course`."""
        own = {f"weight/{name}": value.copy() for name, value in self.weights.items()}
        return own | {f"optimiser/{name}": value for name, value in self.optimiser.state().items()}

    def restore(self, arrays: Arrays) -> None:
        """As `Course`."""
        for name, value in self.weights.items():
            value[:] = arrays[f"weight/{name}"]
        prefix = "optimiser/"
        self.optimiser.restore({k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)})
