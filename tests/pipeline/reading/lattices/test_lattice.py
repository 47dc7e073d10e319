"""Lattices: their order, what is refused, their mirror image."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.reading.lattices.lattice import SKIP, SYMBOLS, Lattice, Path, lattice_scores


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_the_mirror_image_has_the_same_paths_backwards(small_lattice, all_paths, seed):
    lattice = small_lattice(seed)
    mirrored, order = lattice.mirrored()
    back = {tuple((int(order[span]), symbol) for span, symbol in steps[::-1]): s for steps, s in all_paths(mirrored)}
    assert back == pytest.approx(dict(all_paths(lattice)))


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
