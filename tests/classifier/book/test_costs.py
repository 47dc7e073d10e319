"""Costs against their definitions, at ordinary and at extreme weighted sums."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.book.costs import COSTS, CrossEntropyCost, QuadraticCost, cost_named
from classifier.book.sigmoid_network import sigmoid

sums = st.lists(st.floats(-15, 15), min_size=6, max_size=6).map(lambda v: np.reshape(v, (2, 3)))
targets = st.lists(st.floats(0, 1), min_size=6, max_size=6).map(lambda v: np.reshape(v, (2, 3)))


@given(sums, targets)
def test_quadratic_is_its_definition(z, y):
    norms = [sum((y[x, j] - 1 / (1 + math.exp(-z[x, j]))) ** 2 for j in range(3)) for x in range(2)]
    assert QuadraticCost().value(z, y) == pytest.approx(sum(norms) / (2 * 2), abs=1e-12)


@given(sums, targets)
def test_cross_entropy_is_its_definition(z, y):
    total = 0.0
    for v, t in zip(z.ravel(), y.ravel(), strict=True):
        a = 1 / (1 + math.exp(-v))
        total -= t * math.log(a) + (1 - t) * math.log1p(-a)
    assert CrossEntropyCost().value(z, y) == pytest.approx(total / 2, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("cost", COSTS.values(), ids=COSTS)
@given(sums, targets)
def test_output_error_is_the_slope_in_z(cost, z, y):
    """BP1: delta = dC/dz, of each example for itself."""
    h = 1e-5
    error = cost.output_error(sigmoid(z), y)
    for place in np.ndindex(z.shape):
        row = [place[0]]
        up, down = z[row].copy(), z[row].copy()
        up[0, place[1]] += h
        down[0, place[1]] -= h
        slope = (cost.value(up, y[row]) - cost.value(down, y[row])) / (2 * h)
        assert error[place] == pytest.approx(slope, abs=1e-8, rel=1e-6)


@pytest.mark.parametrize("cost", COSTS.values(), ids=COSTS)
def test_output_error_into_a_buffer_is_the_same(cost):
    rng = np.random.default_rng(0)
    a, y = rng.random((2, 4, 3), dtype=np.float32)
    out = np.full_like(a, np.nan)
    expected = cost.output_error(a.copy(), y.copy())
    assert cost.output_error(a, y, out=out) is out
    np.testing.assert_array_equal(out, expected)


def test_cross_entropy_stays_finite_where_the_outputs_round_to_0_and_1():
    z = np.array([[-200.0, 200.0, 200.0]], np.float32)
    y = np.array([[1.0, 0.0, 1.0]], np.float32)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert CrossEntropyCost().value(z, y) == pytest.approx(400)


def test_a_saturated_wrong_output_learns_under_cross_entropy_only():
    """The learning slowdown of ch. 3."""
    a, y = np.array([[0.999]]), np.array([[0.0]])
    assert abs(COSTS["quadratic"].output_error(a, y)[0, 0]) < 0.001
    assert COSTS["cross-entropy"].output_error(a, y)[0, 0] > 0.99


def test_unknown_cost_is_refused():
    with pytest.raises(ValueError, match="quadratic, cross-entropy"):
        cost_named("hinge")
