"""Frames, dividers, dark margins and shades around printed numbers leave no ink; tight pictures lose none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageDraw, ImageFont

from segmenter.components import Components, usual_height
from segmenter.ink import Ink, extract_ink

PAPER, DARK = 215, 40
ROOM = 24  # pixels of paper around the digits


Box = tuple[int, int, int, int]  # left, top, right, bottom


def write(text: str, size: int = 40, room: int = ROOM) -> tuple[Image.Image, Box]:
    """A printed number on paper, and its box."""
    font = ImageFont.load_default(size)
    large = Image.new("L", (size * len(text) + 2 * room, 2 * size + 2 * room), PAPER)
    ImageDraw.Draw(large).text((room, room), text, DARK, font)
    rows, columns = np.nonzero(np.asarray(large) < (PAPER + DARK) // 2)
    left, top, right, bottom = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    image = large.crop((left - room, top - room, right + room, bottom + room))
    return image, (room, room, int(right - left) + room, int(bottom - top) + room)


def read(image: Image.Image) -> Ink:
    return extract_ink(np.asarray(image, dtype=np.float32) / np.float32(255))


def inked_box(ink: Ink) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of all solid ink in the picture."""
    rows, columns = np.nonzero(ink.pixels > 0.5)
    x, y = ink.to_source @ np.stack([columns + 0.5, rows + 0.5, np.ones(rows.size)])
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def assert_only(ink: Ink, box: Box, error: float = 4.0) -> None:
    """The ink is that of a number in this box."""
    assert np.abs(np.subtract(inked_box(ink), box)).max() < error


def frame(image: Image.Image, inset: int, thick: int, level: int, gap: bool) -> None:
    """A frame, `inset` pixels from the sides; gap: open at the right."""
    draw, (width, height) = ImageDraw.Draw(image), image.size
    draw.rectangle((inset, inset, width - 1 - inset, height - 1 - inset), outline=level, width=thick)
    if gap:
        draw.rectangle((width - 1 - inset - thick, inset + thick, width, height - inset - thick - 1), fill=PAPER)


@pytest.mark.parametrize("text", ["8", "36", "2597", "14"])
@pytest.mark.parametrize("inset", [0, 3])
@pytest.mark.parametrize("thick", [2, 5, 7])
@pytest.mark.parametrize("level", [0, 90])
def test_a_frame_leaves_no_ink(text: str, inset: int, thick: int, level: int) -> None:
    image, box = write(text)
    frame(image, inset, thick, level, gap=False)
    assert_only(read(image), box)


@pytest.mark.parametrize("text", ["5", "804"])
@pytest.mark.parametrize("thick", [4, 8])
def test_an_open_and_a_double_frame_leave_no_ink(text: str, thick: int) -> None:
    image, box = write(text)
    frame(image, 0, thick, 30, gap=True)
    assert_only(read(image), box)
    image, box = write(text, room=30)
    frame(image, 0, 3, 30, gap=False)
    frame(image, 9, thick, 30, gap=False)
    assert_only(read(image), box)


@pytest.mark.parametrize("sides", ["left", "right", "top", "bottom", "left bottom", "top right"])
@pytest.mark.parametrize("text", ["362", "7"])
def test_a_dark_margin_leaves_no_ink(sides: str, text: str) -> None:
    image, box = write(text)
    width, height = image.size
    bars = {"left": (0, 0, 9, height), "right": (width - 10, 0, width, height), "top": (0, 0, width, 9)}
    bars["bottom"] = (0, height - 10, width, height)
    for side in sides.split():
        ImageDraw.Draw(image).rectangle(bars[side], fill=0)
    assert_only(read(image), box)


@pytest.mark.parametrize("text", ["2597", "80453", "1101"])
@pytest.mark.parametrize("rail", [0, 2])
@pytest.mark.parametrize("thick", [2, 3])
def test_dividers_of_a_comb_are_no_ones(text: str, rail: int, thick: int) -> None:
    font, pitch, high = ImageFont.load_default(34), 36, 44
    image = Image.new("L", (pitch * len(text) + 3, high), PAPER)
    draw = ImageDraw.Draw(image)
    for k, digit in enumerate(text):
        left, top, right, bottom = font.getbbox(digit)
        corner = (pitch * k + (pitch - right - left) / 2, (high - top - bottom) / 2)
        draw.text(corner, digit, DARK, font)
    plain = np.asarray(image)
    for k in range(len(text) + 1):
        draw.rectangle((pitch * k, 0, pitch * k + thick - 1, high), fill=30)
    if rail:
        draw.rectangle((0, 0, image.width - 1, high - 1), outline=30, width=rail)
    columns = np.flatnonzero((plain < 128).any(axis=0))
    left, _, right, _ = inked_box(read(image))
    assert abs(left - columns[0]) < 3 and abs(right - columns[-1]) < 3
    middles = (np.arange(1, len(text)) * pitch).tolist()
    assert not any(inked_near(read(image), middle) for middle in middles)


