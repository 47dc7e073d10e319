"""Gradient descent against the rule written out, and its configuration."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.book.costs import cost_named
from classifier.book.descent import SCHEDULES, GradientDescent, TrainingConfig, train
from classifier.book.sigmoid_network import Network, initialise


def data(n: int, sizes: list[int], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.random((n, sizes[0])), rng.integers(0, 2, (n, sizes[-1])).astype(float)


def by_the_rule(network: Network, x, y, config: TrainingConfig, rng: np.random.Generator) -> np.ndarray:
    """Mini-batch gradient descent as the book states it, from `backpropagate` alone."""
    cost, velocity = cost_named(config.cost), np.zeros_like(network.vector)
    network = network.copy()
    for epoch in range(config.epochs):
        rate = config.learning_rate_at(epoch)
        order = rng.permutation(len(x)) if config.batch_size else np.arange(len(x))
        size = config.batch_size or len(x)
        for start in range(0, len(x), size):
            chosen = order[start : start + size]
            gradient = network.backpropagate(x[chosen], y[chosen], cost)
            for w in network.weights:
                w *= 1 - rate * config.weight_decay
            velocity = config.momentum * velocity - rate * gradient.vector
            network.vector[:] += velocity
    return network.vector


@given(
    sizes=st.lists(st.integers(1, 5), min_size=2, max_size=4),
    n=st.integers(1, 23),
    batch_size=st.none() | st.integers(1, 25),
    cost=st.sampled_from(["quadratic", "cross-entropy"]),
    momentum=st.sampled_from([0.0, 0.9]),
    weight_decay=st.sampled_from([0.0, 0.01]),
    schedule=st.sampled_from(list(SCHEDULES)),
)
@settings(max_examples=80, deadline=None)
def test_training_follows_the_rule(sizes, n, batch_size, cost, momentum, weight_decay, schedule):
    config = TrainingConfig(3, batch_size, 0.7, cost, momentum, weight_decay, schedule)
    network = initialise(sizes, np.random.default_rng(1)).astype(np.float64)
    x, y = data(n, sizes)
    trained = train(network, x, y, config, np.random.default_rng(2))
    expected = by_the_rule(network, x, y, config, np.random.default_rng(2))
    np.testing.assert_allclose(trained.vector, expected, rtol=1e-9, atol=1e-12)


def test_blocks_larger_than_the_cache_see_every_example_once():
    """One linear look: the bias gradient of a dead network counts the examples (2,503 are 3 blocks)."""
    x, y = np.zeros((2503, 3)), np.ones((2503, 1))
    x[:, 0] = np.arange(2503)
    seen: list[float] = []

    class Recording(GradientDescent):
        def _step(self, x, y, rate):
            assert len(x) == len(y) <= 10
            seen.extend(x[:, 0])

    Recording(Network.zeros([3, 1]), TrainingConfig(), np.random.default_rng(0)).run_epoch(x, y)
    assert sorted(seen) == list(range(2503)) and seen != sorted(seen)


def test_seed_decides_the_result_and_nothing_else_does():
    sizes = [6, 4, 2]
    x, y = data(50, sizes)
    network = initialise(sizes, np.random.default_rng(0))
    before = network.vector.copy()
    runs = [train(network, x, y, TrainingConfig(2), np.random.default_rng(seed)).vector for seed in (5, 5, 6)]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])
    np.testing.assert_array_equal(network.vector, before)
    assert runs[0].dtype == np.float32


@pytest.mark.parametrize("cost", ["quadratic", "cross-entropy"])
@pytest.mark.parametrize("batch_size", [4, None])
def test_learns_what_no_single_layer_can(cost, batch_size):
    """Exclusive or, from the four examples."""
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    y = np.array([[0], [1], [1], [0]], np.float32)
    rng = np.random.default_rng(4)
    config = TrainingConfig(epochs=2000, batch_size=batch_size, learning_rate=3.0, cost=cost, momentum=0.5)
    trained = train(initialise([2, 4, 1], rng), x, y, config, rng)
    np.testing.assert_array_equal(trained.forward(x) > 0.5, y > 0.5)
    assert trained.cost(x, y, cost_named("cross-entropy")) < 0.1


def test_full_batch_descent_lowers_the_cost_every_epoch():
    sizes = [8, 5, 3]
    x, y = data(40, sizes)
    costs: list[float] = []
    network = initialise(sizes, np.random.default_rng(0)).astype(np.float64)
    config = TrainingConfig(epochs=50, batch_size=None, learning_rate=0.5)

    def on_epoch(descent: GradientDescent) -> None:
        costs.append(descent.network.cost(x, y, cost_named("quadratic")))
        assert descent.epoch == len(costs)

    train(network, x, y, config, np.random.default_rng(0), on_epoch)
    assert len(costs) == 50 and all(np.diff(costs) < 0)


def test_schedules():
    def rates(schedule, epochs=10):
        config = TrainingConfig(epochs=epochs, learning_rate=2.0, schedule=schedule)
        return [config.learning_rate_at(epoch) for epoch in range(epochs)]

    assert rates("constant") == [2.0] * 10
    assert rates("linear")[0] == 2.0 and rates("linear")[5] == pytest.approx(1.0)
    assert rates("cosine")[5] == pytest.approx(1.0) and rates("cosine")[9] < rates("linear")[9]
    assert rates("halving") == [2.0, 2.0, 1.0, 1.0, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125]
    assert rates(lambda progress: math.exp(-progress))[9] == pytest.approx(2 * math.exp(-0.9))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", 0),
        ("batch_size", 0),
        ("learning_rate", 0.0),
        ("learning_rate", math.nan),
        ("cost", "hinge"),
        ("momentum", 1.0),
        ("weight_decay", -0.1),
        ("weight_decay", 0.5),
        ("schedule", "warm"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(field, value):
    with pytest.raises(ValueError, match=field):
        TrainingConfig(**{field: value})


def test_data_that_does_not_fit_is_refused():
    network = initialise([3, 2], np.random.default_rng(0))
    for x, y in (((4, 2), (4, 2)), ((4, 3), (4, 1)), ((4, 3), (5, 2)), ((0, 3), (0, 2))):
        with pytest.raises(ValueError, match="takes inputs"):
            train(network, np.zeros(x), np.zeros(y), TrainingConfig(1), np.random.default_rng(0))
