"""Cuts: where one digit may end and the next begin, from coarse (gaps) to fine (inside strokes).

A union of generators, since each one cuts digits that no other can (Ribas et al. 2013, "Handwritten digit
segmentation: a comparative study"). Most propose columns, and the least-ink seam around the column is the cut.
Where two strokes run side by side, though, the least ink is elsewhere: there the cut is a straight line through
the ink, from the bottom of a valley of the upper contour to the top of one of the lower contour.
"""

import bisect
import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmenter.arrays import Index, Mask
from segmenter.ink import Ink
from segmenter.seams import find_seams

GAP, STROKE, DOUBLE, DENSE = range(4)  # levels: nothing crossed, one stroke, two strokes, anything else
STROKES_CROSSED = (0.3, 1.7, 3.0)  # most ink crossed at the levels GAP, STROKE, DOUBLE, in pen widths
MOST_CUTS = 500  # in a field; more come of dirt only, and would cost time and memory without bound


@dataclass(frozen=True)
class CutConfig:
    """Where cuts are proposed, and which are one."""

    same_ink: float = 0.5  # cuts with less ink between them are one, in squared pen widths
    same_gap: float = 0.4  # the same for two gaps: what stands between them may be a point
    dense_step: int = 4  # columns between cuts where no generator found any
    valley_depth: int = 2  # ink pixels by which a valley of the contour is deeper than what is ...
    valley_reach: int = 8  # ... within so many columns of it
    facing: int = 12  # columns between an upper and a lower valley at most for a line between them


CUTS = CutConfig()


@dataclass(frozen=True, eq=False)
class Cut:
    """A top-to-bottom path between two columns of ink.

    path: (h,) int16, for each row the first column to the right of the cut.
    level: GAP, STROKE, DOUBLE or DENSE.
    crossed: the ink it runs through, in pen widths. kind: the generator that proposed it.
    """

    path: NDArray[np.int16]
    level: int
    crossed: float
    kind: str

    def __post_init__(self) -> None:
        if self.path.ndim != 1 or not GAP <= self.level <= DENSE or self.crossed < 0:
            raise ValueError(f"not a cut: {self}")


def find_cuts(ink: Ink) -> tuple[Cut, ...]:
    """The cuts of a field, ordered left to right and never crossing; the first and last are its borders.

    A field without ink has none.
    """
    h, w = ink.pixels.shape
    if ink.blank:
        return ()
    paths, kinds = _candidates(ink)
    inner = _coarsest(_place(ink, paths, kinds))
    return (
        Cut(np.zeros(h, dtype=np.int16), GAP, 0.0, "border"),
        *inner,
        Cut(np.full(h, w, dtype=np.int16), GAP, 0.0, "border"),
    )


def _coarsest(cuts: list[Cut]) -> list[Cut]:
    """At most MOST_CUTS of the cuts, the coarsest, still in order."""
    if len(cuts) <= MOST_CUTS:
        return cuts
    kept = sorted(range(len(cuts)), key=lambda k: (cuts[k].level, cuts[k].crossed))[:MOST_CUTS]
    return [cuts[k] for k in sorted(kept)]


def _candidates(ink: Ink) -> tuple[NDArray[np.int16], list[str]]:
    """Paths (K, h) of all generators and which generator each is from."""
    mask = ink.components.whole
    top, bottom = _contours(mask)
    upper, lower = _valleys(top), _valleys(-bottom)
    seams = find_seams(ink.pixels)
    generators = {
        "gap": _gap_columns(ink),
        "seam": _minima(seams.cost),
        "projection": _minima(ink.pixels.sum(axis=0)),
        "contour": np.concatenate([upper, lower]),
        "ligature": _ligature_columns(mask, ink),
    }
    named: dict[int, str] = {}
    for kind, found in generators.items():
        for column in found:
            named.setdefault(int(column), kind)
    for column in _dense_columns(np.array(sorted(named), dtype=np.intp), mask.shape[1]):
        named.setdefault(int(column), "dense")
    columns = np.array(sorted(named), dtype=np.intp)
    lines = _contact_lines(upper, lower, top, bottom, mask.shape[0])
    kinds = [named[int(column)] for column in columns] + ["contact"] * len(lines)
    return np.concatenate([seams.trace(columns), lines]), kinds


def _minima(profile: NDArray[np.float32]) -> Index:
    """Middles of the local minima (plateaus count once) of a profile (w,)."""
    smooth = np.round(profile * 8)
    change = np.flatnonzero(np.diff(smooth)) + 1
    starts = np.concatenate([[0], change])
    ends = np.concatenate([change, [len(profile)]])
    height = smooth[starts]
    before = np.concatenate([[np.inf], height[:-1]])
    after = np.concatenate([height[1:], [np.inf]])
    low = (height < before) & (height < after)
    return (starts[low] + ends[low]) // 2


