"""The bars of printed digits are no ruled lines, and ruled lines under digits are no bars."""

import itertools
from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from pipeline.synthesis.glyphs.font_digits import Font, draw_font_digit, load_fonts
from segmenter.ink import Ink, extract_ink

HEIGHTS = (14, 20, 28, 44)
APART = (0.1, 0.25)


@cache
def printed(font: Font, text: str, height: int, apart: float) -> np.ndarray:
    """(H, W) darkness of a text, its digits `height` pixels high and `apart` heights apart, with paper around it."""
    glyphs = [draw_font_digit(np.random.default_rng(0), font, digit, height, bend=0) for digit in text]
    room = height // 3
    widths = [glyph.ink.shape[1] + max(2, round(apart * height)) for glyph in glyphs]
    page = np.zeros((3 * height + 2 * room, sum(widths) + 2 * room), dtype=np.float32)
    x, baseline = room, 2 * height + room
    for glyph, width in zip(glyphs, widths, strict=True):
        h, w = glyph.ink.shape
        top = round(baseline + glyph.top)
        page[top : top + h, x : x + w] = np.maximum(page[top : top + h, x : x + w], glyph.ink)
        x += width
    rows = np.flatnonzero((page > 0.5).any(axis=1))
    return page[rows[0] - room : rows[-1] + room + 1]


def kept(dark: np.ndarray, ink: Ink) -> float:
    """Share of the dark pixels that are ink."""
    rows, columns = np.nonzero(dark > 0.7)
    linear, shift = ink.to_source[:, :2], ink.to_source[:, 2:]
    x, y = (np.linalg.inv(linear) @ (np.stack([columns + 0.5, rows + 0.5]) - shift)).astype(int)
    inside = (x >= 0) & (y >= 0) & (x < ink.pixels.shape[1]) & (y < ink.pixels.shape[0])
    found = np.zeros(len(rows), dtype=bool)
    found[inside] = ink.pixels[y[inside], x[inside]] > 0.25
    return float(found.mean())


def lost(text: str, fonts: list[Font], aparts: tuple[float, ...] = APART) -> list[tuple[str, int, float]]:
    """Fonts, heights and distances in which a tenth of the ink of a text is lost."""
    found = []
    for font in fonts:
        for height, apart in itertools.product(HEIGHTS, aparts):
            dark = printed(font, text, height, apart)
            ink = extract_ink((0.9 - 0.75 * dark).astype(np.float32))
            if kept(dark, ink) < 0.9:
                found.append((font.name, height, apart))
    return found


def fonts_of(style: str) -> list[Font]:
    return [font for font in load_fonts() if font.style == style]


@pytest.mark.slow
@pytest.mark.parametrize("text", ["77", "777", "55", "22", "1717", "474"])
def test_bars_of_printed_digits_are_kept(text: str) -> None:
    assert lost(text, fonts_of("print")) == []


@pytest.mark.slow
def test_rings_of_blurred_print_stay_open() -> None:
    count = 0
    for font, digit in itertools.product(fonts_of("print"), "0689"):
        blurred = ndimage.gaussian_filter(np.pad(printed(font, digit, 24, 0.1), 8), 3.0)
        pixels = extract_ink((0.7 - 0.4 * blurred).astype(np.float32)).pixels
        count += ndimage.label(np.pad(pixels, 1) < 0.5)[1] >= 2
    assert count > 50  # of 68; 34 where the picture is not sharpened
