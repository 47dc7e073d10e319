"""Digits of fonts: the file of outlines, how they become ink, and strings written in them."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import DataError
from pipeline.synthesis.glyphs.font_digits import LICENCES, OUTLINES, UNITS, Font, draw_font_digit, load_fonts
from pipeline.synthesis.glyphs.font_outlines import FONTS, collect, copyright_of, encode_contours, flatten_contour
from pipeline.synthesis.glyphs.pens import draw_contours
from pipeline.synthesis.handwriting.hands import draw_hand
from pipeline.synthesis.sources import DIGITS, Sources
from pipeline.synthesis.strings import draw_string
from pipeline.synthesis.style import CALIBRATION, EVALUATION, PRESETS, TRAINING

IN_FONTS = replace(TRAINING, kinds=(("font", 1.0),), empty=0.0)
SQUARE = np.array([(0, -10), (10, -10), (10, 0), (0, 0), (0, -10)], np.float32)


@pytest.fixture(scope="module")
def fonts() -> tuple[Font, ...]:
    return load_fonts()


def test_the_file_holds_the_fonts_that_are_named(fonts: tuple[Font, ...]) -> None:
    assert {font.name: font.style for font in fonts} == FONTS and len(fonts) == len(FONTS)
    assert OUTLINES.stat().st_size < 400_000
    styles = [font.style for font in fonts]
    assert styles.count("hand") >= 50 and styles.count("print") >= 12


def test_every_font_has_ten_digits_of_closed_contours(fonts: tuple[Font, ...]) -> None:
    for font in fonts:
        assert "".join(sorted(font.contours)) == DIGITS
        for contours in font.contours.values():
            assert contours
            assert all(len(points) >= 4 and (points[0] == points[-1]).all() for points in contours), font.name
            every = np.concatenate(contours)
            assert np.isfinite(every).all() and abs(every[:, 0].min()) < 0.05
            assert 0.4 < np.ptp(every[:, 1]) < 1.7, font.name
        heights = [np.ptp(np.concatenate(contours)[:, 1]) for contours in font.contours.values()]
        assert np.median(heights) == pytest.approx(1, abs=0.01), font.name
        assert 0.01 < font.stem < 0.3


def test_no_digit_comes_from_another_font(fonts: tuple[Font, ...]) -> None:
    outlines = json.loads(gzip.decompress(OUTLINES.read_bytes()))["fonts"]
    drawings = {json.dumps(font["digits"][digit]) for font in outlines for digit in DIGITS}
    assert len(drawings) == 10 * len(fonts)


def test_licences_are_open_and_named_with_the_copyright(fonts: tuple[Font, ...]) -> None:
    text = LICENCES.read_text(encoding="utf-8")
    for font in fonts:
        assert font.licence in ("OFL-1.1", "Apache-2.0")
        assert "opyright" in font.copyright or "©" in font.copyright
        assert f"@fontsource/{font.name} {font.version}): {font.copyright}\n" in text
    assert text.count("SIL OPEN FONT LICENSE Version 1.1") == 1 and text.count("Version 2.0, January 2004") == 1


@pytest.mark.parametrize("height", [12, 30, 60])
def test_digits_have_the_height_that_is_asked_for(fonts: tuple[Font, ...], height: int) -> None:
    rng = np.random.default_rng(1)
    for font in fonts[::6]:
        glyphs = [draw_font_digit(rng, font, digit, height, bend=0) for digit in DIGITS]
        heights = [glyph.ink.shape[0] for glyph in glyphs if glyph is not None]
        assert len(heights) == 10
        assert np.median(heights) == pytest.approx(height, abs=2.5), font.name


def test_printed_digits_stand_on_the_baseline(fonts: tuple[Font, ...]) -> None:
    arimo = next(font for font in fonts if font.name == "arimo")
    for digit in DIGITS:
        glyph = draw_font_digit(np.random.default_rng(0), arimo, digit, 40, bend=0)
        assert glyph is not None and abs(glyph.top + glyph.ink.shape[0]) <= 2


@pytest.mark.slow
def test_every_digit_of_every_font_leaves_ink_at_the_least_height(fonts: tuple[Font, ...]) -> None:
    rng = np.random.default_rng(2)
    assert all(draw_font_digit(rng, font, digit, 8, weight=0.6) is not None for font in fonts for digit in DIGITS)


def test_the_same_generator_gives_the_same_digit_and_another_another(fonts: tuple[Font, ...]) -> None:
    first, same, other = (
        draw_font_digit(np.random.default_rng(seed), fonts[0], "5", 40, bend=0.05) for seed in (1, 1, 2)
    )
    assert first is not None and same is not None and other is not None
    assert np.array_equal(first.ink, same.ink)
    assert first.ink.shape != other.ink.shape or not np.array_equal(first.ink, other.ink)


def test_weight_makes_strokes_thicker_and_thinner(fonts: tuple[Font, ...]) -> None:
    arimo = next(font for font in fonts if font.name == "arimo")
    glyphs = [draw_font_digit(np.random.default_rng(0), arimo, "3", 60, weight=weight) for weight in (0.6, 1, 1.5)]
    thin, plain, thick = (float(glyph.ink.sum()) for glyph in glyphs if glyph is not None)
    assert 0.45 < thin / plain < 0.75 and 1.3 < thick / plain < 1.65


def test_outlines_are_filled_by_how_often_they_wind_around() -> None:
    square = draw_contours([SQUARE])
    assert square is not None and square.ink.sum() == pytest.approx(100, rel=0.05)
    assert (square.left, square.top) == (0, -10)
    inner = 0.5 * SQUARE + np.array([2.5, -2.5])
    hole = draw_contours([SQUARE, inner[::-1].astype(np.float32)])
    overlap = draw_contours([SQUARE, inner.astype(np.float32)])
    assert hole is not None and overlap is not None
    assert hole.ink.sum() == pytest.approx(75, rel=0.05) and overlap.ink.sum() == pytest.approx(100, rel=0.05)


@pytest.mark.parametrize("grow", [-0.7, -0.1, 0.0, 0.1, 0.7])
def test_edges_move_by_what_is_asked_for(grow: float) -> None:
    turns, rng = np.linspace(0, 2 * np.pi, 100), np.random.default_rng(0)
    circle = 6 * np.stack([np.cos(turns), np.sin(turns)], axis=1)
    glyphs = [draw_contours([(circle + rng.random(2)).astype(np.float32)], grow) for _ in range(20)]
    radii = [np.sqrt(glyph.ink.sum() / np.pi) for glyph in glyphs if glyph is not None]
    assert np.mean(radii) == pytest.approx(6 + grow, abs=0.08)


def test_a_string_keeps_to_one_font_and_most_are_of_handwriting() -> None:
    rng = np.random.default_rng(3)
    hands = [draw_hand(rng, Sources(), IN_FONTS, "font") for _ in range(400)]
    assert 0.18 < np.mean([hand.printed for hand in hands]) < 0.32
    assert len({hand.font.name for hand in hands if hand.font}) > 70
    printed = [abs(hand.slant) for hand in hands if hand.printed]
    assert np.mean(printed) < 0.3 * np.mean([abs(hand.slant) for hand in hands if not hand.printed])


@pytest.mark.slow
def test_strings_of_fonts_are_the_same_for_a_seed() -> None:
    for seed in range(30):
        first, second = (draw_string(np.random.default_rng(seed), Sources(), IN_FONTS) for _ in range(2))
        assert np.array_equal(first.image, second.image) and first.text == second.text != ""


def test_strings_can_be_drawn_without_fonts() -> None:
    with pytest.raises(ValueError, match="nothing"):
        draw_string(np.random.default_rng(0), Sources(fonts=False), IN_FONTS)
    mixed = replace(TRAINING, kinds=(("mixed", 1.0), ("font", 0.01)))
    alone = Sources(shapes=False)
    assert draw_string(np.random.default_rng(0), alone, mixed, text="12").text == "12"
    with pytest.raises(ValueError, match="nothing"):
        draw_string(np.random.default_rng(0), alone, replace(TRAINING, kinds=(("mixed", 1.0),)), text="12")


def test_only_training_has_fonts_and_the_others_draw_as_without() -> None:
    assert {name: style.has_fonts for name, style in PRESETS.items()} == {
        "training": True,
        "evaluation": False,
        "calibration": False,
        "surrounded": True,
        "written": False,
        "printed": True,
        "values": True,
    }
    for style in (EVALUATION, replace(CALIBRATION, kinds=(("mixed", 1.0),))):
        for seed in range(10):
            first, second = (
                draw_string(np.random.default_rng(seed), Sources(fonts=there), style) for there in (True, False)
            )
            assert np.array_equal(first.image, second.image) and first.text == second.text


def test_weights_of_training_kinds_sum_to_one() -> None:
    assert sum(weight for _, weight in TRAINING.kinds) == pytest.approx(1)
    assert dict(TRAINING.kinds)["font"] == 0.1


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "digits.json.gz"
    for content in (
        b"",
        b"no gzip",
        gzip.compress(b"{}", mtime=0),
        gzip.compress(b"[]", mtime=0),
        OUTLINES.read_bytes()[:9000],
    ):
        path.write_bytes(content)
        load_fonts.cache_clear()
        with pytest.raises(DataError, match=r"digits\.json\.gz"):
            load_fonts(path)


def test_curves_are_flattened_within_the_tolerance() -> None:
    quarter = ((0.0, 100.0), (55.23, 100.0), (100.0, 55.23), (100.0, 0.0))
    points = flatten_contour([quarter, ((100.0, 0.0), (0.0, 0.0)), ((0.0, 0.0), (0.0, 100.0))], 0.2)
    arc = points[(points > 0.01).all(axis=1)]
    middles = (arc[1:] + arc[:-1]) / 2
    assert len(arc) > 5 and np.abs(np.hypot(*middles.T) - 100).max() < 0.3
    assert (points[0] == points[-1]).all()
    [encoded] = encode_contours([[quarter, ((100.0, 0.0), (0.0, 0.0)), ((0.0, 0.0), (0.0, 100.0))]], 100.0)
    places = np.cumsum(np.reshape(encoded, (-1, 2)), axis=0)
    assert places.min(axis=0).tolist() == [0, -UNITS] and places.max(axis=0).tolist() == [UNITS, 0]


def test_copyright_lines_are_cleared_of_what_packages_add() -> None:
    repeated = "Copyright 2018 The Mali Authors Mali-Italic.ttf: Copyright 2018 The Mali Authors\n\n"
    assert copyright_of(repeated) == "Copyright 2018 The Mali Authors"
    assert copyright_of("© 2023 Adobe, with Reserved Font Name Source\nmore") == (
        "© 2023 Adobe, with Reserved Font Name Source"
    )
    assert copyright_of("This Font Software is licensed") == ""


def package(path: Path, members: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


def test_packages_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="0 packages of amatic-sc"):
        collect(tmp_path)
    path = tmp_path / "fontsource-amatic-sc-5.0.0.tgz"
    path.write_bytes(b"no archive")
    with pytest.raises(DataError, match=r"5\.0\.0\.tgz: not the package"):
        collect(tmp_path)
    files = {"LICENSE": b"Copyright 2020 A\n", "files/amatic-sc-latin-400-normal.woff": b"wOFF"}
    package(path, {**files, "package.json": b'{"license": "MIT", "version": "5.0.0"}'})
    with pytest.raises(DataError, match="licence 'MIT'"):
        collect(tmp_path)
    package(path, {**files, "package.json": b'{"license": "OFL-1.1", "version": "5.0.0"}'})
    with pytest.raises(DataError, match=r"text of OFL-1\.1"):
        collect(tmp_path)
