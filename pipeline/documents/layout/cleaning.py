"""What belongs to a field in its picture: ink that reaches into it. Labels and what is left of lines go."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Float = NDArray[np.float32]

FAINTEST = 0.07  # of the grey range: what is less dark than that is paper
SHARE = 0.35  # of the darkest ink's contrast: what is less dark is paper
AROUND = 2  # pixels around ink that are not white yet
LEAST_INK = 0.22  # of the field's height: in a field whose highest ink is lower, nothing is written


def keep_inside(grey: Float, inside: tuple[int, int, int, int]) -> tuple[Float, bool]:
    """The picture without the dark things that lie outside of `inside` (left, top, right, bottom); and whether
    anything is written inside.

    grey: (h, w) float32 in [0, 1], 1 = white.
    """
    left, top, right, bottom = inside
    paper = float(np.median(grey))
    # The darkest hundred-and-fiftieth: there is more ink than that in the least number.
    contrast = max(FAINTEST, SHARE * (paper - float(np.quantile(grey[top:bottom, left:right], 0.007))))
    labels, count = ndimage.label(grey < paper - contrast, structure=np.ones((3, 3), dtype=bool))
    if count == 0:
        return grey, False
    reaches_in = np.bincount(labels[top:bottom, left:right].ravel(), minlength=count + 1) > 0
    heights = np.array([rows.stop - rows.start for rows, _ in ndimage.find_objects(labels)])
    written = bool((reaches_in[1:] & (heights >= LEAST_INK * (bottom - top))).any())
    outside = ~reaches_in
    outside[0] = False
    if not outside.any():
        return grey, written
    reaches_in[0] = False
    gone = ndimage.binary_dilation(outside[labels], iterations=AROUND) & ~reaches_in[labels]
    return np.where(gone, np.float32(paper), grey), written
