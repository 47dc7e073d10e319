"""Training on whole strings: its gradient, its steps, and what it may be asked; the recipe is in test_recipe.py."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.distortions import Distortion
from classifier.network import DIGITS, SYMBOLS, Convolution, ConvolutionNetwork, Shape
from classifier.weights import Networks
from pipeline.reading.lattices.characters import MEASURES
from pipeline.reading.lattices.rescoring import MEASURES as SECOND_MEASURES
from pipeline.reading.lattices.rescoring import second_measures
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.style import TRAINING
from pipeline.training.crop import trainer as string_training
from pipeline.training.crop.path_loss import path_loss
from pipeline.training.crop.trainer import StepConfig, StringTrainer, clipped, draw_lone, lone_accuracy
from pipeline.training.string_pool import StringData, alone, draw_examples

SMALL = Shape(convolutions=(Convolution(5, 2, 3), Convolution(5, 2, 4)), hidden=8)


@pytest.fixture(scope="module")
def strings():
    """Examples whose text some path spells, of our own shapes."""
    drawn = draw_examples(np.random.default_rng(2), StringData(Sources()), alone(TRAINING), 8)
    spelled = [
        each for each in drawn if np.isfinite(path_loss(each, np.zeros((len(each.start), SYMBOLS), np.float32))[0])
    ]
    return sorted(spelled, key=lambda each: len(each.start))[:4]


@pytest.fixture(scope="module")
def lone():
    """(8, 28, 28) crops of anything, and labels."""
    rng = np.random.default_rng(4)
    return rng.random((8, 28, 28)).astype(np.float32), rng.integers(0, 10, 8).astype(np.uint8)


def trainer_of(config, shape=SMALL, dtype=np.float32, **options):
    network = ConvolutionNetwork.initialise(shape, np.random.default_rng(0))
    return StringTrainer(
        ConvolutionNetwork(shape, {k: v.astype(dtype) for k, v in network.weights.items()}), config, **options
    )


class Recorder:
    """Stands in for the optimiser: keeps the gradients and changes nothing."""

    steps = 1

    def step(self, gradients, learning_rate):
        self.gradients = gradients


def cross_entropy(z, targets):
    return np.logaddexp(0, z) - targets * z


def cost(network, config, strings, lone, labels, first=None):
    """The combined cost by its definition: paths and spans of the strings, and lone digits, in nats a string."""
    total = 0.0
    for example in strings:
        z = example.base.astype(np.float64)
        z[example.rows] += network.forward(example.crops / 255.0, example.measures.astype(np.float64))
        total += config.path_weight * path_loss(example, z)[0]
        if example.targets is not None:
            total += config.span_weight * cross_entropy(z, example.targets)[~example.empty].sum()
    crops = np.stack([lone, np.zeros_like(lone)], axis=1)
    if first is None:
        z = network.forward(crops, np.zeros((len(lone), MEASURES)))
    else:
        base = first.forward(crops, np.zeros((len(lone), MEASURES), dtype=np.float32))
        z = base + network.forward(crops, second_measures(np.zeros((len(lone), MEASURES)), base).astype(np.float64))
    targets = np.eye(SYMBOLS)[labels]
    return (total + config.lone_weight * cross_entropy(z, targets).sum()) / len(strings)


@pytest.mark.parametrize(
    "config",
    [
        StepConfig(),
        StepConfig(path_weight=1, span_weight=0, lone_weight=0),
        StepConfig(path_weight=0, span_weight=1, lone_weight=0),
        StepConfig(path_weight=0, span_weight=0, lone_weight=1),
    ],
    ids=["all", "paths", "spans", "lone digits"],
)
def test_gradient_is_that_of_finite_differences(strings, lone, config, monkeypatch):
    """Along random directions in the space of all weights, in float64."""
    monkeypatch.setattr(string_training, "LEAST_DELTA", 0.0)
    monkeypatch.setattr(string_training, "clipped", lambda gradients: gradients)
    trainer = trainer_of(config, dtype=np.float64)
    trainer.optimiser = Recorder()
    trainer.step(strings, *lone, 0.0)
    rng, weights = np.random.default_rng(1), trainer.network.weights
    for _ in range(3):
        way = {name: rng.normal(size=value.shape) for name, value in weights.items()}
        small = 1e-5
        sides = [
            ConvolutionNetwork(SMALL, {k: v + sign * small * way[k] for k, v in weights.items()}) for sign in (1, -1)
        ]
        slope = np.subtract(*(cost(side, config, strings, *lone) for side in sides)) / (2 * small)
        expected = sum((trainer.optimiser.gradients[name] * way[name]).sum() for name in weights)
        assert slope == pytest.approx(expected, rel=2e-3, abs=2e-3)


@pytest.mark.parametrize(
    "config",
    [
        StepConfig(path_weight=1, span_weight=0, lone_weight=0),
        StepConfig(path_weight=0, span_weight=1, lone_weight=0),
        StepConfig(path_weight=0, span_weight=0, lone_weight=1),
    ],
    ids=["paths", "spans", "lone digits"],
)
def test_gradient_of_a_second_network_is_that_of_finite_differences(lone, config, monkeypatch):
    """Its sums are added to those of the first network, which stays as it is."""
    monkeypatch.setattr(string_training, "LEAST_DELTA", 0.0)
    monkeypatch.setattr(string_training, "clipped", lambda gradients: gradients)
    first = ConvolutionNetwork.initialise(SMALL, np.random.default_rng(7))
    shape = replace(SMALL, measures=SECOND_MEASURES, unit="rectified")
    rng = np.random.default_rng(8)
    drawn = draw_examples(np.random.default_rng(2), StringData(Sources()), alone(TRAINING), 8, first)
    strings = [
        each
        for each in drawn
        if np.isfinite(path_loss(each, each.scores(np.zeros((len(each.rows), SYMBOLS), np.float32)))[0])
    ][:3]
    assert strings
    trainer = trainer_of(config, shape, np.float64, first=first)
    trainer.optimiser = Recorder()
    weights = trainer.network.weights
    for name, value in weights.items():
        if name.endswith("_bias"):  # at 0 a rectified unit on empty paper has two slopes
            value += 0.1 * rng.standard_normal(value.shape)
    trainer.step(strings, *lone, 0.0)
    for _ in range(3):
        way = {name: rng.normal(size=value.shape) for name, value in weights.items()}
        small = 1e-6
        sides = [
            ConvolutionNetwork(shape, {k: v + sign * small * way[k] for k, v in weights.items()}) for sign in (1, -1)
        ]
        slope = np.subtract(*(cost(side, config, strings, *lone, first) for side in sides)) / (2 * small)
        expected = sum((trainer.optimiser.gradients[name] * way[name]).sum() for name in weights)
        assert slope == pytest.approx(expected, rel=5e-3, abs=5e-3)


@pytest.mark.slow
def test_loss_falls_on_a_fixed_batch(strings, lone):
    trainer = trainer_of(StepConfig(), Shape(convolutions=(Convolution(5, 2, 6), Convolution(5, 2, 10)), hidden=24))
    losses = [trainer.step(strings, *lone, 6e-3) for _ in range(40)]
    assert np.mean(losses[-3:]) < 0.7 * losses[0]


def test_the_loss_is_the_mean_path_loss_before_the_step(strings, lone):
    trainer = trainer_of(StepConfig())
    sums = [trainer.network.forward(each.crops / np.float32(255), each.measures) for each in strings]
    expected = np.mean([path_loss(each, each.scores(z))[0] for each, z in zip(strings, sums, strict=True)])
    assert trainer.step(strings, *lone, 1e-3) == pytest.approx(expected, rel=1e-4)


def test_the_average_stays_between_the_weights_it_is_of(strings, lone):
    trainer = trainer_of(StepConfig(), averaging=0.9)
    name = "dense"
    history = [trainer.network.weights[name].copy()]
    for _ in range(5):
        trainer.step(strings[:2], *lone, 3e-3)
        history.append(trainer.network.weights[name].copy())
    mean = trainer.averaged().weights[name]
    assert (mean >= np.min(history, axis=0) - 1e-6).all() and (mean <= np.max(history, axis=0) + 1e-6).all()
    assert np.abs(mean - history[-1]).max() > 1e-4
    np.testing.assert_array_equal(trainer.network.weights[name], history[-1])


def test_without_averaging_the_average_is_the_network(strings, lone):
    trainer = trainer_of(StepConfig(), averaging=0.0)
    trainer.step(strings[:1], *lone, 3e-3)
    for name, value in trainer.averaged().weights.items():
        np.testing.assert_allclose(value, trainer.network.weights[name], atol=1e-7)


@given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=6), st.floats(0.1, 100))
def test_clipping_keeps_the_direction_and_the_limit(values, limit):
    gradients = {"a": np.array(values, np.float32), "b": np.array([3.0], np.float32)}
    found = clipped(gradients, limit)
    before = np.concatenate(list(gradients.values())).astype(np.float64)
    after = np.concatenate(list(found.values())).astype(np.float64)
    assert np.linalg.norm(after) <= limit * (1 + 1e-5) or (after == before).all()
    np.testing.assert_allclose(after * np.linalg.norm(before), before * np.linalg.norm(after), rtol=1e-4, atol=1e-3)
    if np.linalg.norm(before) <= limit:
        np.testing.assert_array_equal(after, before)


def test_lone_accuracy_is_the_share_of_highest_digit_outputs():
    """The output of marks does not count: a lone digit is known to be one."""
    rng = np.random.default_rng(5)
    network = ConvolutionNetwork.initialise(SMALL, rng)
    network.weights["output_bias"][DIGITS] = 50
    images, labels = rng.integers(0, 256, (150, 28, 28), np.uint8), rng.integers(0, 10, 150).astype(np.uint8)
    right = 0
    for image, label in zip(images, labels, strict=True):
        crop = np.stack([image / np.float32(255), np.zeros((28, 28), np.float32)])[None]
        right += network.forward(crop, np.zeros((1, MEASURES), np.float32))[0, :DIGITS].argmax() == label
    assert lone_accuracy(Networks(network), images, labels) == pytest.approx(right / 150)


def test_lone_digits_keep_their_labels_and_are_drawn_anew():
    images = np.zeros((10, 28, 28), np.uint8)
    for digit in range(10):  # a bar whose height tells the digit
        images[digit, 14 - digit : 15 + digit // 2, 10:18] = 255
    labels = np.arange(10, dtype=np.uint8)
    rng = np.random.default_rng(6)
    crops, drawn = draw_lone(images, labels, 200, rng, Distortion())
    again, _ = draw_lone(images, labels, 200, rng, Distortion())
    assert crops.shape == (200, 28, 28) and crops.dtype == np.float32 and 0 <= crops.min() <= crops.max() <= 1
    assert not np.array_equal(crops, again) and len(set(drawn)) == 10
    ink = [crops[drawn == digit].sum(axis=(1, 2)).mean() for digit in range(10)]
    assert np.corrcoef(ink, np.arange(10))[0, 1] > 0.95
