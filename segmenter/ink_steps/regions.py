"""A picture before its ink is looked for: what is known of it, and its regions at the resolution to look at."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import Box, Grey, Mask, Plane
from segmenter.ink_steps.background import (
    area_reduce,
    border_paper,
    darkness,
    enlarge,
    fill_canvas,
    find_canvas,
    subtract_background,
)
from segmenter.ink_steps.rules import erase_rules
from segmenter.ink_steps.surroundings import Sides
from segmenter.ink_steps.thresholding import dark_mask


@dataclass(frozen=True)
class RegionConfig:
    """At which resolution a region is looked at, and what is put around it."""

    working_digit: int = 50  # height in pixels at which ink is looked for at most; larger digits are reduced
    lone: float = 1.5  # width over height of the region below which it holds one digit rather than several
    room: float = 0.3  # heights of a digit: paper that is put around a lone digit


REGIONS = RegionConfig()


@dataclass(frozen=True)
class RawPicture:
    """A picture and what is known of it before any ink is looked for.

    grey: (H, W). content: the box without a uniform margin. canvas: (H, W) bool, what is no part of the picture, if
    anything. paper: the paper's level where the picture's border shows it.
    """

    grey: Grey
    content: Box
    canvas: Mask | None
    paper: float | None

    @classmethod
    def of(cls, grey: Grey, content: Box) -> "RawPicture":
        """What is known of a picture (H, W) whose box without a uniform margin is `content`."""
        grey, canvas = _without_canvas(grey, content)
        return cls(grey, content, canvas, border_paper(grey, content))

    def cut(self, region: Box) -> Sides:
        """At which sides of a region there is more picture or its end, rather than a margin of paper."""
        if self.paper is None:
            return True, True, True, True
        height, width = self.grey.shape
        ends = zip(region, (0, 0, width, height), self.content, strict=True)
        left, top, right, bottom = (side == end or side != content for side, end, content in ends)
        return left, top, right, bottom


@dataclass(frozen=True)
class Work:
    """A region of the picture at the resolution at which ink is looked for; all planes (h, w).

    contrast: of strokes to the paper, without rules. rules: where they were. off: what is no part of the picture, if
    anything. factor: source pixels for one of these; left, top: the corner in source pixels. room: pixels of paper put
    around the region. cut: the region's sides behind which there is more, or the picture's end.
    """

    contrast: Plane
    rules: Mask
    off: Mask | None
    factor: float
    left: float
    top: float
    room: int
    cut: Sides

    @property
    def inner(self) -> tuple[slice, slice]:
        """The region without the paper put around it."""
        height, width = self.contrast.shape
        return slice(self.room, height - self.room), slice(self.room, width - self.room)

    def padded(self, room: int) -> "Work":
        """The same with that much paper around it."""
        return replace(
            self,
            contrast=_widened(self.contrast, room),
            rules=_widened(self.rules, room),
            off=None if self.off is None else _widened(self.off, room),
            left=self.left - room * self.factor,
            top=self.top - room * self.factor,
            room=room,
        )


def _without_canvas(grey: Grey, region: Box) -> tuple[Grey, Mask | None]:
    """The image with the canvas that it was turned on, if any, overdrawn; and where that is, (H, W) bool."""
    left, top, right, bottom = region
    inside = np.asarray(grey[top:bottom, left:right], dtype=np.float32)
    found = find_canvas(inside)
    if found is None:
        return grey, None
    filled, canvas = grey.copy(), np.zeros(grey.shape, dtype=bool)
    filled[top:bottom, left:right] = fill_canvas(inside, found)
    canvas[top:bottom, left:right] = found
    return filled, canvas


def prepare(raw: RawPicture, region: Box, digit: float, resize: Callable[[Plane, float], tuple[Plane, float]]) -> Work:
    """The region for digits of `digit` source pixels; resize: an image at the resolution to look at, and the source
    pixels that one of its pixels spans."""
    left, top, right, bottom = region
    work, factor = resize(np.asarray(raw.grey[top:bottom, left:right], dtype=np.float32), digit)
    off = None
    if raw.canvas is not None:
        off = resize(raw.canvas[top:bottom, left:right].astype(np.float32), digit)[0] > 0
    trimmed = left > 0 or right < raw.grey.shape[1]
    contrast, rules = _contrast(work, digit / factor, raw.paper, trimmed)
    prepared = Work(contrast, rules, off, factor, float(left), float(top), 0, raw.cut(region))
    # A lone digit may fill so much of the region that little paper is left to compare it to.
    return prepared.padded(round(REGIONS.room * digit / factor)) if is_lone(region, raw.paper) else prepared


def reduced(image: Plane, digit: float) -> tuple[Plane, float]:
    """The image at a resolution at which a digit of that height is not much larger than REGIONS.working_digit, and the
    factor: its pixels for one of the result."""
    factor = max(1, min(int(np.ceil(digit / REGIONS.working_digit)), *(side // 3 for side in image.shape)))
    return area_reduce(image, factor), float(factor)


def enlarged(image: Plane, digit: float) -> tuple[Plane, float]:
    """The image twice as large, and the factor: its pixels for one of the result."""
    return enlarge(image), 0.5


def _contrast(work: Plane, digit: float, paper: float | None, trimmed: bool) -> tuple[Plane, Mask]:
    """Contrast of strokes to the paper, without rules, and where those were; trimmed: whether a margin was cut off at
    a side."""
    height, width = work.shape
    dark = darkness(work, paper)
    beyond = None
    if paper is not None and is_lone((0, 0, width, height), paper):
        beyond = paper if dark is work else 1 - paper
    contrast = subtract_background(dark, digit, beyond)
    return erase_rules(contrast, dark_mask(contrast), digit, trimmed)


def is_lone(region: Box, paper: float | None) -> bool:
    """Whether a region, its margin of paper cut off, has the shape of one digit."""
    left, top, right, bottom = region
    return paper is not None and right - left < REGIONS.lone * (bottom - top)


def _widened(plane: NDArray[Any], room: int) -> NDArray[Any]:
    """(h, w) with that many rows and columns of zeros around it; np.pad takes four times as long."""
    height, width = plane.shape
    wider = np.zeros((height + 2 * room, width + 2 * room), plane.dtype)
    wider[room : room + height, room : room + width] = plane
    return wider
