"""The line network's forward pass, against loops; its columns and where they stand."""

import numpy as np
import pytest

from classifier.line import line_network
from classifier.line.line_network import (
    MARGIN,
    RESIDUAL,
    STRIDE,
    SYMBOLS,
    LineNetwork,
    LineShape,
    column_count,
    column_pixels,
    framed,
)
from classifier.line.line_picture import ROWS
from tests.classifier.line.line_fixture import FIXTURE, SHAPE

SMALL = LineShape(maps=(2, 3, 3, 4, 4, 5))
DEEPER = LineShape(SMALL.maps, residual=RESIDUAL)


@pytest.fixture(scope="module")
def network():
    return LineNetwork.initialise(SMALL, np.random.default_rng(1))


def convolved(layer, maps, kernel, bias):
    """Loops over places and units, as the formula has it."""
    (up, aside), (down, along), (high, wide) = layer.around, layer.step, layer.kernel
    padded = np.pad(maps, ((up, up), (aside, aside), (0, 0))).astype(np.float64)
    rows, columns = layer.size(*maps.shape[:2])
    out = np.zeros((rows, columns, layer.maps))
    kernel = kernel.reshape(high, wide, maps.shape[2], layer.maps)
    for y in range(rows):
        for x in range(columns):
            for j in range(high):
                for i in range(wide):
                    out[y, x] += padded[y * down + j, x * along + i * layer.apart] @ kernel[j, i]
    return np.maximum(out + bias, 0)


@pytest.mark.parametrize("shape", [SMALL, DEEPER])
def test_the_forward_pass_is_the_formula(shape):
    network = LineNetwork.initialise(shape, np.random.default_rng(1))
    picture = np.random.default_rng(2).random((ROWS, 18), np.float32)
    w, maps = network.weights, framed(picture)[:, :, None]

    def over(name, maps):
        return convolved(shape.layers[name], maps, w[name], w[f"{name}_bias"])

    for name in ("edges", "strokes", "corners", "shapes", "parts"):
        maps = over(name, maps)
    maps = over("column", maps + over("joints", maps) if "joints" in shape.residual else maps)
    assert maps.shape == (1, column_count(18), 5)
    for name in ("near", "far", "farther"):
        maps = maps + over(name, maps) if name in shape.residual else maps
    expected = maps[0] @ w["output"] + w["output_bias"]
    np.testing.assert_allclose(network.sums(picture), expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(np.exp(network.columns(picture)).sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("most", [1, 300])
def test_blocks_of_patches_do_not_matter(network, monkeypatch, most):
    picture = np.random.default_rng(3).random((ROWS, 60), np.float32)
    expected = network.sums(picture)
    monkeypatch.setattr(line_network, "PATCHES", most)
    np.testing.assert_allclose(network.sums(picture), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("width", [1, 16, 17, 18, 19, 20, 333])
def test_one_column_for_every_four_pixels(network, width):
    columns = network.columns(np.zeros((ROWS, width), np.float32))
    assert columns.shape == (column_count(width), SYMBOLS) and columns.dtype == np.float32
    assert column_pixels(0, 0)[0] == -MARGIN
    assert 0 <= column_pixels(0, column_count(width) - 1)[1] - width - MARGIN < STRIDE


def test_paper_at_the_ends_changes_nothing_but_the_ends(network):
    rng = np.random.default_rng(4)
    picture = rng.random((ROWS, 120), np.float32)
    wider = np.pad(picture, ((0, 0), (40, 40)))
    np.testing.assert_allclose(
        network.sums(wider)[10 + 12 : 10 + 20], network.sums(picture)[12:20], rtol=1e-4, atol=1e-5
    )


def test_shapes_and_weights_are_checked(network):
    with pytest.raises(ValueError, match="six layers"):
        LineShape(maps=(1, 2, 3))
    with pytest.raises(ValueError, match="symbols"):
        LineShape(symbols=11)
    with pytest.raises(ValueError, match="named from"):
        LineShape(residual=("edges",))
    with pytest.raises(ValueError, match="near_bias"):
        LineNetwork(SMALL, {**network.weights, "near_bias": np.zeros(4, np.float32)})


def test_the_forward_pass_is_pytorchs():
    with np.load(FIXTURE, allow_pickle=False) as content:
        arrays = {name: content[name] for name in content.files}
    picture, sums = arrays.pop("picture"), arrays.pop("sums")
    np.testing.assert_allclose(LineNetwork(SHAPE, arrays).sums(picture), sums, rtol=1e-4, atol=1e-4)
