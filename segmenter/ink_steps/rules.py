"""Ruled lines and box borders: found as long, thin, straight runs, and removed without the strokes across."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmenter.arrays import Index, Mask, Plane
from segmenter.components import Components
from segmenter.ink_steps.quantiles import median, quantile
from segmenter.ink_steps.thresholding import STROKES, stroke_width
from segmenter.running import grown

Heights = NDArray[np.float32]  # (w,) rows

SLOPES = np.linspace(-0.11, 0.11, 45)  # tangents of a rule, 6 degrees either way


@dataclass(frozen=True)
class RuleConfig:
    """What tells ruled lines and sides of boxes from strokes."""

    coverage: float = 0.5  # share of the picture's width over which a ruled line must be seen
    narrow: float = 2.0  # heights of the picture: in a wider one, what spans half of it is no stroke of a digit
    longer: float = 1.25  # heights of the writing: a bar in a narrow picture that is longer is a rule
    clear: float = 0.1  # heights of a digit: room between writing and what frames it
    side: float = 0.2  # heights of a digit: strip at either side of the picture where a box may end
    throughout: float = 0.85  # share of the picture's height that the side of a box takes at least
    lower: float = 0.9  # share of the picture's height that writing in a frame takes at most
    widest_bar: float = 1.0  # heights of a digit that a bar is long at most
    leaving: int = 2  # pixels beside a bar in which the stroke is that leaves from it
    others: float = 0.5  # share of the least length of a rule that is no bars of digits
    most_rules: int = 4
    above: float = 1.6  # pixels beside the upper edge, and ...
    below: float = 0.6  # ... beside the lower edge, that are still the rule's
    heavier: float = 1.6  # times the usual weight of a rule: there a stroke lies on it


RULES = RuleConfig()


@dataclass(frozen=True)
class Rule:
    """The straight line row = offset + slope * column along a rule's upper edge, `thickness` pixels thick."""

    offset: float
    slope: float
    thickness: int

    def rows(self, width: int) -> Heights:
        """Upper edge of the rule in each column, (width,) float32."""
        return (self.offset + self.slope * np.arange(width)).astype(np.float32)


def find_rules(mask: Mask, thickest: int, least_length: float) -> list[Rule]:
    """Near-horizontal rules in a mask of dark pixels, (h, w) bool.

    A straight-line Hough transform of the upper ends of short vertical runs, at most `thickest` pixels long:
    strokes are thicker or shorter or bent, rules go on.
    """
    starts = _thin(mask, thickest)
    starts[1:] &= ~mask[:-1]
    y, x = np.nonzero(starts)
    rules: list[Rule] = []
    while len(rules) < RULES.most_rules and y.size >= least_length:
        offset, slope, votes = _strongest(y, x)
        if votes < least_length:
            break
        near = np.abs(y - offset - slope * x) <= 1.6
        rules.append(Rule(offset, slope, _thickness(mask, y[near], x[near], thickest)))
        y, x = y[~near], x[~near]
    return rules


def _thin(mask: Mask, thickest: int) -> Mask:
    """Pixels of vertical runs of at most `thickest` pixels."""
    size = thickest + 1
    if len(mask) < size:
        return mask.copy()
    # An opening: only runs of `size` or more survive it.
    begins = np.zeros((len(mask) + size - 1, mask.shape[1]), dtype=bool)
    begins[size - 1 : len(mask)] = _of_rows(np.logical_and, mask, size)
    return mask & ~_of_rows(np.logical_or, begins, size)


def _of_rows(both: np.ufunc, mask: Mask, size: int) -> Mask:
    """A mask (h - size + 1, w): of each pixel and those of the size - 1 rows below it."""
    length = 1
    while length < size:
        step = min(length, size - length)
        mask, length = both(mask[:-step], mask[step:]), length + step
    return mask


def _strongest(y: NDArray[Any], x: NDArray[Any]) -> tuple[float, float, int]:
    """Line (offset, slope) with the most points within a band two pixels wide, and their number."""
    offsets = np.rint(y - SLOPES[:, None] * x).astype(np.intp)
    low = int(offsets.min())
    bins = int(offsets.max()) - low + 2
    offsets += (bins * np.arange(SLOPES.size) - low)[:, None]
    votes = np.bincount(offsets.ravel(), minlength=bins * SLOPES.size).reshape(SLOPES.size, bins)
    pairs = votes[:, :-1] + votes[:, 1:]
    best, offset = divmod(int(np.argmax(pairs)), bins - 1)
    return float(offset + low) + 0.5, float(SLOPES[best]), int(pairs[best, offset])


