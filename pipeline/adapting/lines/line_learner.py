"""The line network learns from a user's strings: all its layers, in PyTorch (training/line_tuning.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from classifier.line.line_network import LineNetwork
from classifier.weights import Networks, rounded
from pipeline.adapting.learners import Arrays, Texts
from pipeline.adapting.lines.line_examples import LineVariation, OwnLine, batches
from pipeline.training.line.line_strings import LineBatch, LineString

if TYPE_CHECKING:
    from pipeline.training.line.line_tuning import LineTuner


@dataclass(frozen=True)
class LineSchedule:
    """strings: of the user's in a mini-batch; as many base strings are seen beside them. looked_at: most strings of
    either kind from which the norms' statistics are taken. parent: strings for which the parent's weights count when
    they are mixed into those found: the fewer a user's strings, the more they are of chance. The other names are those
    of training/line_tuning.py."""

    strings: int = 16
    looked_at: int = 64
    learning_rate: float = 5e-4
    parent: int = 100
    norms: bool = False
    variation: LineVariation = field(default_factory=LineVariation)

    def __post_init__(self) -> None:
        if min(self.strings, self.looked_at) < 1 or not self.learning_rate > 0 or self.parent < 0:
            raise ValueError(f"not a schedule: {self}")

    def kept(self, count: int) -> float:
        """How much of the parent's weights is mixed into those found on so many strings."""
        return self.parent / (self.parent + count)


@dataclass(frozen=True, eq=False)
class LineLearner:
    """own: a line for each picture; base: strings mixed in."""

    parent: LineNetwork
    own: Sequence[OwnLine]
    base: Sequence[LineString]
    schedule: LineSchedule
    name: str = "line"

    def begin(self, texts: Texts, passes: int, seed: tuple[int, ...]) -> LineCourse:
        """As `Learner`."""
        from pipeline.training.line.line_tuning import LineTuner, TuningConfig

        schedule = self.schedule
        plain = [string for k, text in texts.items() for string in self.own[k].strings(text)]
        rng = np.random.default_rng(seed)
        shown = [plain[k] for k in rng.permutation(len(plain))[: schedule.looked_at]]
        shown += self.base[: max(len(shown), schedule.strings)]
        kept = schedule.kept(len(texts))
        config = TuningConfig(learning_rate=schedule.learning_rate, kept=kept, norms=schedule.norms)
        steps = passes * -(-len(texts) // schedule.strings)
        tuner = LineTuner(self.parent, list(batches(shown, schedule.strings, rng)), steps, config)
        return LineCourse(self, texts, seed, tuner)


@dataclass(frozen=True, eq=False)
class LineCourse:
    """A training on some of the pictures."""

    learner: LineLearner
    texts: Texts
    seed: tuple[int, ...]
    tuner: LineTuner

    def run_pass(self, number: int) -> None:
        """As `Course`."""
        rng = np.random.default_rng([*self.seed, number])
        own, base = draw_pass(self.learner, self.texts, rng)
        self.tuner.seed(int(rng.integers(2**31)))
        for mine, others in zip(own, base, strict=True):
            self.tuner.step(mine, others)

    def learned(self, networks: Networks) -> Networks:
        """As `Course`."""
        return replace(networks, line=rounded(self.tuner.network()))

    def state(self) -> Arrays:
        """As `Course`."""
        return self.tuner.state()

    def restore(self, arrays: Arrays) -> None:
        """As `Course`."""
        self.tuner.restore(arrays)


def draw_pass(learner: LineLearner, texts: Texts, rng: np.random.Generator) -> tuple[list[LineBatch], list[LineBatch]]:
    """Batches of one pass: of each of the user's strings a variation, and as many base strings."""
    schedule = learner.schedule
    drawn = (learner.own[k].varied(text, rng, schedule.variation) for k, text in texts.items())
    own = [string for string in drawn if string is not None]
    base = [learner.base[int(k)] for k in rng.integers(len(learner.base), size=len(own))]
    return list(batches(own, schedule.strings, rng)), list(batches(base, schedule.strings, rng))
