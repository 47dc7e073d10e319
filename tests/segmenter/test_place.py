"""Where a number stands, in loose pictures, in frames and tilted; and when nobody can say."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from segmenter.ink import extract_ink
from segmenter.place import Place, find_place

TEXT, SIZE = "258403", 40


def picture(degrees: float = 0.0, room: int = 50, text: str = TEXT) -> tuple[np.ndarray, np.ndarray, float]:
    """Grey picture of a printed number that falls to the right, the middle of its digits, and their height."""
    font = ImageFont.load_default(SIZE)
    width = round(font.getlength(text)) + 2 * room
    image = Image.new("L", (width, SIZE + 2 * room), 220)
    ImageDraw.Draw(image).text((room, room - 8), text, 30, font)
    rows, columns = np.nonzero(np.asarray(image) < 120)
    level = np.array([columns.min() + columns.max() + 1, rows.min() + rows.max() + 1]) / 2
    turned = image.rotate(-degrees, Image.Resampling.BICUBIC, fillcolor=220)
    centre, angle = np.array(image.size) / 2, np.radians(degrees)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = rotation @ (level - centre) + centre
    return np.asarray(turned, dtype=np.float32) / np.float32(255), middle, float(np.ptp(rows) + 1)


@pytest.mark.parametrize("degrees", [-5, -2, 0, 3, 5])
def test_a_tilted_number_is_found(degrees: float) -> None:
    grey, middle, height = picture(degrees)
    place = find_place(extract_ink(grey))
    assert place is not None
    assert np.hypot(*np.subtract((place.x, place.y), middle)) < 0.15 * height
    assert place.height == pytest.approx(height, rel=0.15)
    assert np.degrees(place.tilt) == pytest.approx(degrees, abs=1.5)


@pytest.mark.parametrize("thick", [2, 6])
def test_a_frame_does_not_move_it(thick: int) -> None:
    grey, middle, height = picture()
    for side in (grey[:thick], grey[-thick:], grey[:, :thick], grey[:, -thick:]):
        side[:] = 0.1
    place = find_place(extract_ink(grey))
    assert place is not None and np.hypot(*np.subtract((place.x, place.y), middle)) < 0.15 * height
    assert place.height == pytest.approx(height, rel=0.15)


def test_a_blank_picture_and_two_lines_have_no_place() -> None:
    assert find_place(extract_ink(np.full((40, 90), 0.8, dtype=np.float32))) is None
    grey, _, _ = picture(room=12)
    for gap in (0.2, 0.4):
        paper = np.full((round(gap * SIZE), grey.shape[1]), grey[0, 0], dtype=np.float32)
        place = find_place(extract_ink(np.concatenate([grey, paper, grey])))
        assert place is None or place.height > 1.5 * SIZE or place.height < SIZE


def test_corners_box_and_map_agree() -> None:
    place = Place(60.0, 40.0, 50.0, 20.0, 0.2)
    corners = place.corners(0.5, 0.25)
    assert corners.mean(axis=0) == pytest.approx([60, 40])
    assert np.linalg.norm(corners[1] - corners[0]) == pytest.approx(70)
    assert np.linalg.norm(corners[3] - corners[0]) == pytest.approx(30)
    assert place.level(0.5, 0.25) @ [70, 30, 1] == pytest.approx(corners[2])
    left, top, right, bottom = place.box((80, 100), 0.5, 0.25)
    low, high = corners.min(axis=0), corners.max(axis=0)
    assert left <= low[0] < left + 1 and right - 1 < high[0] <= right
    assert top <= low[1] < top + 1 and bottom - 1 < high[1] <= bottom
    assert place.box((45, 70), 9, 9) == (0, 0, 70, 45)