def inked_near(ink: Ink, x: float) -> bool:
    """Whether a column of the source has solid ink."""
    columns = np.flatnonzero((ink.pixels > 0.5).any(axis=0))
    places = (ink.to_source @ np.stack([columns + 0.5, np.full(columns.size, ink.line[1]), np.ones(columns.size)]))[0]
    return bool((np.abs(places - x) < 1).any())


@pytest.mark.parametrize("strength", [0.3, 0.6])
@pytest.mark.parametrize("text", ["82", "5", "3417"])
def test_a_shade_towards_the_corners_leaves_no_ink(strength: float, text: str) -> None:
    image, box = write(text, room=60)
    y, x = np.indices((image.height, image.width))
    far = np.hypot(2 * x / image.width - 1, 2 * y / image.height - 1)
    shaded = np.asarray(image) * (1 - strength * np.clip(far, 0, 1.4) ** 3 / 1.4**3)
    assert_only(read(Image.fromarray(shaded.astype(np.uint8))), box)


@settings(max_examples=60, deadline=None)
@given(st.text("0123456789", min_size=1, max_size=5), st.integers(0, 3), st.integers(18, 44))
@pytest.mark.slow
def test_a_tight_picture_loses_no_ink(text: str, room: int, size: int) -> None:
    image, box = write(text, size, room)
    assert_only(read(image), box, error=max(3.0, 0.12 * size))


def test_an_empty_cell_has_no_ink() -> None:
    for size in ((60, 60), (140, 50)):
        image = Image.new("L", size, PAPER)
        frame(image, 0, 5, 40, gap=False)
        assert read(image).blank


def test_a_line_in_a_ring_is_a_zero_with_a_slash() -> None:
    image = Image.new("L", (60, 70), PAPER)
    draw = ImageDraw.Draw(image)
    draw.ellipse((12, 8, 48, 62), outline=DARK, width=5)
    draw.line((24, 46, 36, 24), fill=DARK, width=4)
    left, top, right, bottom = inked_box(read(image))
    assert right - left > 30 and bottom - top > 48


@settings(deadline=None)
@given(arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))))
@pytest.mark.slow
def test_components_are_what_spreading_from_a_pixel_reaches(mask: np.ndarray) -> None:
    parts = Components.of(mask)
    assert (parts.mask(np.ones(parts.count, dtype=bool)) == mask).all() and parts.areas.sum() == mask.sum()
    for k in range(parts.count):
        own = parts.labels == k + 1
        rows, columns = np.nonzero(own)
        box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert parts.boxes[k].tolist() == box and parts.areas[k] == own.sum() == parts.cutout(k).sum()
        reached = np.zeros_like(mask)
        reached[rows[0], columns[0]] = True
        for _ in range(mask.size):
            grown = np.zeros_like(mask)
            for y, x in zip(*np.nonzero(reached), strict=True):
                grown[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2] = True
            reached = grown & mask
        assert (reached == own).all()
        assert parts.holding(own).tolist() == [other == k for other in range(parts.count)]


@settings(deadline=None)
@given(arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))), st.integers(0, 2**32 - 1))
def test_chosen_components_are_those_of_what_they_cover(mask: np.ndarray, seed: int) -> None:
    parts = Components.of(mask)
    which = np.random.default_rng(seed).random(parts.count) < 0.5
    chosen, anew = parts.chosen(which), Components.of(parts.mask(which))
    assert (chosen.labels == anew.labels).all() and chosen.labels.dtype == anew.labels.dtype
    assert (chosen.boxes == anew.boxes).all() and chosen.boxes.shape == anew.boxes.shape
    assert (chosen.areas == anew.areas).all() and (chosen.whole == anew.whole).all()


def test_the_usual_height_is_not_that_of_many_marks() -> None:
    assert usual_height(np.array([2, 2, 3, 2, 2, 3, 30, 31])) >= 30
    assert usual_height(np.array([7])) == 7
