"""Writing on plain paper, in no boxes: its lines, whichever way they run. A glance, far cheaper than reading.

The picture is looked at coarsely, for what is dark and of the size of characters. Its lines run in the direction along
which the middles of these fall into the fewest and thinnest (as in projection profiles, Postl 1986, but over
components, which are few).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import Grey, Index, Mask, Plane
from segmenter.components import Components
from segmenter.ink_steps.background import area_reduce
from segmenter.ink_steps.quantiles import median
from segmenter.running import closed

Things = NDArray[np.float64]  # (n, 4) left, top, right, bottom of characters


@dataclass(frozen=True)
class WritingSettings:
    """How lines of writing are looked for. Heights are those of a usual character of the picture."""

    side: int = 700  # pixels of the longer side that are looked at: characters of 12 pixels are 6 then, and still seen
    paper: float = 0.3  # of the shorter side: the window that paper is seen through, wider than a stroke
    narrowest: int = 15  # pixels of that window, at least ...
    widest: int = 75  # ... and at most: shade is wider
    dark: float = 0.4  # of the contrast of the darkest: what is less is shade, or the other side of the sheet
    least_dark: float = 0.08  # contrast below which a picture is blank
    least: float = 6.0  # pixels of a character: less is grain
    speck: float = 0.4  # heights: a smaller thing is a mark, and says nothing about lines
    largest: float = 2.5  # heights: what is larger is a frame or a drawing, ...
    most_larger: float = 1.0  # ... but where its area is larger than that of the rest together, the rest is grain
    most_things: int = 200  # more are print or a pattern, no few numbers on plain paper
    parted: float = 0.6  # heights between the middles of two lines, at least
    another: float = 0.2  # heights of thickness that one line less is worth
    leaning: float = 0.004  # the same for each degree off level: what is level is likelier
    tilt: int = 48  # degrees to either side that are tried; more is another way up
    step: int = 4  # degrees between directions
    paper_between: float = 0.1  # heights of paper between two lines, at least: halves of a display's digits are closer
    fewest: int = 2  # characters of a line, where a field has several ...
    like: float = 0.6  # ... and of the highest line that the others are high, at least
    legible: float = 10.0  # pixels of a character of a number on a page, at least: what is lower is grain in a field
    small: float = 0.14  # of the picture's shorter side: numbers no higher stand on a page, higher ones fill a field
    level: float = 24.0  # degrees off level that the reader itself copes with
    unsure: float = 0.5  # confidence below which what is level is read the other way up, too; it costs a reading ...
    unsure_turned: float = 0.8  # ... and below which what is not is read as its line runs


WRITING = WritingSettings()


@dataclass(frozen=True, eq=False)
class Writing:
    """Lines of writing in a picture of `shape`. degrees: by which they fall to the right, clockwise. lines: the boxes
    of the characters of each, from the first to the last and, within, from left to right; in pixels of the picture.
    height: of a usual character."""

    shape: tuple[int, ...]
    degrees: int
    lines: tuple[Things, ...]
    height: float

    @property
    def is_level(self) -> bool:
        """Whether a reader of lines that are level can be trusted with it."""
        return abs(self.degrees) <= WRITING.level

    @property
    def unsure(self) -> float:
        """The confidence below which a reading of the picture as it is may be bettered another way up."""
        return WRITING.unsure if self.is_level else WRITING.unsure_turned

    @property
    def is_small(self) -> bool:
        """Whether it stands on a page, rather than fill a field."""
        return WRITING.legible <= self.height <= WRITING.small * min(self.shape)

    @property
    def has_lines(self) -> bool:
        """Whether there are several lines, each of some characters, of one size, with paper between them."""
        if len(self.lines) < 2 or min(map(len, self.lines)) < WRITING.fewest:
            return False
        heights = [float(np.median(line[:, 2:] - line[:, :2], axis=0).max()) for line in self.lines]
        return min(heights) >= WRITING.like * max(heights) and self._are_apart()

    def _are_apart(self) -> bool:
        """Whether no character is within the rows of the next line; of turned lines, by their middles and sizes."""
        angle = np.radians(self.degrees)
        across = np.array([-np.sin(angle), np.cos(angle)])
        extents = []
        for line in self.lines:
            middles, half = 0.5 * (line[:, :2] + line[:, 2:]) @ across, 0.5 * (line[:, 2:] - line[:, :2])
            reach = half.max(axis=1) if self.degrees % 90 else half @ np.abs(across)
            extents.append((float((middles - reach).min()), float((middles + reach).max())))
        least = WRITING.paper_between * self.height
        return all(below[0] - above[1] >= least for above, below in pairwise(extents))


def find_writing(grey: Grey) -> Writing | None:
    """The lines of writing in a picture (H, W) float32 in [0, 1]; None where there are no two characters, or too many
    for a few numbers."""
    factor = max(1, int(np.ceil(max(grey.shape) / WRITING.side)))
    things = factor * _things(_dark(area_reduce(grey, factor)))
    if len(things) < 2:
        return None
    sizes = (things[:, 2:] - things[:, :2]).max(axis=1)
    height = median(sizes[sizes >= median(sizes)])
    larger = sizes > WRITING.largest * height
    kept = ~larger & (sizes >= WRITING.speck * height)
    if height < WRITING.least or not 2 <= kept.sum() <= WRITING.most_things:
        return None
    if np.sum(sizes[larger] ** 2) > WRITING.most_larger * np.sum(sizes[kept] ** 2):
        return None
    return _in_lines(grey.shape, things[kept], height)


def _dark(work: Grey) -> Mask:
    """Where a picture is darker than the paper around it, or lighter than the board."""
    low, middle, high = _quantiles(work, (0.005, 0.5, 0.995))
    # Most of it is paper; ink departs far from that, to one side.
    ground = 1 - work if high - middle > middle - low else work
    window = int(np.clip(WRITING.paper * min(work.shape), WRITING.narrowest, WRITING.widest)) | 1
    contrast = closed(ground, window) - ground
    return np.asarray(contrast > max(WRITING.least_dark, WRITING.dark * _quantiles(contrast, (0.997,))[0]))


def _quantiles(plane: Plane, shares: Sequence[float]) -> list[float]:
    """About, from every other pixel: np.quantile costs more than all the rest of a glance."""
    values = plane[::2, ::2].ravel()
    places = [min(int(share * values.size), values.size - 1) for share in shares]
    return np.partition(values, places)[places].tolist()


def _things(dark: Mask) -> Things:
    """The boxes of what is dark and does not touch the picture's border, where neighbours are cut off."""
    boxes = Components.of(dark).boxes
    height, width = dark.shape
    inside = (boxes[:, :2] > 0).all(axis=1) & (boxes[:, 2] < width) & (boxes[:, 3] < height)
    return boxes[inside].astype(np.float64)


