"""Pieces: the ink between neighbouring cuts, kept in cells, one for each pair of a connected component and a piece.

A span (segmenter/spans.py) holds cells; everything about it follows from small tables over them.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import Index, Labels, Mask
from segmenter.cuts import Cut
from segmenter.ink import INK_LEVEL, LINE_HEIGHT, Ink
from segmenter.running import grown

MAX_WIDTH = 1.75 * LINE_HEIGHT  # a wider span is no digit
INWARD = np.array([1, 1, -1, -1], dtype=np.float32)  # the signs that make the sides of a box grow inwards


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


def cut_pieces(ink: Ink, cuts: tuple[Cut, ...]) -> Pieces:
    """Cut the ink at all cuts and tabulate the cells. cuts: at least the two borders."""
    pixels = ink.pixels
    h, w = pixels.shape
    piece = _piece_map(np.stack([cut.path for cut in cuts[1:-1]]) if len(cuts) > 2 else None, h, w)
    component = _components(ink)
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


def _piece_map(paths: NDArray[np.int16] | None, h: int, w: int) -> Labels:
    """(h, w): how many of the inner cuts (C, h) run to the left of each pixel."""
    steps = np.zeros((h, w + 1), dtype=np.int32)
    if paths is not None:
        np.add.at(steps, (np.broadcast_to(np.arange(h), paths.shape), paths), 1)
    return np.cumsum(steps, axis=1)[:, :w]


def _components(ink: Ink) -> Labels:
    """Connected components (8 neighbours) of the solid ink; fainter ink joins the component beside it."""
    labels = ink.components.labels
    return np.where(labels > 0, labels, grown(labels))


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
