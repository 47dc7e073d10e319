"""The check of adapted weights: the held-out strings before and after, side by side, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from classifier.weights import Networks
from pipeline.adapting.labelled import Picture
from pipeline.evaluation.metrics import wilson
from pipeline.reading.confidence.calibration import Calibration, expected_thresholds, pulled_calibration, thresholds
from pipeline.reading.lattices.search import SearchConfig
from pipeline.reading.text_finding import find_texts
from pipeline.reading.together import LineSide

CHANCE = 0.15  # adapted weights are kept where chance alone would do as well less often than this
PULL = 50  # strings for which the parent's calibration counts


@dataclass(frozen=True, eq=False)
class Answers:
    """Readings of N pictures. right: (N,) bool, exactly the truth; posteriors: (N,) float of the texts read."""

    right: NDArray[np.bool_]
    posteriors: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.right.shape != self.posteriors.shape:
            raise ValueError(f"{self.right.shape} readings but {self.posteriors.shape} posteriors")

    @classmethod
    def joined(cls, parts: Sequence[Answers]) -> Answers:
        """Those of several sets of pictures, one after the other."""
        return cls(np.concatenate([part.right for part in parts]), np.concatenate([part.posteriors for part in parts]))

    def to_json(self) -> list[list[float]]:
        return [self.right.astype(int).tolist(), self.posteriors.tolist()]

    @classmethod
    def from_json(cls, record: list[list[float]]) -> Answers:
        return cls(np.array(record[0], dtype=bool), np.array(record[1], dtype=np.float64))


def read_pictures(networks: Networks, pictures: Sequence[Picture], line: LineSide | None = None) -> Answers:
    """The pictures, read as the reader reads them; line: the second reader, if there is one."""
    best = [find_texts(picture.grey, networks, SearchConfig(), 1, line=line).best for picture in pictures]
    right = [text == picture.text for (text, _), picture in zip(best, pictures, strict=True)]
    return Answers(np.array(right, dtype=bool), np.array([posterior for _, posterior in best], dtype=np.float64))


@dataclass(frozen=True)
class Comparison:
    """n held-out strings: how many were right before and after, and how many became right (fixed) or wrong (broken)."""

    n: int
    before: int
    after: int
    fixed: int
    broken: int

    def __post_init__(self) -> None:
        if self.after - self.before != self.fixed - self.broken or not 0 <= max(self.before, self.after) <= self.n:
            raise ValueError(f"counts that cannot be: {self}")

    @classmethod
    def of(cls, before: NDArray[np.bool_], after: NDArray[np.bool_]) -> Comparison:
        return cls(
            len(before), int(before.sum()), int(after.sum()), int((after & ~before).sum()), int((before & ~after).sum())
        )

    @property
    def chance(self) -> float:
        """How often as many of the changed readings would be for the better if each were a toss (sign test)."""
        return float(binom.sf(self.fixed - 1, self.fixed + self.broken, 0.5)) if self.fixed + self.broken else 1.0

    @property
    def helped(self) -> bool:
        """Whether the gain is more than chance; with few strings, few gains are."""
        return self.fixed > self.broken and self.chance <= CHANCE

    def __str__(self) -> str:
        return (
            f"{self.n} held-out strings: before {_share(self.before, self.n)}, after {_share(self.after, self.n)}; "
            f"{self.fixed} fixed, {self.broken} broken"
        )

    def to_json(self) -> dict[str, Any]:
        """Counts, intervals, and the sign test's probability."""
        return {
            **asdict(self),
            "before_wilson95": list(wilson(self.before, self.n)),
            "after_wilson95": list(wilson(self.after, self.n)),
            "chance": self.chance,
        }


def _share(count: int, n: int) -> str:
    low, high = wilson(count, n)
    return f"{count / max(1, n):.1%} (95 %: {low:.1%} to {high:.1%})"


def choose(answers: Sequence[Sequence[Answers]]) -> int:
    """Which of the checkpoints was best on the held-out strings of all folds; the earlier where several were.

    answers: for each fold those of each checkpoint.
    """
    counts = np.sum([[answer.right.sum() for answer in fold] for fold in answers], axis=0)
    return int(np.argmax(counts))


def honest_answers(answers: Sequence[Sequence[Answers]]) -> Answers:
    """The held-out strings of each fold, read by the checkpoint that the other folds would choose.

    Chosen on the same strings that it is checked on, the best of several checkpoints would look better than it is.
    """
    picked = []
    for k, fold in enumerate(answers):
        others = [other for j, other in enumerate(answers) if j != k]
        picked.append(fold[choose(others or [fold])])
    return Answers.joined(picked)


def adapted_confidence(answers: Answers, card: dict[str, Any]) -> dict[str, Any]:
    """The card's `calibration` and `thresholds` from held-out strings, pulled to those of the parent's card."""
    towards = Calibration.from_json(card["calibration"])
    calibration = pulled_calibration(answers.posteriors, answers.right, towards, PULL)
    confidences = np.array([calibration.confidence(p) for p in answers.posteriors])
    return {
        "calibration": calibration.to_json(),
        "thresholds": careful_thresholds(confidences, answers.right, card["thresholds"]),
        "calibrated_on": {
            "style": "held-out strings of the user's",
            "strings": len(answers.right),
            "right": float(answers.right.mean()),
            "pull": PULL,
        },
    }


def careful_thresholds(
    confidences: NDArray[np.float64], right: NDArray[np.bool_], parent: dict[str, float]
) -> dict[str, float]:
    """For each error bound: where the held-out strings keep to it, and at least the parent's threshold.

    Few strings cannot show that errors are rare, so that they never lower the parent's. Where the surest of them was
    wrong, one error would bar everything: there it is decided by the errors that the confidences promise.
    """
    counted, expected = thresholds(confidences, right), expected_thresholds(confidences)
    return {
        bound: max(found if found < 1 else expected[bound], parent.get(bound, 0.0)) for bound, found in counted.items()
    }
