"""Digits that a trained network reads badly count more in the training of the next one.

Most digits that people write look like MNIST's; the allographs that MNIST lacks are rare in the pen strokes, too. What
the network before finds doubtful is drawn more often, so that allographs are balanced without being named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from classifier.crops import crop_images
from classifier.network import ConvolutionNetwork, forward_blocks
from classifier.sigmoid import sigmoid
from pipeline.reading.lattices.characters import MEASURES
from pipeline.synthesis.glyphs.pens import draw_strokes, fit_strokes, vary_strokes
from pipeline.synthesis.sources import PenSample, Sources

DOUBTFUL = (0.01, 0.7)  # output of the right digit; what is read worse may well be labelled wrongly
HEIGHT, PEN = 40, 4.0  # of the digit as it is drawn for judging it, in pixels


def emphasise(sources: Sources, network: ConvolutionNetwork, times: int, seed: int) -> Sources:
    """The sources with every doubtful image and pen digit `times` times."""
    images = np.repeat(np.arange(len(sources.images)), _counts(judge_images(sources, network), times))
    rng = np.random.default_rng([seed, 2])
    pens = _counts(judge_pens(sources.pen_digits, network, rng), times)
    writers = sources.image_writers
    return replace(
        sources,
        images=sources.images[images],
        labels=sources.labels[images],
        image_writers=None if writers is None else writers[images],
        pen_digits=tuple(sample for sample, count in zip(sources.pen_digits, pens, strict=True) for _ in range(count)),
    )


def judge_images(sources: Sources, network: ConvolutionNetwork) -> NDArray[np.float32]:
    """(N,) output of the right digit for each image."""
    crops = np.zeros((len(sources.images), 2, 28, 28), dtype=np.float32)
    crops[:, 0] = sources.images.astype(np.float32) / np.float32(255)
    return _right_outputs(network, crops, sources.labels.astype(np.intp))


def judge_pens(
    samples: Sequence[PenSample], network: ConvolutionNetwork, rng: np.random.Generator
) -> NDArray[np.float32]:
    """(N,) output of the right digit for each pen digit, drawn by a pen of middling width."""
    pictures = []
    for sample in samples:
        strokes = vary_strokes(
            rng, fit_strokes(sample.strokes, HEIGHT - PEN), slant=0.0, rotation=0.0, bend=0.02, height=HEIGHT
        )
        glyph = draw_strokes(strokes, PEN)
        pictures.append(np.zeros((1, 1), np.float32) if glyph is None else np.pad(glyph.ink, 1))
    labels = np.array([int(sample.text) for sample in samples], dtype=np.intp)
    return _right_outputs(network, crop_images(pictures), labels)


def _right_outputs(
    network: ConvolutionNetwork, crops: NDArray[np.float32], labels: NDArray[np.intp]
) -> NDArray[np.float32]:
    sums = forward_blocks(network, crops, np.zeros((len(crops), MEASURES), dtype=np.float32))
    return sigmoid(sums[np.arange(len(labels)), labels])


def _counts(outputs: NDArray[np.float32], times: int) -> NDArray[np.intp]:
    low, high = DOUBTFUL
    return np.where((outputs >= low) & (outputs <= high), times, 1)
