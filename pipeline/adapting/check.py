"""The check of adapted weights: the held-out strings before and after, side by side, and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, t

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
LIKELIER = 0.05  # ... or, where as many strings are right, would make the right texts as much likelier
LEAST_SHARE = 1e-4  # a right text that was not thought of counts as if it had been given this probability
TEXTS = 5  # that a reader alone gives
PULL = 50  # strings for which the parent's calibration counts


@dataclass(frozen=True, eq=False)
class Answers:
    """Readings of N pictures. right: (N,) bool, exactly the truth; posteriors: (N,) float of the texts read; of_truth:
    (N,) of the right texts, 0 where one was not thought of. evidence: what each reader said of the candidates; None
    where one read alone."""

    right: NDArray[np.bool_]
    posteriors: NDArray[np.float64]
    of_truth: NDArray[np.float64]
    evidence: Evidence | None = None

    def __post_init__(self) -> None:
        if not self.right.shape == self.posteriors.shape == self.of_truth.shape:
            shapes = (self.posteriors.shape, self.of_truth.shape)
            raise ValueError(f"{self.right.shape} readings but {shapes} posteriors")

    @classmethod
    def joined(cls, parts: Sequence[Answers]) -> Answers:
        """Those of several sets of pictures, one after the other."""
        evidence = [part.evidence for part in parts if part.evidence is not None]
        return cls(
            np.concatenate([part.right for part in parts]),
            np.concatenate([part.posteriors for part in parts]),
            np.concatenate([part.of_truth for part in parts]),
            Evidence.joined(evidence) if len(evidence) == len(parts) else None,
        )

    def with_joint(self, joint: Joint) -> Answers:
        """As if the two readers had been joined in another way."""
        if self.evidence is None:
            return self
        posteriors, right = best_posteriors(self.evidence, joint)
        return replace(self, right=right, posteriors=posteriors, of_truth=_of_truth(self.evidence, joint))

    @property
    def log_likelihoods(self) -> NDArray[np.float64]:
        """(N,) ln of the right texts' probabilities, at least that of LEAST_SHARE."""
        return np.log(np.maximum(self.of_truth, LEAST_SHARE))

    def to_json(self) -> dict[str, Any]:
        """Keys: right, posteriors, of_truth, evidence."""
        lists = {name: getattr(self, name).tolist() for name in ("right", "posteriors", "of_truth")}
        return {**lists, "evidence": None if self.evidence is None else self.evidence.to_json()}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Answers:
        """What `to_json` gave."""
        evidence = None if record["evidence"] is None else Evidence.from_json(record["evidence"])
        posteriors, of_truth = (np.array(record[name], dtype=np.float64) for name in ("posteriors", "of_truth"))
        return cls(np.array(record["right"], dtype=bool), posteriors, of_truth, evidence)


def _of_truth(evidence: Evidence, joint: Joint) -> NDArray[np.float64]:
    """(n,) the right texts' probabilities."""
    found = np.zeros(len(evidence.truth))
    for k in np.flatnonzero(evidence.truth >= 0):
        there = evidence.there[k]
        shares = joint.posteriors(evidence.lattice[k, there], evidence.line[k, there], evidence.digits[k, there])
        found[k] = shares[evidence.truth[k]]
    return found


def read_pictures(networks: Networks, pictures: Sequence[Picture], joint: Joint | None = None) -> Answers:
    """The pictures, read as the reader reads them; joint: of the two readers, if there are two."""
    texts = [picture.text for picture in pictures]
    found = list(found_in(networks, pictures, joint))
    right = np.array([each.best[0] == text for each, text in zip(found, texts, strict=True)], dtype=bool)
    posteriors = np.array([each.best[1] for each in found], dtype=np.float64)
    opinions = [each.opinions for each in found if each.opinions is not None]
    of_truth = np.array([dict(each.texts).get(text, 0.0) for each, text in zip(found, texts, strict=True)])
    evidence = Evidence.collect(opinions, texts) if len(opinions) == len(texts) else None
    return Answers(right, posteriors, of_truth, evidence)


def found_in(networks: Networks, pictures: Iterable[Picture], joint: Joint | None) -> Iterator[Found]:
    """What is found in pictures by these networks."""
    line = None if networks.line is None or joint is None else LineSide(NetworkReader(networks.line), joint)
    return (find_texts(picture.grey, networks, SearchConfig(), TEXTS, line=line) for picture in pictures)


@dataclass(frozen=True)
class Comparison:
    """n held-out strings: how many were right before and after, and how many became right (fixed) or wrong (broken).

    likelier: how much ln P of the right texts has grown, in nats a string; luck: how often chance alone would make it
    grow so much (t-test of the pairs). 0 and 1 where it is not known.
    """

    n: int
    before: int
    after: int
    fixed: int
    broken: int
    likelier: float = 0.0
    luck: float = 1.0

    def __post_init__(self) -> None:
        if self.after - self.before != self.fixed - self.broken or not 0 <= max(self.before, self.after) <= self.n:
            raise ValueError(f"counts that cannot be: {self}")

    @classmethod
    def of(
        cls, before: NDArray[np.bool_], after: NDArray[np.bool_], gains: NDArray[np.float64] | None = None
    ) -> Comparison:
        """Which of the same strings, (n,) bool each, are right before and after; gains: (n,) in ln P of the right
        texts, if they are known."""
        fixed, broken = int((after & ~before).sum()), int((before & ~after).sum())
        likelier, luck = (0.0, 1.0) if gains is None else (float(gains.mean()), _luck(gains))
        return cls(len(before), int(before.sum()), int(after.sum()), fixed, broken, likelier, luck)

    @classmethod
    def of_answers(cls, before: Answers, after: Answers) -> Comparison:
        """Of the same strings read twice."""
        return cls.of(before.right, after.right, after.log_likelihoods - before.log_likelihoods)

    @property
    def chance(self) -> float:
        """How often as many of the changed readings would be for the better if each were a toss (sign test)."""
        return float(binom.sf(self.fixed - 1, self.fixed + self.broken, 0.5)) if self.fixed + self.broken else 1.0

    @property
    def helped(self) -> bool:
        """Whether the gain is more than chance. With few strings few counts are; that the right texts become likelier
        shows sooner, and counts where no fewer strings are right."""
        counted = self.fixed > self.broken and self.chance <= CHANCE
        return counted or (self.fixed >= self.broken and self.luck <= LIKELIER)

    def __str__(self) -> str:
        likelier = f"; right texts {np.exp(self.likelier):.2f} times as likely" if self.likelier else ""
        return (
            f"{self.n} held-out strings: before {_share(self.before, self.n)}, after {_share(self.after, self.n)}; "
            f"{self.fixed} fixed, {self.broken} broken{likelier}"
        )

    def to_json(self) -> dict[str, Any]:
        """Counts, intervals, what became likelier, and the sign test's probability."""
        return {
            **asdict(self),
            "before_wilson95": list(wilson(self.before, self.n)),
            "after_wilson95": list(wilson(self.after, self.n)),
            "chance": self.chance,
        }


def _luck(gains: NDArray[np.float64]) -> float:
    """How often the mean of (n,) gains would be as large if the true one were 0 (Student's t-test of pairs)."""
    n = len(gains)
    if n < 2:
        return 1.0
    error = max(float(gains.std(ddof=1)) / math.sqrt(n), 1e-9)
    return float(t.sf(float(gains.mean()) / error, n - 1))


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
