"""Marks beside and between the digits, named by their shape and place: points, commas, bars, slashes, stars.

What of the ink no digit of the reading holds is taken in connected components, and so are points and commas that a
digit's span holds beside the digit. Lengths are in heights of the number line, places from its top (0) to its bottom
(1). The sizes were chosen on drawn strings with known marks (benchmarks/accuracy/amounts.py, another seed).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.formats.values import CURRENCY, UNKNOWN
from pipeline.reading.lattices.lattice import SKIP, Path
from segmenter.ink import INK_LEVEL
from segmenter.pieces import Pieces
from segmenter.spans import Spans

SPECK = 0.2  # squared pen widths below which a component is no mark for sure ...
LEAST = 0.08  # ... or none at all
SMALL = 0.5  # height and width of a point or a comma at most
LOW = 0.55  # the middle of a point or a comma is below this
DESCENT = 0.2  # below the line by this much it is a comma ...
SLIM = 1.6  # ... or, reaching below the line, by its height over its width
HIGHEST, LOWEST = 0.35, 1.05  # a comma as high as a digit begins below the one and ends below the other
FLAT = 1.5  # width over height of a bar at least
LONG = 0.18  # width of a bar at least
TALL = 0.7  # height of a slash or a currency sign at least
LEAN = 0.12  # width of a slash at least
THIN = 0.45  # share of its box that the ink of a slash takes at most
TWO = 1.4  # layers of an equals sign whose bars touch
DOT = 0.32  # height and width of a point that a digit's span holds, at most
BESIDE = 0.5  # ... or, where it is larger, the share of its width that lies beside the digit
STAR = (0.2, 0.85)  # height of a star
RAISED = 0.3  # the middle of a raised point is below this; what is small and stands higher is an apostrophe
BOW = 0.05  # heights by which a bracket's middle third stands out of its ends, at least
BRACKET = 0.6  # width of a bracket or an upright stroke at most
FAINT, STUCK = "d", "t"  # shapes of a point that is hardly there, and of one that touches a digit
MEANT = str.maketrans({"·": ".", "'": "", "(": CURRENCY, ")": UNKNOWN, "|": UNKNOWN, FAINT: "", STUCK: ""})
"""What a shape that is no mark for sure is taken for where nothing but shapes is known."""
DEBRIS = 0.28  # height and width up to which what touches a digit is a part of it


@dataclass(frozen=True)
class Mark:
    """A component of ink. left, right: of the field, in ink pixels; width, height, top and bottom in heights of the
    line; area: ink in squared pen widths; fill: share of its box that is ink; layers: how many strokes lie above each
    other, as a mean over its columns; touches: whether it touches ink of a digit; bow: how far its middle third stands
    to the right of its ends."""

    left: float
    right: float
    width: float
    height: float
    top: float
    bottom: float
    fill: float
    layers: float
    touches: bool
    bow: float = 0.0
    area: float = 1.0

    @property
    def middle(self) -> float:
        """Its height in the line: 0 at the top, 1 at the bottom."""
        return (self.top + self.bottom) / 2

    @property
    def is_bar(self) -> bool:
        """Whether it lies flat."""
        return self.width >= LONG and self.width >= FLAT * self.height and self.height <= SMALL


def written_of(pieces: Pieces, spans: Spans, path: Path) -> str:
    """What is written: the digits of the path and the marks about them, in writing order, by shape alone."""
    gaps = [gap.translate(MEANT) for gap in shapes_in_gaps(pieces, spans, path)]
    return gaps[0] + "".join(digit + gap for digit, gap in zip(path.text, gaps[1:], strict=True))


def shapes_in_gaps(pieces: Pieces, spans: Spans, path: Path) -> tuple[str, ...]:
    """The shapes before the first digit of the path, behind it, ... to behind the last."""
    digits = [(span, symbol) for span, symbol in zip(path.spans, path.symbols, strict=True) if symbol != SKIP]
    if not digits:
        return ("",)
    boxes = spans.box[[span for span, _ in digits]]
    # Digits keep their order though one may hang over the next.
    middles = np.maximum.accumulate((boxes[:, 0] + boxes[:, 2]) / 2)
    places = [(float(middle), str(symbol)) for middle, (_, symbol) in zip(middles, digits, strict=True)]
    start, end = float(boxes[0, 0]), float(boxes[-1, 2])
    holds = spans.holds[[span for span, _ in digits]]
    marks = find_marks(pieces, np.any(holds, axis=0)) + marks_in_spans(pieces, holds)
    places += [((mark.left + mark.right) / 2, name) for mark, name in name_marks(marks, start, end)]
    ordered = "".join(name for _, name in sorted(places, key=lambda place: place[0]))
    return tuple(re.split("[0-9]", ordered))


def find_marks(pieces: Pieces, of_digits: NDArray[np.bool_]) -> list[Mark]:
    """Components of the ink that no digit holds; of_digits: (K,) the cells that are digits'."""
    held = np.append(of_digits, False)[pieces.cell_of]
    inked = pieces.ink.pixels >= INK_LEVEL
    labels, _ = ndimage.label(inked & ~held, structure=np.ones((3, 3), dtype=bool))
    beside = ndimage.binary_dilation(inked & held, structure=np.ones((3, 3), dtype=bool))
    found = []
    for number, place in enumerate(ndimage.find_objects(labels), start=1):
        own = labels[place] == number
        if own.sum() >= LEAST * pieces.ink.stroke_width**2:
            found.append(_mark(pieces, own, place, bool(beside[place][own].any())))
    return found


