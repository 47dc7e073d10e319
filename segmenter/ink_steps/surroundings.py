"""What surrounds a number: frames, dividers of combs, sides of cells, dark margins; told by where it lies.

A frame is no stroke of a digit whatever its shape: it runs along the sides of the picture, or stands through its whole
height, or goes around the rest. What is inside is measured first; what touches a side is kept where it stands in the
same line, as the digits of a picture that was cut out tightly do.
"""

from dataclasses import dataclass

import numpy as np

from segmenter.arrays import Index, Mask
from segmenter.components import Components, usual_height
from segmenter.ink_steps.quantiles import median


@dataclass(frozen=True)
class SurroundingsConfig:
    """Shares, where no unit is named.

    touching: pixels from the side of a picture within which ink touches it.
    least: of the picture's height that a component inside has at least, to be of the number rather than a speck.
    contact: of half the circumference of its box, along which a component touches the sides of the picture: what runs
        along one side or around a corner has 1, a whole frame 2, a digit in a tight picture up to 0.6.
    whole: of the upper or lower side of a picture, along which the frame of an empty cell runs.
    reach: of another side, along which it goes on.
    wide: widths to heights from which on a picture is an empty cell rather than an angular 0 or 8.
    fits: of the number's height, by which a component in its line differs from its top and bottom.
    slender: of the number's height, how wide a divider is and the strip at either side where pieces of a side are.
    plumb: of its height that a divider has in one column; a 1 that leans has less.
    taller: times as high as the number is a lone divider.
    taller_in_rows: the same for three and more in equal distances.
    inner: of a frame's height that what it goes around takes.
    along: of a side of its box along which a frame runs, on three sides at least.
    deep: of a side of its box, within which a frame runs along it.
    """

    touching: int = 2
    least: float = 0.12
    contact: float = 0.7
    whole: float = 0.9
    reach: float = 0.4
    wide: float = 0.8
    fits: float = 0.35
    slender: float = 0.3
    plumb: float = 0.6
    taller: float = 1.25
    taller_in_rows: float = 1.05
    inner: float = 0.3
    along: float = 0.85
    deep: float = 0.15


LEAST_PIXELS = 4  # height of what may be of the number
RULE_REACH = 4  # pixels from the end of a divider to the rule that it stood on
PITCH_ERROR = 0.15  # of the distance between two dividers of a comb
Sides = tuple[bool, bool, bool, bool]  # left, top, right, bottom


def find_surroundings(
    parts: Components, rules: Mask, cut: Sides = (True,) * 4, config: SurroundingsConfig = SurroundingsConfig()
) -> Mask | None:
    """Ink that surrounds the number, (h, w) bool; None where there is none.

    parts: all ink, (h, w). rules: (h, w) bool, ruled lines that were erased from it. cut: the sides at which the
    picture goes on beyond the ink or ends; a side that is only the end of all ink tells nothing.
    """
    if not parts.count:
        return None
    contacts = _contacts(parts, config.touching) * np.array(cut)[:, None]
    inside = ~contacts.any(axis=0) & (parts.heights >= max(LEAST_PIXELS, config.least * len(parts.labels)))
    frames = _frames(parts, inside, config)
    inside &= ~frames
    if inside.any():
        gone = frames | _beside_number(parts, inside, contacts, rules, config)
    else:
        gone = _empty_cell(parts, contacts, config)
    return parts.mask(gone) if gone.any() else None


