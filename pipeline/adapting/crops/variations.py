"""A user's own pictures as training examples: each as it is, and in a few versions that are varied a little."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from classifier.network import ConvolutionNetwork
from pipeline.adapting.labelled import Picture
from pipeline.training.crop.examples import Example, lattice_example
from segmenter.cuts import find_cuts
from segmenter.ink import extract_ink
from segmenter.pieces import cut_pieces
from segmenter.spans import find_spans, pick_spans

Float = NDArray[np.float32]

MOST_SPANS = 1500  # pictures with more hold a page rather than a number, and cost as much as a hundred numbers


@dataclass(frozen=True)
class Variation:
    """Standard deviations of the random variation of a picture.

    rotation and shear in radians; scale in log size, of each axis alone; elastic: smooth displacement, and
    smoothness, its correlation length, both in heights of the picture; contrast: of the log of an exponent on the
    light. blur in pixels and noise in shares of white: the greatest, evenly drawn from 0.
    """

    rotation: float = 0.03
    shear: float = 0.15
    scale: float = 0.1
    elastic: float = 0.02
    smoothness: float = 0.25
    contrast: float = 0.25
    blur: float = 0.8
    noise: float = 0.02

    def __post_init__(self) -> None:
        if not min(vars(self).values()) >= 0 or not self.smoothness > 0:
            raise ValueError(f"not a variation: {self}")


def vary(grey: Float, rng: np.random.Generator, how: Variation = Variation()) -> Float:
    """A picture (H, W) float32 in [0, 1], 1 = white, as it might have been written and scanned another time.

    What comes in from outside continues the picture's edge.
    """
    places = _places(grey.shape, rng, how)
    varied = ndimage.map_coordinates(grey, places, order=1, mode="nearest")
    varied = np.clip(varied, 0, 1) ** np.exp(rng.normal(0, how.contrast))
    varied = ndimage.gaussian_filter(varied, rng.uniform(0, how.blur))
    varied = varied + rng.uniform(0, how.noise) * rng.standard_normal(grey.shape)
    return np.clip(varied, 0, 1).astype(np.float32)


def _places(shape: tuple[int, ...], rng: np.random.Generator, how: Variation) -> NDArray[np.float64]:
    """(2, H, W) row and column in the picture that each pixel of the varied one shows."""
    height = shape[0]
    rows, columns = np.indices(shape, dtype=np.float64)
    middle = (np.array(shape) - 1) / 2
    y, x = rows - middle[0], columns - middle[1]
    angle, shear = rng.normal(0, how.rotation), rng.normal(0, how.shear)
    tall, wide = np.exp(rng.normal(0, how.scale, 2))
    places = np.stack([tall * (y + angle * x), wide * (x - angle * y + shear * y)]) + middle[:, None, None]
    knots = [max(2, round(length / (how.smoothness * height)) + 1) for length in shape]
    for axis in places:
        coarse = rng.normal(0, how.elastic * height, knots)
        grid = np.stack([rows * (knots[0] - 1) / max(1, shape[0] - 1), columns * (knots[1] - 1) / max(1, shape[1] - 1)])
        axis += ndimage.map_coordinates(coarse, grid, order=1, mode="nearest")
    return places


def picture_example(grey: Float, text: str, first: ConvolutionNetwork | None) -> Example | None:
    """The example of a picture (H, W) of which only the digits are known; None without ink or with far too much.

    Any path that spells the text is true (LeCun et al. 1998, section VI): where the digits are nobody says.
    """
    ink = extract_ink(grey)
    cuts = find_cuts(ink)
    if not cuts:
        return None
    pieces = cut_pieces(ink, cuts)
    spans = find_spans(pieces)
    if len(spans) > MOST_SPANS:
        return None
    spans = pick_spans(spans, np.argsort(spans.end, kind="stable"))
    return lattice_example(pieces, spans, first, None, None, text)


def picture_versions(
    picture: Picture, first: ConvolutionNetwork | None, varied: int, rng: np.random.Generator
) -> tuple[Example, ...]:
    """The examples of a picture, as it is and `varied` times varied; fewer, or none, where there is nothing to cut."""
    greys = [picture.grey, *(vary(picture.grey, rng) for _ in range(varied))]
    found = (picture_example(grey, picture.text, first) for grey in greys)
    return tuple(example for example in found if example is not None)
