"""Which spans are which true digits: by boxes in the source image, or by whose ink a synthetic string's pixels are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.synthesis.strings import SyntheticString
from pipeline.training.crop.examples import DIGIT_HELD, DIGIT_PURE, ink_by_character
from segmenter.ink import INK_LEVEL
from segmenter.pieces import Pieces
from segmenter.spans import Spans

Float = NDArray[np.float32]

FIT_IOU = 0.7  # a span is a digit when the boxes of the two agree this well
KEPT = 0.7  # share of a digit (of its box, of its ink) below which its ink is lost
FOREIGN = 0.25  # ink beyond the digits but in one piece with a digit, as a share of the digit's, from which it is dirty
ROOM = 2.0  # source pixels around a box that still count as the digit's


@dataclass(frozen=True, eq=False)
class BoxTruth:
    """The digits of a real picture and their boxes, (T, 4) float left, top, right, bottom in source pixels."""

    text: str
    boxes: NDArray[np.float64]

    @classmethod
    def from_record(cls, record: Sequence[Sequence[int]]) -> BoxTruth:
        """From `[[left, top, width, height, digit], ...]` in any order."""
        rows = np.array(sorted(map(tuple, record)), dtype=np.float64).reshape(-1, 5)
        boxes = np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4]], axis=1)
        return cls("".join(str(int(digit)) for digit in rows[:, 4]), boxes)

    def fits(self, pieces: Pieces, spans: Spans) -> NDArray[np.bool_]:
        """(T, N) whether the boxes of digit and span have an intersection of FIT_IOU of their union."""
        return _iou(self.boxes, source_boxes(pieces, spans)) >= FIT_IOU

    def overlaps(self, pieces: Pieces, spans: Spans) -> Float:
        """(T, N) the same of the boxes' columns only: flourishes up and down do not matter to what is read."""
        boxes = source_boxes(pieces, spans)
        flat, truth = boxes[:, [0, 0, 2, 2]], self.boxes[:, [0, 0, 2, 2]]
        flat[:, [1, 3]], truth[:, [1, 3]] = [0, 1], [0, 1]
        return _iou(truth, flat).astype(np.float32)

    def ink_faults(self, pieces: Pieces) -> list[str | None]:
        """Lost: the ink within the box does not fill it. Dirty: the digit's ink runs on to where no digit is."""
        x, y, mass, component = _ink_points(pieces)
        inside = _within(self.boxes, x, y)
        beyond = np.where(inside.any(axis=0), 0, mass)
        foreign = np.bincount(component, beyond)
        faults: list[str | None] = []
        for box, own in zip(self.boxes, inside, strict=True):
            own = own & (mass >= INK_LEVEL)
            hull = _hull(x[own], y[own])
            share = np.bincount(component, np.where(own, mass, 0), len(foreign))
            joined = foreign[share > 0.5 * mass[own].sum()].sum()
            lost = hull is None or _iou(box[None], np.clip(hull, np.tile(box[:2], 2), np.tile(box[2:], 2))[None]) < KEPT
            faults.append("a lost" if lost else "a dirty" if joined > FOREIGN * mass[own].sum() else None)
        return faults


