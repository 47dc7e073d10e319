"""Characters: what the network sees of each span, a crop and a few measures of its size and place.

Used alike for reading and for training, so that the network is asked about what it was taught.
"""

import numpy as np
from numpy.typing import NDArray

from classifier.crops import make_crops
from segmenter.ink import LINE_HEIGHT
from segmenter.spans import Pieces, Spans

Float = NDArray[np.float32]

MEASURES = 16
KNOWN = 15  # the last measure is 1; a lone digit, whose field nobody knows, has zeros everywhere


def draw_crops(pieces: Pieces, spans: Spans) -> Float:
    """(N, 2, 28, 28) crops of the spans: their own ink, and the other ink around it."""
    ink = pieces.ink.pixels
    if not len(spans):
        return np.zeros((0, 2, 28, 28), dtype=np.float32)
    w = ink.shape[1]
    width = min(w, max(1, int(np.max(spans.box[:, 2] - spans.box[:, 0]))))
    left = np.minimum(spans.box[:, 0].astype(np.intp), w - width)
    holds = np.zeros((len(spans), len(pieces.mass) + 1), dtype=bool)
    holds[:, :-1] = spans.holds
    cells = np.lib.stride_tricks.sliding_window_view(pieces.cell_of, width, axis=1)
    inks = np.lib.stride_tricks.sliding_window_view(ink, width, axis=1)
    window_cells = cells[:, left].transpose(1, 0, 2)
    offset = (np.arange(len(spans)) * holds.shape[1])[:, None, None]
    own = inks[:, left].transpose(1, 0, 2) * holds.ravel()[window_cells + offset]
    return make_crops(own, left, ink, spans.box, spans.centre)


def measure(pieces: Pieces, spans: Spans) -> Float:
    """(N, 16) measures of the spans, lengths in heights of the number line, all about -2..2.

    Size, place against the line, ink, gaps to the ink on both sides, ink that the cuts cross, first or last of
    the field, pen width.
    """
    left, top, right, bottom = spans.box.T
    line_top, line_bottom = pieces.ink.line
    unit = np.float32(LINE_HEIGHT)
    gap_left, gap_right = _gaps(pieces, spans)
    crossed = np.array([cut.crossed for cut in pieces.cuts], dtype=np.float32)
    last = len(pieces.cuts) - 1
    columns = [
        (bottom - top) / unit, (right - left) / unit, (top - line_top) / unit, (bottom - line_bottom) / unit,
        (right - left) / np.maximum(bottom - top, 1), spans.mass / (unit * pieces.ink.stroke_width) / 3,
        gap_left / unit, gap_right / unit, crossed[spans.start] / 3, crossed[spans.end] / 3,
        spans.start == 0, spans.end == last, np.full(len(spans), pieces.ink.stroke_width / 4),
        np.full(len(spans), pieces.ink.slant), np.maximum(bottom - top, right - left) / unit - 1,
        np.ones(len(spans)),
    ]
    return np.clip(np.stack(columns, axis=1), -2, 2).astype(np.float32)


def _gaps(pieces: Pieces, spans: Spans) -> tuple[Float, Float]:
    """Distance (N,) from each span's ink to the ink of the pieces on its left and on its right."""
    count = len(pieces.cuts) - 1
    low, high = np.full(count + 1, 1e4, dtype=np.float32), np.full(count + 1, -1e4, dtype=np.float32)
    np.minimum.at(low, pieces.piece, pieces.boxes[:, 0])
    np.maximum.at(high, pieces.piece + 1, pieces.boxes[:, 2])
    ends_before = np.maximum.accumulate(high)
    starts_after = np.minimum.accumulate(low[::-1])[::-1]
    return spans.box[:, 0] - ends_before[spans.start], starts_after[spans.end] - spans.box[:, 2]
