"""Pens, allographs, warped bitmaps and the line on which glyphs are set."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from pipeline.synthesis.glyphs.allographs import ALLOGRAPHS, draw_allograph, spline
from pipeline.synthesis.glyphs.bitmaps import elastic_field, warp_bitmap
from pipeline.synthesis.glyphs.pens import SOLID, Glyph, draw_strokes, fit_strokes, trim_ink, vary_strokes
from pipeline.synthesis.handwriting.placing import Line


def line(*points: tuple[float, float]) -> np.ndarray:
    return np.array(points, np.float32)


def drawn(strokes: list[np.ndarray], width: float) -> Glyph:
    glyph = draw_strokes(strokes, width)
    assert glyph is not None
    return glyph


def boxed(height: int = 20, width: int = 10) -> Glyph:
    return Glyph(np.ones((height, width), np.float32), 0, -height)


@given(width=st.floats(1.5, 9), length=st.floats(5, 60), angle=st.floats(0, 3.1))
@settings(max_examples=40, deadline=None)
def test_the_ink_of_a_straight_stroke_is_its_length_times_its_width(width: float, length: float, angle: float) -> None:
    glyph = drawn([line((0, 0), (length * np.cos(angle), length * np.sin(angle)))], width)
    expected = length * width + np.pi * width**2 / 4
    outline = 2 * length + np.pi * width
    assert glyph.ink.sum() == pytest.approx(expected, abs=0.2 * outline)  # a fifth of a pixel along the outline


def test_ink_lies_where_the_pen_went() -> None:
    glyph = drawn([line((10, -30), (10, -5))], 4)
    assert (glyph.left, glyph.top) == (pytest.approx(8, abs=1), pytest.approx(-32, abs=1))
    assert glyph.ink.shape[0] == pytest.approx(29, abs=2) and glyph.ink.shape[1] == pytest.approx(4, abs=1.5)


def test_a_moved_stroke_gives_the_same_ink_elsewhere() -> None:
    stroke = draw_allograph(np.random.default_rng(0), "2", "plain")[0] * 30
    here, there = drawn([stroke], 3), drawn([stroke + np.float32(7)], 3)
    assert np.array_equal(here.ink, there.ink)
    assert (there.left - here.left, there.top - here.top) == (7, 7)


def test_pressure_changes_the_width_along_a_stroke() -> None:
    glyph = draw_strokes([line((0, 0), (60, 0))], 6, pressure=np.array([0.5, 1.5]))
    assert glyph is not None
    thickness = (glyph.ink > 0.5).sum(axis=0)
    assert thickness[-10] >= 2 * thickness[8]


def test_a_point_is_a_dot_and_nothing_is_nothing() -> None:
    assert drawn([line((3, 3))], 5).ink.sum() == pytest.approx(np.pi * 25 / 4, rel=0.15)
    assert trim_ink(np.zeros((4, 4), np.float32), 0, 0) is None


@given(height=st.floats(8, 80), aspect=st.floats(0.5, 2))
@settings(max_examples=30, deadline=None)
def test_fitted_strokes_stand_on_the_baseline(height: float, aspect: float) -> None:
    points = np.concatenate(fit_strokes([line((5, 7), (9, 27)), line((6, 12), (10, 12))], height, aspect))
    assert (points[:, 1].max(), points[:, 0].min()) == pytest.approx((0, 0), abs=1e-4)
    assert np.ptp(points[:, 1]) == pytest.approx(height, rel=1e-4)
    assert np.ptp(points[:, 0]) == pytest.approx(height * aspect * 5 / 20, rel=1e-4)


def test_slant_leans_to_the_right_and_keeps_the_baseline() -> None:
    upright = [line((0, 0), (0, -40))]
    leaning = vary_strokes(np.random.default_rng(0), upright, slant=0.5, rotation=0, bend=0, height=40)[0]
    assert leaning[0] == pytest.approx([0, 0], abs=1e-5)
    assert leaning[1] == pytest.approx([20, -40], abs=1e-3)


def test_rotation_lowers_what_lies_to_the_right_in_strokes_and_bitmaps_alike() -> None:
    turned = vary_strokes(np.random.default_rng(0), [line((0, 0), (40, 0))], slant=0, rotation=0.1, bend=0, height=40)[
        0
    ]
    assert turned[1, 1] > 3
    image = np.zeros((28, 28), np.uint8)
    image[12:16, 4:24] = 255
    glyph = warp_bitmap(np.random.default_rng(0), image, 20, rotation=0.15, bend=0)
    assert glyph is not None
    rows = np.arange(len(glyph.ink))[:, None]
    left, right = np.array_split(glyph.ink, 2, axis=1)
    assert (rows * right).sum() / right.sum() > 1 + (rows * left).sum() / left.sum()


@given(height=st.floats(12, 60), level=st.floats(0.25, 0.7), seed=st.integers(0, 999))
@settings(max_examples=40, deadline=None)
def test_warped_bitmaps_have_the_height_asked_for_and_a_clean_ground(height: float, level: float, seed: int) -> None:
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 9:12], image[4:7, 9:20], image[21:24, 9:20] = 255, 255, 255
    glyph = warp_bitmap(np.random.default_rng(seed), image, height, level=level, bend=0)
    assert glyph is not None
    assert (glyph.ink > SOLID).any(axis=1).sum() == pytest.approx(height, abs=2 + 0.1 * height)
    assert glyph.top == -len(glyph.ink)
    assert glyph.ink[len(glyph.ink) // 2, -2:].max() == 0


def test_low_levels_thicken_bitmaps() -> None:
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 12:16] = 255
    image = ndimage.gaussian_filter(image, 1)
    thin, thick = (warp_bitmap(np.random.default_rng(0), image, 40, level=level, bend=0) for level in (0.65, 0.3))
    assert thin is not None and thick is not None
    assert thick.ink.sum() > 1.15 * thin.ink.sum()


def test_an_empty_bitmap_has_no_ink() -> None:
    assert warp_bitmap(np.random.default_rng(0), np.zeros((28, 28), np.uint8), 30) is None


def test_the_elastic_field_is_smooth_and_as_strong_as_asked() -> None:
    fields = [elastic_field(np.random.default_rng(seed), 40, 30, 2.0)[0] for seed in range(60)]
    assert np.abs(np.diff(fields[0], axis=0)).max() < 1.5
    assert np.std([field[0, 0] for field in fields]) == pytest.approx(2, rel=0.3)


@pytest.mark.parametrize("digit", list(ALLOGRAPHS))
def test_every_allograph_can_be_drawn(digit: str) -> None:
    for name in ALLOGRAPHS[digit]:
        glyph = drawn(fit_strokes(draw_allograph(np.random.default_rng(0), digit, name), 40), 3)
        assert 38 <= glyph.ink.shape[0] <= 48 and 3 <= glyph.ink.shape[1] <= 60


def test_a_zero_has_a_hole_and_an_eight_of_two_loops_two() -> None:
    for digit, name, holes in (("0", "plain", 1), ("8", "two_loops", 2), ("1", "stick", 0), ("7", "bar", 0)):
        strokes = draw_allograph(np.random.default_rng(0), digit, name, wander=0)
        ink = np.pad(drawn(fit_strokes(strokes, 60), 4).ink, 2) > 0.3
        assert ndimage.label(~ink)[1] - 1 == holes


def test_a_spline_goes_through_its_points() -> None:
    points = line((0, 0), (3, 5), (8, 2), (9, 9))
    curve = spline(points, steps=7)
    assert len(curve) == 22
    assert np.allclose(curve[::7], points, atol=1e-5)


@given(gap=st.integers(0, 12))
def test_glyphs_are_set_as_far_apart_as_asked(gap: int) -> None:
    row = Line(20)
    row.add(boxed(), 0, gap=0, lift=0, advance=0)
    assert row.add(boxed(), 1, gap=gap, lift=0, advance=0) == 10 + gap


def test_a_gap_is_measured_where_the_ink_comes_nearest() -> None:
    slash, row = np.eye(20, dtype=np.float32)[:, ::-1].copy(), Line(20)
    row.add(Glyph(slash, 0, -20), 0, gap=0, lift=0, advance=0)
    left = row.add(Glyph(slash, 0, -20), 1, gap=0, lift=0, advance=0)
    assert left == 1  # boxes overlap nearly whole, ink nowhere


def test_overlapping_ink_belongs_to_the_stronger_and_touches() -> None:
    row = Line(20)
    row.add(boxed(), 0, gap=0, lift=0, advance=0)
    row.add(Glyph(np.full((20, 10), 0.7, np.float32), 0, -20), 1, gap=-3, lift=0, advance=0)
    ink, owner, left = row.compose()
    assert left == -1
    assert [(owner == index).sum() for index in (0, 1)] == [200, 140]
    assert ink.max() == 1 and (owner[ink == 0] == -1).all()


def test_a_stroke_joins_neighbours_and_belongs_to_the_first() -> None:
    row = Line(20)
    row.add(boxed(), 0, gap=0, lift=0, advance=0)
    row.add(boxed(), 1, gap=6, lift=0, advance=0)
    row.join_last(np.random.default_rng(0), 2.5)
    ink, owner, _ = row.compose()
    assert ndimage.label(ink > SOLID)[1] == 1
    assert (owner == 0).sum() > 200 >= (owner == 1).sum()


@given(top=st.integers(-200, 100), height=st.integers(1, 150))
@settings(deadline=None)
def test_glyphs_beyond_the_canvas_are_cut_to_it(top: int, height: int) -> None:
    row = Line(20)
    row.add(Glyph(np.ones((height, 5), np.float32), 0, top), 0, gap=0, lift=0, advance=0)
    ink, owner, _ = row.compose()
    assert ink.shape[0] == row.rows and (owner == 0).any()
