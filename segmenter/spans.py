"""Spans: runs of neighbouring pieces between two cuts that could be one character.

A component that lies almost wholly in a span belongs to it wholly, so that a stroke that overhangs the
neighbour is not cut by a line that only passes below it.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import Index, Mask
from segmenter.ink import LINE_HEIGHT
from segmenter.pieces import INWARD, MAX_WIDTH, Pieces


@dataclass(frozen=True)
class SpanConfig:
    """Which runs of pieces could be one character."""

    max_gap: float = 0.4 * LINE_HEIGHT  # parts of one digit do not stand farther apart
    nothing: float = 0.02  # share of a component that counts as none of it
    mark: float = 0.5  # share of the largest component's ink below which a component may be left out
    mark_room: float = 2.0  # ink pixels by which leaving it out must move a side of the box
    snap: float = 0.85  # share of a component from which on a span has all of it


SPANS = SpanConfig()


@dataclass(frozen=True, eq=False)
class Spans:
    """N runs of pieces: the ink between cuts start and end, whole components snapped.

    start, end: (N,) cut numbers, start < end. holds: (N, K) bool, which cells' ink the span has.
    mass: (N,); centre: (N, 2) x, y of the mass.
    box: (N, 4) left, top, right, bottom of its ink in ink pixels.
    A span whose ink all snapped elsewhere has mass 0 and an empty box.
    """

    start: Index
    end: Index
    holds: Mask
    mass: NDArray[np.float32]
    centre: NDArray[np.float32]
    box: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.start)


ARRAYS = tuple(field.name for field in fields(Spans))  # to ask for them costs as much as to pick from one


def find_spans(pieces: Pieces, active: Mask | None = None) -> Spans:
    """All spans between active cuts ((cuts,) bool, borders included; None: all) that could be one character.

    Every pair of neighbouring active cuts makes a span, whatever its size, so that every path can get across.
    Where a span holds small components beside a large one (a point, what is left of a ruled line) and its box
    shrinks without them, it comes once more without them; these follow the others: (start, end) may come twice.
    """
    numbers = np.arange(len(pieces.cuts)) if active is None else np.flatnonzero(active)
    start, end = _pairs(pieces, numbers)
    whole = measure_spans(pieces, start, end)
    lighter = _without_marks(pieces, whole)
    return whole if lighter is None else join_spans(whole, lighter)


def measure_spans(pieces: Pieces, start: Index, end: Index) -> Spans:
    """Snap components and measure the given spans.

    Only a component that could be one character snaps, and a span loses only what sticks out of its neighbour: not
    the middle of a component, and not one digit of a long chain, or a path could pass over digits for nothing.
    """
    inside = (pieces.piece >= start[:, None]) & (pieces.piece < end[:, None])
    before, snaps = pieces.share_before[start], pieces.narrow
    within = pieces.share_before[end] - before
    sticks_out = (within <= 1 - SPANS.snap) & ((before < SPANS.nothing) | (before + within > 1 - SPANS.nothing))
    whole, lost = (snaps & (within >= SPANS.snap))[:, pieces.component], (snaps & sticks_out)[:, pieces.component]
    return _measure(pieces, start, end, whole | (inside & ~lost))


def _measure(pieces: Pieces, start: Index, end: Index, holds: Mask) -> Spans:
    weights = holds.astype(np.float32)
    # Some kernels of OpenBLAS compute on lanes that they then drop, and once in many thousand readings numpy would warn
    # of what stood there.
    with np.errstate(invalid="ignore"):
        mass = weights @ pieces.mass
    centre = (weights @ pieces.moments) / np.maximum(mass, 1e-6)[:, None]
    box = INWARD * np.where(holds[:, None, :], pieces.sides, np.float32(np.inf)).min(axis=2, initial=np.inf)
    empty = (mass <= 0) | (box[:, 2:] <= box[:, :2]).any(axis=1)
    box[empty] = 0
    mass[empty] = 0
    return Spans(start, end, holds, mass, centre, box)


def _without_marks(pieces: Pieces, spans: Spans) -> Spans | None:
    """The spans that hold small components beside a large one, without them, unless another span is just that."""
    masses = spans.holds.astype(np.float32) @ pieces.by_component
    small = masses < SPANS.mark * masses.max(axis=1, keepdims=True, initial=0)
    holds = spans.holds & ~small[:, pieces.component]
    rows = np.flatnonzero((holds != spans.holds).any(axis=1))
    if not len(rows):
        return None
    known = {row.tobytes() for row in np.packbits(spans.holds, axis=1)}
    fresh: list[int] = []
    for k, row in zip(rows.tolist(), np.packbits(holds[rows], axis=1), strict=True):
        if row.tobytes() not in known:
            known.add(row.tobytes())
            fresh.append(k)
    if not fresh:
        return None
    found = _measure(pieces, spans.start[fresh], spans.end[fresh], holds[fresh])
    return pick_spans(found, np.abs(found.box - spans.box[fresh]).max(axis=1, initial=0) >= SPANS.mark_room)


def pick_spans(spans: Spans, which: NDArray[Any]) -> Spans:
    """The spans of which `which` ((N,) bool or indices) is true, or that it names, in its order."""
    return Spans(*(getattr(spans, name)[which] for name in ARRAYS))


def join_spans(one: Spans, other: Spans) -> Spans:
    """All spans of both."""
    return Spans(*(np.concatenate([getattr(one, name), getattr(other, name)]) for name in ARRAYS))


def _pairs(pieces: Pieces, numbers: Index) -> tuple[Index, Index]:
    """First and last cut (N,) of all spans between the cuts `numbers` that could be one character."""
    left, right = (ends[: numbers[-1]] for ends in pieces.extents)
    lows = np.minimum.reduceat(left, numbers[:-1]).tolist()
    highs = np.maximum.reduceat(right, numbers[:-1]).tolist()
    pairs = [(a, b) for a in range(len(lows)) for b in _ends(lows, highs, a)]
    first, last = np.array(pairs, dtype=np.intp).T
    return numbers[first], numbers[last]


def _ends(lows: list[float], highs: list[float], a: int) -> list[int]:
    """Where a span may end that starts with run a of the pieces, whose ink goes from lows[a] to highs[a]."""
    ends, leftmost, rightmost = [a + 1], lows[a], highs[a]
    for b in range(a + 1, len(lows)):
        if lows[b] - rightmost > SPANS.max_gap:
            break
        leftmost, rightmost = min(leftmost, lows[b]), max(rightmost, highs[b])
        if rightmost - leftmost > MAX_WIDTH:
            break
        ends.append(b + 1)
    return ends
