"""The mean of several weights: by their shares, over layers that one of them lacks; refused where none can be."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifier.line.line_network import RESIDUAL, LineNetwork, LineShape
from classifier.network import Convolution, ConvolutionNetwork, Shape
from classifier.weights import Networks, load_networks, network_arrays, network_card
from pipeline.errors import UsageError
from pipeline.training.averaging import average_weights, mean_of
from pipeline.training.checkpoints import TrainingFiles

SMALL = LineShape((2, 2, 3, 3, 4, 4))


def networks(seed: int, shape: LineShape = SMALL, hidden: int = 4) -> Networks:
    rng = np.random.default_rng(seed)
    crop = Shape(convolutions=(Convolution(5, 2, 3), Convolution(5, 2, 3)), hidden=hidden, measures=16)
    return Networks(ConvolutionNetwork.initialise(crop, rng), line=LineNetwork.initialise(shape, rng))


def test_every_array_is_the_mean_by_the_shares() -> None:
    one, other = networks(1), networks(2)
    found = mean_of([(one, 0.25), (other, 0.75)])
    for name, value in network_arrays(found).items():
        expected = 0.25 * network_arrays(one)[name] + 0.75 * network_arrays(other)[name]
        np.testing.assert_allclose(value, expected, rtol=2e-3, atol=2e-3)


def test_a_layer_that_one_lacks_is_nothing_in_it() -> None:
    grown, before = networks(1, replace(SMALL, residual=RESIDUAL)), networks(2)
    found = mean_of([(grown, 0.5), (before, 0.5)])
    assert found.line is not None and grown.line is not None and found.line.shape.residual == RESIDUAL
    np.testing.assert_allclose(found.line.weights["joints"], 0.5 * grown.line.weights["joints"], rtol=2e-3, atol=1e-3)
    with pytest.raises(UsageError, match="differ"):
        mean_of([(grown, 0.5), (networks(3, hidden=5), 0.5)])


def test_weights_are_written_with_the_card_of_the_first(tmp_path: Path) -> None:
    paths = [tmp_path / "a.npz", tmp_path / "b.npz"]
    for seed, path in enumerate(paths):
        TrainingFiles(path).save(network_arrays(networks(seed)), {**network_card(networks(seed)), "of": path.name})
    average_weights([(paths[0], 3.0), (paths[1], 1.0)], tmp_path / "c.npz")
    found, card = load_networks(tmp_path / "c.npz")
    assert card["of"] == "a.npz" and [part["share"] for part in card["mean_of"]] == [3.0, 1.0]
    expected = 0.75 * networks(0).first.weights["output"] + 0.25 * networks(1).first.weights["output"]
    np.testing.assert_allclose(found.first.weights["output"], expected, rtol=2e-3, atol=2e-3)
    with pytest.raises(UsageError, match="share"):
        average_weights([(paths[0], 0.0)], tmp_path / "d.npz")
    assert not (tmp_path / "d.npz").exists()
