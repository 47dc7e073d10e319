"""Spans: runs of neighbouring pieces between two cuts that could be one character.

Ink is kept in cells, one for each pair of a connected component and a piece between two neighbouring cuts.
A component that lies almost wholly in a span belongs to it wholly, so that a stroke that overhangs the
neighbour is not cut by a line that only passes below it; everything about a span then follows from small
tables over cells.
"""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmenter.arrays import Index, Labels, Mask
from segmenter.arrays import Ink as InkPlane
from segmenter.components import Components
from segmenter.cuts import INK_LEVEL, Cut
from segmenter.ink import LINE_HEIGHT, Ink

MAX_WIDTH = 1.75 * LINE_HEIGHT  # a wider span is no digit
INWARD = np.array([1, 1, -1, -1], dtype=np.float32)  # the signs that make the sides of a box grow inwards


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
class Pieces:
    """The ink of a field cut at every cut.

    ink: the field. cuts: all its cuts, borders included; piece p lies between cuts p and p + 1.
    cell_of: (h, w) int32, the cell of each pixel, or K where there is no ink; K cells in all.
    piece, component: (K,) of each cell. mass: (K,) ink. moments: (K, 2) ink-weighted sums of x and y.
    boxes: (K, 4) float32 left, top, right, bottom in ink pixels.
    """

    ink: Ink
    cuts: tuple[Cut, ...]
    cell_of: Labels
    piece: Index
    component: Index
    mass: NDArray[np.float32]
    moments: NDArray[np.float32]
    boxes: NDArray[np.float32]

    @cached_property
    def extents(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Left and right end (pieces,) of the ink in each piece; infinite where there is none."""
        return _ends_by(self.piece, self.boxes, len(self.cuts) - 1)

    @cached_property
    def sides(self) -> NDArray[np.float32]:
        """(4, K) left, top, -right and -bottom of the cells' boxes, so that one minimum finds the box of several."""
        return np.ascontiguousarray((self.boxes * INWARD).T)

    @cached_property
    def by_component(self) -> NDArray[np.float32]:
        """(K, components) ink of each cell in its component's column."""
        table = np.zeros((len(self.mass), int(self.component.max(initial=0)) + 1), dtype=np.float32)
        table[np.arange(len(self.mass)), self.component] = self.mass
        return table

    @cached_property
    def share_before(self) -> NDArray[np.float32]:
        """(cuts, components) share of each component's ink to the left of each cut."""
        shares = self.by_component / np.maximum(self.by_component.sum(axis=0), np.float32(1e-6))
        upto = np.zeros((len(self.cuts), shares.shape[1]), dtype=np.float32)
        np.add.at(upto, self.piece + 1, shares)
        return np.cumsum(upto, axis=0, dtype=np.float32)

    @cached_property
    def narrow(self) -> Mask:
        """(components,) whether the component is narrow enough to be one character."""
        left, right = _ends_by(self.component, self.boxes, self.by_component.shape[1])
        return right - left <= MAX_WIDTH


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


def cut_pieces(ink: Ink, cuts: tuple[Cut, ...]) -> Pieces:
    """Cut the ink at all cuts and tabulate the cells. cuts: at least the two borders."""
    pixels = ink.pixels
    h, w = pixels.shape
    piece = _piece_map(np.stack([cut.path for cut in cuts[1:-1]]) if len(cuts) > 2 else None, h, w)
    component = _components(pixels)
    rows, columns = np.nonzero(pixels)
    values = pixels[rows, columns]
    keys = component[rows, columns].astype(np.intp) * len(cuts) + piece[rows, columns]
    order = np.argsort(keys, kind="stable")
    first = np.flatnonzero(np.diff(keys[order], prepend=-1))  # of each cell, among the pixels ordered by cell
    unique, count = keys[order[first]], len(first)
    cell = np.empty_like(keys)
    cell[order] = np.repeat(np.arange(count), np.diff(first, append=len(keys)))
    cell_of = np.full((h, w), count, dtype=np.int32)
    cell_of[rows, columns] = cell
    moments = np.stack(
        [np.bincount(cell, values * (columns + 0.5), count), np.bincount(cell, values * (rows + 0.5), count)], axis=1
    )
    boxes = _cell_boxes(rows[order], columns[order], values[order] >= INK_LEVEL, first)
    return Pieces(
        ink,
        cuts,
        cell_of,
        unique % len(cuts),
        unique // len(cuts),
        np.bincount(cell, values, count).astype(np.float32),
        moments.astype(np.float32),
        boxes,
    )


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
    return Spans(*(getattr(spans, field.name)[which] for field in fields(Spans)))


def join_spans(one: Spans, other: Spans) -> Spans:
    """All spans of both."""
    names = [field.name for field in fields(Spans)]
    return Spans(*(np.concatenate([getattr(one, name), getattr(other, name)]) for name in names))


def _piece_map(paths: NDArray[np.int16] | None, h: int, w: int) -> Labels:
    """(h, w): how many of the inner cuts (C, h) run to the left of each pixel."""
    steps = np.zeros((h, w + 1), dtype=np.int32)
    if paths is not None:
        np.add.at(steps, (np.broadcast_to(np.arange(h), paths.shape), paths), 1)
    return np.cumsum(steps, axis=1)[:, :w]


def _components(pixels: InkPlane) -> Labels:
    """Connected components (8 neighbours) of the solid ink; fainter ink joins the component beside it."""
    labels = Components.of(pixels >= INK_LEVEL).labels
    nearby = ndimage.maximum_filter(labels, size=3)
    return np.where(labels > 0, labels, nearby)


def _cell_boxes(rows: Index, columns: Index, solid: Mask, first: Index) -> NDArray[np.float32]:
    """(K, 4) boxes of the solid ink of each cell; without any, a box that no minimum or maximum notices.

    rows, columns, solid: (P,) of the pixels ordered by cell; first: (K,) where cells begin.
    """
    none = np.float32(np.inf)
    sides = [
        (np.minimum, columns, none),
        (np.minimum, rows, none),
        (np.maximum, columns + 1, -none),
        (np.maximum, rows + 1, -none),
    ]
    return np.stack(
        [
            extreme.reduceat(np.where(solid, places, empty), first) if len(first) else np.zeros(0)
            for extreme, places, empty in sides
        ],
        axis=1,
    ).astype(np.float32)


def _ends_by(owner: Index, boxes: NDArray[np.float32], count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Left and right end (count,) of the boxes (K, 4) of each owner ((K,), below count)."""
    left, right = np.full(count, np.inf, dtype=np.float32), np.full(count, -np.inf, dtype=np.float32)
    np.minimum.at(left, owner, boxes[:, 0])
    np.maximum.at(right, owner, boxes[:, 2])
    return left, right


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
