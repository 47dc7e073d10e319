"""Ink of drawn fields: what must not change it, what must be removed, what must be kept."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from segmenter.ink import LINE_HEIGHT, Ink, extract_ink

pytestmark = pytest.mark.filterwarnings("error")

Float = NDArray[np.float32]

ROUND = [(0.3 + 0.3 * np.sin(a), 0.5 - 0.5 * np.cos(a)) for a in np.linspace(0, 2 * np.pi, 17)]
# Polylines in a box of height 1, y down; advance widths follow from the points.
GLYPHS: dict[str, list[list[tuple[float, float]]]] = {
    "0": [ROUND],
    "1": [[(0.0, 0.25), (0.25, 0.0), (0.25, 1.0)]],
    "2": [[(0.0, 0.2), (0.15, 0.0), (0.45, 0.0), (0.6, 0.25), (0.0, 1.0), (0.6, 1.0)]],
    "4": [[(0.45, 1.0), (0.45, 0.0), (0.0, 0.65), (0.65, 0.65)]],
    "5": [[(0.55, 0.0), (0.1, 0.0), (0.05, 0.4), (0.4, 0.4), (0.55, 0.7), (0.35, 1.0), (0.0, 0.95)]],
    "7": [[(0.0, 0.0), (0.6, 0.0), (0.2, 1.0)]],
    ".": [[(0.1, 0.96), (0.12, 1.0)]],
    "-": [[(0.05, 0.55), (0.45, 0.55)]],
    "=": [[(0.05, 0.1), (0.45, 0.1)], [(0.05, 0.3), (0.45, 0.3)]],
    "J": [[(0.4, 0.0), (0.3, 1.9)]],
}


def draw(text: str, height: float = 36, pen: float = 0.1, slant: float = 0.0, margin: float = 0.35) -> Float:
    """Darkness (H, W) in [0, 1] of a text with digits `height` pixels high, anti-aliased."""
    segments, x = [], margin
    for character in text:
        lines = GLYPHS[character]
        for line in lines:
            points = [((px + x + slant * (1 - py)) * height, (py + margin) * height) for px, py in line]
            segments += list(pairwise(points))
        x += max(px for line in lines for px, _ in line) + 0.25
    shape = (round(height * (1 + 2 * margin)), round((x - 0.25 + margin + max(slant, 0)) * height))
    dark = np.zeros(shape, dtype=np.float32)
    for start, end in segments:
        np.maximum(dark, _stroke(shape, np.array(start), np.array(end), pen * height), out=dark)
    return dark


def _stroke(shape: tuple[int, int], start: NDArray, end: NDArray, width: float) -> Float:
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    along = end - start
    share = ((x - start[0]) * along[0] + (y - start[1]) * along[1]) / max(float(along @ along), 1e-9)
    share = share.clip(0, 1)
    distance = np.hypot(x - start[0] - share * along[0], y - start[1] - share * along[1])
    return (width / 2 - distance + 0.5).clip(0, 1).astype(np.float32)


def write(dark: Float, paper: Float | float = 0.85, ink: float = 0.2) -> Float:
    """Grey image of a darkness on paper."""
    return (paper * (1 - dark) + ink * dark).astype(np.float32)


def likeness(first: Ink, second: Ink, scale: float = 1.0, shift: float = 0.0) -> float:
    """1 where both inks agree pixel by pixel; second's source is first's times scale plus shift."""
    moved = np.diag([scale, scale, 1.0])
    moved[:2, 2] = shift
    inverse = np.linalg.inv(np.vstack([second.to_source, [0, 0, 1]]))
    there = (inverse @ moved @ np.vstack([first.to_source, [0, 0, 1]]))[:2]
    matrix = there[::-1, 1::-1]
    offset = matrix @ [0.5, 0.5] + there[::-1, 2] - 0.5
    other = ndimage.affine_transform(second.pixels, matrix, offset, first.pixels.shape, order=1)
    return 1 - float(np.abs(other - first.pixels).sum() / (other.sum() + first.pixels.sum()))


def height_in_source(ink: Ink) -> float:
    return (ink.line[1] - ink.line[0]) * float(ink.to_source[1, 1])


FIELD = draw("2507.14")
PLAIN = extract_ink(write(FIELD))


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (2, 2), (3, 3), (50, 150), (300, 20), (0, 5)])
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_uniform_image_has_no_ink(shape: tuple[int, int], level: float) -> None:
    assert extract_ink(np.full(shape, level, dtype=np.float32)).blank


@pytest.mark.parametrize("grain", [0.005, 0.03, 0.1])
def test_noise_has_no_ink(grain: float) -> None:
    noise = np.random.default_rng(3).normal(0.7, grain, (60, 160)).clip(0, 1).astype(np.float32)
    assert extract_ink(noise).blank


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), height=st.integers(1, 40), width=st.integers(1, 60))
@pytest.mark.slow
def test_any_image_gives_an_ink(seed: int, height: int, width: int) -> None:
    ink = extract_ink(np.random.default_rng(seed).random((height, width), dtype=np.float32) ** 4)
    assert np.isfinite(ink.pixels).all() and ink.pixels.min(initial=0) >= 0 and ink.pixels.max(initial=0) <= 1


def test_wrong_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="grey must be"):
        extract_ink(np.zeros((4, 4, 3), dtype=np.float32))


def test_soft_ink_is_one_in_the_core_and_zero_on_paper() -> None:
    ink = PLAIN.pixels
    assert np.median(ink[ink > 0.5]) > 0.9
    assert (ink == 0).mean() > 0.5
    assert ((ink > 0.1) & (ink < 0.9)).sum() > 50  # anti-aliasing survives
    assert PLAIN.stroke_width == pytest.approx(0.1 * LINE_HEIGHT, rel=0.35)


@pytest.mark.slow
@pytest.mark.parametrize("height", [15, 24, 36, 90, 250, 600])
def test_a_digit_is_line_height_at_every_scale(height: int) -> None:
    ink = extract_ink(write(draw("2507", height=height)))
    assert height_in_source(ink) == pytest.approx(1.1 * height, rel=0.08)
    assert ink.line[1] - ink.line[0] == pytest.approx(LINE_HEIGHT)
    assert likeness(PLAIN_SHORT, ink, height / 36) > (0.75 if height < 20 else 0.85)


PLAIN_SHORT = extract_ink(write(draw("2507")))


def test_inverting_changes_nothing() -> None:
    assert likeness(PLAIN, extract_ink(1 - write(FIELD))) > 0.999


@pytest.mark.parametrize("contrast", [1.0, 0.5, 0.15])
def test_contrast_changes_little(contrast: float) -> None:
    assert likeness(PLAIN, extract_ink(write(FIELD, paper=0.6, ink=0.6 - 0.6 * contrast))) > 0.97


@settings(max_examples=20, deadline=None)
@given(room=st.integers(1, 120))
@pytest.mark.slow
def test_padding_with_the_paper_changes_nothing(room: int) -> None:
    padded = np.pad(write(FIELD), room, constant_values=np.float32(0.85))
    assert likeness(PLAIN, extract_ink(padded), shift=room) > 0.99


def test_digits_far_smaller_than_the_picture_are_looked_at_again() -> None:
    page = np.random.default_rng(0).normal(0.85, 0.01, (500, 700)).astype(np.float32)
    grey = write(FIELD)
    page[200 : 200 + grey.shape[0], 100 : 100 + grey.shape[1]] = grey
    ink = extract_ink(page)
    assert height_in_source(ink) == pytest.approx(height_in_source(PLAIN), rel=0.1)


def test_slope_and_step_of_the_paper_are_removed() -> None:
    slope = np.linspace(0.95, 0.55, FIELD.shape[1], dtype=np.float32)[None, :]
    assert likeness(PLAIN, extract_ink(write(FIELD, paper=slope))) > 0.9
    step = np.where(np.arange(FIELD.shape[0]) < 25, 0.95, 0.7).astype(np.float32)[:, None]
    assert likeness(PLAIN, extract_ink(write(FIELD, paper=step))) > 0.9


def _waves(shape: tuple[int, int]) -> Float:
    y, x = np.mgrid[: shape[0], : shape[1]]
    lines = np.abs((y + 3 * np.sin(x / 11)) % 6 - 3) < 0.6
    return 0.85 - 0.15 * lines.astype(np.float32)


def _dots(shape: tuple[int, int]) -> Float:
    y, x = np.mgrid[: shape[0], : shape[1]]
    return (0.7 + 0.1 * np.cos(2 * np.pi * x / 5) * np.cos(2 * np.pi * y / 5)).astype(np.float32)


@pytest.mark.parametrize("paper", [_waves, _dots])
def test_security_background_is_removed(paper) -> None:
    ink = extract_ink(write(FIELD, paper=paper(FIELD.shape)))
    assert likeness(PLAIN, ink) > 0.85


@pytest.mark.parametrize("row", [6, 14, 30, 49, 55])
@pytest.mark.parametrize("tilt", [0.0, 0.02])
@pytest.mark.parametrize("dark", [0.6, 1.0])
def test_ruled_line_is_removed_and_what_crosses_it_stays(row: int, tilt: float, dark: float) -> None:
    y, x = np.mgrid[: FIELD.shape[0], : FIELD.shape[1]]
    rule = dark * (np.abs(y - row - tilt * (x - 80)) < 1.1)
    ink = extract_ink(write(np.maximum(FIELD, rule.astype(np.float32))))
    assert likeness(PLAIN, ink) > 0.82


def test_box_around_the_field_is_removed() -> None:
    framed = FIELD.copy()
    framed[2:4] = framed[-4:-2] = framed[:, 2:4] = framed[:, -4:-2] = 1
    assert likeness(PLAIN, extract_ink(write(framed))) > 0.95


def test_upright_one_at_the_side_is_no_border() -> None:
    for text in ("1000", "0001", "1"):
        dark = draw(text, margin=0.1, pen=0.07)
        assert likeness(extract_ink(write(draw(text, pen=0.07))), extract_ink(write(dark)), shift=-9.0) > 0.9


@pytest.mark.parametrize("mark", [".", "-", "="])
def test_small_marks_are_kept(mark: str) -> None:
    plain, marked = extract_ink(write(draw("2507"))), extract_ink(write(draw("2507" + mark)))
    assert marked.pixels.sum() > plain.pixels.sum() + 12
    assert height_in_source(marked) == pytest.approx(height_in_source(plain), rel=0.03)


def test_specks_are_removed() -> None:
    specked = FIELD.copy()
    y, x = np.random.default_rng(1).integers(3, np.array(FIELD.shape)[:, None] - 3, (2, 25))
    specked[y, x] = 1
    alone = ndimage.minimum_filter(FIELD == 0, 5)[y, x]
    ink = extract_ink(write(specked))
    places = np.linalg.inv(np.vstack([ink.to_source, [0, 0, 1]])) @ [x + 0.5, y + 0.5, np.ones(25)]
    column, row = np.floor(places[:2, alone]).astype(int)
    inside = (column >= 0) & (row >= 0) & (column < ink.pixels.shape[1]) & (row < ink.pixels.shape[0])
    assert alone.sum() > 8 and not ink.pixels[row[inside], column[inside]].any()


@pytest.mark.parametrize("text", ["25J07", "2507-", "2507=", "=2507", "2507..."])
def test_line_is_where_the_tall_digits_stand(text: str) -> None:
    dark = draw(text, margin=1.0)
    ink = extract_ink(write(dark))
    top, bottom = (ink.to_source @ [0, row, 1] for row in ink.line)
    assert top[1] == pytest.approx(36 * 0.95, abs=2.5) and bottom[1] == pytest.approx(36 * 2.05, abs=2.5)


@settings(max_examples=15, deadline=None)
@given(slant=st.floats(-0.2, 0.8))
@pytest.mark.slow
def test_slant_is_found_and_removed(slant: float) -> None:
    ink = extract_ink(write(draw("1405147", slant=slant)))
    upright = extract_ink(write(draw("1405147")))
    assert ink.slant - upright.slant == pytest.approx(slant, abs=0.12)
    assert ink.to_source[0, 1] / ink.to_source[1, 1] == pytest.approx(-ink.slant)


@settings(max_examples=25, deadline=None)
@given(x=st.floats(12, 140), y=st.floats(14, 48), slant=st.floats(-0.2, 0.6))
def test_a_spot_maps_back_to_where_it_was_drawn(x: float, y: float, slant: float) -> None:
    dark = draw("1  4"[:1] + "-" * 4 + "4", slant=slant, margin=0.45)
    rows, columns = np.mgrid[: dark.shape[0], : dark.shape[1]] + 0.5
    spot = (3.5 - np.hypot(columns - x, rows - y)).clip(0, 1).astype(np.float32)
    ink = extract_ink(write(np.maximum(dark * (np.hypot(columns - x, rows - y) > 9), spot)))
    height, width = ink.pixels.shape
    v, u = np.mgrid[:height, :width] + 0.5
    source = ink.to_source @ np.stack([u.ravel(), v.ravel(), np.ones(u.size)])
    near = np.hypot(source[0] - x, source[1] - y) < 7
    weights = ink.pixels.ravel()[near]
    assert weights.sum() > 5
    assert (source[0, near] @ weights) / weights.sum() == pytest.approx(x, abs=0.3)
    assert (source[1, near] @ weights) / weights.sum() == pytest.approx(y, abs=0.3)


@pytest.mark.parametrize("degrees", [-5, -3, 0, 3, 5])
@pytest.mark.parametrize("text", ["10214507", "1405"])
def test_skew_of_the_baseline_does_not_change_the_line(degrees: float, text: str) -> None:
    dark = np.pad(draw(text), 10)
    tilted = ndimage.rotate(dark, -degrees, order=1, reshape=True).clip(0, 1)
    ink, level = extract_ink(write(tilted)), extract_ink(write(dark))
    size, level_size = (abs(float(np.linalg.det(found.to_source[:, :2]))) for found in (ink, level))
    assert size == pytest.approx(level_size, rel=0.2)  # source area of an ink pixel


@pytest.mark.parametrize("shape", [(60_000, 7), (7, 60_000)])
@pytest.mark.slow
def test_pictures_far_longer_than_wide_take_no_more_memory_than_others(shape: tuple[int, int]) -> None:
    """A damaged header made one of 160 x 524349, for which 20 GiB were asked."""
    import tracemalloc

    grey = np.ones(shape, dtype=np.float32)
    grey[shape[0] // 2 :, : shape[1] // 2] = 0
    tracemalloc.start()
    extract_ink(grey)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * grey.nbytes
