"""How two readers are joined: weights, floors, doubts and calibrations, fitted on strings that neither was trained on.

The weights are those of a multinomial logistic regression over the candidates of each string: they make the truth as
likely as they can. What the doubts take off is then fitted with the calibration, by a logistic regression of whether
the best text is right (Platt 1999).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from classifier.arrays import Scores
from pipeline.reading.confidence.calibration import (
    LEAST,
    Calibration,
    fit_calibration,
    logistic_fit,
    pulled_calibration,
)
from pipeline.reading.confidence.joint import Joint
from pipeline.reading.together import Opinions

LATTICE_FLOORS = (1e-2, 1e-3, 1e-4, 1e-6, 1e-8)
LINE_FLOORS = (1e-3, 1e-5, 1e-7, 1e-9, 1e-12)
LEAST_WEIGHT, MOST_WEIGHT = 0.05, 3.0
MOST_BONUS = 3.0  # nats a digit, for it or against it
EVEN = Joint()
PULL = 1e-2  # of a weight towards 1, in nats a string for each squared unit of its logarithm; of a bonus towards none
FEW_PULL = 5.0  # the same in nats in all, towards another joint: as if some fifty strings had confirmed that one
FLOOR_PULL = 0.05  # ... of a floor: two powers of ten cost about a nat
LIKELY_FLOORS = 4  # pairs of floors, the likeliest at the other joint's weights, for which weights are fitted
CALIBRATED = 50  # strings for which the other joint's calibrations of each reader alone count


@dataclass(frozen=True, eq=False)
class Evidence:
    """What both readers say of n strings, each with at most C candidates: ln of their probability (n, C), -inf where
    there are fewer; digits: (n, C) how many each has; there: (n, C) whether there is a candidate; truth: (n,) which of
    them is right, -1 where none is.
    """

    lattice: Scores
    line: Scores
    digits: Scores
    there: NDArray[np.bool_]
    truth: NDArray[np.intp]

    @classmethod
    def collect(cls, opinions: Sequence[Opinions], texts: Sequence[str]) -> Evidence:
        """Of readings and the texts that they should have."""
        counts = [len(each.candidates) for each in opinions]
        shape = (len(opinions), max(counts))
        lattice, line, digits = np.full(shape, -np.inf), np.full(shape, -np.inf), np.zeros(shape)
        for k, each in enumerate(opinions):
            lattice[k, : counts[k]], line[k, : counts[k]] = each.lattice, each.line
            digits[k, : counts[k]] = [len(text) for text in each.candidates]
        truth = [
            each.candidates.index(text) if text in each.candidates else -1
            for each, text in zip(opinions, texts, strict=True)
        ]
        there = np.arange(shape[1]) < np.array(counts)[:, None]
        return cls(lattice, line, digits, there, np.array(truth, dtype=np.intp))

    @classmethod
    def joined(cls, parts: Sequence[Evidence]) -> Evidence:
        """That of several sets of strings, one after the other."""
        most = max(part.there.shape[1] for part in parts)

        def wide(values: NDArray[Any], filling: Any) -> NDArray[Any]:
            return np.pad(values, ((0, 0), (0, most - values.shape[1])), constant_values=filling)

        return cls(
            np.concatenate([wide(part.lattice, -np.inf) for part in parts]),
            np.concatenate([wide(part.line, -np.inf) for part in parts]),
            np.concatenate([wide(part.digits, 0.0) for part in parts]),
            np.concatenate([wide(part.there, False) for part in parts]),
            np.concatenate([part.truth for part in parts]),
        )

    def to_json(self) -> dict[str, Any]:
        """Lists for a checkpoint."""
        return {name: getattr(self, name).tolist() for name in ("lattice", "line", "digits", "there", "truth")}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Evidence:
        """Of a checkpoint."""
        return cls(
            np.array(record["lattice"], dtype=np.float64),
            np.array(record["line"], dtype=np.float64),
            np.array(record["digits"], dtype=np.float64),
            np.array(record["there"], dtype=bool),
            np.array(record["truth"], dtype=np.intp),
        )

    def scores(self, joint: Joint) -> Scores:
        """(n, C) ln P up to a constant a string, -inf where there is no candidate."""
        return np.where(self.there, joint.scores(self.lattice, self.line, self.digits), -np.inf)


def fit_joint(evidence: Evidence) -> Joint:
    """The joint of two readers; needs some hundred strings."""
    options = (
        _fit_weights(evidence, Joint(lattice_floor=math.log(a), line_floor=math.log(b)))
        for a, b in itertools.product(LATTICE_FLOORS, LINE_FLOORS)
    )
    _, joint = min(options, key=lambda option: option[0])
    joint = _fit_doubts(evidence, joint)
    alone = {name: _alone(getattr(evidence, name), evidence) for name in ("lattice", "line")}
    return replace(joint, lattice_alone=alone["lattice"], line_alone=alone["line"])


def pulled_joint(evidence: Evidence, towards: Joint) -> Joint:
    """The joint fitted on few strings, pulled towards one that was fitted on many; what disagreements take off stays
    the other's."""
    n = len(evidence.truth)
    floors = {(math.log(a), math.log(b)) for a, b in itertools.product(LATTICE_FLOORS, LINE_FLOORS)}
    starts = [replace(towards, lattice_floor=a, line_floor=b) for a, b in sorted(floors)] + [towards]

    def far(joint: Joint) -> float:
        away = (joint.lattice_floor - towards.lattice_floor) ** 2 + (joint.line_floor - towards.line_floor) ** 2
        return FLOOR_PULL / n * away

    starts.sort(key=lambda joint: _mean_loss(evidence, joint) + far(joint))
    fits = [_fit_weights(evidence, start, towards, FEW_PULL / n) for start in starts[:LIKELY_FLOORS]]
    options = [(cost + far(joint), joint) for cost, joint in fits]
    _, joint = min(options, key=lambda option: option[0])
    alone = {
        name: _alone(getattr(evidence, name), evidence, getattr(towards, f"{name}_alone"))
        for name in ("lattice", "line")
    }
    return replace(joint, lattice_alone=alone["lattice"], line_alone=alone["line"])


