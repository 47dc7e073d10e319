"""Plain paper: lines and their direction against drawn blocks; turned, stacked and scattered numbers by the weights."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from benchmarks.common.drawn_pages import DrawnPage
from pipeline import DocumentReading, Reader, Reading
from pipeline.documents.plain_paper.writing_lines import find_writing
from pipeline.reading.field_reader import SHIPPED
from pipeline.synthesis.sources import Sources

shipped = pytest.mark.skipif(not SHIPPED.exists(), reason="no shipped weights")


def blocks(rows, columns, degrees, size=20, gap=8, between=24):
    """A page with rows of dark blocks, turned; a tenth of them are lower."""
    page = np.full((500, 500), 0.95, np.float32)
    top, left = 250 - rows * (size + between) // 2, 250 - columns * (size + gap) // 2
    for row in range(rows):
        for column in range(columns):
            y, x = top + row * (size + between), left + column * (size + gap)
            page[y : y + size, x : x + size - 8] = 0.1
    image = Image.fromarray((page * 255).astype(np.uint8)).rotate(-degrees, fillcolor=242)
    return np.asarray(image, np.float32) / 255


@settings(max_examples=12, deadline=None)
@given(rows=st.integers(1, 3), columns=st.integers(5, 9), degrees=st.sampled_from([-40, -16, -8, 0, 8, 20, 40, 90]))
def test_lines_are_found_in_their_direction(rows, columns, degrees):
    writing = find_writing(blocks(rows, columns, degrees))
    assert writing is not None
    assert [len(line) for line in writing.lines] == rows * [columns]
    # One line is not looked at for tilts that make it no thicker than the reader can bear.
    assert abs(writing.degrees - degrees) <= (8 if rows > 1 or abs(degrees) > 8 else abs(degrees))
    assert writing.is_level == (abs(degrees) <= 24)
    assert writing.has_lines == (rows > 1)


@pytest.mark.parametrize("grey", [np.ones((50, 90), np.float32), np.random.default_rng(0).random((80, 90)) * 0.02])
def test_nothing_and_grain_are_no_writing(grey):
    assert find_writing(grey.astype(np.float32)) is None


def test_frames_that_outweigh_what_stands_in_them_are_no_plain_paper():
    page = np.full((200, 300), 0.95, np.float32)
    page[20:180, 20:24] = page[20:180, 150:154] = 0.1
    for x in range(40, 140, 12):
        page[100:110, x : x + 6] = 0.1
    assert find_writing(page) is None


@pytest.mark.parametrize(("size", "is_small"), [(7, False), (9, False), (12, True)])
def test_a_field_with_grain_is_no_page_of_small_numbers(size, is_small):
    page = np.full((12 * size, 30 * size), 0.95, np.float32)
    for k in range(6):
        page[5 * size : 6 * size, (4 + 3 * k) * size : (5 + 3 * k) * size] = 0.1
    writing = find_writing(page)
    assert writing is not None and writing.height == size and writing.is_small == is_small


@pytest.fixture(scope="module")
def reader():
    return Reader()


def number(text, seed, unit=2.0):
    """A number written on white paper, with some room around it."""
    page = DrawnPage(np.random.default_rng(seed), Sources(), (90, 300), unit)
    page.write(10, 10, 290, 80, text)
    return page.finished("white")


@shipped
@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_number_is_read_whichever_way_up(reader, quarters):
    picture = number("73492", 3)
    upright = reader.read(picture)
    assert upright.text == "73492"
    turned = reader.read(np.rot90(picture, quarters).copy())
    assert isinstance(turned, Reading) and turned.text == "73492"
    for digit, other in zip(turned.digits, upright.digits, strict=True):
        left, top, right, bottom = digit.box
        own = np.zeros(picture.shape, bool)
        np.rot90(own, quarters)[top:bottom, left:right] = True
        rows, columns = np.flatnonzero(own.any(axis=1)), np.flatnonzero(own.any(axis=0))
        box = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
        assert np.abs(np.array(box) - other.box).max() <= 4  # the same place


@shipped
def test_two_lines_of_a_field_are_one_reading_with_a_note(reader):
    field = np.vstack([number("4821", 13), number("70353", 14)])
    reading = reader.read(field)
    assert isinstance(reading, Reading)
    assert reading.text == "482170353" and "4821, 70353" in reading.note
    middles = [0.5 * (digit.box[1] + digit.box[3]) for digit in reading.digits]
    assert max(middles[:4]) < 90 < min(middles[4:])
    assert reading.confidence <= min(reader.read(number("4821", 13)).confidence + 0.05, 1)
    assert reader.trace(field).reading == reading
    assert reader.read(field, "digits:4").note != reading.note  # a format says that it is one number


@shipped
@pytest.mark.slow
def test_numbers_on_a_plain_page_are_fields_in_reading_order(reader):
    page = np.full((900, 1300), 255, np.uint8)
    places = {"4821": (120, 150), "70353": (120, 800), "8123": (560, 400)}
    for seed, (text, (top, left)) in enumerate(places.items(), 13):
        page[top : top + 90, left : left + 300] = number(text, seed)
    document = reader.read(page)
    assert isinstance(document, DocumentReading)
    assert [field.reading.text for field in document] == list(places)
    assert {field.kind for field in document} == {"line"}
    for field, (top, left) in zip(document, places.values(), strict=True):
        assert left <= field.box[0] and field.box[2] <= left + 300 and top <= field.box[1] and field.box[3] <= top + 90
    assert reader.trace(page).reading == document
    assert [field.reading.text for field in reader.read(np.rot90(page).copy())] == list(places)


@shipped
def test_a_large_picture_is_read_at_a_lower_resolution_and_its_places_are_those_of_the_picture(reader, monkeypatch):
    picture = number("73492", 3)
    plain, large = reader.read(picture), np.kron(picture, np.ones((8, 8), picture.dtype))
    seen, trace = [], type(reader.field_reader).trace_grey
    monkeypatch.setattr(
        type(reader.field_reader),
        "trace_grey",
        lambda self, grey, *more: (seen.append(grey.size), trace(self, grey, *more))[1],
    )
    reading = reader.read(large)
    assert reading.text == plain.text == "73492" and max(seen) <= large.size / 4
    for digit, other in zip(reading.digits, plain.digits, strict=True):
        np.testing.assert_allclose(np.array(digit.box) / 8, other.box, atol=3)
