"""Adapting without right answers: what both readers read alike and surely becomes the label, in rounds.

The two readers fail differently, so that what they agree on is seldom wrong (co-training, Blum and Mitchell 1998).
Each round labels the pictures anew, trains from the parent again, so that a mistake is not handed on by the weights,
and ends in the mean of all rounds so far, so that no round's luck is handed on, either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from classifier.weights import Networks
from pipeline.adapting.adapt_recipe import AdaptRecipe, AdaptReport
from pipeline.adapting.check import Comparison, found_in
from pipeline.adapting.labelled import Picture, Pictures, held_out_folds, load_folder
from pipeline.adapting.parent import Parent
from pipeline.adapting.preparing import Progress, Say, begin, prepare
from pipeline.adapting.runs import Runs
from pipeline.errors import UsageError

HELD_OUT = 5  # one picture in so many is held out
CAUTION = (
    "warning: no right answers were given, so that nothing here says how many readings are right; readers that learn "
    "from each other may agree on the same mistakes. Only a labelled sample can measure it (`digitstring evaluate`)"
)

Judged = Callable[[int, Networks], None]


@dataclass(frozen=True, eq=False)
class Said:
    """What both readers say of N pictures. texts: of both together; agreed: (N,) whether each reads the same alone;
    confidence: (N,) by the parent's calibration."""

    texts: tuple[str, ...]
    agreed: NDArray[np.bool_]
    confidence: NDArray[np.float64]

    @classmethod
    def of(cls, networks: Networks, pictures: Sequence[Picture], parent: Parent) -> Said:
        """Of pictures, read by networks joined as the parent's are."""
        texts, agreed, confidence = [], [], []
        for found in found_in(networks, pictures, parent.joint):
            text, posterior = found.best
            alone = {} if found.opinions is None else found.opinions.alone()
            texts.append(text)
            agreed.append(all(each == text for each, _ in alone.values()))
            confidence.append(parent.calibration.confidence(posterior))
        return cls(tuple(texts), np.array(agreed, dtype=bool), np.array(confidence, dtype=np.float64))

    def labels(self, rows: Sequence[int], sure: float) -> dict[int, str]:
        """The texts to learn, by row: read alike, at least so surely, and not empty."""
        every = zip(rows, self.texts, self.agreed, self.confidence, strict=True)
        return {row: text for row, text, agreed, confidence in every if text and agreed and confidence >= sure}

    def to_json(self) -> dict[str, Any]:
        """Lists for a checkpoint."""
        return {
            "texts": list(self.texts),
            "agreed": self.agreed.tolist(),
            "confidence": self.confidence.tolist(),
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Said:
        """Of a checkpoint."""
        return cls(tuple(record["texts"]), np.array(record["agreed"], bool), np.array(record["confidence"], float))


@dataclass(frozen=True)
class UnlabelledReport:
    """What came of it. labels: pictures that were learned from in each round. agreement: of held-out pictures, both
    readers alike before and after; None where nothing was trained. confidence: their mean before and after."""

    pictures: int
    skipped: tuple[str, ...]
    labels: tuple[int, ...]
    agreement: Comparison | None
    confidence: tuple[float, float] | None
    passes: int

    @property
    def kept_parent(self) -> bool:
        """Whether the weights written are the parent's."""
        return self.passes == 0

    def warning(self) -> str:
        """Why the parent was kept, or what was not measured."""
        if not self.kept_parent:
            return CAUTION
        why = (
            "too few pictures are read alike and surely by both readers"
            if self.agreement is None
            else "the readers agree no more often afterwards than chance would have it"
        )
        return f"warning: {why}; the weights written are the parent's, unchanged"


def adapt_unlabelled(
    folder: Path,
    out: Path,
    *,
    weights: Path | None = None,
    data: Path | None = None,
    recipe: AdaptRecipe | None = None,
    resume: bool = False,
    force: bool = False,
    say: Say = lambda sentence: None,
    progress: Progress = lambda done, total: None,
    on_round: Judged = lambda number, networks: None,
) -> UnlabelledReport:
    """Adapt the parent's weights to a folder of pictures whose right answers nobody knows, and write them to `out`.

    weights, data, say, progress: as for `adapt`. on_round: told the number of each round and its networks.
    Raises UsageError (also for weights with one reader), DataError, WeightsError.
    """
    recipe = recipe or AdaptRecipe.without_answers()
    files, parent = begin(out, weights, resume, force)
    if parent.joint is None:
        raise UsageError("these weights have one reader only, and none to agree with; give a table of right answers")
    pictures = load_folder(Path(folder))
    for sentence in pictures.skipped:
        say(sentence)
    with threadpool_limits(1):
        rounds = _Rounds(parent, pictures, recipe, say, on_round)
        if len(rounds.labels) < recipe.least:
            identity = {"unlabelled": True, **parent.identity(recipe, pictures.usable)}
            return rounds.save(None, files, identity, None)
        trainings = recipe.rounds + 1
        runs = prepare(parent, pictures.usable, trainings, data, recipe, files, {"unlabelled": True}, say, progress)
        if resume and files.checkpoint.exists():
            runs.resume()
        return rounds.adapt(runs)


class _Rounds:
    """The rounds on one folder. labels: of the pictures to learn from, as they are known so far."""

    def __init__(self, parent: Parent, pictures: Pictures, recipe: AdaptRecipe, say: Say, on_round: Judged) -> None:
        self.parent, self.pictures, self.recipe, self.say, self.on_round = parent, pictures, recipe, say, on_round
        count = len(pictures.usable)
        self.away = held_out_folds(count, HELD_OUT, 1)[0].tolist() if count >= HELD_OUT else []
        self.kept = sorted(set(range(count)) - set(self.away))
        self.before = self._said(parent.networks)
        self.labels = self.before[0].labels(self.kept, recipe.sure)
        self.counts: list[int] = []

    def _said(self, networks: Networks) -> tuple[Said, Said]:
        """Of the pictures to learn from, and of those held out."""
        rows = self.pictures.usable
        kept, away = ([rows[k] for k in part] for part in (self.kept, self.away))
        return Said.of(networks, kept, self.parent), Said.of(networks, away, self.parent)

    def adapt(self, runs: Runs) -> UnlabelledReport:
        """Three rounds; then all pictures with the last round's labels, if the readers agree more often."""
        said = self.before
        for number in range(self.recipe.rounds):
            self.counts.append(len(self.labels))
            said = self._round(runs, number)
            self.labels = said[0].labels(self.kept, self.recipe.sure) or self.labels
            self.say(self._told(number, said[1]))
        agreement = Comparison.of(self.before[1].agreed, said[1].agreed)
        if not agreement.helped:
            return self.save(said[1], runs.files, runs.identity, None)
        every = {**self.labels, **said[1].labels(self.away, self.recipe.sure)}
        self.counts.append(len(every))
        return self.save(said[1], runs.files, runs.identity, runs.train(self.recipe.rounds, every))

    def _round(self, runs: Runs, number: int) -> tuple[Said, Said]:
        def judge(networks: Networks) -> Any:
            self.on_round(number + 1, networks)
            return [each.to_json() for each in self._said(networks)]

        kept, away = runs.judged(number, self.labels, judge, together=True)
        return Said.from_json(kept), Said.from_json(away)

    def _told(self, number: int, said: Said) -> str:
        was = self.before[1]
        return (
            f"round {number + 1} of {self.recipe.rounds}: learned from {self.counts[-1]} of {len(self.kept)} pictures; "
            f"of {len(self.away)} held out the readers agree on {said.agreed.sum()} (before: {was.agreed.sum()}), mean "
            f"confidence {said.confidence.mean():.3f} (before: {was.confidence.mean():.3f})"
        )

    def save(
        self, said: Said | None, files: Any, identity: dict[str, Any], networks: Networks | None
    ) -> UnlabelledReport:
        """Write what came of it. said: of the held-out pictures; networks: None to keep the parent's."""
        was, skipped = self.before[1], self.pictures.skipped
        agreement = None if said is None else Comparison.of(was.agreed, said.agreed)
        confidence = None if said is None else (float(was.confidence.mean()), float(said.confidence.mean()))
        passes = 0 if networks is None else self.recipe.passes_over(len(self.pictures.usable))
        count = len(self.pictures.usable)
        report = UnlabelledReport(count, skipped, tuple(self.counts), agreement, confidence, passes)
        learned = () if networks is None else ("line", *self.recipe.crops)
        self.parent.save(
            files,
            networks or self.parent.networks,
            identity,
            AdaptReport(count, skipped, None, passes, learned),
            more={
                "labels": self.counts,
                "agreement": None if agreement is None else agreement.to_json(),
                "confidence": confidence,
            },
        )
        return report
