"""Seams against dynamic programming written out, one column at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmenter.seams import BEND_COST, DRIFT_COST, REACH, find_seams


def random_ink(seed):
    rng = np.random.default_rng(seed)
    ink = rng.random((int(rng.integers(1, 14)), int(rng.integers(1, 30)))).astype(np.float32)
    return np.where(rng.random(ink.shape) < rng.choice([0.1, 0.4, 0.9]), ink, 0).astype(np.float32)


def price(ink, column, path):
    """What a seam around `column` costs: ink, one step sideways a row at most, and standing beside the column."""
    padded = np.pad(ink, ((0, 0), (REACH, REACH)))
    return (
        sum(padded[y, x + REACH] for y, x in enumerate(path))
        + BEND_COST * np.abs(np.diff(path)).sum()
        + DRIFT_COST * np.abs(np.array(path) - column).sum()
    )


def least_price(ink, column):
    padded = np.pad(ink, ((0, 0), (REACH, REACH))).astype(np.float64)
    lanes = range(-REACH, REACH + 1)
    best = dict.fromkeys(lanes, 0.0)
    for row in padded:
        best = {
            lane: min(
                best[other] + BEND_COST * abs(other - lane) for other in (lane - 1, lane, lane + 1) if other in best
            )
            + row[column + lane + REACH]
            + DRIFT_COST * abs(lane)
            for lane in lanes
        }
    return min(best.values())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
@pytest.mark.slow
def test_each_column_has_its_least_seam(seed):
    ink = random_ink(seed)
    seams = find_seams(ink)
    columns = np.arange(ink.shape[1])
    paths = seams.trace(columns)
    assert paths.shape == (ink.shape[1], ink.shape[0]) and paths.dtype == np.int16
    for column, path in zip(columns, paths.astype(int), strict=True):
        expected = least_price(ink, column)
        assert seams.cost[column] == pytest.approx(expected, abs=1e-4)
        assert (np.abs(np.diff(path)) <= 1).all() and (np.abs(path - column) <= REACH).all()
        assert ((path >= 0) & (path <= ink.shape[1])).all()
        if path.min() > 0 and path.max() < ink.shape[1]:  # beyond the field all is empty, and paths are cut off
            assert price(ink, column, path) == pytest.approx(expected, abs=1e-4)


def test_some_columns_are_traced_as_all_are():
    seams = find_seams(random_ink(5))
    chosen = np.array([9, 2, 2, 14])
    np.testing.assert_array_equal(seams.trace(chosen), seams.trace(np.arange(len(seams.cost)))[chosen])


def test_a_seam_bends_around_a_stroke_that_leans():
    """A stroke in the way of the straight line, and an empty way around it."""
    ink = np.zeros((20, 30), dtype=np.float32)
    ink[4:8, 8:19] = 1
    path = find_seams(ink).trace(np.array([17]))[0]
    assert (path[4:8] >= 19).all() and path[-1] == 17
