"""A user's pictures as strings for the line network, varied anew at each pass, and the strings mixed in.

Each is shown in the views that the reader reads: the whole picture, and the part about the number line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from classifier.line.line_picture import line_picture
from pipeline.adapting.crops.variations import Variation, vary
from pipeline.adapting.labelled import Picture
from pipeline.reading.line.reading import line_box
from pipeline.synthesis.sources import Sources
from pipeline.training.line.line_distortions import SCANNED_AGAIN, LineDistortion, distorted
from pipeline.training.line.line_strings import LineBatch, LineMixture, LineString, draw_views, fits, make_batch
from pipeline.training.string_pool import StringData
from segmenter.arrays import Grey
from segmenter.ink import extract_ink

WRITTEN_AGAIN = Variation(rotation=0.02, shear=0.1, scale=0.06, elastic=0.015, contrast=0.2, blur=0.4, noise=0.01)
"""Less than for crops, as the line is slanted, stretched and blurred by the scanner's part besides."""


@dataclass(frozen=True)
class LineVariation:
    """How a user's picture is varied. written: as if it had been written another time; scanned: as if that had been
    scanned another time."""

    written: Variation = WRITTEN_AGAIN
    scanned: LineDistortion = SCANNED_AGAIN


@dataclass(frozen=True, eq=False)
class OwnLine:
    """A user's picture in the views that the reader reads, each (H, W) in [0, 1], 1 = white."""

    views: tuple[Grey, ...]

    @classmethod
    def of(cls, picture: Picture) -> OwnLine:
        """The views of a picture (reading/line/reading.py)."""
        grey = picture.grey
        boxes = dict.fromkeys([(0, 0, grey.shape[1], grey.shape[0]), line_box(extract_ink(grey), grey.shape)])
        return cls(tuple(grey[top:bottom, left:right] for left, top, right, bottom in boxes))

    def strings(self, text: str) -> list[LineString]:
        """Its views as they are; those that have no room for the text are left out."""
        pictures = (line_picture(view) for view in self.views)
        return [LineString(picture, text, False) for picture in pictures if fits(picture, text)]

    def varied(self, text: str, rng: np.random.Generator, how: LineVariation) -> LineString | None:
        """One of its views, varied; None where it has no room for the text."""
        view = self.views[int(rng.integers(len(self.views)))]
        grey = distorted(rng, vary(view, rng, how.written), how.scanned)
        stretch = float(np.exp(how.scanned.widened + how.scanned.stretch * rng.standard_normal()))
        picture = line_picture(grey, stretch)
        return LineString(picture, text, False) if fits(picture, text) else None


def draw_base(sources: Sources, count: int, seed: Sequence[int]) -> list[LineString]:
    """About `count` strings as the line network was trained on: what it must not forget."""
    rng, mixture = np.random.default_rng(seed), LineMixture(registers=0.0, views=1)
    strings: list[LineString] = []
    while len(strings) < count:
        strings += draw_views(rng, StringData(sources), mixture)
    return strings


def batches(strings: Sequence[LineString], size: int, rng: np.random.Generator) -> Iterator[LineBatch]:
    """The strings in batches of like width, in random order."""
    ordered = sorted(strings, key=lambda string: string.picture.shape[1])
    parts = [ordered[begin : begin + size] for begin in range(0, len(ordered), size)]
    return (make_batch(parts[k]) for k in rng.permutation(len(parts)))
