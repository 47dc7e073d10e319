"""Ink: a grey image of a number becomes soft ink of standard height, upright, on an empty background."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from segmenter.arrays import Affine, Box, Grey, Mask, Plane
from segmenter.arrays import Ink as InkPlane
from segmenter.background import (
    area_reduce,
    border_paper,
    content_box,
    darkness,
    enlarge,
    sharpen,
    subtract_background,
)
from segmenter.canvas import fill_canvas, find_canvas
from segmenter.components import Components, usual_height
from segmenter.line import drop_outside, estimate_skew, number_line
from segmenter.resample import compose, inverse, sample, scaling, transform, upright
from segmenter.rules import erase_rules
from segmenter.slant import estimate_slant
from segmenter.strokes import dark_mask, soft_ink, stroke_mask, stroke_width
from segmenter.surroundings import Sides, find_surroundings

LINE_HEIGHT = 32  # height of the number line in ink pixels
MARGIN = 4  # empty ink pixels around the ink
WORKING_DIGIT = 50  # height in pixels at which ink is looked for at most; larger digits are reduced
SMALL_DIGIT = 24  # height in pixels below which ink is looked for at twice the resolution: strokes are 2 pixels wide
REACH = 1.0  # line heights above and below the line beyond which ink is cut off
TYPICAL_DIGIT = 0.7  # height of the digits as a share of the height of the picture, until it is measured
LONE = 1.5  # width over height of the region below which it holds one digit rather than several
SLENDER = 12.0  # height over width of a lone digit at most
ROOM = 0.3  # heights of a digit: paper that is put around a lone digit
MOST_FRAMES = 2  # one in the other
SOFT = 2  # pixels around a frame that are not paper either
THICK = 0.27  # pen's width over a digit's height from which on a picture is blurred; pens and most print have 0.2
AS_EXPECTED = (0.4, 1.6)  # measured over expected height of the digits between which one look is enough


@dataclass(frozen=True)
class Ink:
    """Soft ink of one field, upright and rescaled, and the way back to the source image.

    pixels: (h, w) float32 in [0, 1], 1 = ink, background exactly 0; h and w may be 0.
    to_source: (2, 3) float64; [x_src, y_src] = to_source @ [x_ink, y_ink, 1] in continuous pixel coordinates
        (pixel k covers [k, k + 1)).
    line: (top, bottom) of the number line in ink pixels; stroke_width: pen width in ink pixels.
    slant: the tangent of the slant that was removed, positive where the writing leaned to the right.
    """

    pixels: InkPlane
    to_source: Affine
    line: tuple[float, float]
    stroke_width: float
    slant: float

    def __post_init__(self) -> None:
        if self.pixels.ndim != 2 or self.pixels.dtype != np.float32:
            raise ValueError(f"pixels must be (h, w) float32, not {self.pixels.shape} {self.pixels.dtype}")
        if self.to_source.shape != (2, 3) or abs(np.linalg.det(self.to_source[:, :2])) < 1e-12:
            raise ValueError("to_source must be an invertible (2, 3) affine")
        if not self.line[0] < self.line[1]:
            raise ValueError(f"the line's top must be above its bottom, not {self.line}")
        if not self.stroke_width > 0:
            raise ValueError(f"stroke_width must be positive, not {self.stroke_width}")

    @property
    def blank(self) -> bool:
        """Whether there is no ink at all."""
        return not bool(self.pixels.any())


@dataclass(frozen=True)
class _Strokes:
    """What one look at a region found, in pixels of the working resolution."""

    soft: InkPlane
    mask: Mask
    slant: float
    skew: float
    line: tuple[float, float]  # rows of the straightened strokes: falls by `skew` a column in the picture
    to_source: Affine
    factor: float

    @property
    def digit(self) -> float:
        """Height of a digit in source pixels."""
        return (self.line[1] - self.line[0]) * self.factor

    def surroundings(self, shape: tuple[int, ...]) -> Box:
        """The box of the ink in the source, with half a digit around it, inside an image of `shape`."""
        rows, columns = np.flatnonzero(self.mask.any(axis=1)), np.flatnonzero(self.mask.any(axis=0))
        room = 0.5 * self.digit
        left, top = self.to_source @ [columns[0], rows[0], 1] - room
        right, bottom = self.to_source @ [columns[-1] + 1, rows[-1] + 1, 1] + room
        return max(0, int(left)), max(0, int(top)), min(shape[1], int(right)), min(shape[0], int(bottom))


@dataclass(frozen=True)
class _Scene:
    """A picture and what is known of it before any ink is looked for.

    grey: (H, W). content: the box without a uniform margin. canvas: (H, W) bool, what is no part of the picture, if
    anything. paper: the paper's level where the picture's border shows it.
    """

    grey: Grey
    content: Box
    canvas: Mask | None
    paper: float | None

    def cut(self, region: Box) -> Sides:
        """At which sides of a region there is more picture or its end, rather than a margin of paper."""
        if self.paper is None:
            return True, True, True, True
        height, width = self.grey.shape
        ends = zip(region, (0, 0, width, height), self.content, strict=True)
        left, top, right, bottom = (side == end or side != content for side, end, content in ends)
        return left, top, right, bottom


@dataclass(frozen=True)
class _Work:
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

    def padded(self, room: int) -> "_Work":
        """The same with that much paper around it."""
        return replace(
            self,
            contrast=np.pad(self.contrast, room),
            rules=np.pad(self.rules, room),
            off=None if self.off is None else np.pad(self.off, room),
            left=self.left - room * self.factor,
            top=self.top - room * self.factor,
            room=room,
        )


def extract_ink(grey: Grey) -> Ink:
    """The ink of a field.

    grey: (H, W) float32 in [0, 1], 1 = white, dark on light or light on dark. An image without writing gives
    an Ink without ink. Where the digits turn out to be much smaller or larger than the picture's height lets
    expect, a second look is taken at the resolution that suits them.
    """
    if grey.ndim != 2:
        raise ValueError(f"grey must be (H, W), not {grey.shape}")
    region = content_box(grey)
    if region[2] - region[0] < 3 or region[3] - region[1] < 3:
        return _blank()
    grey, canvas = _without_canvas(grey, region)
    scene = _Scene(grey, region, canvas, border_paper(grey, region))
    digit = TYPICAL_DIGIT * min(region[3] - region[1], 4 * (region[2] - region[0]))
    if _is_lone(region, scene.paper):
        # Without its margin a lone digit fills the region.
        digit = min(region[3] - region[1], SLENDER * (region[2] - region[0]))
    strokes = _look(scene, region, digit)
    if strokes is not None and not AS_EXPECTED[0] <= strokes.digit / digit <= AS_EXPECTED[1]:
        found = min(strokes.digit, SLENDER * (region[2] - region[0]))
        strokes = _look(scene, strokes.surroundings(grey.shape), found) or strokes
    return _blank() if strokes is None else _straighten(strokes)


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


def _look(scene: _Scene, region: Box, digit: float) -> _Strokes | None:
    """The strokes in a region of the image where digits are about `digit` source pixels high, if any."""
    if region[2] - region[0] < 3 or region[3] - region[1] < 3:
        return None
    strokes = _find_strokes(_prepare(scene, region, digit, _reduced), digit)
    if strokes is None or digit >= SMALL_DIGIT:
        return strokes
    return _find_strokes(_prepare(scene, region, digit, _enlarged), digit) or strokes


def _prepare(scene: _Scene, region: Box, digit: float, resize: Callable[[Plane, float], tuple[Plane, float]]) -> _Work:
    """The region for digits of `digit` source pixels; resize: an image at the resolution to look at, and the source
    pixels that one of its pixels spans."""
    left, top, right, bottom = region
    work, factor = resize(np.asarray(scene.grey[top:bottom, left:right], dtype=np.float32), digit)
    off = None
    if scene.canvas is not None:
        off = resize(scene.canvas[top:bottom, left:right].astype(np.float32), digit)[0] > 0
    trimmed = left > 0 or right < scene.grey.shape[1]
    contrast, rules = _contrast(work, digit / factor, scene.paper, trimmed)
    prepared = _Work(contrast, rules, off, factor, float(left), float(top), 0, scene.cut(region))
    # A lone digit may fill so much of the region that little paper is left to compare it to.
    return prepared.padded(round(ROOM * digit / factor)) if _is_lone(region, scene.paper) else prepared


def _find_strokes(work: _Work, digit: float) -> _Strokes | None:
    """The strokes of the number, how they lean and where their line is, if there are any; digit: in source pixels."""
    digit /= work.factor
    work, mask, core = _number_strokes(work, digit)
    if core and _is_blurred(mask):
        work = replace(work, contrast=sharpen(work.contrast, stroke_width(mask)))
        mask, core = stroke_mask(work.contrast, digit, work.off)
    if core == 0:
        return None
    slant = estimate_slant(mask, digit)
    skew = estimate_skew(transform(mask, inverse(upright(slant, 0)))[0], digit)
    level, _, offset = transform(mask, inverse(upright(slant, skew)))
    line_top, line_bottom = (row + offset for row in number_line(level, digit))
    mask = drop_outside(mask, skew, (line_top, line_bottom))
    soft = soft_ink(work.contrast, mask, core)
    to_source = scaling(work.factor, work.left, work.top)
    return _Strokes(soft, mask, slant, skew, (line_top, line_bottom), to_source, work.factor)


def _number_strokes(work: _Work, digit: float) -> tuple[_Work, Mask, float]:
    """What is looked at without what surrounds the number, the mask of the strokes, and the contrast of their core (0
    with an empty mask); digit: in pixels of work.

    Frames are often darker than what is in them: without them the threshold is found anew.
    """
    mask, core = stroke_mask(work.contrast, digit, work.off)
    for _ in range(MOST_FRAMES):
        around = find_surroundings(mask[work.inner], work.rules[work.inner], work.cut) if core else None
        if around is None:
            break
        around = ndimage.binary_dilation(np.pad(around, work.room), iterations=SOFT)
        work = replace(work, off=around if work.off is None else work.off | around)
        mask, core = stroke_mask(work.contrast, digit, work.off)
    return work, mask, core


def _is_blurred(mask: Mask) -> bool:
    """Whether strokes, (h, w) bool, are as thick as a blurred picture makes them."""
    return stroke_width(mask) >= THICK * usual_height(Components.of(mask).heights)


def _reduced(image: Plane, digit: float) -> tuple[Plane, float]:
    factor = max(1, min(int(np.ceil(digit / WORKING_DIGIT)), *(side // 3 for side in image.shape)))
    return area_reduce(image, factor), float(factor)


def _enlarged(image: Plane, digit: float) -> tuple[Plane, float]:
    return enlarge(image), 0.5


def _contrast(work: Plane, digit: float, paper: float | None, trimmed: bool) -> tuple[Plane, Mask]:
    """Contrast of strokes to the paper, without rules, and where those were; trimmed: whether a margin was cut off at
    a side."""
    height, width = work.shape
    dark = darkness(work, paper)
    beyond = None
    if paper is not None and _is_lone((0, 0, width, height), paper):
        beyond = paper if dark is work else 1 - paper
    contrast = subtract_background(dark, digit, beyond)
    return erase_rules(contrast, dark_mask(contrast), digit, trimmed)


def _is_lone(region: Box, paper: float | None) -> bool:
    """Whether a region, its margin of paper cut off, has the shape of one digit."""
    left, top, right, bottom = region
    return paper is not None and right - left < LONE * (bottom - top)


def _straighten(strokes: _Strokes) -> Ink:
    """Strokes sheared upright and level, rescaled to the line height and trimmed."""
    top, bottom = strokes.line
    scale = LINE_HEIGHT / (bottom - top)
    to_work = upright(strokes.slant, strokes.skew)
    rows, columns = np.nonzero(strokes.soft)
    x, y = inverse(to_work) @ np.stack([columns + 0.5, rows + 0.5, np.ones(rows.size)])
    reach, room = REACH * (bottom - top), 0.5 + MARGIN / scale
    y0, y1 = max(float(y.min()), top - reach) - room, min(float(y.max()), bottom + reach) + room
    x0, x1 = float(x.min()) - room, float(x.max()) + room
    to_work = compose(to_work, scaling(1 / scale, x0, y0))
    shape = (int(np.ceil((y1 - y0) * scale)), int(np.ceil((x1 - x0) * scale)))
    return Ink(
        pixels=sample(strokes.soft, to_work, shape),
        to_source=compose(strokes.to_source, to_work),
        line=((top - y0) * scale, (bottom - y0) * scale),
        stroke_width=stroke_width(strokes.mask) * scale,
        slant=strokes.slant,
    )


def _blank() -> Ink:
    pixels = np.zeros((LINE_HEIGHT, 0), dtype=np.float32)
    return Ink(pixels, scaling(1, 0, 0), line=(0.0, float(LINE_HEIGHT)), stroke_width=1.0, slant=0.0)
