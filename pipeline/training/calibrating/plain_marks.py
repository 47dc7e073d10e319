"""Whether the marks of a drawn string can be seen at all: a point that the crop, the resolution or a digit's own stroke
has swallowed tells nothing, and nobody could read it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pipeline.synthesis.sources import DIGITS
from pipeline.synthesis.strings import SyntheticString
from segmenter.arrays import Mask


@dataclass(frozen=True)
class PlainMarks:
    """pixels, area: a mark's least ink, in pixels and in squared heights of the digits: a point of the thinnest pens
    has half of it. contrast: its least contrast, as a share of the digits'. ring: heights about it that are its
    paper."""

    pixels: int = 4
    area: float = 0.004
    contrast: float = 0.5
    ring: float = 0.12


PLAIN = PlainMarks()
TOUCHING = np.ones((3, 3), dtype=bool)


def has_plain_marks(string: SyntheticString, plain: PlainMarks = PLAIN) -> bool:
    """Whether every mark of a string stands clear of other ink, and is not too small or faint to be seen. The string
    has a digit, and it is known whose ink is whose."""
    digits = [index for index, label in enumerate(string.characters) if label in DIGITS]
    rows = [np.flatnonzero((string.owner == index).any(axis=1)) for index in digits]
    height = float(np.median([np.ptp(each) + 1 for each in rows if len(each)]))
    grey = string.image.astype(np.float32)
    written = _contrast(grey, np.isin(string.owner, digits), string.owner >= 0, plain.ring * height)
    for index in set(range(len(string.characters))) - set(digits):
        own = string.owner == index
        others = (string.owner >= 0) & ~own
        if (
            own.sum() < max(plain.pixels, plain.area * height**2)
            or (ndimage.binary_dilation(own, TOUCHING) & others).any()
        ):
            return False
        if _contrast(grey, own, string.owner >= 0, plain.ring * height) < plain.contrast * written:
            return False
    return True


def _contrast(grey: np.ndarray, own: Mask, ink: Mask, reach: float) -> float:
    """How far the mean grey of some ink is from that of the paper about it; 0 where there is none."""
    paper = ndimage.binary_dilation(own, iterations=max(1, round(reach))) & ~ink
    return abs(float(grey[own].mean()) - float(grey[paper].mean())) if paper.any() else 0.0
