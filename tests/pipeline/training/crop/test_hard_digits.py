"""Doubtful digits count more in the training of a second network; nothing is lost, and nobody's digits are mixed up."""

from collections import Counter

import numpy as np
import pytest

from classifier.network import Convolution, ConvolutionNetwork, Shape
from pipeline.data.strokes import StrokeSample
from pipeline.synthesis.sources import Sources
from pipeline.training.crop import hard_digits
from pipeline.training.crop.hard_digits import DOUBTFUL, emphasise, judge_images, judge_pens


@pytest.fixture
def network():
    """A random one, whose outputs are spread around a half."""
    shape = Shape(convolutions=(Convolution(5, 2, 3), Convolution(5, 2, 4)), hidden=8)
    network = ConvolutionNetwork.initialise(shape, np.random.default_rng(2))
    network.weights["output"] *= 8
    return network


@pytest.fixture
def sources():
    rng = np.random.default_rng(7)
    pens = tuple(
        StrokeSample(
            f"aaa-{k % 5:03d}", str(k % 10), (np.cumsum(rng.normal(0, 9, (12, 2)), axis=0).astype(np.float32),)
        )
        for k in range(40)
    )
    images = rng.integers(0, 256, (60, 28, 28), np.uint8)
    return Sources(images, np.arange(60, dtype=np.uint8) % 10, np.arange(60) // 6, pen_digits=pens)


def test_doubtful_digits_come_more_often_and_all_others_once(network, sources):
    found = emphasise(sources, network, 3, seed=1)
    outputs = judge_images(sources, network)
    doubtful = (outputs >= DOUBTFUL[0]) & (outputs <= DOUBTFUL[1])
    assert 0 < doubtful.sum() < len(doubtful)
    counts = Counter(image.tobytes() for image in found.images)
    assert [counts[image.tobytes()] for image in sources.images] == np.where(doubtful, 3, 1).tolist()
    pens = Counter(id(sample) for sample in found.pen_digits)
    assert {pens[id(sample)] for sample in sources.pen_digits} == {1, 3}


def test_labels_and_writers_go_with_their_images(network, sources):
    found = emphasise(sources, network, 2, seed=1)
    known = {
        image.tobytes(): (label, writer)
        for image, label, writer in zip(sources.images, sources.labels, sources.image_writers, strict=True)
    }
    for image, label, writer in zip(found.images, found.labels, found.image_writers, strict=True):
        assert known[image.tobytes()] == (label, writer)


def test_the_same_seed_judges_alike(network, sources):
    one, other = (emphasise(sources, network, 3, seed=4) for _ in range(2))
    assert [id(sample) for sample in one.pen_digits] == [id(sample) for sample in other.pen_digits]


def test_pen_digits_are_judged_by_the_output_of_their_own_digit(network, sources, monkeypatch):
    monkeypatch.setattr(
        hard_digits,
        "forward_blocks",
        lambda network, crops, measures: np.tile(np.arange(11, dtype=np.float32), (len(crops), 1)),
    )
    outputs = judge_pens(sources.pen_digits, network, np.random.default_rng(0))
    labels = np.array([int(sample.text) for sample in sources.pen_digits])
    np.testing.assert_allclose(outputs, 1 / (1 + np.exp(-labels)), rtol=1e-6)