def _gap_columns(ink: Ink) -> Index:
    """Between each two neighbouring connected components: the middle of their gap, or of their overlap."""
    edges = sorted(ink.components.boxes[:, [0, 2]].tolist())
    middles = [(min(stop, after[1]) + after[0]) // 2 for (_, stop), after in itertools.pairwise(edges)]
    return np.array(middles, dtype=np.intp)


def _contours(mask: Mask) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """First row of ink and the row after the last in each column; h and 0 where there is none."""
    h = mask.shape[0]
    inked = mask.any(axis=0)
    top = np.where(inked, mask.argmax(axis=0), h)
    bottom = np.where(inked, h - mask[::-1].argmax(axis=0), 0)
    return top.astype(np.float32), bottom.astype(np.float32)


def _valleys(profile: NDArray[np.float32]) -> Index:
    """Middles of the local maxima of a contour (w,): columns where digits that touch bend towards each other."""
    highest = ndimage.maximum_filter1d(profile, 2 * CUTS.valley_reach + 1)
    left, right = (
        ndimage.minimum_filter1d(profile, CUTS.valley_reach + 1, origin=side * CUTS.valley_reach // 2, mode="nearest")
        for side in (1, -1)
    )
    return _middles((profile == highest) & (profile - np.maximum(left, right) >= CUTS.valley_depth))


def _contact_lines(
    upper: Index, lower: Index, top: NDArray[np.float32], bottom: NDArray[np.float32], height: int
) -> NDArray[np.int16]:
    """Straight lines (K, h) through the ink: from each upper valley to each lower one near it, and plumb from each."""
    upper, lower = upper[top[upper] < height], lower[bottom[lower] > 0]
    ends = [(u, v) for u in upper for v in lower if abs(u - v) <= CUTS.facing]
    ends += [(u, u) for u in upper] + [(v, v) for v in lower]
    rows = np.arange(height)
    lines = [np.interp(rows, [top[u], max(bottom[v] - 1, top[u] + 1)], [u, v]) for u, v in dict.fromkeys(ends)]
    return np.round(np.array(lines).reshape(-1, height)).astype(np.int16)


def _ligature_columns(mask: Mask, ink: Ink) -> Index:
    """Middles of runs of columns whose ink is one thin stroke: ligatures, such as those of chained zeros."""
    thickness = mask.sum(axis=0)
    return _middles((thickness > 0) & (thickness <= 1.8 * max(1.0, ink.stroke_width)))


def _middles(flags: Mask) -> Index:
    """The middle column of every run of true values of (w,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return (edges[::2] + edges[1::2]) // 2


def _dense_columns(columns: Index, width: int) -> Index:
    """Evenly spaced columns wherever neighbouring proposals leave more than 1.5 steps between them."""
    edges = np.concatenate([[0], columns, [width]])
    found: list[int] = []
    for left, right in itertools.pairwise(edges.tolist()):
        parts = round((right - left) / CUTS.dense_step) if right - left > 1.5 * CUTS.dense_step else 1
        found += [int(left + k * ((right - left) / parts)) for k in range(1, parts)]
    return np.array(found, dtype=np.intp)


def _crossed(pixels: NDArray[np.float32], paths: NDArray[np.int16]) -> NDArray[np.float32]:
    """Ink that each path (K, h) runs through, in pixels."""
    h, w = pixels.shape
    return pixels[np.arange(h), np.minimum(paths, w - 1)].sum(axis=1)


def _place(ink: Ink, paths: NDArray[np.int16], kinds: list[str]) -> list[Cut]:
    """The candidates that stay, left to right: the best first, each clipped so that it crosses none before it.

    One with hardly any ink between it and another is left out. Gaps come first, then lines through contacts, which a
    seam would bend, then the cheaper before the dearer, and dense cuts last.
    """
    pixels = ink.pixels
    h, w = pixels.shape
    pen = max(1.0, ink.stroke_width)
    row_starts = np.arange(h) * (w + 1)
    before = np.zeros((h, w + 1), dtype=np.float32)
    np.cumsum(pixels, axis=1, out=before[:, 1:])
    under = np.concatenate([pixels, pixels[:, -1:]], axis=1)  # the ink that a path at each column runs through
    crossed = _crossed(pixels, paths) / pen
    rank = np.array([{"contact": 1, "dense": 3}.get(kind, 2) for kind in kinds])
    rank[crossed < STROKES_CROSSED[GAP]] = 0
    means = paths.mean(axis=1).tolist()
    placed = [Cut(np.zeros(h, dtype=np.int16), GAP, 0.0, "border"), Cut(np.full(h, w, np.int16), GAP, 0.0, "border")]
    total = np.add.reduce  # sum() and mean() take four times as long over so few
    place, left_of = [0.0, float(w)], [0.0, float(before[:, -1].sum())]
    for k in np.lexsort((crossed, rank)):
        at = min(max(bisect.bisect(place, means[k]), 1), len(place) - 1)
        path = np.minimum(np.maximum(paths[k], placed[at - 1].path), placed[at].path)
        places = row_starts + path
        left = float(total(before.take(places)))
        cost = float(total(under.take(places))) / pen
        level = bisect.bisect_left(STROKES_CROSSED, cost)
        room = [CUTS.same_gap if level == other.level == GAP else CUTS.same_ink for other in placed[at - 1 : at + 1]]
        if left - left_of[at - 1] < room[0] * pen * pen or left_of[at] - left < room[1] * pen * pen:
            continue
        placed.insert(at, Cut(path, level, cost, kinds[k]))
        place.insert(at, int(total(path)) / h)
        left_of.insert(at, left)
    return placed[1:-1]
