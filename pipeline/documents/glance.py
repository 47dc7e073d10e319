"""A glance at a picture that tells most fields from pages, for a small part of what laying out a page costs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pipeline.documents.layout.sheet import WORKING
from segmenter.arrays import Grey
from segmenter.components import Components
from segmenter.running import closed


@dataclass(frozen=True)
class GlanceLimits:
    """What a page has even at a glance. Looser than `document.PageLimits`: of 56 real and drawn pages, from 550 pixels
    on and also lying on their side, none has fewer than 64 such things or less spread than 0.65; of 59 fields of 500
    pixels and more, 48 fail."""

    side: int = 640  # pixels of the longer side at which the picture is looked at
    paper_window: int = 9  # pixels: wider than a stroke there
    dark: float = 0.35  # of the contrast of the darkest print, and at least ...
    least_dark: float = 0.1  # ... so much of white
    lowest: int = 2  # pixels: lower are specks; in large pictures ...
    lowest_letter: float = 4  # ... so many pixels of the size at which pages are laid out
    highest: float = 0.12  # of the shorter side: in a field, characters are higher
    fewest: int = 20  # things of such heights
    spread: float = 0.25  # of the height over which they stand
    narrowest: int = 67  # pixels of the shorter side, at the size at which pages are laid out: in less than that no
    # height is both a letter's and small beside the page (`PageLimits.lowest_letter`, `highest_letter`)


GLANCE = GlanceLimits()


def may_be_page(grey: Grey) -> bool:
    """Whether a picture (H, W) float32 in [0, 1], 1 = white, has small things all over, and so may be a page."""
    laid_out = max(1, math.ceil(max(grey.shape) / WORKING.side))
    if min(grey.shape) < GLANCE.narrowest * laid_out:
        return False
    factor = max(1, math.ceil(max(grey.shape) / GLANCE.side))
    work = _reduced(grey, factor)
    contrast = closed(work, GLANCE.paper_window) - work
    level = max(GLANCE.least_dark, GLANCE.dark * float(np.quantile(contrast[::2, ::2], 0.995)))
    parts = Components.of(contrast > level)
    least = GLANCE.lowest_letter * laid_out / factor
    least, most = max(GLANCE.lowest, round(least)), GLANCE.highest * min(work.shape)
    small = (parts.heights >= least) & (parts.heights <= most)
    rows = 0.5 * parts.boxes[small][:, [1, 3]].sum(axis=1)
    if len(rows) < GLANCE.fewest:
        return False
    return float(np.subtract(*np.percentile(rows, [95, 5]))) >= GLANCE.spread * work.shape[0]


def _reduced(grey: Grey, factor: int) -> Grey:
    """Means over blocks of factor x factor pixels; what is over at the edges is left out. Three times as fast as
    `area_reduce`, which must keep them."""
    height, width = (side // factor * factor for side in grey.shape)
    rows = grey[0:height:factor, :width].copy()
    for offset in range(1, factor):
        rows += grey[offset:height:factor, :width]
    work = rows[:, 0::factor].copy()
    for offset in range(1, factor):
        work += rows[:, offset::factor]
    work /= factor * factor
    return work