def _in_lines(shape: tuple[int, ...], things: Things, height: float) -> Writing:
    """The lines in the direction in which they are fewest and thinnest."""
    middles = 0.5 * (things[:, :2] + things[:, 2:])
    # One line is as few as there can be: another direction could make it thinner, not fewer.
    degrees = 0 if np.ptp(middles[:, 1]) <= WRITING.parted * height else _direction(middles, height)
    angle = np.radians(degrees)
    along = middles @ [np.cos(angle), np.sin(angle)]
    rows = _parted(middles @ [-np.sin(angle), np.cos(angle)], WRITING.parted * height)
    lines = tuple(things[row[np.argsort(along[row], kind="stable")]] for row in rows)
    return Writing(shape, degrees, lines, height)


def _direction(middles: NDArray[np.float64], height: float) -> int:
    """The direction of the lines through some points, degrees clockwise from level: along it they are fewest and
    thinnest, in heights."""
    tilts = np.arange(-WRITING.tilt, WRITING.tilt + 1, WRITING.step)
    directions = np.concatenate([tilts, 90 + tilts])
    angles = np.radians(directions)[:, None]
    across = np.sort(np.cos(angles) * middles[:, 1] - np.sin(angles) * middles[:, 0], axis=1)  # (directions, points)
    line = np.zeros(across.shape, dtype=np.intp)
    np.cumsum(across[:, 1:] - across[:, :-1] > WRITING.parted * height, axis=1, out=line[:, 1:])
    lines = line[:, -1] + 1
    line += len(middles) * np.arange(len(directions))[:, None]  # each direction's own
    counts = np.maximum(np.bincount(line.ravel(), minlength=line.size), 1)
    means = np.bincount(line.ravel(), across.ravel(), line.size) / counts
    thickness = np.sqrt(np.mean((across - means[line]) ** 2, axis=1)) / height
    costs = thickness + WRITING.another * lines + WRITING.leaning * np.abs(directions)
    return int(directions[costs.argmin()])


def _parted(places: NDArray[np.float64], gap: float) -> list[Index]:
    """The indices of places, (n,), in groups with more than a gap between neighbours, lowest first."""
    order = np.argsort(places, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(places[order]) > gap) + 1)
