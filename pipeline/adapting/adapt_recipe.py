"""Everything that decides adapted weights, apart from the parent and the data; and what came of an adaptation."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipeline.adapting.check import Comparison
from pipeline.adapting.crops.schedule import AdaptSchedule
from pipeline.adapting.lines.line_learner import LineSchedule
from pipeline.adapting.lines.outputs import OutputSchedule
from pipeline.training.recipe import SECOND, Stage

CROPS = ("first", "second")


@dataclass(frozen=True)
class AdaptRecipe:
    """passes: over the user's strings; steps: where they are few, so many more passes (at most four times as many) that
    there are as many mini-batches of the line network. pytorch: whether all of the line network learns where PyTorch is
    installed; line, outputs: how it learns, with PyTorch and without.

    crops: which crop networks learn beside it, and schedule: how; where nothing else could learn, the first does.
    varied: variations of each picture for a crop network. second: the second network where the parent has none.
    base_lines, base_strings: strings mixed in for the line network and for a crop network.

    checked: strings to hold out in all folds together, if there are as many; few: rows up to which a fold holds out one
    row in five, from there on one in three, so that all are held out once at less cost. least: usable rows below which
    nothing is trained.

    rounds, sure: without right answers, how often pictures are labelled anew, and the confidence from which on a text
    that both readers read is taken for right.
    """

    seed: int = 1
    passes: int = 16
    steps: int = 60
    pytorch: bool = True
    line: LineSchedule = field(default_factory=LineSchedule)
    outputs: OutputSchedule = field(default_factory=OutputSchedule)
    crops: tuple[str, ...] = ("first",)
    schedule: AdaptSchedule = field(default_factory=AdaptSchedule)
    second: Stage = SECOND
    varied: int = 3
    base_lines: int = 600
    base_strings: int = 400
    checked: int = 450
    few: int = 60
    least: int = 10
    rounds: int = 3
    sure: float = 0.9

    def __post_init__(self) -> None:
        if (
            self.seed < 0
            or self.varied < 0
            or min(self.passes, self.base_lines, self.base_strings, self.checked, self.rounds) < 1
        ):
            raise ValueError(f"too few strings or passes, or a negative seed: {self}")
        if self.least < 5 or not set(self.crops) <= set(CROPS):
            raise ValueError(f"a fold must hold out at least a row, and crop networks are {CROPS}: {self}")

    @classmethod
    def without_answers(cls, **others: Any) -> AdaptRecipe:
        """The recipe where nobody knows the right answers: half the passes over labels of which some are wrong, and the
        line network alone learns, so that one of the two readers that must agree stays what it was."""
        return cls(**{"passes": 8, "crops": (), **others})

    def passes_over(self, count: int) -> int:
        """Passes over `count` strings."""
        return int(np.clip(self.steps * self.line.strings // count, self.passes, 4 * self.passes))

    def share(self, count: int) -> int:
        """Of `count` rows, each fold holds out one in so many."""
        return 5 if count <= self.few else 3

    def folds(self, count: int) -> int:
        """How many folds of `count` rows are held out, one after the other: more where rows are few."""
        share = self.share(count)
        return min(share, max(2, math.ceil(self.checked * share / count)))


@dataclass(frozen=True)
class AdaptReport:
    """What came of an adaptation. rows: usable; skipped: a sentence for each row that was not. comparison: None where
    there were too few rows to try. passes: of the weights written, 0 where the parent was kept. learned: the networks
    that did."""

    rows: int
    skipped: tuple[str, ...]
    comparison: Comparison | None
    passes: int
    learned: tuple[str, ...] = ()

    @property
    def kept_parent(self) -> bool:
        """Whether the weights written are the parent's."""
        return self.passes == 0

    def warning(self) -> str | None:
        """Why the parent was kept; None where it was not."""
        if not self.kept_parent:
            return None
        why = (
            f"{self.rows} usable rows are too few to learn from and to check"
            if self.comparison is None
            else "adapting did not help more than chance would"
        )
        return f"warning: {why}; the weights written are the parent's, unchanged"
