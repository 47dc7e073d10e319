"""The digits of a reading: how sure each of them is, and where it stands in the source."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from classifier.arrays import Scores
from pipeline.reading.confidence.calibration import LEAST, Calibration
from pipeline.reading.lattices.lattice import SKIP, Path
from pipeline.reading.lattices.search import Round
from pipeline.reading.line.reading import LineReading
from pipeline.reading.result_parts import Alternative, Digit
from segmenter.arrays import Box, Mask
from segmenter.ink import INK_LEVEL, Ink
from segmenter.pieces import Pieces
from segmenter.spans import Spans

EDGES = np.array([[0.5, 0.5, 0, 1], [0, 1, 0.5, 0.5]])  # middles of a pixel's four edges, x and y
LEAST_ALTERNATIVE = 1e-4  # alternatives less likely than this are not worth showing
DIGITS = "0123456789"
NARROW = 0.6  # width over height of a lone digit's place, where only its middle is known


def make_digits(
    text: str, boxes: Sequence[Box], shares: Scores, confidence: float, calibration: Calibration
) -> tuple[Digit, ...]:
    """The digits of a text that is right with this confidence. shares: (L, 10) probability of each digit at each place,
    before calibration."""
    digits = []
    for digit, box, share in zip(text, boxes, shares, strict=True):
        chances = dict(zip(DIGITS, share.tolist(), strict=True))
        own = chances.pop(digit)
        chance = max(confidence, calibration.confidence(own))
        others = list(chances.items())
        digits.append(Digit(digit, chance, box, scaled_alternatives(others, own, chance, 3)))
    return tuple(digits)


def path_shares(path: Path, last: Round) -> Scores:
    """(L, 10) posteriors of the spans that a path reads as digits."""
    spans = [span for span, symbol in zip(path.spans, path.symbols, strict=True) if symbol != SKIP]
    return last.posteriors[spans, :SKIP]


def text_shares(text: str, texts: Sequence[tuple[str, float]]) -> Scores:
    """(L, 10) probability of each digit at each place of a text, summed over the texts that are as long."""
    shares = np.zeros((len(text), SKIP))
    for other, posterior in texts:
        if len(other) == len(text):
            shares[np.arange(len(text)), [int(digit) for digit in other]] += posterior
    return np.minimum(shares, 1.0)


def scaled_alternatives(
    others: Sequence[tuple[str, float]], posterior: float, confidence: float, most: int | None = None
) -> tuple[Alternative, ...]:
    """At most so many other texts (or digits) and their posteriors, likeliest first, within what the winner's
    confidence leaves.

    posterior, confidence: of the winner, before calibration and after. None is made likelier than the winner.
    """
    rest = (1 - confidence) / max(1 - posterior, sum(p for _, p in others), LEAST)
    if confidence < LEAST_ALTERNATIVE:
        return ()
    shown = sorted(
        [pair for pair in others if pair[0] and pair[1] * rest >= LEAST_ALTERNATIVE], key=lambda pair: -pair[1]
    )
    return tuple(Alternative(text, min(p * rest, confidence)) for text, p in shown[:most])


def path_boxes(pieces: Pieces, spans: Spans, path: Path, shape: tuple[int, ...]) -> list[Box]:
    """Of each digit of a path, the box of its ink in a source of `shape`."""
    chosen = [span for span, symbol in zip(path.spans, path.symbols, strict=True) if symbol != SKIP]
    return [_span_box(pieces, spans, span, shape) for span in chosen]


def column_boxes(line: LineReading, text: str, ink: Ink, shape: tuple[int, ...]) -> list[Box]:
    """Of each digit that the columns spell, the box of the ink under them in a source of `shape`; where there is none,
    of the columns' own place.

    A column names a digit where it is plainest, so that a digit's place reaches half of the way to its neighbours.
    """
    places, (left, top, right, bottom) = line.places(text)
    middles = [(first + last) / 2 for first, last in places]
    pitch = min(np.diff(middles).min(initial=np.inf), NARROW * (bottom - top))
    between = [(a + b) / 2 for a, b in pairwise(middles)]
    edges = np.clip([middles[0] - 0.75 * pitch, *between, middles[-1] + 0.75 * pitch], left, right)
    rows, columns = np.nonzero(ink.pixels >= INK_LEVEL)
    x, y = ink.to_source @ np.stack([columns + 0.5, rows + 0.5, np.ones(len(rows))])
    boxes = []
    for first, last in pairwise(edges):
        under = (x >= first) & (x < last) & (y >= top) & (y < bottom)
        corners = (x[under], y[under]) if under.any() else (np.array([first, last]), np.array([top, bottom]))
        boxes.append(_whole_box(corners[0].min(), corners[1].min(), corners[0].max(), corners[1].max(), shape))
    return boxes


def _whole_box(left: float, top: float, right: float, bottom: float, shape: tuple[int, ...]) -> Box:
    """In whole pixels of a source of `shape`, at least one of them."""
    x, y = min(max(int(left), 0), shape[1] - 1), min(max(int(top), 0), shape[0] - 1)
    return x, y, min(max(int(np.ceil(right)), x + 1), shape[1]), min(max(int(np.ceil(bottom)), y + 1), shape[0])


def _span_box(pieces: Pieces, spans: Spans, span: int, shape: tuple[int, ...]) -> Box:
    """The box of a span's ink in whole source pixels."""
    left, top, right, bottom = spans.box[span].astype(int)
    held = np.append(spans.holds[span], False)[pieces.cell_of[top:bottom, left:right]]
    inked: Mask = held & (pieces.ink.pixels[top:bottom, left:right] >= INK_LEVEL)
    rows = np.flatnonzero(inked.any(axis=1))
    first, last = inked.argmax(axis=1), right - left - 1 - inked[:, ::-1].argmax(axis=1)
    # An affine map takes the ends of the rows to the outermost points.
    ends = np.stack([np.concatenate([first[rows], last[rows]]) + left, np.concatenate([rows, rows]) + top])
    matrix, shift = pieces.ink.to_source[:, :2], pieces.ink.to_source[:, 2]
    places, edges = matrix @ ends, matrix @ EDGES
    limit = np.array(shape[::-1])
    low = np.floor(np.clip(places.min(axis=1) + edges.min(axis=1) + shift, 0, limit - 1)).astype(int)
    high = np.ceil(np.clip(places.max(axis=1) + edges.max(axis=1) + shift, low + 1, limit)).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])
