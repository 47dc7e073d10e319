"""A printed currency sign before a number in its box: cut away, so that it is not read as a digit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.documents.layout.cleaning import SHARE
from pipeline.documents.layout.cutouts import Crop
from segmenter.resample import compose, scaling

GAP = 0.75  # heights of the number between it and the sign, at least
START = 0.6  # heights of the box from its left side within which a sign begins
WIDEST = 1.1  # heights of the box that a sign takes at most
MARGIN = 0.02  # share of the ink above the number, and below: specks, and what is left of lines
LEAST_REST = 0.12  # of the box's width that the number takes, at least


def without_sign(crop: Crop) -> Crop:
    """The picture from behind its sign on; the same picture where nothing in it looks like a sign.

    A sign stands at the left side of the box, printed, and the number well apart from it.
    """
    columns, rows = _ink(crop.grey)
    if columns.size == 0:
        return crop
    height, width = crop.grey.shape
    breaks = np.flatnonzero(np.diff(columns) > GAP * (rows[1] - rows[0]))
    if not len(breaks):
        return crop
    end, start = int(columns[breaks[0]]), int(columns[breaks[0] + 1])
    at_left = columns[0] <= START * height and end - columns[0] <= WIDEST * height
    if not at_left or columns[-1] - start < LEAST_REST * width:
        return crop
    cut = (end + start) // 2
    return Crop(np.ascontiguousarray(crop.grey[:, cut:]), compose(crop.to_page, scaling(1, cut, 0)))


def _ink(grey: NDArray[np.float32]) -> tuple[NDArray[np.intp], tuple[int, int]]:
    """The columns with ink, and the rows between which most of it lies."""
    paper = float(np.median(grey))
    dark = grey < paper - max(0.1, SHARE * (paper - float(np.quantile(grey, 0.007))))
    columns = np.flatnonzero(dark.sum(axis=0) >= 2)
    if not columns.size:
        return columns, (0, 1)
    below = np.cumsum(dark.sum(axis=1)) / dark.sum()
    return columns, (int(np.searchsorted(below, MARGIN)), int(np.searchsorted(below, 1 - MARGIN)) + 1)
