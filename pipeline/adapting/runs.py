"""The trainings that an adaptation needs, in a fixed order: a checkpoint after each pass says how far they got."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from classifier.weights import Networks
from pipeline.adapting.learners import Arrays, Courses, Learner, Texts
from pipeline.training.checkpoints import TrainingFiles


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
    stopped: tuple[int, int, Arrays] | None = None
    """Of the checkpoint: the run, its passes done, and the courses' state."""

    def resume(self) -> None:
        """Takes up the checkpoint. Raises UsageError where it is of other data or settings, WeightsError."""
        arrays, state = self.files.load_checkpoint(None, self.identity)
        self.records = dict(state["records"])
        self.stopped = state["run"], state["passes"], dict(arrays)

    def judged(self, run: int, texts: Texts, judge: Callable[[Networks], Any]) -> Any:
        """What `judge` says, as JSON, of the networks trained on these texts; once, also where a run is taken up."""
        name = str(run)
        if name not in self.records:
            networks, courses = self._train(run, texts)
            self.records[name] = judge(networks)
            self._save(run, self.passes, courses)
        else:
            for _ in range(self.passes):
                self.on_pass()
        return self.records[name]

    def train(self, run: int, texts: Texts) -> Networks:
        """The networks trained on these texts: number of a picture -> its digits."""
        return self._train(run, texts)[0]

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
        state = {**self.identity, "run": run, "passes": passes, "records": self.records}
        self.files.save_checkpoint(courses.state(), state)
