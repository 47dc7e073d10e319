"""Pretraining on lone digits: what is drawn, that it teaches, and that it is the same for a seed."""

import numpy as np
import pytest

from classifier.distortions import Distortion
from classifier.network import DIGITS, Convolution, ConvolutionNetwork, Shape
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.style import TRAINING
from pipeline.training.crop import pretraining
from pipeline.training.crop.pretraining import draw_digits, pretrain

SHAPE = Shape(convolutions=(Convolution(5, 2, 8), Convolution(5, 2, 16)), measures=27, hidden=32, unit="rectified")


@pytest.fixture(autouse=True)
def few_digits(monkeypatch):
    monkeypatch.setattr(pretraining, "DRAWN", 300)
    monkeypatch.setattr(pretraining, "LEARNING_RATE", 2e-3)


def trained(steps: int) -> ConvolutionNetwork:
    network = ConvolutionNetwork.initialise(SHAPE, np.random.default_rng(1))
    pretrain(network, Sources(fonts=False), TRAINING, steps, Distortion(), np.random.default_rng(2))
    return network


def test_digits_are_drawn_with_their_labels():
    crops, labels = draw_digits(np.random.default_rng(3), Sources(), TRAINING, 90)
    assert crops.shape == (90, 28, 28) and crops.dtype == np.uint8 and crops.max() > 200
    assert crops.any(axis=(1, 2)).all() and set(labels) == set(range(DIGITS))
    wide = crops.max(axis=1).astype(bool).sum(axis=1)
    assert np.median(wide[labels == 1]) < np.median(wide[labels == 0])


@pytest.mark.slow
def test_it_teaches_digits():
    network = trained(150)
    crops, labels = draw_digits(np.random.default_rng(4), Sources(fonts=False), TRAINING, 200)
    inputs = np.zeros((200, 2, 28, 28), np.float32)
    inputs[:, 0] = crops / np.float32(255)
    sums = network.forward(inputs, np.zeros((200, 27), np.float32))
    assert (sums[:, :DIGITS].argmax(axis=1) == labels).mean() > 0.6


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights():
    one, other = trained(3), trained(3)
    assert all((one.weights[name] == value).all() for name, value in other.weights.items())