def _empty_cell(parts: Components, contacts: Index, config: SurroundingsConfig) -> Mask:
    """(count,) all true where all ink is the frame of a cell with nothing in it.

    It runs along the upper or the lower side and reaches down or up another, and the middle is empty. A round 0 does
    not run along a side, an angular one is narrower, other digits have ink in the middle.
    """
    height, width = parts.labels.shape
    along = contacts / np.array([height, width, height, width])[:, None]
    framed = (along[[1, 3]].max(axis=0) >= config.whole) & (along[[0, 2]].max(axis=0) >= config.reach)
    middle = parts.labels[height // 4 : -(height // 4) or None, width // 4 : -(width // 4) or None]
    return np.full(parts.count, framed.any() and not middle.any() and width >= config.wide * height)


def _beside_number(parts: Components, inside: Mask, contacts: Index, rules: Mask, config: SurroundingsConfig) -> Mask:
    """(count,) components along the sides and dividers, where those of which `inside` is true hold the number."""
    left, top, right, bottom = parts.boxes.T
    dividers = _plumb(parts, config) & _through(parts, contacts, rules)
    digits = inside & ~dividers if (inside & ~dividers).any() else inside
    line_top, line_bottom = _line(parts, digits)
    height = line_bottom - line_top
    fits = np.maximum(np.abs(top - line_top), np.abs(bottom - line_bottom)) <= config.fits * height
    strip = max(3.0, config.slender * height)
    piece_of_side = ((right <= strip) | (left >= parts.labels.shape[1] - strip)) & contacts.any(axis=0)
    along = contacts.sum(axis=0) >= config.contact * (parts.heights + parts.widths)
    dividers &= (top <= line_top) & (bottom >= line_bottom) & (parts.areas <= strip * parts.heights)
    taller = config.taller_in_rows if _in_rows((0.5 * (left + right))[dividers]) else config.taller
    return ((along | piece_of_side) & ~fits) | (dividers & (parts.heights >= taller * height))


def _contacts(parts: Components, touching: int) -> Index:
    """(4, count) pixels along the left, top, right and bottom side of the picture that each component touches."""
    labels = parts.labels
    found = []
    for strip in (labels[:, :touching].T, labels[:touching], labels[:, -touching:].T, labels[-touching:]):
        along = np.zeros((parts.count + 1, strip.shape[1]), dtype=bool)
        along[strip, np.arange(strip.shape[1])] = True
        found.append(along[1:].sum(axis=1))
    return np.stack(found)


def _plumb(parts: Components, config: SurroundingsConfig) -> Mask:
    """(count,) whether a component is slender and stands plumb: most of its height lies in one column."""
    slender = parts.widths <= np.maximum(0.35 * parts.heights, 3)
    for k in np.flatnonzero(slender).tolist():
        own = parts.cutout(k)
        slender[k] = own.sum(axis=0).max() >= config.plumb * len(own)
    return slender


def _through(parts: Components, contacts: Index, rules: Mask) -> Mask:
    """(count,) whether a component goes from the picture's upper side, or a rule, to its lower side, or a rule."""
    upper, lower = contacts[1] > 0, contacts[3] > 0
    if rules.any():
        for k, (left, top, right, bottom) in enumerate(parts.boxes.tolist()):
            upper[k] |= rules[max(0, top - RULE_REACH) : top + 2, left:right].any()
            lower[k] |= rules[bottom - 2 : bottom + RULE_REACH, left:right].any()
    return upper & lower


def _in_rows(middles: np.ndarray) -> bool:
    """Whether at least three dividers, at these columns, stand in equal distances or multiples of them."""
    if len(middles) < 3:
        return False
    steps = np.diff(np.sort(middles))
    times = steps / max(float(steps.min()), 1.0)
    return bool((np.abs(times - np.rint(times)) <= PITCH_ERROR).all())


def _frames(parts: Components, inside: Mask, config: SurroundingsConfig) -> Mask:
    """(count,) whether a component is a frame around others of which `inside` is true."""
    left, top, right, bottom = parts.boxes.T
    found = np.zeros(parts.count, dtype=bool)
    for k in np.flatnonzero(np.minimum(parts.heights, parts.widths) > 2 * LEAST_PIXELS).tolist():
        held = inside & (left > left[k]) & (right < right[k]) & (top > top[k]) & (bottom < bottom[k])
        if held.any() and np.ptp([top[held].min(), bottom[held].max()]) >= config.inner * parts.heights[k]:
            found[k] = _runs_around(parts.cutout(k), config)
    return found


def _runs_around(own: Mask, config: SurroundingsConfig) -> bool:
    """Whether ink, (h, w) bool in its box, runs along at least three sides of it."""
    rows, columns = (max(2, round(config.deep * side)) for side in own.shape)
    ends = (
        own[:rows].any(axis=0),
        own[-rows:].any(axis=0),
        own[:, :columns].any(axis=1),
        own[:, -columns:].any(axis=1),
    )
    return sum(end.mean() >= config.along for end in ends) >= 3


def _line(parts: Components, digits: Mask) -> tuple[float, float]:
    """Rows (top, bottom) of the number: the median of the taller of its components, of which `digits` is true."""
    heights = parts.heights[digits]
    tall = heights >= 0.7 * usual_height(heights)
    return median(parts.boxes[digits][tall, 1]), median(parts.boxes[digits][tall, 3])