def _thickness(mask: Mask, y: NDArray[Any], x: NDArray[Any], thickest: int) -> int:
    """Median length of the vertical runs that start at the points."""
    padded = np.zeros((len(mask) + thickest + 1, mask.shape[1]), dtype=bool)
    padded[: len(mask)] = mask
    run = padded[y + np.arange(thickest + 1)[:, None], x]
    return max(1, int(median(np.logical_and.accumulate(run, axis=0).sum(axis=0))))


def erase(rules: list[Rule], mask: Mask, contrast: Plane) -> Mask:
    """Pixels of the rules that no stroke crosses or covers, (h, w) bool."""
    gone, bands = np.zeros_like(mask), np.zeros_like(mask)
    for rule in rules:
        band = _band(rule, mask.shape, RULES.above, RULES.below)
        drawn = band & mask
        gone |= drawn & ~(_crossed(rule, mask) | _covered(band, drawn, contrast))
        bands |= band
    if not gone.any():
        return gone
    # What remains of a rule alone, cut off between two strokes, is no ink either.
    parts = Components.of(mask & ~gone)
    return gone | parts.mask(~parts.holding(~bands))


def _band(rule: Rule, shape: tuple[int, ...], above: float, below: float) -> Mask:
    """Pixels from `above` the rule's upper edge to `below` its lower edge."""
    edge = rule.rows(shape[1])
    rows = np.arange(shape[0], dtype=np.float32)[:, None]
    return (rows >= edge - above) & (rows <= edge + rule.thickness + below)


def _crossed(rule: Rule, mask: Mask) -> Mask:
    """Columns, (w,) bool, where the dark run goes on above and below: a stroke crosses the rule."""
    height, width = mask.shape
    edge = rule.rows(width)

    def dark_at(row: Heights) -> Mask:
        index = np.rint(row).astype(np.intp)
        return mask[index.clip(0, height - 1), np.arange(width)] & (index >= 0) & (index < height)

    return dark_at(edge - 3) & dark_at(edge + rule.thickness + 2)


def _covered(band: Mask, drawn: Mask, contrast: Plane) -> Mask:
    """Columns, (w,) bool, where a rule is much heavier than by itself: a foot of a digit stands on it. band: (h, w)
    bool, its pixels; drawn: those that are dark."""
    weight = ndimage.uniform_filter1d(np.where(band, contrast, 0).sum(axis=0), 3, mode="nearest")
    columns = drawn.any(axis=0)
    usual = quantile(weight[columns], 0.4) if columns.any() else 0.0
    return np.asarray(weight > RULES.heavier * usual)


def _not_of_digits(rules: list[Rule], mask: Mask, digit: float, trimmed: bool) -> list[Rule]:
    """The rules that are no bars of a lone digit, as of a 5 or a 2; trimmed: see erase_rules.

    A rule is much longer than the writing is high; or writing stands clear of both its ends, and it goes on to
    both sides of a picture whose sides are paper, or to the sides of a box.
    """
    drawn = [mask & _band(rule, mask.shape, RULES.above, RULES.below) for rule in rules]
    rest = mask & ~np.any(drawn, axis=0)
    rows, filled = np.flatnonzero(rest.any(axis=1)), rest.any(axis=0)
    height = max(digit, float(np.ptp(rows)) + 1) if rows.size else digit
    clear = max(2, round(RULES.clear * digit))
    kept = []
    for rule, bar in zip(rules, drawn, strict=True):
        columns = np.flatnonzero(bar.any(axis=0))
        first, last = int(columns[0]), int(columns[-1]) + 1
        spans = not trimmed and first <= 1 and last >= mask.shape[1] - 1
        boxed = filled[first : first + clear].any() and filled[last - clear : last].any()
        clear_of_ends = _stands_clear(filled[first:last], clear)
        if last - first >= RULES.longer * height or (clear_of_ends and (spans or boxed)):
            kept.append(rule)
    return kept


