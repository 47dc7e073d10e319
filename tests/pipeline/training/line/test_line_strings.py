"""What the line network is trained on: batches, what is written, what is real, what the seed decides."""

import numpy as np
import pytest

from classifier.line.line_network import MARGIN, STRIDE, column_count
from classifier.line.line_picture import ROWS
from pipeline.data.real_strings import RealString
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.strings import SyntheticString
from pipeline.synthesis.style import SURROUNDED, TRAINING
from pipeline.training.line.line_distortions import SCANNED_AGAIN, SET_LOOSELY, LineDistortion, distorted
from pipeline.training.line.line_strings import (
    LineMixture,
    LineString,
    blocks,
    draw_block,
    draw_views,
    fits,
    make_batch,
    symbols_of,
    written_of,
)
from pipeline.training.string_pool import StringData

FEW = LineMixture(strings=12, views=2, batch=8, workers=1)


def number(text, page, level):
    image = np.full((40, 60), level, np.uint8)
    image[10:30, 20:24] = 20
    return RealString(image, text, page)


@pytest.fixture(scope="module")
def data():
    registers = [number("12", "1", 200), number("345", "1", 150), number("9", "2", 220)]
    return StringData(Sources(), registers)


def same(one, other):
    return all(
        np.array_equal(a.pictures, b.pictures) and a.written == b.written for a, b in zip(one, other, strict=True)
    )


@pytest.mark.slow
def test_the_seed_and_the_number_decide_a_block(data):
    block = draw_block(data, FEW, 1, 0)
    assert same(block, draw_block(data, FEW, 1, 0))
    assert not same(block, draw_block(data, FEW, 1, 1)) and not same(block, draw_block(data, FEW, 2, 0))
    assert 20 <= sum(len(batch.written) for batch in block) <= 24
    for batch in block:
        assert batch.pictures.shape[1] == ROWS and batch.pictures.shape[2] % STRIDE == 0
        assert batch.columns.max() <= batch.pictures.shape[2] // STRIDE
        assert all(len(text) <= count for text, count in zip(batch.written, batch.columns, strict=True))


@pytest.mark.slow
def test_workers_draw_the_same_blocks_from_any_number_on(data):
    drawn = blocks(data, FEW, 3, first=2)
    assert same(next(drawn), draw_block(data, FEW, 3, 2)) and same(next(drawn), draw_block(data, FEW, 3, 3))
    drawn.close()


def test_real_numbers_come_alone_or_beside_others_of_their_page(data):
    always = LineMixture(registers=1.0, joined=0.5, views=1, strings=64)
    rng = np.random.default_rng(1)
    some = [string for _ in range(60) for string in draw_views(rng, data, always)]
    assert not any(string.marks_known for string in some)
    texts = {string.written for string in some}
    assert {"12", "345", "9"} <= texts and any(len(text) > 3 for text in texts)
    assert not any("9" in text and text.strip("9") for text in texts)  # page 2 with page 1


def string_of(text, written, known=True):
    ink = np.zeros((8, 8), np.int16)
    return SyntheticString(np.zeros((8, 8), np.uint8), text, ink - 1, tuple(text), known, written)


@pytest.mark.parametrize(
    "text, written, expected",
    [
        ("12", "", "12"),
        ("1250", "12.50", "12.50"),
        ("1250", "$12,50-", "12,50-"),
        ("7", "#7=", "*7*"),
        ("9", "x9", "9"),
    ],
)
def test_what_is_written_is_in_the_alphabet(text, written, expected):
    assert written_of(string_of(text, written)) == expected
    assert len(symbols_of(expected)) == len(expected)


def test_pictures_too_narrow_for_their_text_are_left_out():
    picture = np.zeros((ROWS, 16), np.float32)
    count = column_count(16)
    assert fits(picture, "12" * (count // 2)) and not fits(picture, "12" * (count // 2) + "1")
    assert not fits(picture, "1" * count)


def test_a_batch_holds_pictures_at_its_left_and_paper_beyond():
    rng = np.random.default_rng(2)
    pictures = [1 + rng.random((ROWS, width), np.float32) for width in (30, 77)]
    batch = make_batch([LineString(picture, "1", k > 0) for k, picture in enumerate(pictures)])
    assert batch.marks_known.tolist() == [False, True] and batch.pictures.shape[2] == column_count(77) * STRIDE
    for row, picture, count in zip(batch.pictures, pictures, batch.columns, strict=True):
        width = picture.shape[1]
        np.testing.assert_allclose(row[:, MARGIN : MARGIN + width], picture, atol=2e-3)
        assert not row[:, :MARGIN].any() and not row[:, MARGIN + width :].any() and count == column_count(width)


@pytest.mark.parametrize("config", [SET_LOOSELY, SCANNED_AGAIN], ids=["loose", "again"])
def test_distorted_pictures_are_pictures_and_the_generator_decides_them(config):
    grey = number("1", "1", 200).image.astype(np.float32) / 255
    kept = grey.copy()
    for seed in range(40):
        one, other = (distorted(np.random.default_rng(seed), grey, config) for _ in range(2))
        np.testing.assert_array_equal(one, other)
        assert one.dtype == np.float32 and 0 <= one.min() <= one.max() <= 1 and min(one.shape) >= 6
    np.testing.assert_array_equal(grey, kept)


def test_mixtures_and_distortions_are_checked():
    with pytest.raises(ValueError, match="shares"):
        LineMixture(registers=1.5)
    with pytest.raises(ValueError, match="shares"):
        LineMixture(styles=((TRAINING, 0.0, SET_LOOSELY), (SURROUNDED, 0.0, SCANNED_AGAIN)))
    with pytest.raises(ValueError, match="hold a batch"):
        LineMixture(strings=3, views=1)
    with pytest.raises(ValueError, match="lie in"):
        LineDistortion(blur=2)
