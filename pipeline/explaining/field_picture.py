"""The field as it came in and as it is read: the source with the digits' boxes, the ink with its cuts and spans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.explaining.panels import (
    ACCENT,
    CARD,
    FAINT,
    PAPER,
    QUIET,
    TEXT,
    WARN,
    WARN_GROUND,
    Panel,
    percent,
    picture_of,
    text_width,
)
from pipeline.reading.field_reader import Trace
from pipeline.reading.lattices.lattice import SKIP
from pipeline.reading.result_parts import Digit
from segmenter.pieces import Pieces

LEVELS = ("gap", "one stroke", "two strokes", "dense")
LEVEL_COLOURS = ("#12908a", "#2f6fde", "#e08a00", "#d23b68")
TAB = 22  # points below the ink for the labels of spans
DETAIL = 3.0  # an image so many times as wide or high as its ink with a margin is shown in part


@dataclass(frozen=True)
class SpanLabel:
    """What is written under a span: columns of the ink, the digit ("" = skipped), a second line, whether unsure."""

    left: float
    right: float
    digit: str
    note: str = ""
    unsure: bool = False


def draw_source(trace: Trace, width: float, height: float) -> tuple[Panel, str]:
    """The source image, or what of it the ink is on, with the box of each digit; and a note on what is shown."""
    grey, (left, top) = detail(trace)
    h, w = grey.shape
    full_h, full_w = trace.grey.shape
    scale = min(width / w, height / h)
    panel = Panel(w * scale, h * scale)
    panel.picture(picture_of(_thinned(grey, scale)), 0, 0, w * scale, h * scale)
    for digit in trace.reading.digits:
        x0, y0, x1, y1 = digit.box
        corners = (x0 - left) * scale, (y0 - top) * scale, (x1 - left) * scale, (y1 - top) * scale
        _draw_digit_box(panel, digit, corners)
    part = "part of " if (h, w) != (full_h, full_w) else ""
    return panel, f"{part}{full_w} x {full_h} pixels"


def _draw_digit_box(panel: Panel, digit: Digit, corners: Sequence[float]) -> None:
    left, top, right, bottom = corners
    panel.box(left, top, right, bottom, outline=ACCENT, width=1.5, radius=2)
    middle, tab = (left + right) / 2, max(top - 20, 1)
    panel.box(middle - 8, tab, middle + 8, tab + 17, fill=ACCENT, radius=4)
    panel.text(middle, tab + 8.5, digit.digit, 14, PAPER, "mm", bold=True)


def detail(trace: Trace) -> tuple[NDArray[np.float32], tuple[int, int]]:
    """The part of the source worth showing, and its left and top."""
    grey = trace.grey
    if trace.pieces is None:
        return grey, (0, 0)
    h, w = trace.pieces.ink.pixels.shape
    places = trace.pieces.ink.to_source @ np.array([[0, w, 0, w], [0, 0, h, h], [1, 1, 1, 1]])
    low, high = places.min(axis=1), places.max(axis=1)
    room = 0.3 * (high[1] - low[1])
    left, top = np.maximum(0, np.floor(low - room)).astype(int)
    right, bottom = np.minimum(grey.shape[::-1], np.ceil(high + room)).astype(int)
    if max(grey.shape[1] / (right - left), grey.shape[0] / (bottom - top)) < DETAIL:
        return grey, (0, 0)
    return grey[top:bottom, left:right], (int(left), int(top))


def _thinned(grey: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    """Every k-th pixel of an image that is many times as large as it will be shown."""
    step = max(1, int(0.25 / scale))
    return grey[::step, ::step]


def draw_ink(
    pieces: Pieces,
    width: float,
    height: float,
    *,
    active: NDArray[np.bool_] | None = None,
    strong: NDArray[np.bool_] | None = None,
    spans: Sequence[SpanLabel] = (),
    skipped: NDArray[np.bool_] | None = None,
    notes: bool = True,
) -> Panel:
    """The upright ink with its cuts in the colours of their levels and, below, the spans of a path.

    active: (cuts,) cuts to draw, all by default; strong: those to draw with a thick line.
    skipped: (K,) cells that are drawn faint. notes: leave room for the second line of the labels.
    """
    ink = pieces.ink
    h, w = ink.pixels.shape
    scale = min(width / w, height / h)
    panel = Panel(w * scale, h * scale + TAB + (16 if notes else 2), CARD)
    for label in spans:
        if label.unsure:
            panel.box(label.left * scale - 1, 0, label.right * scale + 1, panel.height, fill=WARN_GROUND, radius=3)
    panel.stain(_faded(pieces, skipped), w * scale, h * scale)
    show = np.ones(len(pieces.cuts), dtype=bool) if active is None else active
    thick = np.zeros(len(pieces.cuts), dtype=bool) if strong is None else strong
    for index in sorted(np.flatnonzero(show[1:-1]) + 1, key=lambda k: bool(thick[k])):
        cut = pieces.cuts[index]
        points = [(float(x) * scale, (y + 0.5) * scale) for y, x in enumerate(cut.path)]
        panel.line(points, LEVEL_COLOURS[cut.level], 2.4 if thick[index] else 0.9)
    for label in spans:
        _draw_span_label(panel, label, scale, h * scale + 4, notes)
    return panel


def _faded(pieces: Pieces, skipped: NDArray[np.bool_] | None) -> NDArray[np.float32]:
    """The ink, faint where it was skipped."""
    ink = pieces.ink.pixels
    return ink if skipped is None else np.where(np.append(skipped, False)[pieces.cell_of], np.float32(0.3) * ink, ink)


def _draw_span_label(panel: Panel, label: SpanLabel, scale: float, y: float, notes: bool) -> None:
    left, right = label.left * scale, label.right * scale
    middle = min(max((left + right) / 2, 6), panel.width - 6)
    colour = WARN if label.unsure else TEXT if label.digit else FAINT
    panel.line([(left + 1, y - 3), (left + 1, y), (right - 1, y), (right - 1, y - 3)], colour, 1.5)
    if label.digit:
        panel.text(middle, y + 9.5, label.digit, 15, colour, "mm", bold=True)
    elif right - left > text_width("mark", 10):
        panel.text(middle, y + 9, "mark", 10, colour, "mm")
    if notes and label.note and right - left > text_width(label.note, 10.5) - 8:
        panel.text(middle, y + 24, label.note, 10.5, WARN if label.unsure else QUIET, "mm")


def label_path(trace: Trace) -> tuple[list[SpanLabel], NDArray[np.bool_], NDArray[np.bool_]]:
    """The labels of the spans that were read, the cuts between them ((cuts,) bool), and the cells skipped."""
    pieces, path = trace.pieces, trace.path
    assert pieces is not None and path is not None
    spans = trace.rounds[-1].spans
    digits = iter(trace.reading.digits if trace.spelled else ())
    labels, strong = [], np.zeros(len(pieces.cuts), dtype=bool)
    read = np.zeros(len(pieces.mass), dtype=bool)
    for span, symbol in zip(path.spans, path.symbols, strict=True):
        strong[[spans.start[span], spans.end[span]]] = True
        digit = next(digits, None) if symbol != SKIP else None
        if symbol != SKIP:
            read |= spans.holds[span]
        if spans.mass[span] > 0:
            note = percent(digit.confidence) if digit else ""
            name = "" if symbol == SKIP else str(symbol)
            labels.append(SpanLabel(float(spans.box[span, 0]), float(spans.box[span, 2]), name, note))
    return labels, strong, ~read


def draw_legend(pieces: Pieces, active: NDArray[np.bool_], width: float) -> Panel:
    """The colours of the levels, with how many cuts of each were tried and how many there are."""
    levels = np.array([cut.level for cut in pieces.cuts[1:-1]], dtype=int)
    counts = [(int((active[1:-1] & (levels == k)).sum()), int((levels == k).sum())) for k in range(len(LEVELS))]
    words = [f"{name} {tried}/{count}" for name, (tried, count) in zip(LEVELS, counts, strict=True)]
    lead = "cuts tried, by the ink they cross"
    needed = sum(text_width(word, 12) + 34 for word in words)
    x = text_width(lead, 12) + 16
    if x + needed > width:
        lead, x = "", 0.0
    panel = Panel(x + needed, 18)
    panel.text(0, 9, lead, 12, QUIET, "lm")
    for word, colour, (_, count) in zip(words, LEVEL_COLOURS, counts, strict=True):
        panel.line([(x, 9), (x + 14, 9)], colour, 3)
        panel.text(x + 19, 9, word, 12, TEXT if count else FAINT, "lm")
        x += text_width(word, 12) + 34
    return panel
