"""A promise is kept as often as it says, and is given where it can be."""

import math

import numpy as np
import pytest
from scipy import stats

from pipeline.errors import UsageError
from pipeline.evaluation.guarantee import SEQUENCE, fewest_accepted, find_threshold, missing_rows, upper_bound

MAX_ERROR, CONFIDENCE, ROWS = 0.01, 0.95, 1000
SAMPLES = 1000
CHANCE = 3 * math.sqrt(0.05 * 0.95 / SAMPLES)  # three standard errors of the share of broken promises


def surest(rng, n):
    return 1 - rng.beta(0.25, 2.5, n)  # most near 1, some doubtful


# What the confidences of a reader are, and how often it errs at each; the first two are nowhere surer than they say.
READERS = {
    "honest": (surest, lambda c: 0.3 * (1 - c)),
    "boastful": (surest, lambda c: np.clip(3 * (1 - c) + 0.004, 0, 1)),
    "always a little too bad": (surest, lambda c: np.full_like(c, 1.02 * MAX_ERROR)),
    "few levels": (lambda rng, n: rng.choice([0.5, 0.9, 0.97, 0.99], n), lambda c: 0.5 * (1 - c)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_of_1000_samples_no_more_than_one_in_twenty_breaks_the_promise(name: str) -> None:
    draw, error = READERS[name]
    rng = np.random.default_rng(7)
    crowd = draw(rng, 200_000)
    order = np.argsort(-crowd)
    risks = np.cumsum(error(crowd[order])) / np.arange(1, len(crowd) + 1)  # of accepting the surest k
    broken = given = 0
    for _ in range(SAMPLES):
        confidences = draw(rng, ROWS)
        right = rng.random(ROWS) >= error(confidences)
        found = find_threshold(confidences, right, MAX_ERROR, CONFIDENCE)
        if found is not None:
            given += 1
            accepted = np.searchsorted(-crowd[order], -found.threshold, side="right")
            broken += risks[accepted - 1] > MAX_ERROR
    assert broken / SAMPLES <= 1 - CONFIDENCE + CHANCE
    if name == "honest":
        assert given > 0.9 * SAMPLES  # a promise that is never given would never be broken
    if name == "always a little too bad":
        assert broken == given > 0  # the level is used, not thrown away


def test_the_luckiest_of_many_tests_would_break_it() -> None:
    """Why the sequence stops: the same sample, searched for any threshold that passes."""
    rng, broken = np.random.default_rng(3), 0
    for _ in range(300):
        confidences, right = surest(rng, ROWS), rng.random(ROWS) >= 1.02 * MAX_ERROR
        order = np.argsort(-confidences)
        wrong, accepted = np.cumsum(~right[order]), np.arange(1, ROWS + 1)
        broken += bool((stats.binom.cdf(wrong, accepted, MAX_ERROR) <= 1 - CONFIDENCE).any())
    assert broken / 300 > 2 * (1 - CONFIDENCE)


@pytest.mark.parametrize(("wrong", "accepted"), [(0, 1), (0, 299), (3, 400), (40, 40), (7, 8)])
def test_bound_is_that_of_clopper_and_pearson(wrong: int, accepted: int) -> None:
    expected = stats.binomtest(wrong, accepted, alternative="less").proportion_ci(0.95, method="exact").high
    assert upper_bound(wrong, accepted, 0.95) == pytest.approx(expected)


def test_so_many_must_be_accepted() -> None:
    assert fewest_accepted(0.01, 0.95) == 299
    assert upper_bound(0, 299, 0.95) <= 0.01 < upper_bound(0, 298, 0.95)


def test_a_sample_without_errors_is_accepted_whole() -> None:
    confidences = np.linspace(0.2, 0.99, 400)
    found = find_threshold(confidences, np.ones(400, bool), MAX_ERROR, CONFIDENCE)
    assert found is not None
    assert (found.accepted, found.wrong) == (400, 0) and found.threshold == SEQUENCE[-1]
    assert found.bound == pytest.approx(upper_bound(0, 400, CONFIDENCE))


def test_the_count_is_that_of_what_the_threshold_accepts() -> None:
    rng = np.random.default_rng(1)
    confidences = surest(rng, 3000)
    right = rng.random(3000) >= 0.3 * (1 - confidences)
    found = find_threshold(confidences, right, MAX_ERROR, CONFIDENCE)
    assert found is not None
    accepted = confidences >= found.threshold
    assert (found.accepted, found.wrong) == (accepted.sum(), (~right[accepted]).sum())
    assert found.bound <= MAX_ERROR


def missing(confidences, right) -> float:
    """What a sample that shows nothing is told."""
    assert find_threshold(confidences, right, MAX_ERROR, CONFIDENCE) is None
    return missing_rows(confidences, right, MAX_ERROR, CONFIDENCE)


def test_too_small_a_sample_is_told_how_many_are_missing() -> None:
    right = np.ones(120, bool)
    assert missing(np.full(120, 0.9), right) == pytest.approx(299 - 120, abs=3)
    right[:2] = False  # 2 of 120 is more than 1 %, whatever the size
    assert missing(np.full(120, 0.9), right) == math.inf
    assert missing(np.zeros(500), np.zeros(500, bool)) == math.inf


def test_as_many_rows_more_as_were_said_do() -> None:
    rng = np.random.default_rng(5)
    confidences = surest(rng, 250)
    right = np.ones(250, bool)
    right[np.argsort(-confidences)[[180, 220, 240]]] = False
    more = missing(confidences, right)
    assert more < math.inf
    times = math.ceil((250 + more) / 250)
    assert find_threshold(np.tile(confidences, times), np.tile(right, times), MAX_ERROR, CONFIDENCE) is not None


@pytest.mark.parametrize(("max_error", "confidence"), [(0, 0.95), (1, 0.95), (0.01, 0), (0.01, 1), (math.nan, 0.9)])
def test_shares_that_are_none_are_refused(max_error: float, confidence: float) -> None:
    with pytest.raises(UsageError):
        find_threshold(np.full(400, 0.9), np.ones(400, bool), max_error, confidence)