def _is_bars(rule: Rule, mask: Mask, digit: float, least_length: float) -> bool:
    """Whether a rule is only the bars, feet or tops of several digits, as in 77: pieces with paper between them.

    Each is no longer than a digit is wide and has a stroke that leaves it on one side alone, where the other pieces
    have theirs. Of a rule that is seen in pieces, most have none, or strokes on both sides.
    """
    rows = np.arange(len(mask), dtype=np.float32)[:, None]
    upper = rule.rows(mask.shape[1]) - RULES.above
    lower = upper + RULES.above + rule.thickness + RULES.below
    drawn = np.any(mask & (rows >= upper) & (rows <= lower), axis=0)
    pieces = _changes(drawn).reshape(-1, 2).tolist()
    short = [(first, last) for first, last in pieces if last - first <= RULES.widest_bar * digit]
    longer = sum(last - first for first, last in pieces) - sum(last - first for first, last in short)
    if longer >= RULES.others * least_length:
        return False
    above = np.any(mask & (rows < upper) & (rows >= upper - RULES.leaving), axis=0)
    below = np.any(mask & (rows > lower) & (rows <= lower + RULES.leaving), axis=0)
    no_bars = [last - first for first, last in short if np.any(above[first:last]) == np.any(below[first:last])]
    return longer + sum(no_bars) < RULES.others * least_length


def _stands_clear(filled: Mask, clear: int) -> bool:
    """Whether columns with ink lie between two stretches of at least `clear` empty ones; (w,) bool."""
    edges = _changes(~filled)
    starts, ends = edges[::2], edges[1::2]
    return int((ends - starts >= clear).sum()) >= 2


def erase_rules(contrast: Plane, mask: Mask, digit: float, trimmed: bool = False) -> tuple[Plane, Mask]:
    """The contrast with the rules taken out, (h, w) float32, the same array where there are none; and where they were.

    mask: (h, w) bool, everything darker than paper. digit: height of a digit in pixels, roughly. trimmed:
    whether a margin was cut off at a side, so that what ends there ends in paper.
    """
    thickest = max(2, round(0.1 * digit))
    least_length = max(RULES.coverage * mask.shape[1], 0.9 * digit)
    rules = [rule for rule in find_rules(mask, thickest, least_length) if not _is_bars(rule, mask, digit, least_length)]
    if rules and mask.shape[1] < RULES.narrow * mask.shape[0]:
        rules = _not_of_digits(rules, mask, digit, trimmed)
    gone = erase(rules, mask, contrast) if rules else np.zeros_like(mask)
    gone |= _erased_sides(mask & ~gone if rules else mask, contrast, digit, framed=bool(rules))
    if not gone.any():
        return contrast, gone
    halo = grown(gone) & ~(mask & ~gone)
    return np.where(halo, 0, contrast).astype(np.float32), gone


def _erased_sides(mask: Mask, contrast: Plane, digit: float, framed: bool) -> Mask:
    """Pixels of vertical rules at the sides of the picture; an upright 1 is spared.

    The side of a box runs through the whole height of the picture. So may a 1, but the side is finer than the
    pen, or belongs to a frame, whose other rules were found, with lower writing in it.
    """
    height, width = mask.shape
    gone = np.zeros(mask.shape, dtype=bool)
    side = max(3, round(RULES.side * digit))
    inner = mask[:, side:-side]
    if width < 4 * side or not inner.any():
        return gone
    thickest = max(2, round(0.1 * digit))
    for part in (slice(0, side), slice(width - side, width)):
        strip = mask[:, part].T
        sides = find_rules(strip, thickest, RULES.throughout * height)
        if sides and not (framed and np.ptp(np.flatnonzero(inner.any(axis=1))) + 1 <= RULES.lower * height):
            sides = [rule for rule in sides if rule.thickness <= STROKES.finer * stroke_width(inner)]
        if sides:
            gone[:, part] |= erase(sides, strip, contrast[:, part].T).T
    return gone


def _changes(flags: Mask) -> Index:
    """Where runs of true values of (n,) begin, and where the next false one stands, in turn."""
    padded = np.zeros(len(flags) + 2, dtype=bool)
    padded[1:-1] = flags
    return np.flatnonzero(padded[1:] != padded[:-1])
