"""The reading of a line: which part of the picture is read, what its columns spell, and where each digit stands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from classifier.arrays import Columns
from classifier.line_columns import align, text_log_probabilities
from pipeline.formats.format import Format
from pipeline.reading.line.fitting import likely_line_texts
from pipeline.reading.line.readers import ColumnReader, digit_columns
from segmenter.arrays import Box, Grey
from segmenter.ink import Ink

TEXTS = 15  # likely texts that take part; the truth is among them and the lattice's in 99 of 100 fields
ABOVE, BESIDE = 0.35, 0.6  # heights of the number line: paper left above and below it, and at its ends
LOOSE = 1.35  # height of the picture over that of the part: a tighter picture is read whole


@dataclass(frozen=True, eq=False)
class LineReading:
    """columns: (T, 11) log-probabilities of digits and blank. texts: the likeliest, with ln of their probability, given
    the format if there is one; none where nothing fits. total: ln of the probability that something fits.
    box: the part of the source that was read; column t covers [first + t * step, first + (t + 1) * step) of it."""

    columns: Columns
    texts: tuple[tuple[str, float], ...]
    total: float
    box: Box
    first: float
    step: float

    def log_probabilities(self, texts: list[str]) -> np.ndarray:
        """ln P (N,) of texts, exact, given the format."""
        return text_log_probabilities(self.columns, texts) - self.total

    def places(self, text: str) -> list[tuple[float, float]]:
        """Where each digit stands: left and right in source pixels. ValueError where the columns cannot spell it."""
        left = self.box[0] + self.first
        spans = align(self.columns, text)
        return [(left + first * self.step, left + (last + 1) * self.step) for first, last in spans]


def read_line(grey: Grey, ink: Ink, reader: ColumnReader, format: Format | None = None) -> LineReading:
    """The reading of a field, (H, W), whose ink the segmenter found."""
    box = line_box(ink, grey.shape)
    left, top, right, bottom = box
    read = reader.read_columns(grey[top:bottom, left:right])
    columns = digit_columns(read)
    texts, total = likely_line_texts(columns, format, TEXTS)
    return LineReading(columns, tuple(texts), total, box, read.first, read.step)


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
