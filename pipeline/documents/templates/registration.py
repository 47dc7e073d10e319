"""Where a template lies on a scan: scale and shift found by matching printed boxes and rules with one another.

The sheet is level already, so that little turning is left. Every pair of a landmark of the template and one of the
scan that have the same shape proposes a scale and a shift (Fischler and Bolles 1981, RANSAC, but with all the samples
there are); the proposal that most landmarks agree with is refined by a least-squares similarity over them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.documents.layout.field_finding import Layout
from pipeline.documents.layout.sheet import Sheet
from pipeline.documents.templates.template_file import Landmarks
from segmenter.arrays import Affine


@dataclass(frozen=True)
class MatchingSettings:
    """When landmarks match, and when a template fits."""

    shape: float = 0.12  # share by which two widths (or heights), after scaling, may differ: ends of lines are unsure
    alike: float = 0.03  # radians between the diagonals of two boxes of one shape
    close: float = 0.012  # of the page's longer side: so near is a landmark to the one that it matches
    fewest: int = 3  # landmarks that must agree: two always do ...
    agree: float = 0.35  # ... and their share of the template's
    rule: int = 100  # working pixels: shorter rules are no landmarks
    most: int = 80  # landmarks, the longest: the pairs are all tried


MATCHING = MatchingSettings()


def landmarks(sheet: Sheet, layout: Layout) -> Landmarks:
    """(n, 4) middle x, y, width, height of the printed boxes, cells of combs and rules of a sheet, working pixels."""
    boxes = [
        (0.5 * (f.left + f.right), 0.5 * (f.top + f.bottom), f.width, f.height)
        for f in (box.frame for box in layout.boxes)
    ]
    rules = [
        (0.5 * (line.start + line.end), line.middle, line.length, 0)
        for line in layout.across
        if line.length >= MATCHING.rule
    ]
    rules += [
        (line.middle, 0.5 * (line.start + line.end), 0, line.length)
        for line in layout.down
        if line.length >= MATCHING.rule
    ]
    found = np.array([*boxes, *rules], dtype=np.float64).reshape(-1, 4)
    return found[np.argsort(-found[:, 2:].sum(axis=1), kind="stable")[: MATCHING.most]]


def register(template: Landmarks, scan: Landmarks, side: float) -> tuple[Affine, int] | None:
    """The (2, 3) map from the template's pixels to the scan's, and how many landmarks agree; None: none fits.

    template, scan: (n, 4) landmarks, each in its own pixels; side: the longer side of the scan.
    """
    if not len(template) or not len(scan):
        return None
    best, agreeing = None, 0
    for i, j in _alike(template, scan):
        scale = np.hypot(*scan[j, 2:]) / np.hypot(*template[i, 2:])
        shift = scan[j, :2] - scale * template[i, :2]
        pairs = _matches(template, scan, np.array([[scale, 0, shift[0]], [0, scale, shift[1]]]), MATCHING.close * side)
        if len(pairs) > agreeing:
            best, agreeing = pairs, len(pairs)
    if best is None or agreeing < max(min(MATCHING.fewest, len(template)), MATCHING.agree * len(template)):
        return None
    for _ in range(2):
        found = _similarity(template[best[:, 0], :2], scan[best[:, 1], :2])
        best = _matches(template, scan, found, 0.6 * MATCHING.close * side)
        if len(best) < 2:
            return None
    return found, len(best)


def _alike(template: Landmarks, scan: Landmarks) -> NDArray[np.intp]:
    """(k, 2) pairs of landmarks of one shape: boxes of like proportions, rules of one direction."""

    def angle(marks: Landmarks) -> NDArray[np.float64]:
        return np.arctan2(marks[:, 3], marks[:, 2])

    return np.argwhere(np.abs(angle(template)[:, None] - angle(scan)[None]) < MATCHING.alike)


def _matches(template: Landmarks, scan: Landmarks, found: Affine, close: float) -> NDArray[np.intp]:
    """(k, 2) landmarks of the template and those of the scan on which they come to lie, in like size."""
    scale = float(np.hypot(found[0, 0], found[1, 0]))
    places = template[:, :2] @ found[:, :2].T + found[:, 2]
    away = np.hypot(*(places[:, None] - scan[None, :, :2]).transpose(2, 0, 1))
    sizes = np.abs(scale * template[:, None, 2:] - scan[None, :, 2:]).max(axis=2)
    size = np.hypot(scan[:, 2], scan[:, 3])[None]
    away[sizes > MATCHING.shape * size + 3] = np.inf
    nearest = away.argmin(axis=1)
    kept = np.flatnonzero(away[np.arange(len(template)), nearest] <= close)
    return np.stack([kept, nearest[kept]], axis=1)


def _similarity(source: Landmarks, target: Landmarks) -> Affine:
    """The (2, 3) similarity of least squares; from one point, or points on one spot, a shift."""
    if len(source) < 2 or np.ptp(source, axis=0).max() < 1:
        shift = (target - source).mean(axis=0)
        return np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
    # [x', y'] = [[a, -b], [b, a]] @ [x, y] + [c, d], linear in a, b, c and d.
    one, nought = np.ones(len(source)), np.zeros(len(source))
    rows = np.concatenate(
        [
            np.stack([source[:, 0], -source[:, 1], one, nought], axis=1),
            np.stack([source[:, 1], source[:, 0], nought, one], axis=1),
        ]
    )
    (a, b, c, d), *_ = np.linalg.lstsq(rows, np.concatenate([target[:, 0], target[:, 1]]), rcond=None)
    return np.array([[a, -b, c], [b, a, d]])
