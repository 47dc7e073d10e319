"""Synthetic strings: what they say, whose ink is whose, and who may have written them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.synthesis.glyphs.allographs import draw_allograph
from pipeline.synthesis.glyphs.pens import draw_strokes, fit_strokes
from pipeline.synthesis.numbers import Planned, draw_number, plan_characters
from pipeline.synthesis.sources import DIGITS, Sources
from pipeline.synthesis.strings import (
    EVALUATION,
    PRESETS,
    TRAINING,
    SyntheticString,
    draw_string,
    touching_neighbours,
)
from pipeline.synthesis.style import StringStyle

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Sample:
    writer: str
    text: str
    strokes: tuple[np.ndarray, ...]


def bitmap(rng: np.random.Generator, digit: str) -> np.ndarray:
    glyph = draw_strokes(fit_strokes(draw_allograph(rng, digit, wander=0.01), 17), 2.4)
    assert glyph is not None
    image = np.zeros((28, 28), np.uint8)
    ink = glyph.ink[:28, :28]
    image[: ink.shape[0], : ink.shape[1]] = 255 * ink
    return np.roll(image, (4, 4), (0, 1))


@pytest.fixture(scope="module")
def sources() -> Sources:
    rng = np.random.default_rng(7)
    labels = np.tile(np.arange(10, dtype=np.uint8), 4)
    images = np.stack([bitmap(rng, str(label)) for label in labels])
    pen = [
        Sample(f"{name}-{number:03d}", digit, draw_allograph(rng, digit))
        for name in ("aaa", "bbb")
        for number in (1, 2)
        for digit in DIGITS
    ]
    strings = [
        Sample(
            "sss-001",
            "1 2-3",
            (*draw_allograph(rng, "1"), draw_allograph(rng, "2")[0] + [1, 0], draw_allograph(rng, "3")[0] + [2, 0]),
        )
    ]
    others = [Sample("bbb-001", text, draw_allograph(rng, "4")) for text in "$#*AxQ"]
    return Sources(images, labels, np.repeat([5, 9], 20), pen, strings, others)


@pytest.mark.parametrize("style", PRESETS.values(), ids=PRESETS)
def test_owner_text_and_characters_agree(sources: Sources, style: StringStyle) -> None:
    rng = np.random.default_rng(1)
    for _ in range(150):
        string = draw_string(rng, sources, style)
        assert string.text == "".join(label for label in string.characters if label in DIGITS)
        assert min(string.image.shape) >= 6
        if not string.owner_known:
            assert set(np.unique(string.owner)) == {-1, 0}
            continue
        count = np.bincount(string.owner.ravel() + 1, minlength=len(string.characters) + 1)[1:]
        assert len(count) == len(string.characters)
        assert all(pixels > 0 for pixels in count)


def test_writing_order_is_left_to_right(sources: Sources) -> None:
    rng = np.random.default_rng(2)
    for _ in range(60):
        string = draw_string(rng, sources, replace(TRAINING, intruders=0), text="8053")
        middles = [
            np.flatnonzero((string.owner == index).any(axis=0)).mean()
            for index, label in enumerate(string.characters)
            if label in DIGITS
        ]
        assert middles == sorted(middles)


def test_ink_lies_under_its_owner(sources: Sources) -> None:
    plain = replace(
        TRAINING,
        papers=(("white", 1.0),),
        darkness=(0.8, 1.0),
        inverted=0,
        blur=(0, 0.3),
        rules=0,
        boxes=0,
        faded=0,
        binary=0,
        jpeg=0,
        kinds=(("bitmap", 0.5), ("pen", 0.5)),
    )
    rng = np.random.default_rng(3)
    for _ in range(60):
        string = draw_string(rng, sources, plain, length=4)
        owned = string.owner >= 0
        assert string.image[owned].mean() < 0.55 * string.image[~owned].mean()


@given(seed=st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_a_seed_gives_the_same_picture(sources: Sources, seed: int) -> None:
    first, second = (draw_string(np.random.default_rng(seed), sources, TRAINING) for _ in range(2))
    assert np.array_equal(first.image, second.image) and np.array_equal(first.owner, second.owner)
    assert (first.text, first.characters) == (second.text, second.characters)


def test_other_seeds_give_other_pictures_of_the_same_text(sources: Sources) -> None:
    pictures = {
        draw_string(np.random.default_rng(seed), sources, TRAINING, text="77").image.tobytes() for seed in range(20)
    }
    assert len(pictures) == 20


def test_the_evaluation_preset_has_its_share_of_touching_neighbours(sources: Sources) -> None:
    rng = np.random.default_rng(4)
    strings = (draw_string(rng, sources, EVALUATION, length=6) for _ in range(150))
    touching, pairs = np.sum([touching_neighbours(string) for string in strings], axis=0)
    assert pairs > 400
    assert 0.3 <= touching / pairs <= 0.55


def test_touching_is_judged_by_connected_ink() -> None:
    owner = np.full((5, 9), -1, np.int16)
    owner[1:4, 1:3], owner[1:4, 3:5], owner[1:4, 6:8] = 0, 1, 2
    string = SyntheticString(np.zeros((5, 9), np.uint8), "123", owner, ("1", "2", "3"))
    assert touching_neighbours(string) == (1, 2)
    dashed = SyntheticString(np.zeros((5, 9), np.uint8), "13", owner, ("1", "-", "3"))
    assert touching_neighbours(dashed) == (0, 0)


@pytest.mark.parametrize("length", [1, 2, 7, 10])
def test_a_given_length_is_kept(sources: Sources, length: int) -> None:
    rng = np.random.default_rng(5)
    assert all(len(draw_string(rng, sources, TRAINING, length=length).text) == length for _ in range(20))


def test_a_given_text_is_written(sources: Sources) -> None:
    rng = np.random.default_rng(5)
    assert all(draw_string(rng, sources, TRAINING, text="0041").text == "0041" for _ in range(20))


@pytest.mark.parametrize("text", ["", "12a", "1.5", "²"])
def test_a_text_of_anything_but_digits_is_refused(sources: Sources, text: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        draw_string(np.random.default_rng(0), sources, TRAINING, text=text)


def test_some_strings_say_nothing(sources: Sources) -> None:
    rng = np.random.default_rng(6)
    strings = [draw_string(rng, sources, replace(TRAINING, empty=1.0)) for _ in range(80)]
    assert all(string.text == "" and string.owner_known for string in strings)
    assert any(not string.characters for string in strings)
    assert any(string.characters for string in strings)


def test_pen_strings_keep_their_separators(sources: Sources) -> None:
    only_strings = replace(TRAINING, kinds=(("string", 1.0),), empty=0)
    string = draw_string(np.random.default_rng(0), sources, only_strings)
    assert (string.text, string.characters, string.owner_known) == ("123", ("1", "2", "-", "3"), False)
    with pytest.raises(ValueError, match="not known"):
        touching_neighbours(string)


def test_excluded_writers_never_appear(sources: Sources) -> None:
    left = sources.without(collections=("aaa", "sss"), writers=("mnist-5", "bbb-002"))
    assert {sample.writer for sample in (*left.pen_digits, *left.pen_others)} == {"bbb-001"}
    assert left.image_writers is not None and set(left.image_writers.tolist()) == {9} and not left.pen_strings
    rng = np.random.default_rng(8)
    drawn = {
        left.draw_pen_digit(rng, digit, writer).writer
        for digit in DIGITS
        for writer in ("aaa-001", "bbb-002", None)
        for _ in range(5)
    }
    assert drawn == {"bbb-001"}
    excluded = {image.tobytes() for image in sources.only(writers=("mnist-5",)).images}
    assert len(excluded) == 20
    images = [left.draw_image(rng, digit, 5) for digit in range(10) for _ in range(5)]
    assert not any(image.tobytes() in excluded for image in images)


def test_only_and_without_part_the_sources(sources: Sources) -> None:
    inside = sources.only(collections=("mnist", "bbb"))
    outside = sources.without(collections=("mnist", "bbb"))
    assert len(inside.images) == 40 and len(outside.images) == 0
    assert len(inside.pen_digits) + len(outside.pen_digits) == len(sources.pen_digits)
    assert not inside.pen_strings and not outside.pen_others


def test_writers_with_many_digits_are_drawn_no_more_often() -> None:
    rng = np.random.default_rng(9)
    samples = [Sample("aaa-001", "1", draw_allograph(rng, "1")) for _ in range(99)]
    few = Sources(pen_digits=[*samples, Sample("aaa-002", "1", draw_allograph(rng, "1"))])
    share = np.mean([few.draw_pen_writer(rng) == "aaa-002" for _ in range(400)])
    assert 0.4 < share < 0.6


def test_a_writer_without_the_digit_is_helped_out_by_the_collection() -> None:
    rng = np.random.default_rng(9)
    samples = [
        Sample(writer, digit, draw_allograph(rng, digit))
        for writer, digit in (("aaa-001", "1"), ("aaa-002", "2"), ("bbb-001", "2"), ("bbb-001", "3"))
    ]
    few = Sources(pen_digits=samples)
    assert {few.draw_pen_digit(rng, "2", "aaa-001").writer for _ in range(20)} == {"aaa-002"}
    assert few.draw_pen_digit(rng, "3", "aaa-001").writer == "bbb-001"
    with pytest.raises(ValueError, match="digit 7"):
        few.draw_pen_digit(rng, "7", None)


def test_sources_check_themselves() -> None:
    rng = np.random.default_rng(11)
    with pytest.raises(ValueError, match="single digits"):
        Sources(pen_digits=[Sample("aaa-001", "12", draw_allograph(rng, "1"))])
    with pytest.raises(ValueError, match="uint8"):
        Sources(images=np.zeros((1, 28, 28), np.float32), labels=np.zeros(1, np.uint8))
    with pytest.raises(ValueError, match="labels"):
        Sources(images=np.zeros((2, 28, 28), np.uint8), labels=np.zeros(1, np.uint8))


def test_strings_can_be_drawn_from_our_own_shapes_alone() -> None:
    rng = np.random.default_rng(10)
    assert len(draw_string(rng, Sources(), TRAINING, length=5).text) == 5
    with pytest.raises(ValueError, match="nothing"):
        draw_string(rng, Sources(shapes=False, fonts=False), TRAINING)


@pytest.mark.parametrize(
    "change",
    [
        {"lengths": (1.0,)},
        {"kinds": (("typed", 1.0),)},
        {"papers": (("white", -1.0),)},
        {"empty": 1.5},
        {"touching": (0.5, 0.1)},
        {"heights": (40, 30, 60)},
    ],
)
def test_styles_check_themselves(change: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        replace(TRAINING, **change)  # type: ignore[arg-type]


@given(seed=st.integers(0, 10**6), length=st.integers(1, 10))
@settings(max_examples=60, deadline=None)
def test_planned_characters_say_the_number(seed: int, length: int) -> None:
    rng = np.random.default_rng(seed)
    number = draw_number(rng, length)
    planned = plan_characters(rng, TRAINING, number)
    assert len(number) == length
    assert "".join(character.label for character in planned if character.place == "digit") == number
    assert all((character.place == "digit") == (character.label in DIGITS) for character in planned)


def test_places_of_characters_are_checked() -> None:
    with pytest.raises(ValueError, match="plan"):
        Planned("1", "somewhere")
