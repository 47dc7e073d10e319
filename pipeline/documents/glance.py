"""A glance at a picture that tells most fields from pages, for a small part of what laying out a page costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from segmenter.arrays import Grey
from segmenter.background import area_reduce


@dataclass(frozen=True)
class GlanceLimits:
    """What a page has even at a glance. Looser than `document.PageLimits`: what fails here must be no page there."""

    side: int = 640  # pixels of the longer side at which the picture is looked at
    paper_window: int = 9  # pixels: wider than a stroke there
    dark: float = 0.2  # of the contrast of the darkest print
    highest: float = 0.12  # of the shorter side: in a field, characters are higher
    spread: float = 0.15  # of the height over which lower things stand


GLANCE = GlanceLimits()


def may_be_page(grey: Grey) -> bool:
    """Whether a picture (H, W) float32 in [0, 1], 1 = white, has small things all over, and so may be a page."""
    work = area_reduce(grey, max(1, int(np.ceil(max(grey.shape) / GLANCE.side))))
    paper = ndimage.grey_closing(work, size=(GLANCE.paper_window, GLANCE.paper_window))
    contrast = paper - work
    level = max(0.06, GLANCE.dark * float(np.quantile(contrast[::2, ::2], 0.995)))
    labels, _ = ndimage.label(contrast > level, structure=np.ones((3, 3), dtype=bool))
    most = GLANCE.highest * min(work.shape)
    rows = [0.5 * (place[0].start + place[0].stop) for place in ndimage.find_objects(labels) if _height(place) <= most]
    return bool(rows) and float(np.subtract(*np.percentile(rows, [95, 5]))) >= GLANCE.spread * work.shape[0]


def _height(place: tuple[slice, slice]) -> int:
    return int(place[0].stop - place[0].start)
