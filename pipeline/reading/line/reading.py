"""The reading of a line: which part of the picture is read, what its columns spell, and where each digit stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from classifier.arrays import Columns, Scores
from classifier.line.line_columns import align, texts_in_views
from classifier.line.line_marks import GapShares, gap_shares
from pipeline.reading.line.fitting import likely_line_texts
from pipeline.reading.line.readers import ColumnReader, LineColumns, digit_columns, symbol_columns
from segmenter.arrays import Box, Grey
from segmenter.ink import Ink

if TYPE_CHECKING:
    from pipeline.formats.format import Format

TEXTS = 15  # likely texts that take part; the truth is among them and the lattice's in 99 of 100 fields
LESS = 3.0  # nats by which a view may like a text less than another, and still tells its marks
ABOVE, BESIDE = 0.35, 0.6  # heights of the number line: paper left above and below it, and at its ends
LOOSE = 1.35  # height of the picture over that of the part: a tighter picture is read whole


@dataclass(frozen=True, eq=False)
class View:
    """columns: (T, 11) log-probabilities of digits and blank; read: what they were made of, marks apart. total: ln of
    the probability that something fits the format, 0 without one. box: the part of the source that was read; column t
    covers [first + t * step, first + (t + 1) * step) pixels of it."""

    columns: Columns
    read: LineColumns
    total: float
    box: Box
    first: float
    step: float


@dataclass(frozen=True, eq=False)
class LineReading:
    """What was read in one or two views of a line; a text's probability is the mean over them. candidates: texts that
    are likely in some view, given the format if there is one; none where nothing fits."""

    views: tuple[View, ...]
    candidates: tuple[str, ...]
    _sums: dict[str, Scores] = field(default_factory=dict, init=False, repr=False)  # (views,) of the texts asked for

    @cached_property
    def texts(self) -> tuple[tuple[str, float], ...]:
        """The likeliest texts, with ln of their probability."""
        shares = self.log_probabilities(self.candidates).tolist() if self.candidates else []
        pairs = zip(self.candidates, shares, strict=True)
        return tuple(sorted(pairs, key=lambda pair: -pair[1])[:TEXTS])

    def log_probabilities(self, texts: Sequence[str]) -> Scores:
        """ln P (N,) of texts, exact, given the format."""
        fitting = np.logaddexp.reduce([view.total for view in self.views])
        return np.minimum(np.logaddexp.reduce(self._in_views(texts), axis=0) - fitting, 0.0)

    def _in_views(self, texts: Sequence[str]) -> Scores:
        """ln P (views, N) of texts, each computed once."""
        new = [text for text in dict.fromkeys(texts) if text not in self._sums]
        self._sums.update(zip(new, texts_in_views([view.columns for view in self.views], new).T, strict=True))
        return np.array([self._sums[text] for text in texts]).reshape(len(texts), len(self.views)).T

    def places(self, text: str) -> tuple[list[tuple[float, float]], Box]:
        """Where each digit stands in the view that reads the text best, left and right in source pixels, and the view's
        box. ValueError where the columns cannot spell it."""
        view = self.views[int(self._in_views([text])[:, 0].argmax())]
        left = view.box[0] + view.first
        spans = align(view.columns, text)
        return [(left + first * view.step, left + (last + 1) * view.step) for first, last in spans], view.box

    def marks(self, text: str) -> GapShares | None:
        """What stands in each gap of a text of digits, by the closest view that reads it: marks are small. None where
        none does."""
        sums = self._in_views([text])[:, 0]
        reads = [view for view, total in zip(self.views, sums, strict=True) if total >= sums.max() - LESS]
        return gap_shares(symbol_columns(reads[-1].read), text) if sums.max() > -np.inf else None


def read_line(grey: Grey, ink: Ink, reader: ColumnReader, format: Format | None = None) -> LineReading:
    """The reading of a field, (H, W), whose ink the segmenter found: of the whole picture and, where the number line
    takes only a part of it, of that part. Either alone is surer than it should be: the line may be that of another
    number, and small digits are hard to read in a loose picture."""
    boxes = dict.fromkeys([(0, 0, grey.shape[1], grey.shape[0]), line_box(ink, grey.shape)])
    views: list[View] = []
    texts: dict[str, None] = {}
    for left, top, right, bottom in boxes:
        read = reader.read_columns(grey[top:bottom, left:right])
        columns = digit_columns(read)
        likely, total = likely_line_texts(columns, format, TEXTS)
        views.append(View(columns, read, total, (left, top, right, bottom), read.first, read.step))
        texts.update(dict.fromkeys(likely))
    return LineReading(tuple(views), tuple(texts))


def line_box(ink: Ink, shape: tuple[int, ...]) -> Box:
    """The part of a picture of `shape` about the number line, in source pixels; the whole picture where no ink was
    found, or where it is hardly larger."""
    whole = (0, 0, shape[1], shape[0])
    if ink.blank:
        return whole
    top, bottom = ink.line
    unit = bottom - top
    columns = np.flatnonzero(ink.pixels.any(axis=0))
    x = np.array([columns[0] - BESIDE * unit, columns[-1] + 1 + BESIDE * unit])
    y = np.array([top - ABOVE * unit, bottom + ABOVE * unit])
    corners = np.stack([np.repeat(x, 2), np.tile(y, 2), np.ones(4)])
    places = ink.to_source @ corners
    low = np.clip(np.floor(places.min(axis=1)), 0, (shape[1] - 1, shape[0] - 1)).astype(int)
    high = np.clip(np.ceil(places.max(axis=1)), low + 1, (shape[1], shape[0])).astype(int)
    if shape[0] < LOOSE * (high[1] - low[1]):
        return whole
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])
