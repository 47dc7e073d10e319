"""Ink: a grey image of a number becomes soft ink of standard height, upright, on an empty background."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import ndimage

from segmenter.arrays import Affine, Box, Grey, Mask
from segmenter.arrays import Ink as InkPlane
from segmenter.components import Components, usual_height
from segmenter.ink_steps.background import content_box, sharpen
from segmenter.ink_steps.regions import RawPicture, Work, enlarged, is_lone, prepare, reduced
from segmenter.ink_steps.stance import Outline, drop_outside, estimate_skew, estimate_slant, number_line
from segmenter.ink_steps.surroundings import find_surroundings
from segmenter.ink_steps.thresholding import find_strokes, soft_ink, stroke_width
from segmenter.resample import compose, determinant, inverse, sample, scaling, transform, upright

LINE_HEIGHT = 32  # height of the number line in ink pixels
INK_LEVEL = 0.25  # a pixel with at least this much ink belongs to a component


@dataclass(frozen=True)
class LookConfig:
    """How often and how closely a picture is looked at."""

    margin: int = 4  # empty ink pixels around the ink
    small_digit: int = 24  # height below which it is looked for at twice the resolution: strokes are 2 pixels wide
    reach: float = 1.0  # line heights above and below the line beyond which ink is cut off
    typical_digit: float = 0.7  # height of the digits as a share of the height of the picture, until it is measured
    slender: float = 12.0  # height over width of a lone digit at most
    most_frames: int = 2  # one in the other
    soft: int = 2  # pixels around a frame that are not paper either
    thick: float = 0.27  # pen's width over a digit's height from which on a picture is blurred; pens have 0.2
    as_expected: tuple[float, float] = (0.4, 1.6)  # measured over expected height of digits where one look is enough


LOOK = LookConfig()


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
        if self.to_source.shape != (2, 3) or abs(determinant(self.to_source)) < 1e-12:
            raise ValueError("to_source must be an invertible (2, 3) affine")
        if not self.line[0] < self.line[1]:
            raise ValueError(f"the line's top must be above its bottom, not {self.line}")
        if not self.stroke_width > 0:
            raise ValueError(f"stroke_width must be positive, not {self.stroke_width}")

    @property
    def blank(self) -> bool:
        """Whether there is no ink at all."""
        return not bool(self.pixels.any())

    @cached_property
    def components(self) -> Components:
        """Of the ink that is at least INK_LEVEL."""
        return Components.of(self.pixels >= INK_LEVEL)


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
    raw = RawPicture.of(grey, region)
    digit = LOOK.typical_digit * min(region[3] - region[1], 4 * (region[2] - region[0]))
    if is_lone(region, raw.paper):
        # Without its margin a lone digit fills the region.
        digit = min(region[3] - region[1], LOOK.slender * (region[2] - region[0]))
    strokes = _look(raw, region, digit)
    if strokes is not None and not LOOK.as_expected[0] <= strokes.digit / digit <= LOOK.as_expected[1]:
        found = min(strokes.digit, LOOK.slender * (region[2] - region[0]))
        strokes = _look(raw, strokes.surroundings(grey.shape), found) or strokes
    return _blank() if strokes is None else _straighten(strokes)


def _look(raw: RawPicture, region: Box, digit: float) -> _Strokes | None:
    """The strokes in a region of the image where digits are about `digit` source pixels high, if any."""
    if region[2] - region[0] < 3 or region[3] - region[1] < 3:
        return None
    seen = _see(prepare(raw, region, digit, reduced), digit)
    if seen is not None and digit < LOOK.small_digit:
        seen = _see(prepare(raw, region, digit, enlarged), digit) or seen
    return None if seen is None else _measured(seen)


@dataclass(frozen=True, eq=False)
class _Seen:
    """What is looked at, the strokes of the number in it, and the contrast of their core; digit: in pixels of work."""

    work: Work
    parts: Components
    core: float
    digit: float


def _see(work: Work, digit: float) -> _Seen | None:
    """The strokes of the number, if there are any; digit: in source pixels."""
    digit /= work.factor
    work, parts, core = _number_strokes(work, digit)
    if core and _is_blurred(parts):
        work = replace(work, contrast=sharpen(work.contrast, stroke_width(parts.whole)))
        parts, core = find_strokes(work.contrast, digit, work.off)
    return _Seen(work, parts, core, digit) if core else None


def _measured(seen: _Seen) -> _Strokes:
    """Strokes with how they lean and where their line is."""
    work, mask, digit = seen.work, seen.parts.whole, seen.digit
    slant = estimate_slant(mask, digit)
    level, _, offset = transform(mask, inverse(upright(slant, 0)))
    outline = Outline.of(level, digit)
    skew = estimate_skew(outline, digit)
    if skew:
        level, _, offset = transform(mask, inverse(upright(slant, skew)))
        outline = Outline.of(level, digit)
    line_top, line_bottom = (row + offset for row in number_line(outline))
    mask = drop_outside(seen.parts, skew, (line_top, line_bottom))
    soft = soft_ink(work.contrast, mask, seen.core)
    to_source = scaling(work.factor, work.left, work.top)
    return _Strokes(soft, mask, slant, skew, (line_top, line_bottom), to_source, work.factor)


def _number_strokes(work: Work, digit: float) -> tuple[Work, Components, float]:
    """What is looked at without what surrounds the number, the strokes, and the contrast of their core (0 where there
    are none); digit: in pixels of work.

    Frames are often darker than what is in them: without them the threshold is found anew.
    """
    parts, core = find_strokes(work.contrast, digit, work.off)
    for _ in range(LOOK.most_frames):
        inner = Components.of(parts.whole[work.inner]) if work.room else parts
        around = find_surroundings(inner, work.rules[work.inner], work.cut) if core else None
        if around is None:
            break
        around = ndimage.binary_dilation(np.pad(around, work.room), iterations=LOOK.soft)
        work = replace(work, off=around if work.off is None else work.off | around)
        parts, core = find_strokes(work.contrast, digit, work.off)
    return work, parts, core


def _is_blurred(parts: Components) -> bool:
    """Whether strokes are as thick as a blurred picture makes them."""
    return stroke_width(parts.whole) >= LOOK.thick * usual_height(parts.heights)


def _straighten(strokes: _Strokes) -> Ink:
    """Strokes sheared upright and level, rescaled to the line height and trimmed."""
    top, bottom = strokes.line
    scale = LINE_HEIGHT / (bottom - top)
    to_work = upright(strokes.slant, strokes.skew)
    rows, columns = np.nonzero(strokes.soft)
    x, y = inverse(to_work) @ np.stack([columns + 0.5, rows + 0.5, np.ones(rows.size)])
    reach, room = LOOK.reach * (bottom - top), 0.5 + LOOK.margin / scale
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
