"""The check of adapted weights: the held-out strings before and after, side by side, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from classifier.weights import Networks
from pipeline.adapting.labelled import Picture
from pipeline.evaluation.metrics import wilson
from pipeline.reading.confidence.calibration import Calibration, expected_thresholds, pulled_calibration, thresholds
from pipeline.reading.confidence.joint import Joint
from pipeline.reading.lattices.search import SearchConfig
from pipeline.reading.line.readers import NetworkReader
from pipeline.reading.text_finding import Found, find_texts
from pipeline.reading.together import LineSide
from pipeline.training.calibrating.calibrate_joint import Evidence, best_posteriors, pulled_joint

CHANCE = 0.15  # adapted weights are kept where chance alone would do as well less often than this
PULL = 50  # strings for which the parent's calibration counts


@dataclass(frozen=True, eq=False)
class Answers:
    """Readings of N pictures. right: (N,) bool, exactly the truth; posteriors: (N,) float of the texts read. evidence:
    what each reader said of the candidates; None where one read alone."""

    right: NDArray[np.bool_]
    posteriors: NDArray[np.float64]
    evidence: Evidence | None = None

    def __post_init__(self) -> None:
        if self.right.shape != self.posteriors.shape:
            raise ValueError(f"{self.right.shape} readings but {self.posteriors.shape} posteriors")

    @classmethod
    def joined(cls, parts: Sequence[Answers]) -> Answers:
        """Those of several sets of pictures, one after the other."""
        evidence = [part.evidence for part in parts if part.evidence is not None]
        return cls(
            np.concatenate([part.right for part in parts]),
            np.concatenate([part.posteriors for part in parts]),
            Evidence.joined(evidence) if len(evidence) == len(parts) else None,
        )

    def with_joint(self, joint: Joint) -> Answers:
        """As if the two readers had been joined in another way."""
        if self.evidence is None:
            return self
        posteriors, right = best_posteriors(self.evidence, joint)
        return replace(self, right=right, posteriors=posteriors)

    def to_json(self) -> dict[str, Any]:
        """Keys: right, posteriors, evidence."""
        evidence = None if self.evidence is None else self.evidence.to_json()
        return {"right": self.right.tolist(), "posteriors": self.posteriors.tolist(), "evidence": evidence}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Answers:
        """What `to_json` gave."""
        evidence = None if record["evidence"] is None else Evidence.from_json(record["evidence"])
        return cls(np.array(record["right"], dtype=bool), np.array(record["posteriors"], dtype=np.float64), evidence)


def read_pictures(networks: Networks, pictures: Sequence[Picture], joint: Joint | None = None) -> Answers:
    """The pictures, read as the reader reads them; joint: of the two readers, if there are two."""
    texts = [picture.text for picture in pictures]
    found = list(found_in(networks, pictures, joint))
    right = np.array([each.best[0] == text for each, text in zip(found, texts, strict=True)], dtype=bool)
    posteriors = np.array([each.best[1] for each in found], dtype=np.float64)
    opinions = [each.opinions for each in found if each.opinions is not None]
    evidence = Evidence.collect(opinions, texts) if len(opinions) == len(texts) else None
    return Answers(right, posteriors, evidence)


def found_in(networks: Networks, pictures: Iterable[Picture], joint: Joint | None) -> Iterator[Found]:
    """What is found in pictures by these networks."""
    line = None if networks.line is None or joint is None else LineSide(NetworkReader(networks.line), joint)
    return (find_texts(picture.grey, networks, SearchConfig(), 1, line=line) for picture in pictures)


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
        """Which of the same strings, (n,) bool each, are right before and after."""
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


def honest_answers(answers: Sequence[Answers], joint: Joint | None) -> Answers:
    """The held-out strings of each fold, with the readers joined as the other folds would have it.

    Fitted on the strings that it is then checked on, the way to join them would look better than it is. joint: the
    parent's, towards which each is pulled.
    """
    if joint is None:
        return Answers.joined(answers)
    parts = []
    for k, fold in enumerate(answers):
        others = Answers.joined([other for j, other in enumerate(answers) if j != k] or [fold])
        parts.append(fold.with_joint(adapted_joint(others, joint)))
    return Answers.joined(parts)


def adapted_joint(answers: Answers, parent: Joint) -> Joint:
    """How the readers are joined by what held-out strings say, pulled towards the parent's way."""
    return parent if answers.evidence is None else pulled_joint(answers.evidence, parent)


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
