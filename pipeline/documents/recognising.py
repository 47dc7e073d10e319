"""Whether a picture is a whole document, or one field cut out of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.documents.layout.finding import Layout
from pipeline.documents.layout.sheet import Sheet

DARK = 0.3  # of the contrast of the darkest print: what is darker may be a letter
LETTER = (6, 0.09)  # height of letters: pixels at least; share of the shorter side at most
FEWEST_LETTERS = 80  # fewer on a page with boxes ...
FEWEST_BOXES = 3  # ... so many
SPREAD = 0.35  # of the height of the picture that letters take at least
SMALL_BOX = 0.25  # of the picture's width: boxes of a form are smaller


def is_document(sheet: Sheet) -> bool:
    """Whether a picture is of a page: print all over it, much smaller than the page, or several boxes. A field, in
    whatever resolution, is filled by one line of characters."""
    rows = _letters(sheet)
    height = sheet.contrast.shape[0]
    spread = float(np.subtract(*np.percentile(rows, [95, 5]))) / height if rows.size else 0.0
    if rows.size >= FEWEST_LETTERS and spread >= SPREAD:
        return True
    return spread >= 0.5 * SPREAD and _boxes(sheet) >= FEWEST_BOXES


def _letters(sheet: Sheet) -> NDArray[np.float64]:
    """The rows at which things of the size of letters stand, in working pixels."""
    contrast = sheet.contrast
    level = max(0.1, DARK * float(np.quantile(contrast[::2, ::2], 0.995)))
    labels, _ = ndimage.label(contrast > level, structure=np.ones((3, 3), dtype=bool))
    most = LETTER[1] * min(contrast.shape)
    boxes = ndimage.find_objects(labels)
    rows = [
        0.5 * (rows.start + rows.stop)
        for rows, columns in boxes
        if LETTER[0] <= rows.stop - rows.start <= most and columns.stop - columns.start <= 3 * most
    ]
    return np.array(rows)


def _boxes(sheet: Sheet) -> int:
    width = sheet.contrast.shape[1]
    return sum(box.frame.width < SMALL_BOX * width for box in Layout.of(sheet).boxes)