@dataclass(frozen=True, eq=False)
class OwnerTruth:
    """The digits of a synthetic string, of which each pixel's owner is known."""

    string: SyntheticString

    @property
    def text(self) -> str:
        return self.string.text

    def fits(self, pieces: Pieces, spans: Spans) -> NDArray[np.bool_]:
        """(T, N) whether a span holds DIGIT_HELD of the digit's ink and is the digit's to DIGIT_PURE."""
        held, pure = self._shares(pieces, spans)
        return (held >= DIGIT_HELD) & (pure >= DIGIT_PURE)

    def overlaps(self, pieces: Pieces, spans: Spans) -> Float:
        """(T, N) the smaller of the two shares."""
        return np.minimum(*self._shares(pieces, spans))

    def ink_faults(self, pieces: Pieces) -> list[str | None]:
        """Lost: part of the digit's pixels have no ink. Dirty: nobody's ink is in one piece with it."""
        table = ink_by_character(self.string, pieces)
        nobody = np.bincount(pieces.component, table[:, -1])
        faults: list[str | None] = []
        for k in self._digits():
            own = np.bincount(pieces.component, table[:, k])
            dirt = nobody[own > 0.5 * own.sum()].sum()
            lost = self._inked(pieces, k) < KEPT
            faults.append("a lost" if lost else "a dirty" if dirt > FOREIGN * own.sum() else None)
        return faults

    def _digits(self) -> list[int]:
        return [k for k, label in enumerate(self.string.characters) if label.isdigit()]

    def _shares(self, pieces: Pieces, spans: Spans) -> tuple[Float, Float]:
        table = ink_by_character(self.string, pieces)[:, self._digits()]
        held = (spans.holds.astype(np.float32) @ table).T
        whole, mass = np.maximum(table.sum(axis=0), 1e-6), np.maximum(spans.mass, 1e-6)
        return (held / whole[:, None]).astype(np.float32), (held / mass).astype(np.float32)

    def _inked(self, pieces: Pieces, character: int) -> float:
        """Share of the pixels of a character that have ink, or ink beside them."""
        rows, columns = np.nonzero(self.string.owner == character)
        back = np.linalg.inv(np.vstack([pieces.ink.to_source, [0, 0, 1]]))
        x, y = (back @ np.stack([columns + 0.5, rows + 0.5, np.ones(len(rows))]))[:2].astype(np.intp)
        near = ndimage.maximum_filter(pieces.ink.pixels, size=3) >= INK_LEVEL
        h, w = near.shape
        there = (x >= 0) & (x < w) & (y >= 0) & (y < h)
        return float((there & near[np.clip(y, 0, h - 1), np.clip(x, 0, w - 1)]).mean()) if len(rows) else 0.0


def source_boxes(pieces: Pieces, spans: Spans) -> NDArray[np.float64]:
    """(N, 4) boxes of the spans' ink in source pixels: of the ink's pixels, not of the slanted corners of its box."""
    x, y, mass, _ = _ink_points(pieces)
    solid = mass >= INK_LEVEL
    rows, columns = np.nonzero(pieces.ink.pixels)
    cell = pieces.cell_of[rows, columns][solid]
    half = 0.5 * np.sqrt(abs(np.linalg.det(pieces.ink.to_source[:, :2])))
    edges = np.full((len(pieces.mass), 4), np.inf)
    for column, values in enumerate((x - half, y - half, -x - half, -y - half)):
        np.minimum.at(edges[:, column], cell, values[solid])
    held = np.where(spans.holds[:, :, None], edges[None], np.inf).min(axis=1, initial=np.inf)
    held[~np.isfinite(held).all(axis=1)] = 0
    held[:, 2:] *= -1
    return held


def _ink_points(pieces: Pieces) -> tuple[NDArray[np.float64], NDArray[np.float64], Float, NDArray[np.intp]]:
    """Of each pixel of ink its place x, y in the source, its ink and its component."""
    rows, columns = np.nonzero(pieces.ink.pixels)
    x, y = pieces.ink.to_source @ np.stack([columns + 0.5, rows + 0.5, np.ones(len(rows))])
    return x, y, pieces.ink.pixels[rows, columns], pieces.component[pieces.cell_of[rows, columns]]


def _within(boxes: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    left, top, right, bottom = boxes.T[:, :, None]
    return (x > left - ROOM) & (x < right + ROOM) & (y > top - ROOM) & (y < bottom + ROOM)


def _hull(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64] | None:
    return np.array([x.min(), y.min(), x.max(), y.max()]) if len(x) else None


def _iou(ours: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T, N) intersection over union of boxes (T, 4) and (N, 4)."""
    low = np.maximum(ours[:, None, :2], others[None, :, :2])
    high = np.minimum(ours[:, None, 2:], others[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    area = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (ours, others)]
    return shared / np.maximum(area[0][:, None] + area[1][None, :] - shared, 1e-9)
