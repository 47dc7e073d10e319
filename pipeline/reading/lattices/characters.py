"""Characters: what the network sees of each span, a crop and a few measures of its size and place.

Used alike for reading and for training, so that the network is asked about what it was taught.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.arrays import Crops, Inks, Lengths, Measures
from classifier.crops import SIDE, frame_windows, make_crops
from segmenter.ink import LINE_HEIGHT
from segmenter.pieces import Pieces
from segmenter.spans import Spans

MEASURES = 16
BLOCK = 64  # crops drawn at once: their windows fit the processor's cache
INK = 5  # the measure that is the ink, in strokes three lines high
SKIPPED_INK = 4.0  # log-odds that skipping costs for each stroke of the line's height
COMMA = 4.0  # log-odds against a digit that stands where a comma does, in an amount
KNOWN = 15  # the last measure is 1; a lone digit, whose field nobody knows, has zeros everywhere


def draw_crops(pieces: Pieces, spans: Spans) -> Crops:
    """(N, 2, 28, 28) crops of the spans: their own ink, and the other ink around it."""
    field = pieces.ink.pixels
    crops = np.zeros((len(spans), 2, SIDE, SIDE), dtype=np.float32)
    dots = _Dots.collect(pieces)
    for k in range(0, len(spans), BLOCK):
        block = slice(k, k + BLOCK)
        box, centre = spans.box[block], spans.centre[block]
        left, width = frame_windows(box, centre, field.shape[1])
        own = dots.draw(spans.holds[block], left, (len(field), width))
        crops[block] = make_crops(own, left, field, box, centre)
    return crops


@dataclass(frozen=True, eq=False)
class _Dots:
    """The pixels with ink, ordered by cell: rows and columns (P,), ink (P,); first: (K + 1,) where cells begin."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    ink: NDArray[np.float32]
    first: NDArray[np.intp]

    @classmethod
    def collect(cls, pieces: Pieces) -> "_Dots":
        cells, count = pieces.cell_of.ravel(), len(pieces.mass)
        inked = np.flatnonzero(cells < count)
        cell = cells[inked].astype(np.int16 if count < 2**15 else np.int32)  # sorting int16 takes a quarter
        order = inked[np.argsort(cell, kind="stable")]
        rows, columns = np.divmod(order, pieces.cell_of.shape[1])
        first = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=count))])
        return cls(rows, columns, pieces.ink.pixels.ravel()[order], first)

    def draw(self, holds: NDArray[np.bool_], left: NDArray[np.intp], shape: tuple[int, int]) -> Inks:
        """(N, h, W) windows with the ink of the cells that each span holds ((N, K)), from column left (N,) on."""
        h, width = shape
        span, cell = np.nonzero(holds)
        counts = np.diff(self.first)[cell]
        # Runs of pixel numbers, one run for each held cell.
        dots = np.repeat(self.first[cell + 1] - np.cumsum(counts), counts)
        dots += np.arange(len(dots))
        span = np.repeat(span, counts)
        x = self.columns[dots] - left[span]
        place = self.rows[dots] * width + x + span * (h * width)
        inside = (x >= 0) & (x < width)
        if not inside.all():
            place, dots = place[inside], dots[inside]
        windows = np.zeros((len(holds), h, width), dtype=np.float32)
        windows.reshape(-1)[place] = self.ink[dots]
        return windows


def measure(pieces: Pieces, spans: Spans) -> Measures:
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
        (bottom - top) / unit,
        (right - left) / unit,
        (top - line_top) / unit,
        (bottom - line_bottom) / unit,
        (right - left) / np.maximum(bottom - top, 1),
        spans.mass / (unit * pieces.ink.stroke_width) / 3,
        gap_left / unit,
        gap_right / unit,
        crossed[spans.start] / 3,
        crossed[spans.end] / 3,
        spans.start == 0,
        spans.end == last,
        np.full(len(spans), pieces.ink.stroke_width / 4),
        np.full(len(spans), pieces.ink.slant),
        np.maximum(bottom - top, right - left) / unit - 1,
        np.ones(len(spans)),
    ]
    return np.clip(np.stack(columns, axis=1), -2, 2).astype(np.float32)


def _gaps(pieces: Pieces, spans: Spans) -> tuple[Lengths, Lengths]:
    """Distance (N,) from each span's ink to the ink of the pieces on its left and on its right."""
    count = len(pieces.cuts) - 1
    low, high = np.full(count + 1, 1e4, dtype=np.float32), np.full(count + 1, -1e4, dtype=np.float32)
    np.minimum.at(low, pieces.piece, pieces.boxes[:, 0])
    np.maximum.at(high, pieces.piece + 1, pieces.boxes[:, 2])
    ends_before = np.maximum.accumulate(high)
    starts_after = np.minimum.accumulate(low[::-1])[::-1]
    return spans.box[:, 0] - ends_before[spans.start], starts_after[spans.end] - spans.box[:, 2]


def skip_costs(measures: Measures) -> NDArray[np.float32]:
    """(N,) log-odds to take off the score of skipping each span of these measures (N, 16).

    Much ink is seldom no part of the number. The network alone does not know: where handwriting is strange to it, one
    doubtful mark scores better than three doubtful digits.
    """
    return np.float32(3 * SKIPPED_INK) * measures[:, INK]


def comma_costs(measures: Measures) -> NDArray[np.float32]:
    """(N,) log-odds to take off the scores of the digits of each span of these measures (N, 16), in an amount.

    A short, narrow stroke that begins below the top of the line and ends below its bottom is a comma, though it may
    look like a 1.
    """
    height, width, top, bottom = measures[:, :4].T
    return np.float32(COMMA) * ((top > 0.35) & (bottom > 0.05) & (height < 0.85) & (width < 0.4))