def best_posteriors(evidence: Evidence, joint: Joint) -> tuple[Scores, NDArray[np.bool_]]:
    """(n,) probability of the best text of each string, before calibration, and whether it is right."""
    posteriors, right = np.zeros(len(evidence.truth)), np.zeros(len(evidence.truth), dtype=bool)
    for k, there in enumerate(evidence.there):
        shares = joint.posteriors(evidence.lattice[k, there], evidence.line[k, there], evidence.digits[k, there])
        posteriors[k], right[k] = shares.max(), shares.argmax() == evidence.truth[k]
    return posteriors, right


def _fit_weights(evidence: Evidence, start: Joint, towards: Joint = EVEN, pull: float = PULL) -> tuple[float, Joint]:
    """The cost in nats a string, and the joint with the best weights and the best bonus for its floors, pulled to those
    of another."""
    weights = np.log(np.clip([towards.lattice, towards.line], LEAST_WEIGHT, MOST_WEIGHT))
    middle = np.array([*weights, towards.digit])

    def of(numbers: NDArray[np.float64]) -> Joint:
        a, b = np.exp(np.clip(numbers[:2], math.log(LEAST_WEIGHT), math.log(MOST_WEIGHT)))
        return replace(
            start, lattice=float(a), line=float(b), digit=float(np.clip(numbers[2], -MOST_BONUS, MOST_BONUS))
        )

    def cost(numbers: NDArray[np.float64]) -> float:
        return _mean_loss(evidence, of(numbers)) + pull * float((numbers - middle) @ (numbers - middle))

    found = minimize(cost, middle, method="Nelder-Mead", options={"xatol": 0.01, "fatol": 1e-5, "maxiter": 100})
    return float(found.fun), of(found.x)


def _mean_loss(evidence: Evidence, joint: Joint) -> float:
    """-ln P of the truth, in nats a string, over the strings whose truth is among the candidates."""
    known = np.flatnonzero(evidence.truth >= 0)
    if not len(known):
        return 0.0
    scores = evidence.scores(joint)[known]
    losses = np.logaddexp.reduce(scores, axis=1) - scores[np.arange(len(known)), evidence.truth[known]]
    return float(losses.mean())


def _fit_doubts(evidence: Evidence, joint: Joint) -> Joint:
    """The joint with what a disagreement takes from the log-odds of the best text; never less than nothing."""
    posteriors, right = best_posteriors(evidence, joint)
    odds = np.log(np.clip(posteriors, LEAST, 1 - LEAST) / np.clip(1 - posteriors, LEAST, 1 - LEAST))
    rows, best = np.arange(len(odds)), evidence.scores(joint).argmax(axis=1)
    differ = evidence.lattice.argmax(axis=1) != evidence.line.argmax(axis=1)
    unlike = joint.unlikeness(evidence.lattice, evidence.line)[rows, best]
    columns = {"differ": -differ.astype(np.float64), "unlike": -unlike}
    while columns:
        x = np.stack([odds, *columns.values(), np.ones_like(odds)], axis=1)
        weights = logistic_fit(x, right.astype(np.float64), np.zeros_like(odds), np.eye(x.shape[1])[0])
        found = dict(zip(columns, (weights[1:-1] / max(weights[0], 1e-3)).tolist(), strict=True))
        worst = min(found, key=lambda name: found[name])
        if found[worst] >= 0:
            return replace(joint, **found)
        del columns[worst]
    return joint


def _alone(sums: Scores, evidence: Evidence, towards: Calibration | None = None) -> Calibration:
    """Of one reader's best text; sums: (n, C) ln of the candidates' probability by it. towards: pulled to that one."""
    best = sums.argmax(axis=1)
    posteriors = np.exp(np.minimum(0.0, sums[np.arange(len(best)), best]))
    right = best == evidence.truth
    if towards is None:
        return fit_calibration(posteriors, right)
    return pulled_calibration(posteriors, right, towards, CALIBRATED)
