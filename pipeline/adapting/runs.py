"""The trainings that an adaptation needs: one for each fold, one on everything; a checkpoint after each pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.line.line_network import LineNetwork
from classifier.network import ConvolutionNetwork
from classifier.weights import Networks, rounded
from pipeline.adapting.check import Answers, read_pictures
from pipeline.adapting.labelled import Picture
from pipeline.adapting.schedule import AdaptSchedule, Base, Versions, mixed, run_pass, start_trainer
from pipeline.reading.together import LineSide
from pipeline.training.checkpoints import TrainingFiles
from pipeline.training.crop.trainer import StringTrainer


@dataclass(eq=False)
class Runs:
    """Trains copies of the parent's second network, in a fixed order, so that a checkpoint says how far they got.

    parent: the second network to start from and to be pulled to; own: for each picture its examples (none where there
    is nothing to cut). identity: what must be the same for a checkpoint to be taken up. on_pass: called after each pass
    of a fold or of all. answers: of each finished pass that was checked, by (run, pass).
    """

    first: ConvolutionNetwork
    parent: ConvolutionNetwork
    pictures: Sequence[Picture]
    own: Sequence[Versions]
    base: Base
    schedule: AdaptSchedule
    seed: int
    files: TrainingFiles
    identity: dict[str, Any]
    on_pass: Callable[[], None] = lambda: None
    answers: dict[str, Answers] = field(default_factory=dict)
    stopped: tuple[int, int, dict[str, NDArray[Any]]] | None = None
    """Of the checkpoint: the run, its passes done, and the trainer's state."""
    line_network: LineNetwork | None = None
    line: LineSide | None = None
    """The parent's second reader, which stays as it is and is asked when held-out pictures are read."""

    def resume(self) -> None:
        """Takes up the checkpoint. Raises UsageError where it is of other data or settings, WeightsError."""
        like = start_trainer(self.first, self.parent, self.schedule).state()
        arrays, state = self.files.load_checkpoint(like, self.identity)
        self.answers = {key: Answers.from_json(record) for key, record in state["answers"].items()}
        self.stopped = state["run"], state["passes"], dict(arrays)

    def check_fold(self, run: int, held_out: NDArray[np.intp]) -> list[Answers]:
        """Trains without the held-out rows; these, read after each number of passes of the schedule."""
        kept = np.setdiff1d(np.arange(len(self.pictures)), held_out)
        pictures = [self.pictures[k] for k in held_out]
        self._train(run, kept, self.schedule.passes[-1], pictures)
        return [self.answers[f"{run}/{passes}"] for passes in self.schedule.passes]

    def train_all(self, run: int, passes: int) -> Networks:
        """The networks after so many passes over everything."""
        return self._train(run, np.arange(len(self.pictures)), passes, [])

    def _train(self, run: int, rows: NDArray[np.intp], passes: int, held_out: Sequence[Picture]) -> Networks:
        trainer = start_trainer(self.first, self.parent, self.schedule)
        own = [self.own[k] for k in rows if self.own[k]]
        base = self.base.with_digits_of(own, self.parent)
        done = self._done(run, trainer)
        for _ in range(min(done, passes)):
            self.on_pass()
        for number in range(done + 1, passes + 1):
            run_pass(trainer, self.parent, own, base, self.schedule, [self.seed, run, number])
            if held_out and number in self.schedule.passes:
                self.answers[f"{run}/{number}"] = read_pictures(self._networks(trainer), held_out, self.line)
            self._save(run, number, trainer)
            self.on_pass()
        return self._networks(trainer)

    def _done(self, run: int, trainer: StringTrainer) -> int:
        """Passes of this run that the checkpoint has; the trainer is put back where it was."""
        if self.stopped is None or run > self.stopped[0]:
            return 0
        if run < self.stopped[0]:
            return max(self.schedule.passes)
        trainer.restore(self.stopped[2])
        return self.stopped[1]

    def _save(self, run: int, passes: int, trainer: StringTrainer) -> None:
        answers = {key: answer.to_json() for key, answer in self.answers.items()}
        self.files.save_checkpoint(trainer.state(), {**self.identity, "run": run, "passes": passes, "answers": answers})

    def _networks(self, trainer: StringTrainer) -> Networks:
        """As they will be when loaded again."""
        second = rounded(mixed(trainer.averaged(), self.parent, self.schedule.kept))
        return Networks(self.first, second, self.line_network)
