"""The convolution network against oracles: the formula one unit at a time, finite differences, single crops."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import network as convolution
from classifier.network import BLOCK, SYMBOLS, Convolution, ConvolutionNetwork, Shape
from classifier.patches import patches_of, scattered

SMALL = Shape(2, (Convolution(5, 2, 2), Convolution(5, 2, 3)), measures=4, hidden=5)
seeds = st.integers(0, 2**32 - 1)
layers = st.builds(Convolution, st.sampled_from([3, 5]), st.sampled_from([1, 2]), st.integers(1, 3))


def fits(convolutions):
    """Whether something is left of the crop, and one unit at a time is not too slow."""
    sides = [29]
    for layer in convolutions:
        sides.append(layer.side(sides[-1]))
    return sides[-1] >= 1


shapes = st.builds(
    Shape,
    st.integers(1, 3),
    st.lists(layers, min_size=1, max_size=4).map(tuple).filter(fits),
    measures=st.integers(0, 3),
    hidden=st.integers(1, 4),
    unit=st.sampled_from(["tanh", "rectified"]),
)


def example(shape: Shape, n: int, seed: int = 0, dtype: type = np.float64):
    """A network with random biases, crops (n, C, 28, 28) and measures (n, M)."""
    rng = np.random.default_rng(seed)
    network = ConvolutionNetwork.initialise(shape, rng)
    weights = {
        name: value.astype(dtype) + 0.1 * rng.standard_normal(value.shape).astype(dtype)
        for name, value in network.weights.items()
    }
    crops = rng.random((n, shape.channels, 28, 28)).astype(dtype)
    return ConvolutionNetwork(shape, weights), crops, rng.standard_normal((n, shape.measures)).astype(dtype)


def one_unit_at_a_time(network: ConvolutionNetwork, crop: np.ndarray, measures: np.ndarray) -> list[float]:
    """Weighted sums of the outputs for one crop (C, 28, 28), each unit by itself."""
    w = network.weights

    def unit(name: str, k: int, inputs: np.ndarray) -> float:
        return float(inputs.ravel() @ w[name][:, k] + w[f"{name}_bias"][k])

    maps = np.zeros((29, 29, len(crop)))
    maps[:28, :28] = crop.transpose(1, 2, 0)
    squash = math.tanh if network.shape.unit == "tanh" else lambda z: max(z, 0.0)
    for number, layer in enumerate(network.shape.convolutions, start=1):
        name, side, stride = f"kernel{number}", (len(maps) - layer.kernel) // layer.stride + 1, layer.stride
        above = np.zeros((side, side, w[name].shape[1]))
        for y in range(side):
            for x in range(side):
                for k in range(above.shape[2]):
                    above[y, x, k] = squash(
                        unit(
                            name,
                            k,
                            maps[stride * y : stride * y + layer.kernel, stride * x : stride * x + layer.kernel],
                        )
                    )
        maps = above
    features = np.concatenate([maps.ravel(), measures])
    hidden = np.array([squash(unit("dense", k, features)) for k in range(w["dense"].shape[1])])
    return [unit("output", k, hidden) for k in range(SYMBOLS)]


@given(shapes, seeds)
@settings(max_examples=15, deadline=None)
def test_forward_is_the_formula(shape, seed):
    network, crops, measures = example(shape, 1, seed)
    np.testing.assert_allclose(
        network.forward(crops, measures)[0], one_unit_at_a_time(network, crops[0], measures[0]), rtol=1e-10, atol=1e-12
    )


@pytest.mark.parametrize("n", [0, 1, 2, BLOCK, BLOCK + 1, 3 * BLOCK - 5])
def test_a_batch_is_one_crop_after_another(n):
    network, crops, measures = example(Shape(), n, dtype=np.float32)
    batch = network.forward(crops, measures)
    assert batch.shape == (n, SYMBOLS) and batch.dtype == np.float32
    for k in range(n):
        alone = network.forward(crops[k : k + 1], measures[k : k + 1])
        np.testing.assert_allclose(batch[k : k + 1], alone, atol=2e-5)


def test_blocks_do_not_matter_to_the_gradients(monkeypatch):
    network, crops, measures = example(SMALL, 23)
    expected, sums = network.backpropagate(crops, measures, np.sin)
    monkeypatch.setattr(convolution, "PATCHES", 1)
    network = ConvolutionNetwork(replace(SMALL), network.weights)  # a shape remembers its block
    assert network.shape.block < 23 // 2
    gradients, blocked = network.backpropagate(crops, measures, np.sin)
    np.testing.assert_allclose(blocked, sums, rtol=1e-12)
    assert gradients.keys() == network.weights.keys()
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, expected[name], rtol=1e-9, atol=1e-12)


DEEP = Shape(
    2, (Convolution(5, 2, 3), Convolution(3, 1, 4), Convolution(3, 2, 5)), measures=2, hidden=4, unit="rectified"
)


@pytest.mark.parametrize("shape", [SMALL, DEEP, replace(SMALL, unit="rectified")])
@given(seeds)
@settings(max_examples=5, deadline=None)
def test_gradients_agree_with_finite_differences(shape, seed):
    """Of C = sum(1 - cos(z)), whose delta is sin(z), with respect to each weight and bias."""
    network, crops, measures = example(shape, 3, seed)
    gradients, _ = network.backpropagate(crops, measures, np.sin)
    rng = np.random.default_rng(seed)
    h, near = (1e-5, 1e-5) if shape.unit == "tanh" else (1e-7, 1e-3)  # few steps that short reach a rectifier's bend
    for name, value in network.weights.items():
        for place in rng.choice(value.size, min(8, value.size), replace=False):
            before, costs = value.flat[place], []
            for change in (h, -h):
                value.flat[place] = before + change
                costs.append(float((1 - np.cos(network.forward(crops, measures))).sum()))
            value.flat[place] = before
            slope = (costs[0] - costs[1]) / (2 * h)
            assert gradients[name].flat[place] == pytest.approx(slope, rel=near, abs=near / 100)


def test_gradients_of_a_batch_add_up():
    network, crops, measures = example(SMALL, 4)
    together, _ = network.backpropagate(crops, measures, np.sin)
    alone = [network.backpropagate(crops[k : k + 1], measures[k : k + 1], np.sin)[0] for k in range(4)]
    for name, gradient in together.items():
        np.testing.assert_allclose(gradient, sum(part[name] for part in alone), rtol=1e-9, atol=1e-12)


def test_no_crops_have_no_gradient():
    network, crops, measures = example(SMALL, 0)
    gradients, sums = network.backpropagate(crops, measures, np.sin)
    assert sums.shape == (0, SYMBOLS)
    assert not any(gradient.any() for gradient in gradients.values())


@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 3), layers, seeds)
def test_scatter_is_the_transpose_of_patches(channels, n, side, layer, seed):
    """<patches_of(m), p> = <m, scattered(p)> for all maps m and patches p."""
    rng, size = np.random.default_rng(seed), layer.stride * (side - 1) + layer.kernel
    maps = rng.standard_normal((channels, size, size, n))
    patches = rng.standard_normal((layer.kernel**2 * channels, side * side * n))
    assert np.vdot(patches_of(maps, layer, side), patches) == pytest.approx(
        np.vdot(maps, scattered(patches, layer, side, maps.shape)), rel=1e-9, abs=1e-9
    )


def test_initial_weights_have_the_variance_of_their_fan_in():
    network = ConvolutionNetwork.initialise(Shape(), np.random.default_rng(3))
    for name, (fan_in, units) in Shape().sizes.items():
        sampling_noise = 5 / math.sqrt(2 * fan_in * units)
        assert network.weights[name].std() == pytest.approx(fan_in**-0.5, rel=sampling_noise)
        assert not network.weights[f"{name}_bias"].any()
    again = ConvolutionNetwork.initialise(Shape(), np.random.default_rng(3))
    assert all((network.weights[name] == value).all() for name, value in again.weights.items())


@pytest.mark.parametrize("name", ["kernel1", "kernel2_bias", "dense", "output_bias"])
def test_missing_or_misshapen_weights_are_refused(name):
    network, _, _ = example(SMALL, 0)
    for value in (None, network.weights[name][:-1]):
        weights = {key: array for key, array in network.weights.items() if key != name}
        if value is not None:
            weights[name] = value
        with pytest.raises(ValueError, match=f"weights {name} must be"):
            ConvolutionNetwork(SMALL, weights)


@pytest.mark.parametrize(
    "change",
    [{"channels": 0}, {"hidden": 0}, {"measures": -1}, {"unit": "step"}, {"convolutions": (Convolution(5, 2, 2),) * 4}],
)
def test_impossible_shapes_are_refused(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        Shape(**change)


@pytest.mark.parametrize("wrong", [{"kernel": 0}, {"stride": 0}, {"maps": 0}])
def test_impossible_convolutions_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Convolution(**{"kernel": 5, "stride": 2, "maps": 4, **wrong})
