"""The network against oracles: the formula one neuron at a time, finite differences, the first-order law."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.book.costs import COSTS, Cost
from classifier.book.sigmoid_network import Network, Parameters, initialise, parameter_count, sigmoid, sigmoid_prime

layer_sizes = st.lists(st.integers(1, 6), min_size=2, max_size=4)
seeds = st.integers(0, 2**32 - 1)
costs = st.sampled_from(list(COSTS.values()))


def example(sizes: list[int], seed: int, n: int = 5) -> tuple[Network, np.ndarray, np.ndarray]:
    """A float64 network, inputs (n, nI) and targets (n, nO) in {0, 1}."""
    rng = np.random.default_rng(seed)
    network = initialise(sizes, rng).astype(np.float64)
    return network, rng.random((n, sizes[0])), rng.integers(0, 2, (n, sizes[-1])).astype(float)


def one_neuron_at_a_time(network: Network, x: np.ndarray) -> list[float]:
    """Outputs for one input (nI,), by the book's formula and nothing but Python's own arithmetic."""
    a = [float(v) for v in x]
    for w, b in zip(network.weights, network.biases, strict=True):
        z = [sum(w[j, k] * a[k] for k in range(len(a))) + b[j] for j in range(len(b))]
        a = [1 / (1 + math.exp(-v)) for v in z]
    return a


@given(layer_sizes, seeds)
def test_forward_is_the_formula(sizes, seed):
    network, x, _ = example(sizes, seed)
    expected = [one_neuron_at_a_time(network, row) for row in x]
    np.testing.assert_allclose(network.forward(x), expected, rtol=1e-12)
    np.testing.assert_allclose(network.forward(x[0]), expected[0], rtol=1e-12)
    np.testing.assert_allclose(sigmoid(network.weighted_sums(x)[-1]), expected, rtol=1e-12)


@given(layer_sizes, seeds, costs)
@settings(max_examples=60, deadline=None)
@pytest.mark.slow
def test_gradient_agrees_with_finite_differences(sizes, seed, cost: Cost):
    network, x, y = example(sizes, seed)
    gradient = network.backpropagate(x, y, cost).vector
    h = 1e-6
    for i in range(network.vector.size):
        moved = []
        for change in (h, -h):
            other = network.copy()
            other.vector[i] += change
            moved.append(other.cost(x, y, cost))
        assert gradient[i] == pytest.approx((moved[0] - moved[1]) / (2 * h), abs=2e-8, rel=1e-5)


@given(layer_sizes, seeds, costs)
@settings(max_examples=60, deadline=None)
def test_first_order_law(sizes, seed, cost):
    """dC = grad C . dv: what is left over falls with the square of the step (Nielsen ch. 1)."""
    network, x, y = example(sizes, seed)
    direction = np.random.default_rng(seed + 1).standard_normal(network.vector.size)
    direction /= np.linalg.norm(direction)
    slope = network.backpropagate(x, y, cost).vector @ direction
    before = network.cost(x, y, cost)
    left_over = []
    for length in (1e-2, 1e-3):
        moved = Network(network.sizes, network.vector + length * direction)
        left_over.append(abs(moved.cost(x, y, cost) - before - length * slope))
    inputs = max(n for n in sizes)  # the second derivative is at most of this order
    assert left_over[0] <= 1e-4 * 4 * inputs * len(sizes)
    assert left_over[1] <= 1e-6 * 4 * inputs * len(sizes)


@given(layer_sizes, seeds, costs)
@settings(max_examples=60, deadline=None)
def test_a_small_step_down_the_gradient_lowers_the_cost(sizes, seed, cost):
    """v -> v - eta grad C changes C by close to -eta ||grad C||^2 (Nielsen ch. 1)."""
    network, x, y = example(sizes, seed)
    gradient = network.backpropagate(x, y, cost).vector
    eta = 1e-4
    stepped = Network(network.sizes, network.vector - eta * gradient)
    change = stepped.cost(x, y, cost) - network.cost(x, y, cost)
    assert change == pytest.approx(-eta * gradient @ gradient, rel=1e-2, abs=1e-14)
    assert change < 0 or np.linalg.norm(gradient) < 1e-6


@given(layer_sizes, seeds, costs)
@settings(deadline=None)
def test_gradient_of_a_batch_is_the_mean_of_its_examples(sizes, seed, cost):
    network, x, y = example(sizes, seed, n=4)
    alone = [network.backpropagate(x[i : i + 1], y[i : i + 1], cost).vector for i in range(4)]
    np.testing.assert_allclose(network.backpropagate(x, y, cost).vector, np.mean(alone, axis=0), atol=1e-14)


@pytest.mark.parametrize("sizes", [[784, 15, 10], [784, 30, 10], [4096, 20, 10], [4096, 30, 15, 1]])
@pytest.mark.parametrize("scale", ["book", "fan_in"])
def test_sizes_of_the_book_and_of_larger_images(sizes, scale):
    rng = np.random.default_rng(1)
    network = initialise(sizes, rng, scale)
    x, y = rng.random((3, sizes[0]), dtype=np.float32), np.ones((3, sizes[-1]), np.float32)
    assert [w.shape for w in network.weights] == list(zip(sizes[1:], sizes[:-1], strict=True))
    assert [b.shape for b in network.biases] == [(n,) for n in sizes[1:]]
    outputs, gradient = network.forward(x), network.backpropagate(x, y, COSTS["quadratic"])
    assert outputs.shape == y.shape and outputs.dtype == gradient.vector.dtype == np.float32
    exact = network.astype(np.float64)
    np.testing.assert_allclose(outputs, exact.forward(x.astype(np.float64)), atol=1e-4)


def test_initialise_scales():
    for scale, spread in (("book", 1.0), ("fan_in", 1 / 28)):
        network = initialise([784, 40, 10], np.random.default_rng(3), scale)
        assert network.weights[0].std() == pytest.approx(spread, rel=0.03)
        assert abs(network.weights[0].mean()) < 0.03 * spread
        assert network.biases[0].std() == pytest.approx(1, rel=0.4)
    again = [initialise([5, 4], np.random.default_rng(9)).vector for _ in range(2)]
    np.testing.assert_array_equal(*again)


def test_sigmoid_is_stable_and_precise():
    with np.errstate(all="raise"):
        z = np.array([-1e30, -80, 0, 80, 1e30], np.float32)
        with np.errstate(under="ignore"):
            a = sigmoid(z)
    assert a[0] == 0 and a[2] == 0.5 and a[4] == 1
    assert a[1] == pytest.approx(math.exp(-80), rel=1e-5)
    assert sigmoid_prime(np.float32(20)) == pytest.approx(math.exp(-20), rel=1e-5)
    z = np.linspace(-6, 6, 25)
    difference = (sigmoid(z + 1e-6) - sigmoid(z - 1e-6)) / 2e-6
    np.testing.assert_allclose(sigmoid_prime(z), difference, atol=1e-9)


def test_weights_and_biases_are_views_of_the_vector():
    network = Network.zeros([3, 2, 1])
    network.vector[:] = np.arange(parameter_count([3, 2, 1]))
    np.testing.assert_array_equal(network.weights[0], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(network.biases[0], [6, 7])
    np.testing.assert_array_equal(network.weights[1], [[8, 9]])
    copied = network.copy()
    network.biases[1][0] = -1
    assert network.vector[-1] == -1 and copied.vector[-1] == 10
    layers = Network.from_layers(network.weights, network.biases)
    np.testing.assert_array_equal(layers.vector, network.vector)
    assert layers.sizes == network.sizes and layers.vector.dtype == np.float32


@pytest.mark.parametrize(
    "make",
    [
        lambda: initialise([784], np.random.default_rng(0)),
        lambda: initialise([784, 0, 10], np.random.default_rng(0)),
        lambda: initialise([784, 10], np.random.default_rng(0), "xavier"),
        lambda: Network((2, 1), np.zeros(4, np.float32)),
        lambda: Network((2, 1), np.zeros(3, np.int64)),
        lambda: Parameters.from_layers([np.zeros((3, 2)), np.zeros((1, 4))], [np.zeros(3), np.zeros(1)]),
        lambda: Parameters.from_layers([np.zeros((3, 2))], [np.zeros(2)]),
        lambda: Network.zeros([3, 1]).forward(np.zeros((5, 4), np.float32)),
        lambda: Network.zeros([3, 1]).forward(np.zeros(4, np.float32)),
    ],
)
def test_what_does_not_fit_is_refused(make):
    with pytest.raises(ValueError, match=r"layer|scale|vector|inputs"):
        make()
