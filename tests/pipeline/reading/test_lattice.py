"""Sums and best paths of the lattice against every path of small ones."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.reading.lattice import (
    SKIP,
    SYMBOLS,
    Lattice,
    Path,
    backward,
    best_path,
    forward,
    lattice_scores,
    log_sum,
    span_posteriors,
    transitions,
)

pytestmark = pytest.mark.filterwarnings("error")
seeds = st.integers(0, 2**32 - 1)


def total_of(scores) -> float:
    """ln of the sum of exp, one by one."""
    weight = math.fsum(math.exp(score) for score in scores)
    return math.log(weight) if weight else -math.inf


@given(seed=seeds)
@settings(max_examples=100, deadline=None)
def test_forward_and_backward_sum_over_all_paths(small_lattice, all_paths, seed):
    lattice = small_lattice(seed)
    last = lattice.nodes - 1
    ahead = [total_of(score for _, score in all_paths(lattice, 0, node)) for node in range(lattice.nodes)]
    behind = [total_of(score for _, score in all_paths(lattice, node, last)) for node in range(lattice.nodes)]
    np.testing.assert_allclose(forward(lattice), ahead, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(backward(lattice), behind, rtol=1e-9, atol=1e-9)


@given(seed=seeds)
@settings(max_examples=100, deadline=None)
def test_posteriors_are_shares_of_all_paths(small_lattice, all_paths, seed):
    lattice = small_lattice(seed)
    paths = list(all_paths(lattice))
    total = total_of(score for _, score in paths)
    expected = np.zeros_like(lattice.scores)
    for steps, score in paths:
        for step in steps:
            expected[step] += math.exp(score - total)
    posteriors, found = span_posteriors(lattice)
    assert found == pytest.approx(total, rel=1e-9)
    np.testing.assert_allclose(posteriors, expected, rtol=1e-9, atol=1e-12)


@given(seed=seeds)
@settings(max_examples=100, deadline=None)
def test_the_best_path_is_the_best_of_all(small_lattice, all_paths, seed):
    lattice = small_lattice(seed)
    paths = dict(all_paths(lattice))
    if not paths:
        with pytest.raises(ValueError, match="no path"):
            best_path(lattice)
        return
    best = best_path(lattice)
    assert best.score == pytest.approx(max(paths.values()))
    assert paths[tuple(zip(best.spans, best.symbols, strict=True))] == pytest.approx(best.score)


@given(seed=seeds)
@settings(max_examples=50, deadline=None)
def test_transitions_multiply_to_posteriors(small_lattice, all_paths, seed):
    lattice = small_lattice(seed)
    steps, total = transitions(lattice)
    paths = list(all_paths(lattice))
    assert total == pytest.approx(total_of(score for _, score in paths), rel=1e-9)
    for path, score in paths:
        product = math.prod(steps[step] for step in path)
        assert product == pytest.approx(math.exp(score - total), rel=1e-9)
    onward = np.bincount(lattice.start, steps.sum(axis=1), lattice.nodes)
    gets_across = backward(lattice)[:-1] > -np.inf
    np.testing.assert_allclose(onward[:-1], gets_across.astype(float), atol=1e-9)


@given(seed=seeds)
@settings(max_examples=50, deadline=None)
def test_more_spans_and_finer_cuts_never_lower_the_best_score(small_lattice, seed):
    rng = np.random.default_rng(seed)
    lattice = small_lattice(seed, 6)
    if lattice.nodes == 1:
        return
    try:
        before = best_path(lattice).score
    except ValueError:
        before = -math.inf
    # Each old cut keeps its place among twice as many; new spans stand anywhere.
    nodes = 2 * lattice.nodes
    start = rng.integers(0, nodes - 1, 5)
    end = np.minimum(start + rng.integers(1, 4, 5), nodes - 1)
    place = 2 * np.arange(lattice.nodes)
    place[-1] = nodes - 1
    start, end = np.concatenate([place[lattice.start], start]), np.concatenate([place[lattice.end], end])
    finer = Lattice.build(nodes, start, end, np.concatenate([lattice.scores, rng.normal(0, 3, (5, SYMBOLS))]))
    try:
        after = best_path(finer).score
    except ValueError:
        after = -math.inf
    assert after >= before
    assert forward(finer)[-1] >= forward(lattice)[-1] - 1e-9


@given(seed=seeds)
@settings(max_examples=50, deadline=None)
def test_what_every_path_pays_changes_nothing(small_lattice, seed):
    """A price for each cut that spans pay on one side and get back on the other."""
    lattice = small_lattice(seed)
    price = np.random.default_rng(seed).normal(0, 50, lattice.nodes)
    shifted = lattice.scores + (price[lattice.end] - price[lattice.start])[:, None]
    paid = Lattice(lattice.nodes, lattice.start, lattice.end, shifted)
    np.testing.assert_allclose(span_posteriors(paid)[0], span_posteriors(lattice)[0], rtol=1e-6, atol=1e-9)


def test_scores_of_any_size_neither_overflow_nor_vanish():
    start, end = np.array([0, 0, 1]), np.array([1, 2, 2])
    scores = np.full((3, SYMBOLS), -20000.0)
    scores[0, 3], scores[1, 8], scores[2, 5] = 15000.0, 9000.0, -5999.0
    lattice = Lattice(3, start, end, scores)
    posteriors, total = span_posteriors(lattice)
    assert best_path(lattice).text == "35"
    assert total == pytest.approx(9001 + math.log1p(math.exp(-1)))
    assert posteriors[1, 8] == pytest.approx(1 / (1 + math.e))
    assert transitions(lattice)[0][2, 5] == pytest.approx(1)


def test_a_lattice_of_one_cut_has_the_empty_path():
    alone = Lattice(1, np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros((0, SYMBOLS)))
    assert best_path(alone) == Path((), (), 0.0)
    assert forward(alone).tolist() == backward(alone).tolist() == [0.0]
    posteriors, total = span_posteriors(alone)
    assert posteriors.shape == (0, SYMBOLS) and total == 0.0


def test_a_lattice_without_a_way_across():
    gap = Lattice(3, np.array([0]), np.array([1]), np.zeros((1, SYMBOLS)))
    empty = Lattice(3, np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros((0, SYMBOLS)))
    for lattice in (gap, empty):
        with pytest.raises(ValueError, match="no path"):
            best_path(lattice)
        posteriors, total = span_posteriors(lattice)
        assert total == -math.inf and not posteriors.any()
        assert not transitions(lattice)[0].any()


def test_spans_in_any_order_are_put_in_order():
    start, end = np.array([1, 0, 0]), np.array([2, 2, 1])
    scores = np.arange(3.0 * SYMBOLS).reshape(3, SYMBOLS)
    lattice = Lattice.build(3, start, end, scores)
    assert lattice.end.tolist() == [1, 2, 2] and lattice.start.tolist() == [0, 1, 0]
    np.testing.assert_array_equal(lattice.scores, scores[[2, 0, 1]])


@pytest.mark.parametrize(
    ("nodes", "start", "end", "message"),
    [
        (3, [0, 1], [2, 1], "start < end"),
        (3, [1], [1], "start < end"),
        (3, [0, 0], [2, 1], "ordered by end"),
        (3, [0], [3], "between cuts 0 and 2"),
        (3, [-1], [1], "between cuts 0 and 2"),
        (3, [0], [1, 2], "differ in number"),
        (0, [], [], "at least one cut"),
    ],
)
def test_impossible_lattices_are_refused(nodes, start, end, message):
    with pytest.raises(ValueError, match=message):
        Lattice(nodes, np.array(start, np.intp), np.array(end, np.intp), np.zeros((len(start), SYMBOLS)))


def test_spans_without_ink_are_skipped_for_nothing():
    sums = np.ones((3, SYMBOLS), np.float32)
    scores = lattice_scores(sums, np.array([False, True, False]))
    assert scores[1, SKIP] == 0 and (scores[1, :SKIP] == -np.inf).all()
    assert (scores[[0, 2]] == 1).all() and (sums == 1).all()


def test_digits_of_a_path_without_what_it_skips():
    assert Path((4, 6, 9), (3, SKIP, 0), 1.5).text == "30"


@pytest.mark.parametrize("axis", [0, 1, None])
def test_log_sum_is_ln_of_the_sum_of_exp(axis):
    values = np.array([[0.0, -np.inf, 3.0], [-np.inf, -np.inf, 1e4]])
    with np.errstate(divide="ignore", over="ignore"):
        expected = np.log(np.exp(values - 1e4 * (axis is None)).sum(axis=axis)) + 1e4 * (axis is None)
    finite = expected < np.inf
    np.testing.assert_allclose(np.asarray(log_sum(values, axis))[finite], np.asarray(expected)[finite])
    assert log_sum(np.zeros((0, 4)), 0).tolist() == [-np.inf] * 4
