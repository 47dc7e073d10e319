"""Perceptrons: gates, a circuit, and the law that ties them to sigmoid neurons (the exercises of ch. 1)."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from classifier.book.perceptron import NAND, PerceptronNetwork, half_adder, step

TWO_BITS = np.array(list(itertools.product([0, 1], repeat=2)), np.float32)


@st.composite
def circuits(draw) -> tuple[PerceptronNetwork, np.ndarray]:
    """A perceptron network of small whole weights and all its binary inputs."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=2, max_size=4))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    network = PerceptronNetwork.zeros(sizes, np.float64)
    network.vector[:] = rng.integers(-3, 4, network.vector.size)
    return network, np.array(list(itertools.product([0.0, 1.0], repeat=sizes[0])))


def where_no_sum_is_zero(network: PerceptronNetwork, x: np.ndarray) -> np.ndarray:
    """(nB,) bool: the inputs for which no neuron of any layer sits on its threshold."""
    return np.all([np.all(z != 0, axis=1) for z in network.weighted_sums(x)], axis=0)


def test_nand_is_not_and():
    for a, b in TWO_BITS:
        assert NAND.forward(np.array([[a, b]]))[0, 0] == (not (a and b))


def test_half_adder_adds():
    bit, carry = half_adder().forward(TWO_BITS).T
    np.testing.assert_array_equal(2 * carry + bit, TWO_BITS.sum(axis=1))


@given(circuits(), st.integers(-20, 20))
def test_scaling_changes_no_output_of_perceptrons(circuit, power):
    """Powers of two scale without rounding, so this holds even where a sum is exactly zero."""
    network, x = circuit
    np.testing.assert_array_equal(network.scaled(2.0**power).forward(x), network.forward(x))


@given(circuits(), st.floats(1e-3, 1e3))
def test_scaling_by_any_factor_changes_no_output_where_no_sum_is_zero(circuit, c):
    network, x = circuit
    x = x[where_no_sum_is_zero(network, x)]
    np.testing.assert_array_equal(network.scaled(c).forward(x), network.forward(x))


@given(circuits())
@settings(max_examples=200)
@pytest.mark.slow
def test_scaled_sigmoid_neurons_become_perceptrons_where_no_sum_is_zero(circuit):
    network, x = circuit
    x = x[where_no_sum_is_zero(network, x)]
    assume(len(x))
    wanted = network.forward(x)

    def distance(c: float) -> float:
        return float(np.abs(network.sigmoid_network(c).forward(x) - wanted).max())

    # Sums are whole numbers, so at least 1 from zero: from c = 10 on each layer is within e^-9 of its limit.
    assert distance(10) < 1e-3
    assert distance(30) < 1e-11
    assert distance(30) <= distance(10)


def test_where_a_sum_is_zero_the_limit_is_not_the_perceptron():
    network = PerceptronNetwork.from_layers([np.array([[1.0, -1.0]])], [np.array([0.0])])
    x = np.array([[1.0, 1.0], [1.0, 0.0]])
    for c in (1, 100, 10_000):
        assert network.sigmoid_network(c).forward(x)[0, 0] == 0.5
    np.testing.assert_array_equal(network.forward(x)[:, 0], [0, 1])


def test_sigmoid_nand_and_half_adder():
    for network in (NAND, half_adder()):
        soft = network.sigmoid_network(50).forward(TWO_BITS)
        np.testing.assert_allclose(soft, network.forward(TWO_BITS), atol=1e-8)


def test_step_and_scale_domain():
    np.testing.assert_array_equal(step(np.array([-1e-9, 0.0, 1e-9])), [0, 0, 1])
    for c in (0, -1):
        with pytest.raises(ValueError, match="above 0"):
            NAND.scaled(c)
