"""Adam against the formulas of the paper, one weight at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.optimiser import Adam

seeds = st.integers(0, 2**32 - 1)


def textbook(weight: float, gradients: list[float], rate: float, decay: float, beta1: float, beta2: float) -> float:
    """Kingma and Ba 2015, algorithm 1, with the decoupled decay of Loshchilov and Hutter 2019, for one weight.

    The paper's epsilon is here the one of the rewritten last lines of its section 2, outside the bias correction.
    """
    m = v = 0.0
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        epsilon = 1e-7 / (1 - beta2**t) ** 0.5
        weight = weight * (1 - rate * decay) - rate * m_hat / (v_hat**0.5 + epsilon)
    return weight


@given(seeds, st.integers(1, 8), st.sampled_from([0.0, 0.1, 2.0]), st.sampled_from([(0.9, 0.999), (0.5, 0.9)]))
@settings(max_examples=40, deadline=None)
def test_steps_are_those_of_the_paper(seed, steps, decay, betas):
    rng = np.random.default_rng(seed)
    before = {"matrix": rng.standard_normal((3, 2)), "bias": rng.standard_normal(4)}
    gradients = [{name: rng.standard_normal(value.shape) + 0.1 for name, value in before.items()} for _ in range(steps)]
    weights = {name: value.copy() for name, value in before.items()}
    adam = Adam(weights, decay, *betas)
    for gradient in gradients:
        adam.step(gradient, 0.05)
    for name, value in before.items():
        for place in np.ndindex(value.shape):
            expected = textbook(
                float(value[place]),
                [float(g[name][place]) for g in gradients],
                0.05,
                decay if name == "matrix" else 0.0,
                *betas,
            )
            assert weights[name][place] == pytest.approx(expected, rel=1e-6, abs=1e-7)


def test_the_first_step_is_the_learning_rate_whatever_the_gradient():
    weights = {"w": np.zeros(3, np.float32)}
    Adam(weights).step({"w": np.array([1e-3, -5.0, 4e4], np.float32)}, 0.01)
    np.testing.assert_allclose(weights["w"], [-0.01, 0.01, -0.01], rtol=5e-3)


def test_weights_stay_float32_and_are_changed_in_place():
    weights = {"w": np.ones((2, 2), np.float32)}
    same = weights["w"]
    adam = Adam(weights, decay=0.1)
    adam.step({"w": np.ones((2, 2), np.float64)}, 0.1)
    assert weights["w"] is same and same.dtype == np.float32 and (same < 1).all()
    assert adam.mean["w"].dtype == adam.square["w"].dtype == np.float32


def test_weights_without_a_gradient_rest():
    weights = {"a": np.ones((2, 2), np.float32), "b": np.ones(2, np.float32)}
    Adam(weights, decay=0.5).step({"b": np.ones(2, np.float32)}, 0.1)
    assert (weights["a"] == 1).all() and (weights["b"] < 1).all()


def test_it_finds_the_bottom_of_a_valley():
    """A quadratic ten thousand times as steep one way as the other."""
    weights, steepness = {"w": np.array([3.0, -2.0])}, np.array([1e2, 1e-2])
    adam = Adam(weights)
    for step in range(2000):
        adam.step({"w": steepness * weights["w"]}, 0.05 * (1 - step / 2000))
    np.testing.assert_allclose(weights["w"], 0, atol=1e-3)


@given(seeds, st.integers(0, 5), st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_a_restored_state_goes_on_as_if_never_stopped(seed, before, after):
    rng = np.random.default_rng(seed)
    start = rng.standard_normal((4, 3)).astype(np.float32)
    gradients = [{"w": rng.standard_normal((4, 3)).astype(np.float32)} for _ in range(before + after)]
    weights = {"w": start.copy()}
    adam = Adam(weights, decay=0.01)
    for gradient in gradients[:before]:
        adam.step(gradient, 0.01)
    state, kept = adam.state(), {"w": weights["w"].copy()}
    for gradient in gradients[before:]:
        adam.step(gradient, 0.01)
    again = Adam(kept, decay=0.01)
    again.restore(state)
    for gradient in gradients[before:]:
        again.step(gradient, 0.01)
    np.testing.assert_array_equal(kept["w"], weights["w"])