def marks_in_spans(pieces: Pieces, holds: NDArray[np.bool_]) -> list[Mark]:
    """Points and commas that spans of digits hold beside the digit; holds: (N, K) the cells of each span."""
    found = []
    inked = pieces.ink.pixels >= INK_LEVEL
    for cells in holds:
        own = inked & np.append(cells, False)[pieces.cell_of]
        labels, count = ndimage.label(own, structure=np.ones((3, 3), dtype=bool))
        if count < 2:
            continue
        places = ndimage.find_objects(labels)
        areas = np.bincount(labels.ravel())[1:]
        main = places[int(areas.argmax())][1]
        for number in np.flatnonzero((areas < areas.max()) & (areas >= LEAST * pieces.ink.stroke_width**2)):
            place = places[number]
            mark = _mark(pieces, labels[place] == number + 1, place, touches=False)
            outside = max(main.start - mark.left, mark.right - main.stop) >= BESIDE * (mark.right - mark.left)
            if max(mark.width, mark.height) <= (SMALL if outside else DOT) and mark.middle >= LOW:
                found.append(mark)
    return found


def _mark(pieces: Pieces, own: NDArray[np.bool_], place: tuple[slice, ...], touches: bool) -> Mark:
    """The mark of a component; own: (h, w) its pixels within its box, which lies at `place` in the field."""
    rows, columns = place
    top, bottom = pieces.ink.line
    unit = bottom - top
    height, width = own.shape
    runs = (np.diff(np.pad(own, ((1, 0), (0, 0))).astype(np.int8), axis=0) > 0).sum(axis=0)
    return Mark(
        columns.start,
        columns.stop,
        width / unit,
        height / unit,
        (rows.start - top) / unit,
        (rows.stop - top) / unit,
        float(own.mean()),
        float(runs.mean()),
        touches,
        _bow(own) / unit,
        float(own.sum()) / pieces.ink.stroke_width**2,
    )


def _bow(own: NDArray[np.bool_]) -> float:
    """Pixels by which the ink of the middle third of the rows lies to the right of that of the others; own: (h, w)."""
    third = len(own) // 3
    if third == 0:
        return 0.0
    middle = own.copy()
    middle[:third] = middle[-third:] = False
    columns = np.arange(own.shape[1])
    ends = own & ~middle
    if not middle.any() or not ends.any():
        return 0.0
    return float((middle @ columns).sum() / middle.sum() - (ends @ columns).sum() / ends.sum())


def name_marks(marks: list[Mark], start: float, end: float) -> list[tuple[Mark, str]]:
    """Marks and their names; start, end: of the digits, in ink pixels. What is a part of a digit gets none."""
    doubtful = {id(mark): FAINT if mark.area < SPECK else STUCK for mark in marks if _is_doubtful(mark)}
    named = [(mark, doubtful[id(mark)]) for mark in marks if id(mark) in doubtful and mark.middle >= LOW]
    waiting = [mark for mark in marks if id(mark) not in doubtful]
    while waiting:
        mark = waiting.pop(0)
        other = next((each for each in waiting if _stacked(mark, each)), None)
        if other is not None:
            waiting.remove(other)
            named.append((mark, "="))
            continue
        name = name_of(mark, before=mark.right <= start, after=mark.left >= end)
        if name:
            named.append((mark, name))
    return named


def _is_doubtful(mark: Mark) -> bool:
    """Whether it may be grain of the paper, or a part of a digit that it touches."""
    return mark.area < SPECK or (mark.touches and max(mark.width, mark.height) <= DEBRIS)


def name_of(mark: Mark, before: bool, after: bool) -> str:
    """The name of one component, "" for what means nothing; before, after: whether it stands outside the digits."""
    inside = not (before or after)
    if mark.layers >= TWO and mark.width >= LONG and mark.height <= TALL and not inside:
        return "="
    if mark.is_bar:
        return "-" if not inside or mark.middle < LOW else "."
    small = max(mark.width, mark.height) <= SMALL
    if small and inside and mark.middle < LOW:
        return "·" if mark.middle >= RAISED else "'"
    if small and mark.middle >= LOW:
        slim = mark.bottom > 1 and mark.height >= SLIM * mark.width
        return "," if mark.bottom > 1 + DESCENT or slim else "."
    if not inside and mark.height >= TALL and mark.width <= BRACKET and abs(mark.bow) >= BOW:
        return "(" if mark.bow < 0 else ")"
    if not inside and mark.height >= TALL and mark.width <= LEAN:
        return "|"
    if before and mark.height >= TALL:
        return CURRENCY
    if mark.top > HIGHEST and mark.bottom > LOWEST and mark.width <= SMALL:
        return ","
    if mark.height >= TALL and mark.width >= LEAN and mark.fill <= THIN:
        return "/"
    if not inside and STAR[0] <= mark.height <= STAR[1] and mark.width >= STAR[0]:
        return "*"
    return "" if small else UNKNOWN


def _stacked(one: Mark, other: Mark) -> bool:
    """Whether two bars lie above each other, as in an equals sign."""
    shared = min(one.right, other.right) - max(one.left, other.left)
    return one.is_bar and other.is_bar and shared >= 0.5 * min(one.right - one.left, other.right - other.left)
