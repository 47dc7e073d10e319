"""Real pen strings with their digits in another order: the writer's own sizes, gaps and slants, and any number.

Half of the real strings say what people are asked to write on a form: 0123456789, 12, 100. What reads them well need
not have learned to read.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pipeline.synthesis.sources import DIGITS, PenSample

Strokes = list[np.ndarray]


@dataclass(frozen=True, eq=False)
class Reordered:
    """A pen string that was never written in this order; see `sources.PenSample`."""

    writer: str
    text: str
    strokes: tuple[np.ndarray, ...]


def sometimes_reordered(rng: np.random.Generator, sample: PenSample, chance: float) -> PenSample:
    """The string `reordered`, as often as the chance says; without one nothing is drawn."""
    return reordered(rng, sample) if chance and rng.random() < chance else sample


def reordered(rng: np.random.Generator, sample: PenSample) -> PenSample:
    """The string with its digits shuffled, its marks and gaps where they were; as it is where its characters do not
    stand apart."""
    labels = sample.text.replace(" ", "")
    characters = _apart(sample.strokes)
    if len(characters) != len(labels):
        return sample
    digits = [k for k, label in enumerate(labels) if label in DIGITS]
    order = list(range(len(labels)))
    for place, chosen in zip(digits, rng.permutation(digits), strict=True):
        order[place] = int(chosen)
    strokes = _set_again(characters, order)
    left = iter(labels[k] for k in order)
    text = "".join(" " if label == " " else next(left) for label in sample.text)
    return Reordered(sample.writer, text, strokes)


def _apart(strokes: tuple[np.ndarray, ...]) -> list[Strokes]:
    """Groups of strokes that overlap in no column, from left to right."""
    groups: list[tuple[float, Strokes]] = []
    for stroke in sorted(strokes, key=lambda stroke: float(stroke[:, 0].min())):
        if groups and stroke[:, 0].min() <= groups[-1][0]:
            end, together = groups.pop()
            groups.append((max(end, float(stroke[:, 0].max())), [*together, stroke]))
        else:
            groups.append((float(stroke[:, 0].max()), [stroke]))
    return [group for _, group in groups]


def _set_again(characters: list[Strokes], order: list[int]) -> tuple[np.ndarray, ...]:
    """The characters in this order, with the gaps that were there."""
    edges = [(min(s[:, 0].min() for s in each), max(s[:, 0].max() for s in each)) for each in characters]
    gaps = [0.0, *(right[0] - left[1] for left, right in pairwise(edges))]
    place, strokes = edges[0][0], []
    for gap, k in zip(gaps, order, strict=True):
        place += gap
        strokes += [stroke + np.array([place - edges[k][0], 0], stroke.dtype) for stroke in characters[k]]
        place += edges[k][1] - edges[k][0]
    return tuple(strokes)
