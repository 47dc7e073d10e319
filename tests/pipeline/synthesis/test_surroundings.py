"""Numbers in their surroundings: what they say, whose ink is whose, and that every kind can be drawn."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from pipeline.synthesis.glyphs.font_digits import draw_font_digit
from pipeline.synthesis.sources import DIGITS, Sources
from pipeline.synthesis.strings import SURROUNDED, SyntheticString, draw_string
from pipeline.synthesis.style import StringStyle
from pipeline.synthesis.surroundings.chances import CHOICES, Surroundings
from pipeline.synthesis.surroundings.contents import CONTENTS, MARKS, draw_content
from pipeline.synthesis.surroundings.displays import DOTS, SEGMENTS, draw_display, show
from pipeline.synthesis.surroundings.machine_print import E13B_ROWS, cut_into_bars, magnetic_font, outline
from pipeline.synthesis.surroundings.printed import LAYOUTS

PLAIN = Surroundings(
    contents=(("count", 1.0),),
    writings=(("hand", 1.0),),
    lone_writings=(("hand", 1.0),),
    layouts=(("plain", 1.0),),
    lines=0,
    words=0,
    letters=0,
    reversed=0,
    stamps=0,
    struck=0,
    bent=0,
    tilts=(0, 0),
    steep=0,
    perspective=0,
    edges=0,
    shades=0,
    vignettes=0,
    reflections=0,
    small=0,
    blurred=0,
    fax=0,
    carbon=0,
    jpeg=0,
    nibs=0,
    clean=0,
    cheques=0,
    magnetic=0,
    barred=0,
    typed=0,
    marked_zeros=0,
)


def styled(**changes: object) -> StringStyle:
    """SURROUNDED with nothing about the number but what ``changes`` of PLAIN ask for, on even white paper."""
    return replace(
        SURROUNDED,
        surroundings=replace(PLAIN, **changes),  # type: ignore[arg-type]
        papers=(("white", 1.0),),
        noise=(0, 0),
        blur=(0, 0),
        faded=0,
        darkness=(0.9, 0.9),
    )


def strings(style: StringStyle, count: int, seed: int = 1) -> list[SyntheticString]:
    rng = np.random.default_rng(seed)
    return [draw_string(rng, Sources(), style) for _ in range(count)]


@pytest.mark.slow
def test_the_same_state_draws_the_same_picture() -> None:
    first, second = strings(SURROUNDED, 40), strings(SURROUNDED, 40)
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one.image, other.image) and np.array_equal(one.owner, other.owner)
        assert one.written == other.written and one.characters == other.characters
    assert any(one.text != other.text for one, other in zip(first, strings(SURROUNDED, 40, 2), strict=True))


@pytest.mark.slow
def test_what_is_written_holds_the_digits_in_order() -> None:
    for string in strings(SURROUNDED, 200):
        assert "".join(label for label in string.written if label in DIGITS) == string.text
        assert " " not in string.written


@pytest.mark.parametrize("writing", CHOICES["writings"])
def test_owners_are_where_the_ink_is(writing: str) -> None:
    shares = []
    for string in strings(styled(writings=((writing, 1.0),), lone_writings=((writing, 1.0),), reversed=0), 25):
        paper = np.median(string.image)
        far = np.abs(string.image.astype(float) - paper) > 60
        owned = string.owner >= 0
        assert set(range(len(string.text))) <= set(np.unique(string.owner))
        assert far[owned].mean() > 0.7
        shares.append(owned[far].mean())
    # What is dark belongs to a digit, but for rules, what a display leaves unlit, and windows.
    assert np.mean(shares) > (0.75 if writing in ("hand", "print") else 0.4)


@pytest.mark.parametrize("layout", CHOICES["layouts"])
@pytest.mark.parametrize("writing", CHOICES["writings"])
def test_every_layout_is_drawn_about_every_writing(layout: str, writing: str) -> None:
    style = styled(
        layouts=((layout, 1.0),),
        writings=((writing, 1.0),),
        lone_writings=((writing, 1.0),),
        steep=0.3,
        steep_tilts=(4, 20),
        tilts=(0, 3),
    )
    for string in strings(style, 6):
        assert min(string.image.shape) >= 8 and string.text
        assert len(set(np.unique(string.owner)) - {-1}) == len(string.text)


def test_frames_take_light_that_belongs_to_nobody() -> None:
    bare, framed = (strings(styled(layouts=((layout, 1.0),)), 20) for layout in ("plain", "frame"))

    def stray(string: SyntheticString) -> float:
        return float(((string.image < 0.85 * np.median(string.image)) & (string.owner < 0)).mean())

    assert np.mean([stray(string) for string in framed]) > 2 * np.mean([stray(string) for string in bare])


def test_clean_pictures_are_neither_shaded_nor_copied() -> None:
    around = Surroundings().cleaned()
    assert not any((around.shades, around.vignettes, around.blurred, around.fax, around.carbon))
    assert around.contents == Surroundings().contents and around.cleaned() is around.cleaned()
    contrast = [
        [np.ptp(string.image.astype(int)) for string in strings(styled(clean=share, carbon=1.0), 40)]
        for share in (0.0, 1.0)
    ]
    assert np.median(contrast[1]) > np.median(contrast[0]) + 60


def test_faxes_are_black_and_white_and_show_the_number() -> None:
    for string in strings(styled(fax=1, shades=1), 40):
        if len(np.unique(string.image)) > 2:
            continue
        black = string.image < 128
        assert black[string.owner >= 0].mean() > 0.5 > black[string.owner < 0].mean()


@pytest.mark.slow
def test_chances_hold() -> None:
    drawn = strings(SURROUNDED, 1200, seed=3)
    lengths = Counter(len(string.text) for string in drawn)
    assert 0.01 < lengths[0] / len(drawn) < 0.06
    assert 0.1 < lengths[1] / len(drawn) < 0.24
    assert max(lengths) <= 18 and sum(lengths[n] for n in range(13, 19)) / len(drawn) < 0.03
    letters = sum(any(label not in DIGITS + MARKS for label in string.characters) for string in drawn if string.text)
    assert letters / len(drawn) < 0.06


def test_small_digits_are_as_small_as_said() -> None:
    drawn = strings(styled(small=1, small_heights=(8, 8), contents=(("digit", 1.0),)), 40)
    heights = [np.ptp(np.flatnonzero((string.owner == 0).any(axis=1))) + 1 for string in drawn]
    # Some hands write single digits larger or smaller.
    assert 6 <= np.median(heights) <= 11 and max(heights) <= 18


def test_no_number_says_nothing() -> None:
    for string in strings(replace(SURROUNDED, surroundings=replace(PLAIN, contents=(("nothing", 1.0),))), 60):
        assert string.text == ""


@pytest.mark.parametrize("kind", CHOICES["contents"])
def test_contents(kind: str) -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        content = draw_content(rng, kind)
        digits = [label for label in content if label in DIGITS]
        assert set(content) <= set(DIGITS + MARKS + " " + ("()CR·" if kind == "written" else ""))
        assert (len(digits) == 0) if kind == "nothing" else (1 <= len(digits) <= 12)
        assert kind != "digit" or len(content) == 1


def test_cheques_are_written_amounts_cut_closely() -> None:
    for string in strings(styled(cheques=1, contents=(("nothing", 1.0),)), 30):
        rows = np.flatnonzero((string.owner >= 0).any(axis=1))
        assert len(string.text) >= 2 and len(rows) > 0.4 * len(string.image)


@pytest.mark.slow
def test_combs_hold_digits_alone() -> None:
    drawn = strings(styled(layouts=(("comb", 1.0),), contents=(("date", 1.0),), long_combs=0.5), 40)
    assert all(string.written == string.text for string in drawn)
    assert {len(string.text) > 12 for string in drawn} == {True, False}


def test_first_digits_follow_benford() -> None:
    rng = np.random.default_rng(0)
    firsts = Counter(draw_content(rng, "count")[0] for _ in range(4000))
    for digit in "123456789":
        assert abs(firsts[digit] / 4000 - np.log10(1 + 1 / int(digit))) < 0.03


@pytest.mark.slow
def test_text_and_length_are_kept() -> None:
    rng = np.random.default_rng(0)
    assert all(draw_string(rng, Sources(), SURROUNDED, text="0041").text == "0041" for _ in range(40))
    assert all(len(draw_string(rng, Sources(), SURROUNDED, length=5).text) == 5 for _ in range(40))


@pytest.mark.parametrize("kind", ["segments", "matrix"])
def test_displays_tell_digits_apart(kind: str) -> None:
    display = draw_display(np.random.default_rng(2), kind, 30.0)
    pictures = [show(display, digit)[0] for digit in DIGITS]
    for first in range(10):
        for second in range(first):
            assert np.abs(pictures[first] - pictures[second]).sum() > 20, (first, second)


def test_a_display_lights_no_more_than_it_has() -> None:
    display = draw_display(np.random.default_rng(4), "segments", 30.0)
    ink, owner, labels, ghost = show(display, "12.5", unlit=2)
    assert labels == ("1", "2", ".", "5")
    point = owner == 2
    assert point.any() and (ink <= ghost + 1e-6)[~point & (ink > 0)].mean() > 0.95
    columns = [np.flatnonzero((owner == index).any(axis=0)).mean() for index in range(4)]
    assert columns == sorted(columns) and columns[0] > 2 * display.pitch * display.height


def test_every_choice_is_known() -> None:
    assert set(CHOICES["contents"]) == set(CONTENTS) and set(CHOICES["layouts"]) == set(LAYOUTS)
    assert set(SEGMENTS) == set(DOTS) == {*DIGITS, "-"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"lines": 1.5},
        {"room": (2.0, 1.0)},
        {"layouts": (("round", 1.0),)},
        {"contents": (("digit", -1.0), ("count", 2.0))},
        {"small_heights": (2.0, 9.0)},
    ],
)
def test_chances_are_checked(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        replace(Surroundings(), **wrong)  # type: ignore[arg-type]


def test_a_text_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="one or more digits"):
        draw_string(np.random.default_rng(0), Sources(), SURROUNDED, text="1x")


def test_magnetic_digits_are_as_their_pattern_says() -> None:
    font = magnetic_font()
    for digit, rows in E13B_ROWS.items():
        pattern = np.array([[letter == "#" for letter in row] for row in rows.split()])
        glyph = draw_font_digit(np.random.default_rng(0), font, digit, 72.0, bend=0.0)
        assert glyph is not None
        drawn = glyph.ink[:72, : 8 * pattern.shape[1]] > 0.5
        h, w = (side // 8 for side in drawn.shape)
        cells = drawn[: 8 * h, : 8 * w].reshape(h, 8, w, 8).mean(axis=(1, 3))
        part = pattern[:h, :w]
        assert cells[part].min() > 0.5 > cells[~part].max(initial=0)


def test_outlines_wind_about_ink_and_the_other_way_about_holes() -> None:
    outer, hole = outline(["###", "#.#", "###"])
    areas = [float(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])) / 2 for x, y in (outer.T, hole.T)]
    assert sorted(np.abs(areas)) == pytest.approx([1 / 9, 1.0]) and areas[0] * areas[1] < 0


def test_marked_zeros_have_more_ink_inside() -> None:
    text = "5060"
    style = replace(styled(writings=(("print", 1.0),), lone_writings=(("print", 1.0),)), heights=(36, 40, 46))
    for seed in range(10):
        plain, marked = (
            draw_string(
                np.random.default_rng(seed),
                Sources(),
                replace(style, surroundings=replace(style.surroundings, marked_zeros=share)),
                text=text,
            )
            for share in (0.0, 1.0)
        )
        ink = [np.array([(string.owner == index).sum() for index in range(4)]) for string in (plain, marked)]
        assert marked.text == text and (ink[1] - ink[0])[[1, 3]].sum() > 0


def test_barred_digits_are_cut_into_bars() -> None:
    solid = np.ones((30, 60), np.float32)
    bars = cut_into_bars(solid, 30.0) > 0.5
    assert 12 <= np.abs(np.diff(bars[0].astype(int))).sum() <= 40 and (bars == bars[0]).all()
