"""What belongs to a field in its picture: ink that reaches into it. Labels, what is left of lines and signs go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pipeline.documents.layout.cutouts import Cutout
from segmenter.arrays import Box, Grey, Index
from segmenter.components import Components
from segmenter.resample import compose, scaling


@dataclass(frozen=True)
class CleaningSettings:
    """What counts as dark, and as written, in the picture of a field."""

    faintest: float = 0.07  # of the grey range: the pattern of safety paper is fainter than that
    share: float = 0.35  # of the darkest ink's contrast: hard pencil is darker, shadows of the scan are not
    around: int = 2  # pixels around ink that blur has made grey
    least_ink: float = 0.22  # of the field's height: where the highest ink is lower, nothing but specks is there


CLEANING = CleaningSettings()


def keep_inside(grey: Grey, inside: Box) -> tuple[Grey, bool]:
    """The picture without the dark things that lie outside of `inside` (left, top, right, bottom); and whether
    anything is written inside.

    grey: (h, w) float32 in [0, 1], 1 = white.
    """
    left, top, right, bottom = inside
    paper = float(np.median(grey))
    # The darkest hundred-and-fiftieth: there is more ink than that in the least number.
    contrast = max(
        CLEANING.faintest, CLEANING.share * (paper - float(np.quantile(grey[top:bottom, left:right], 0.007)))
    )
    parts = Components.of(grey < paper - contrast)
    if parts.count == 0:
        return grey, False
    reaches_in = parts.reaching(inside)
    written = bool((reaches_in & (parts.heights >= CLEANING.least_ink * (bottom - top))).any())
    if reaches_in.all():
        return grey, written
    outside = ndimage.binary_dilation(parts.mask(~reaches_in), iterations=CLEANING.around)
    gone = outside & ~parts.mask(reaches_in)
    return np.where(gone, np.float32(paper), grey), written


@dataclass(frozen=True)
class SignLimits:
    """Where a printed sign before a number stands."""

    gap: float = 0.75  # heights of the number between it and the sign, at least: digits of a number stand closer
    start: float = 0.6  # heights of the box from its left side within which a sign begins
    widest: float = 1.1  # heights of the box that a sign takes at most; Rs. and USD are as wide as that
    margin: float = 0.02  # share of the ink above the number, and below: specks, and what is left of lines
    least_rest: float = 0.12  # of the box's width that the number takes, at least; a stroke alone is no number


SIGNS = SignLimits()


def has_sign(crop: Cutout) -> bool:
    """Whether something that looks like a currency sign stands before what is written in a box."""
    return _sign_end(crop.grey) is not None


def without_sign(crop: Cutout) -> Cutout:
    """The picture from behind its sign on; the same picture where nothing in it looks like a sign."""
    cut = _sign_end(crop.grey)
    if cut is None:
        return crop
    return Cutout(np.ascontiguousarray(crop.grey[:, cut:]), compose(crop.to_page, scaling(1, cut, 0)))


def _sign_end(grey: Grey) -> int | None:
    """The column at which a sign ends, None where there is none: it stands at the left side of the box, printed, and
    the number well apart from it."""
    columns, rows = _ink_extent(grey)
    if columns.size == 0:
        return None
    height, width = grey.shape
    breaks = np.flatnonzero(np.diff(columns) > SIGNS.gap * (rows[1] - rows[0]))
    if not len(breaks):
        return None
    end, start = int(columns[breaks[0]]), int(columns[breaks[0] + 1])
    at_left = columns[0] <= SIGNS.start * height and end - columns[0] <= SIGNS.widest * height
    return (end + start) // 2 if at_left and columns[-1] - start >= SIGNS.least_rest * width else None


def _ink_extent(grey: Grey) -> tuple[Index, tuple[int, int]]:
    """The columns with ink, and the rows between which most of it lies."""
    paper = float(np.median(grey))
    dark = grey < paper - max(0.1, CLEANING.share * (paper - float(np.quantile(grey, 0.007))))
    columns = np.flatnonzero(dark.sum(axis=0) >= 2)
    if not columns.size:
        return columns, (0, 1)
    below = np.cumsum(dark.sum(axis=1)) / dark.sum()
    return columns, (int(np.searchsorted(below, SIGNS.margin)), int(np.searchsorted(below, 1 - SIGNS.margin)) + 1)
