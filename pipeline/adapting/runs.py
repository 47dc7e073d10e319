"""The trainings that an adaptation needs, in a fixed order: a checkpoint after each pass says how far they got.

All begin with the parent's weights, so that the mean of what they end with is a network, too, and as a rule a better
one than each: what chance gave to one training the others take back (Wortsman et al. 2022, "Model soups").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.weights import Networks, rounded
from pipeline.adapting.learners import Arrays, Courses, Learner, Texts
from pipeline.training.checkpoints import TrainingFiles

SUMS = "sums/"  # before the names of what finished runs learned, in a checkpoint


@dataclass(eq=False)
class Runs:
    """Trains copies of the parent's networks.

    identity: what must be the same for a checkpoint to be taken up. on_pass: called after each pass. records: what came
    of each finished run that was judged, as JSON, by its number.
    """

    parent: Networks
    learners: Sequence[Learner]
    passes: int
    seed: int
    files: TrainingFiles
    identity: dict[str, Any]
    on_pass: Callable[[], None] = lambda: None
    records: dict[str, Any] = field(default_factory=dict)
    finished: int = 0
    sums: Arrays = field(default_factory=dict)
    """Of the weights that the finished runs ended with, by name of network and array."""
    stopped: tuple[int, int, Arrays] | None = None
    """Of the checkpoint: the run, its passes done, and the courses' state."""

    def resume(self) -> None:
        """Takes up the checkpoint. Raises UsageError where it is of other data or settings, WeightsError."""
        arrays, state = self.files.load_checkpoint(None, self.identity)
        self.records, self.finished = dict(state["records"]), state["finished"]
        self.sums = {name.removeprefix(SUMS): value for name, value in arrays.items() if name.startswith(SUMS)}
        self.stopped = state["run"], state["passes"], dict(arrays)

    def judged(self, run: int, texts: Texts, judge: Callable[[Networks], Any], together: bool = False) -> Any:
        """What `judge` says, as JSON, of the networks trained on these texts or, `together`, of their mean with those
        of the runs before; once, also where a run is taken up."""
        name = str(run)
        if name not in self.records:
            networks, courses = self._train(run, texts)
            self._add(networks)
            self.records[name] = judge(self._mean(networks) if together else networks)
            self._save(run, self.passes, courses)
        else:
            for _ in range(self.passes):
                self.on_pass()
        return self.records[name]

    def train(self, run: int, texts: Texts) -> Networks:
        """The mean of the networks trained on these texts (number of a picture -> its digits) and of all before."""
        networks, _ = self._train(run, texts)
        self._add(networks)
        return self._mean(networks)

    def _add(self, networks: Networks) -> None:
        """To the sums of what was learned."""
        named = networks.named()
        for learner in self.learners:
            for key, value in named[learner.name].weights.items():
                name = f"{learner.name}/{key}"
                self.sums[name] = value + self.sums.get(name, np.float32(0))
        self.finished += 1

    def _mean(self, networks: Networks) -> Networks:
        """The last run's networks, with the mean of all finished runs in place of those that learned."""
        named = networks.named()
        means: dict[str, Any] = {}
        for learner in self.learners:
            name, last = learner.name, named[learner.name]
            mean: Any = replace(last, weights={key: self._mean_of(f"{name}/{key}") for key in last.weights})
            means[name] = rounded(mean)
        return replace(networks, **means)

    def _mean_of(self, name: str) -> NDArray[np.float32]:
        return (self.sums[name] / self.finished).astype(np.float32)

    def _train(self, run: int, texts: Mapping[int, str]) -> tuple[Networks, Courses]:
        begun = {each.name: each.begin(texts, self.passes, (self.seed, run)) for each in self.learners}
        courses, done = Courses(begun), 0
        if self.stopped is not None and self.stopped[0] == run:
            done = self.stopped[1]
            courses.restore(self.stopped[2])
        for number in range(1, self.passes + 1):
            if number > done:
                courses.run_pass(number)
                self._save(run, number, courses)
            self.on_pass()
        return courses.learned(self.parent), courses

    def _save(self, run: int, passes: int, courses: Courses) -> None:
        state = {**self.identity, "run": run, "passes": passes, "records": self.records, "finished": self.finished}
        sums = {f"{SUMS}{name}": value for name, value in self.sums.items()}
        self.files.save_checkpoint({**courses.state(), **sums}, state)
