"""A second network begins with lone digits: it knows every digit's shapes before it learns to mend a first network.

What the first one gets right leaves a second one nothing to learn from; it would see digits only where they are read
badly.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from classifier.arrays import Inks, Logits
from classifier.crops import crop_images
from classifier.distortions import Distortion
from classifier.network import DIGITS, SYMBOLS, ConvolutionNetwork
from classifier.optimiser import Adam
from classifier.sigmoid import sigmoid
from pipeline.synthesis.handwriting.hands import draw_hand, write_digit
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.style import StringStyle, pick_weighted
from pipeline.training.crop.trainer import clipped, draw_lone

BATCH = 96
LEARNING_RATE = 1e-3  # the highest, of Adam
EACH_HAND = 4  # digits that are drawn in one hand
DRAWN = 30_000  # crops, distorted anew each time
LOWEST_BIAS = -2.0  # of ten outputs nine are low


def pretrain(
    network: ConvolutionNetwork,
    sources: Sources,
    style: StringStyle,
    steps: int,
    distortion: Distortion,
    rng: np.random.Generator,
) -> None:
    """Train the network, in place, on lone digits of all kinds that strings are made of; its measures are zeros."""
    crops, labels = draw_digits(rng, sources, style, DRAWN)
    optimiser = Adam(network.weights)
    network.weights["output_bias"][:] = LOWEST_BIAS
    measures = np.zeros((BATCH, network.shape.measures), dtype=np.float32)
    for step in range(steps):
        lone, digits = draw_lone(crops, labels, BATCH, rng, distortion)
        inputs = np.zeros((BATCH, 2, *lone.shape[1:]), dtype=np.float32)
        inputs[:, 0] = lone
        gradients, _ = network.backpropagate(inputs, measures, _error(digits))
        rate = LEARNING_RATE * min(1.0, (step + 1) / 100) * max(0.05, 0.5 * (1 + math.cos(math.pi * step / steps)))
        optimiser.step(clipped(gradients), rate)


def _error(labels: NDArray[np.uint8]) -> Callable[[Logits], Logits]:
    """The cross-entropy's error of the outputs (N, 11) whose right digits are the labels (N,)."""
    targets = np.zeros((len(labels), SYMBOLS), dtype=np.float32)
    targets[np.arange(len(labels)), labels] = 1
    return lambda z: (sigmoid(z) - targets) * (3 / len(labels))


def draw_digits(
    rng: np.random.Generator, sources: Sources, style: StringStyle, count: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Crops (count, 28, 28) of digits as strings are made of, 255 = ink, and their labels (count,)."""
    there = {
        "bitmap": sources.has_images,
        "pen": bool(sources.pen_digits),
        "shapes": sources.shapes,
        "font": sources.fonts,
    }
    kinds = tuple((name, weight) for name, weight in style.kinds if there.get(name))
    pictures: list[Inks] = []
    labels = rng.integers(0, DIGITS, count).astype(np.uint8)
    while len(pictures) < count:
        hand = draw_hand(rng, sources, style, pick_weighted(rng, kinds))
        for digit in labels[len(pictures) : len(pictures) + EACH_HAND]:
            glyph = write_digit(rng, hand, str(digit), first=False, after_zeros=False)
            pictures.append(np.pad(glyph.ink, 1))
    return np.round(crop_images(pictures)[:, 0] * 255).astype(np.uint8), labels
