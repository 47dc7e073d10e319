"""The loss of strings against every path of small lattices, and its gradient against finite differences."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.reading.lattices.lattice import SKIP, SYMBOLS, lattice_scores
from pipeline.training.crop.examples import Example
from pipeline.training.crop.path_loss import example_lattice, path_loss

seeds = st.integers(0, 2**32 - 1)


def example_of(start, end, text: str, empty=(), allowed=None, nodes: int | None = None) -> Example:
    """An example with a given lattice and truth; crops and measures take no part in the loss."""
    count = len(start)
    hollow = np.zeros(count, bool)
    hollow[list(empty)] = True
    return Example(
        nodes or max(end) + 1,
        np.array(start, np.intp),
        np.array(end, np.intp),
        np.zeros((count, SYMBOLS), np.float32),
        np.arange(count),
        np.zeros((count, 2, 28, 28), np.uint8),
        np.zeros((count, 16), np.float32),
        hollow,
        None,
        allowed,
        text,
    )


def random_example(seed: int, known: bool) -> tuple[Example, np.ndarray]:
    """An example with all spans of four cuts, and weighted sums."""
    rng = np.random.default_rng(seed)
    start, end = [0, 0, 1, 0, 1, 2], [1, 2, 2, 3, 3, 3]
    text = "".join(rng.choice(list("37"), rng.integers(0, 4)))
    allowed = tuple(rng.random((6, SYMBOLS)) < share for share in (0.4, 0.8)) if known else None
    empty = np.flatnonzero(rng.random(6) < 0.2)
    return example_of(start, end, text, empty, allowed), rng.normal(0, 2, (6, SYMBOLS))


def log_sum_of(paths) -> float:
    weight = math.fsum(math.exp(score) for _, score in paths)
    return math.log(weight) if weight else -math.inf


def true_paths(example: Example, paths) -> list:
    """Those that spell the text, of spans that may be what the path takes them for."""
    spelling = [
        (steps, score)
        for steps, score in paths
        if "".join(str(symbol) for _, symbol in steps if symbol != SKIP) == example.text
    ]
    if example.allowed is None:
        return spelling
    for allowed in example.allowed:
        kept = [
            (steps, score)
            for steps, score in spelling
            if all(allowed[step] or example.empty[step[0]] for step in steps)
        ]
        if kept:
            return kept
    return []


@given(seed=seeds, known=st.booleans())
@settings(max_examples=30, deadline=None)
@pytest.mark.slow
def test_loss_is_what_true_paths_lack(all_paths, seed, known):
    example, sums = random_example(seed, known)
    paths = list(all_paths(example_lattice(example, sums)))
    expected = log_sum_of(paths) - log_sum_of(true_paths(example, paths))
    loss, gradient = path_loss(example, sums)
    if expected == math.inf:
        assert math.isnan(loss) and not gradient.any()
    else:
        assert loss == pytest.approx(expected, rel=1e-9, abs=1e-9) and loss >= -1e-12


@given(seed=seeds, known=st.booleans())
@settings(max_examples=30, deadline=None)
@pytest.mark.slow
def test_gradient_agrees_with_finite_differences(seed, known):
    example, sums = random_example(seed, known)
    loss, gradient = path_loss(example, sums)
    assert gradient.shape == sums.shape and not gradient[example.empty].any()
    if math.isnan(loss):
        return
    h = 1e-5
    for place in map(tuple, np.random.default_rng(seed).integers(0, sums.shape, (20, 2))):
        losses = []
        for change in (h, -h):
            moved = sums.copy()
            moved[place] += change
            losses.append(path_loss(example, moved)[0])
        assert gradient[place] == pytest.approx((losses[0] - losses[1]) / (2 * h), abs=1e-7, rel=1e-5)


def test_a_sure_reading_costs_next_to_nothing_and_its_opposite_much():
    example = example_of([0, 1, 0], [1, 2, 2], "47")
    sums = np.full((3, SYMBOLS), -15.0, np.float32)
    sums[0, 4] = sums[1, 7] = 15
    loss, gradient = path_loss(example, sums)
    assert 0 <= loss < 1e-6 and np.abs(gradient).max() < 1e-6
    sums[1, 7], sums[1, 1] = -15, 15
    loss, gradient = path_loss(example, sums)
    assert loss == pytest.approx(30, abs=1e-3)
    assert gradient[1, 7] == pytest.approx(-1, abs=1e-3) and gradient[1, 1] == pytest.approx(1, abs=1e-3)


def test_loosely_true_paths_count_only_where_no_strict_one_gets_across():
    strict, loose = (np.zeros((3, SYMBOLS), bool) for _ in range(2))
    strict[2, 4] = True
    loose[[0, 1], [4, SKIP]] = True
    sums = np.zeros((3, SYMBOLS))
    example = example_of([0, 1, 0], [1, 2, 2], "4", allowed=(strict, loose))
    _, gradient = path_loss(example, sums)
    assert gradient[2, 4] < 0 < gradient[0, 4]
    strict[2, 4] = False
    _, gradient = path_loss(example, sums)
    assert gradient[0, 4] < 0 and gradient[1, SKIP] < 0 < gradient[2, 4]


def test_spans_without_ink_may_always_be_skipped():
    """Whatever the truth says of them: their ink is their neighbour's."""
    allowed = np.zeros((2, SYMBOLS), bool)
    allowed[0, 5] = True
    example = example_of([0, 1], [1, 2], "5", empty=[1], allowed=(allowed,))
    loss, gradient = path_loss(example, np.zeros((2, SYMBOLS), np.float32))
    assert loss == pytest.approx(math.log(SYMBOLS)) and not gradient[1].any()
    assert not allowed[1].any()  # the example's own truth is as it was


@pytest.mark.parametrize("text", ["1", "123"])
def test_a_text_that_no_path_can_spell(text):
    """More digits than spans, or true paths that do not get across."""
    example = example_of([0, 1], [1, 2], text, allowed=(np.zeros((2, SYMBOLS), bool),))
    loss, gradient = path_loss(example, np.ones((2, SYMBOLS), np.float32))
    assert math.isnan(loss) and gradient.shape == (2, SYMBOLS) and not gradient.any()


def test_a_field_without_digits_is_to_be_skipped():
    loss, gradient = path_loss(example_of([0], [1], ""), np.zeros((1, SYMBOLS), np.float32))
    assert loss == pytest.approx(math.log(SYMBOLS))
    assert gradient[0, SKIP] < 0 < gradient[0, :SKIP].min()


def test_no_spans_at_all():
    none = example_of([], [], "", nodes=1)
    loss, gradient = path_loss(none, np.zeros((0, SYMBOLS), np.float32))
    assert loss == 0 and gradient.shape == (0, SYMBOLS)


def test_the_lattice_of_an_example_is_that_of_the_reader():
    example, sums = random_example(4, known=True)
    lattice = example_lattice(example, sums)
    np.testing.assert_array_equal(lattice.scores, lattice_scores(sums, example.empty))
    assert lattice.nodes == example.nodes and (lattice.end == example.end).all()
