"""Cuts: where one digit may end and the next begin, from coarse (gaps) to fine (inside strokes).

A union of generators, since each one cuts digits that no other can (Ribas et al. 2013, "Handwritten digit
segmentation: a comparative study"). Every generator proposes columns; the least-ink seam around the
column is the cut.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmenter.ink import Ink
from segmenter.seams import Seams, find_seams

INK_LEVEL = 0.25  # a pixel with at least this much ink belongs to a component
GAP, STROKE, DOUBLE, DENSE = range(4)  # levels: nothing crossed, one stroke, two strokes, anything else
STROKES_CROSSED = (0.3, 1.7, 3.0)  # most ink crossed at the levels GAP, STROKE, DOUBLE, in pen widths
SAME_INK = 0.5  # cuts with less ink between them are one, in squared pen widths
SAME_GAP = 0.4  # the same for two gaps: what stands between them may be a point
DENSE_STEP = 4  # columns between cuts where no generator found any


@dataclass(frozen=True, eq=False)
class Cut:
    """A top-to-bottom path between two columns of ink.

    path: (h,) int16, for each row the first column to the right of the cut. level: GAP, STROKE, DOUBLE or DENSE.
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
    pen = max(1.0, ink.stroke_width)
    seams = find_seams(ink.pixels)
    columns, kinds = _propose(ink, seams)
    paths = seams.trace(columns)
    crossed = _crossed(ink.pixels, paths) / pen
    order = np.argsort(paths.mean(axis=1), kind="stable")
    paths = np.maximum.accumulate(paths[order], axis=0)
    crossed, kinds = crossed[order], [kinds[k] for k in order]
    kept = _without_twins(ink.pixels, paths, crossed, pen * pen)
    inner = [Cut(paths[k], int(np.searchsorted(STROKES_CROSSED, crossed[k])), float(crossed[k]), kinds[k])
             for k in kept]
    first = Cut(np.zeros(h, dtype=np.int16), GAP, 0.0, "border")
    last = Cut(np.full(h, w, dtype=np.int16), GAP, 0.0, "border")
    return (first, *inner, last)


def _propose(ink: Ink, seams: Seams) -> tuple[NDArray[np.intp], list[str]]:
    """Columns from all generators, each column once, and which generator came first."""
    mask = ink.pixels >= INK_LEVEL
    generators = {
        "gap": _gap_columns(mask),
        "seam": _minima(seams.cost),
        "projection": _minima(ink.pixels.sum(axis=0)),
        "contour": _contour_columns(mask, ink),
        "ligature": _ligature_columns(mask, ink),
    }
    named: dict[int, str] = {}
    for kind, columns in generators.items():
        for column in columns:
            named.setdefault(int(column), kind)
    for column in _dense_columns(np.array(sorted(named), dtype=np.intp), mask.shape[1]):
        named.setdefault(int(column), "dense")
    columns = np.array(sorted(named), dtype=np.intp)
    return columns, [named[int(column)] for column in columns]


def _minima(profile: NDArray[np.float32]) -> NDArray[np.intp]:
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


def _gap_columns(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Between each two neighbouring connected components: the middle of their gap, or of their overlap."""
    labels, count = ndimage.label(mask, structure=np.ones((3, 3)))
    if count < 2:
        return np.empty(0, dtype=np.intp)
    boxes = ndimage.find_objects(labels)
    edges = sorted((box[1].start, box[1].stop) for box in boxes)
    middles = [(min(stop, after[1]) + after[0]) // 2
               for (_, stop), after in zip(edges, edges[1:], strict=False)]
    return np.array(middles, dtype=np.intp)


def _contour_columns(mask: NDArray[np.bool_], ink: Ink) -> NDArray[np.intp]:
    """Valleys of the upper contour and peaks of the lower one: where digits that touch bend towards each other."""
    h = mask.shape[0]
    inked = mask.any(axis=0)
    top = np.where(inked, mask.argmax(axis=0), h).astype(np.float32)
    bottom = np.where(inked, h - mask[::-1].argmax(axis=0), 0).astype(np.float32)
    depth = max(2, round(ink.stroke_width))
    found = [_extrema(top, depth), _extrema(-bottom, depth)]
    return np.unique(np.concatenate(found))


def _extrema(profile: NDArray[np.float32], depth: int) -> NDArray[np.intp]:
    """Middles of the local maxima of a contour (w,) that stand out by `depth` pixels on both sides."""
    reach = 8
    highest = ndimage.maximum_filter1d(profile, 2 * reach + 1)
    padded = np.pad(profile, reach, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, reach + 1)
    left, right = windows[: len(profile)].min(axis=1), windows[reach:].min(axis=1)
    peak = (profile == highest) & (profile - left >= depth) & (profile - right >= depth)
    return _middles(peak)


def _ligature_columns(mask: NDArray[np.bool_], ink: Ink) -> NDArray[np.intp]:
    """Middles of runs of columns whose ink is one thin stroke: ligatures, such as those of chained zeros."""
    thickness = mask.sum(axis=0)
    return _middles((thickness > 0) & (thickness <= 1.8 * max(1.0, ink.stroke_width)))


def _middles(flags: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The middle column of every run of true values of (w,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return (edges[::2] + edges[1::2]) // 2


def _dense_columns(columns: NDArray[np.intp], width: int) -> NDArray[np.intp]:
    """Evenly spaced columns wherever neighbouring proposals leave more than 1.5 steps between them."""
    edges = np.concatenate([[0], columns, [width]])
    runs = [np.linspace(left, right, round((right - left) / DENSE_STEP) + 1)[1:-1]
            for left, right in zip(edges, edges[1:], strict=False) if right - left > 1.5 * DENSE_STEP]
    return np.concatenate(runs).astype(np.intp) if runs else np.empty(0, dtype=np.intp)


def _crossed(pixels: NDArray[np.float32], paths: NDArray[np.int16]) -> NDArray[np.float32]:
    """Ink that each path (K, h) runs through, in pixels."""
    h, w = pixels.shape
    return pixels[np.arange(h), np.minimum(paths, w - 1)].sum(axis=1)


def _without_twins(pixels: NDArray[np.float32], paths: NDArray[np.int16], crossed: NDArray[np.float32],
                   dot: float) -> list[int]:
    """Indices of the cuts that stay when of two with hardly any ink between them the cheaper one does.

    dot: the ink of a point as wide as the pen.
    """
    before = np.zeros((pixels.shape[0], pixels.shape[1] + 1), dtype=np.float32)
    np.cumsum(pixels, axis=1, out=before[:, 1:])
    left_of = before[np.arange(pixels.shape[0]), paths].sum(axis=1)
    total = float(before[:, -1].sum())
    is_gap = crossed < STROKES_CROSSED[GAP]
    kept: list[int] = []
    for k in range(len(paths)):
        if min(left_of[k], total - left_of[k]) < SAME_GAP * dot:
            continue
        if kept:
            last = kept[-1]
            least = SAME_GAP if is_gap[k] and is_gap[last] else SAME_INK
            if left_of[k] - left_of[last] < least * dot:
                if crossed[k] < crossed[last]:
                    kept[-1] = k
                continue
        kept.append(k)
    return kept
