"""Ink: a grey image of a number becomes soft ink of standard height, upright, on an empty background."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmenter.background import area_reduce, border_paper, content_box, darkness, enlarge, subtract_background
from segmenter.canvas import fill_canvas, find_canvas
from segmenter.line import drop_outside, estimate_skew, number_line
from segmenter.resample import compose, inverse, sample, scaling, transform, upright
from segmenter.rules import erase_rules
from segmenter.slant import estimate_slant
from segmenter.strokes import dark_mask, soft_ink, stroke_mask, stroke_width

Float = NDArray[np.float32]
Mask = NDArray[np.bool_]
Box = tuple[int, int, int, int]  # left, top, right, bottom in source pixels

LINE_HEIGHT = 32  # height of the number line in ink pixels
MARGIN = 4  # empty ink pixels around the ink
WORKING_DIGIT = 50  # height in pixels at which ink is looked for at most; larger digits are reduced
SMALL_DIGIT = 24  # height in pixels below which ink is looked for at twice the resolution: strokes are 2 pixels wide
REACH = 1.0  # line heights above and below the line beyond which ink is cut off
TYPICAL_DIGIT = 0.7  # height of the digits as a share of the height of the picture, until it is measured
LONE = 1.5  # width over height of the region below which it holds one digit rather than several
SLENDER = 12.0  # height over width of a lone digit at most
ROOM = 0.3  # heights of a digit: paper that is put around a lone digit
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

    pixels: Float
    to_source: NDArray[np.float64]
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

    soft: Float
    mask: Mask
    slant: float
    skew: float
    line: tuple[float, float]  # rows of the straightened strokes: falls by `skew` a column in the picture
    to_source: NDArray[np.float64]
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


def extract_ink(grey: Float) -> Ink:
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
    paper = border_paper(grey, region)
    digit = TYPICAL_DIGIT * min(region[3] - region[1], 4 * (region[2] - region[0]))
    if _is_lone(region, paper):
        # Without its margin a lone digit fills the region.
        digit = min(region[3] - region[1], SLENDER * (region[2] - region[0]))
    strokes = _look(grey, region, digit, paper, canvas)
    if strokes is not None and not AS_EXPECTED[0] <= strokes.digit / digit <= AS_EXPECTED[1]:
        found = min(strokes.digit, SLENDER * (region[2] - region[0]))
        strokes = _look(grey, strokes.surroundings(grey.shape), found, paper, canvas) or strokes
    return _blank() if strokes is None else _straighten(strokes)


def _without_canvas(grey: Float, region: Box) -> tuple[Float, Mask | None]:
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


def _look(grey: Float, region: Box, digit: float, paper: float | None, canvas: Mask | None) -> _Strokes | None:
    """The strokes in a region of the image where digits are about `digit` source pixels high, if any.

    paper: the paper's level where the picture's border shows it. canvas: (H, W) bool, what is no part of the picture.
    """
    strokes = _look_at(grey, region, digit, paper, canvas, _reduced)
    if strokes is None or digit >= SMALL_DIGIT:
        return strokes
    return _look_at(grey, region, digit, paper, canvas, _enlarged) or strokes


def _look_at(
    grey: Float,
    region: Box,
    digit: float,
    paper: float | None,
    canvas: Mask | None,
    resize: Callable[[Float, float], tuple[Float, float]],
) -> _Strokes | None:
    """As `_look`; resize: an image at the resolution to look at, and the source pixels that one of its pixels spans."""
    left, top, right, bottom = region
    if right - left < 3 or bottom - top < 3:
        return None
    work, factor = resize(np.asarray(grey[top:bottom, left:right], dtype=np.float32), digit)
    off = None if canvas is None else resize(canvas[top:bottom, left:right].astype(np.float32), digit)[0] > 0
    digit /= factor
    x0, y0 = float(left), float(top)
    contrast = _contrast(work, digit, paper, trimmed=left > 0 or right < grey.shape[1])
    if _is_lone(region, paper):
        # It may fill so much of the region that little paper is left to compare it to.
        room = round(ROOM * digit)
        contrast, (x0, y0) = np.pad(contrast, room), (x0 - room * factor, y0 - room * factor)
        off = None if off is None else np.pad(off, room)
    mask, core = stroke_mask(contrast, digit, off)
    if core == 0:
        return None
    slant = estimate_slant(mask, digit)
    skew = estimate_skew(transform(mask, inverse(upright(slant, 0)))[0], digit)
    level, _, offset = transform(mask, inverse(upright(slant, skew)))
    line_top, line_bottom = (row + offset for row in number_line(level, digit))
    mask = drop_outside(mask, skew, (line_top, line_bottom))
    soft = soft_ink(contrast, mask, core)
    return _Strokes(soft, mask, slant, skew, (line_top, line_bottom), scaling(factor, x0, y0), factor)


def _reduced(image: Float, digit: float) -> tuple[Float, float]:
    factor = max(1, min(int(np.ceil(digit / WORKING_DIGIT)), *(side // 3 for side in image.shape)))
    return area_reduce(image, factor), float(factor)


def _enlarged(image: Float, digit: float) -> tuple[Float, float]:
    return enlarge(image), 0.5


def _contrast(work: Float, digit: float, paper: float | None, trimmed: bool) -> Float:
    """Contrast of strokes to the paper, without rules; trimmed: whether a margin was cut off at a side."""
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
