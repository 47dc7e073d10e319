"""The steps of the ink one by one, on arrays small enough to see what must come out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from segmenter.components import Components
from segmenter.ink import Ink, extract_ink
from segmenter.ink_steps import background
from segmenter.ink_steps.background import area_reduce, content_box, darkness, enlarge, subtract_background
from segmenter.ink_steps.rules import erase_rules, find_rules
from segmenter.ink_steps.stance import Outline, drop_outside, estimate_skew, estimate_slant, number_line
from segmenter.ink_steps.thresholding import find_strokes, otsu, seeded, slivers, stroke_width
from segmenter.resample import compose, inverse, sample, scaling, transform, upright

pytestmark = pytest.mark.filterwarnings("error")


def bars(skew: float = 0.0, slant: float = 0.0) -> np.ndarray:
    """Eight upright bars, 30 rows high and 3 columns wide, on a line that falls by `skew` a column."""
    mask = np.zeros((70, 220), dtype=bool)
    y, x = np.mgrid[:70, :220]
    for left in range(20, 196, 22):
        top = 18 + round(skew * (left - 100))
        inside = np.abs(x + slant * (y - top - 15) - left - 1) <= 1.5
        mask |= inside & (y >= top) & (y < top + 30)
    return mask


@given(arrays(np.float32, (7, 9), elements=st.floats(0, 1, width=32)), st.integers(1, 4))
def test_area_reduction_is_the_mean_of_blocks(image: np.ndarray, factor: int) -> None:
    small = area_reduce(image, factor)
    assert small.shape == (-(-7 // factor), -(-9 // factor))
    assert small[0, 0] == pytest.approx(image[:factor, :factor].mean(), abs=1e-6)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(background, "BAND_PIXELS", 20)  # large pictures are reduced band by band
        np.testing.assert_array_equal(area_reduce(image, factor), small)


@given(arrays(np.float32, (8, 9), elements=st.floats(0, 1, width=32)))
def test_enlarging_stays_in_place_and_in_range(image: np.ndarray) -> None:
    smooth = ndimage.uniform_filter(image, 5, mode="nearest")
    large = enlarge(smooth)
    assert large.shape == (16, 18)
    assert smooth.min() <= large.min() and large.max() <= smooth.max()
    np.testing.assert_allclose(area_reduce(large, 2), smooth, atol=0.06)


def test_content_box_is_what_differs_from_the_corner() -> None:
    grey = np.full((20, 30), 0.7, dtype=np.float32)
    assert content_box(grey) == (0, 0, 0, 0)
    grey[5:9, 4:25] = 0.1
    assert content_box(grey) == (4, 5, 25, 9)


def test_darkness_takes_the_minority_for_ink() -> None:
    grey = np.where(bars(), 0.1, 0.8).astype(np.float32)
    dark = darkness(grey)
    assert dark[bars()].min() > dark[~bars()].max()
    np.testing.assert_allclose(darkness(1 - grey), dark, atol=1e-6)


def test_frame_at_the_edge_of_the_picture_is_no_paper() -> None:
    grey = np.ones((85, 590), dtype=np.float32)
    grey[:2] = grey[-2:] = grey[:, :2] = grey[:, -2:] = 0
    grey[30:60, 300:304] = grey[30:60, 330:334] = 0
    np.testing.assert_allclose(darkness(grey), 1 - grey)


def test_remains_of_a_frame_are_dropped_and_strokes_at_the_edge_are_not() -> None:
    mask = bars()
    mask[3:40, 0] = mask[69, 100:150] = mask[10:40, 216:220] = True
    parts = Components.of(mask)
    kept = parts.mask(~slivers(parts, 2.0))
    assert not kept[:, 0].any() and not kept[69].any()
    assert kept[10:40, 216:220].all() and kept[bars()].all()


def test_background_is_about_zero_beside_a_step() -> None:
    step = np.where(np.arange(220) < 98, 0.2, 0.5).astype(np.float32)[None, :].repeat(70, axis=0)
    contrast = subtract_background(np.where(bars(), step + 0.3, step).astype(np.float32), 30)
    assert np.abs(contrast[~bars()]).max() < 0.05
    assert contrast[bars()].min() > 0.25


def test_otsu_splits_two_clusters() -> None:
    values = np.concatenate([np.linspace(0, 0.2, 300), np.linspace(0.7, 0.9, 100)]).astype(np.float32)
    assert 0.19 < otsu(values) < 0.71
    assert np.isfinite(otsu(np.zeros(10, dtype=np.float32)))


def test_hysteresis_keeps_weak_pixels_only_beside_strong_ones() -> None:
    weak = np.zeros((5, 12), dtype=bool)
    weak[2, 1:5] = weak[2, 7:11] = True
    strong = np.zeros_like(weak)
    strong[2, 3] = True
    parts, chosen = seeded(strong, weak, 1)
    assert np.flatnonzero(parts.mask(chosen)[2]).tolist() == [1, 2, 3, 4]


def test_specks_go_by_area() -> None:
    mask = np.zeros((9, 9), dtype=bool)
    mask[1, 1] = mask[4:6, 4:7] = True
    parts, chosen = seeded(mask, mask, 3)
    assert parts.mask(chosen).sum() == 6


def test_faint_stroke_of_the_same_number_is_kept() -> None:
    contrast = np.where(bars(), 0.5, 0.0).astype(np.float32)
    contrast[:, 100:] *= 0.7
    strokes, core = find_strokes(contrast, 30)
    assert strokes.whole[:, 100:].sum() > 0.9 * bars()[:, 100:].sum()
    assert 0.3 < core <= 0.5


@pytest.mark.parametrize("width", [2, 4, 8])
def test_stroke_width_of_a_long_bar(width: int) -> None:
    mask = np.zeros((60, 60), dtype=bool)
    mask[5:55, 20 : 20 + width] = True
    assert stroke_width(mask) == pytest.approx(width, rel=0.3)
    assert stroke_width(np.zeros((4, 4), dtype=bool)) == 0


@pytest.mark.parametrize("slant", [-0.2, 0.0, 0.3, 0.7])
def test_slant_of_bars(slant: float) -> None:
    assert estimate_slant(bars(slant=slant), 30) == pytest.approx(slant, abs=0.03)


def test_a_single_pixel_has_no_slant() -> None:
    assert estimate_slant(np.eye(2, dtype=bool), 30) == 0


@pytest.mark.parametrize("skew", [-0.08, -0.04, 0.0, 0.04, 0.08])
def test_skew_of_bars(skew: float) -> None:
    assert estimate_skew(Outline.of(bars(skew=skew), 30), 30) == pytest.approx(skew, abs=0.01)


def test_growing_digits_are_no_skew() -> None:
    mask = np.zeros((60, 200), dtype=bool)
    for number, left in enumerate(range(10, 190, 20)):
        mask[30 - 2 * number : 50, left : left + 3] = True
    assert estimate_skew(Outline.of(mask, 30), 30) == 0


def test_line_is_not_moved_by_marks_specks_or_one_descender() -> None:
    mask = bars()
    mask[48:66, 64:67] = True  # one long descender
    mask[30:33, 204:216] = True  # a trailing dash
    mask[5:8, 2:10] = True  # a raised mark
    assert number_line(Outline.of(mask, 30)) == (18, 48)


def test_components_beyond_the_line_are_dropped() -> None:
    mask = bars()
    mask[0:4, 50:70] = True  # foot of the line above, cut by the edge
    mask[66:68, 90:99] = True  # far below
    mask[47:53, 210:213] = True  # a comma
    kept = drop_outside(Components.of(mask), 0.0, (18.0, 48.0))
    assert not kept[:4].any() and not kept[66:].any() and kept[47:53, 210:213].all()


@pytest.mark.parametrize("slope", [0.0, 0.03, -0.03])
def test_rule_is_found_and_erased(slope: float) -> None:
    y, x = np.mgrid[:70, :220]
    rule = np.abs(y - 35.2 - slope * (x - 110)) < 1
    found = find_rules(bars() | rule, thickest=3, least_length=110)
    assert len(found) == 1 and found[0].slope == pytest.approx(slope, abs=0.006)
    contrast = np.where(bars() | rule, 0.5, 0.0).astype(np.float32)
    left = erase_rules(contrast, contrast > 0.2, 30)[0] > 0.2
    assert left[bars()].mean() > 0.97
    assert left[~bars()].mean() < 0.004


def test_where_nothing_is_ruled_nothing_changes() -> None:
    contrast = np.where(bars(), 0.5, 0.0).astype(np.float32)
    assert erase_rules(contrast, contrast > 0.2, 30)[0] is contrast


@given(st.floats(-0.5, 0.9), st.floats(-0.1, 0.1), st.floats(0.2, 8), st.floats(-50, 50), st.floats(-50, 50))
def test_affines_compose_and_invert(slant: float, skew: float, scale: float, left: float, top: float) -> None:
    there = compose(scaling(scale, left, top), upright(slant, skew))
    np.testing.assert_allclose(compose(inverse(there), there), scaling(1, 0, 0), atol=1e-6)
    np.testing.assert_allclose(compose(there, inverse(there)), scaling(1, 0, 0), atol=1e-6)


def test_upright_is_the_inverse_of_the_two_shears() -> None:
    x, y = upright(0.4, 0.05) @ [30, 20, 1]
    assert x + 0.4 * y == pytest.approx(30)
    assert y - 0.05 * 30 == pytest.approx(20)


def test_identity_changes_no_pixel() -> None:
    image = np.random.default_rng(0).random((8, 11), dtype=np.float32)
    np.testing.assert_allclose(sample(image, scaling(1, 0, 0), (8, 11)), image, atol=1e-6)
    mask = image > 0.5
    mask[0, 0] = mask[-1, -1] = True
    moved, left, top = transform(mask, scaling(1, 0, 0))
    assert (moved == mask).all() and (left, top) == (0, 0)


def test_ink_checks_itself() -> None:
    pixels, map_ = np.zeros((4, 4), dtype=np.float32), scaling(1, 0, 0)
    with pytest.raises(ValueError, match="line"):
        Ink(pixels, map_, (5.0, 2.0), 1.0, 0.0)
    with pytest.raises(ValueError, match="invertible"):
        Ink(pixels, np.zeros((2, 3)), (0.0, 4.0), 1.0, 0.0)
    with pytest.raises(ValueError, match="float32"):
        Ink(pixels.astype(np.float64), map_, (0.0, 4.0), 1.0, 0.0)


def test_real_cheques_have_little_ink_above_and_below_the_digits(real_data) -> None:
    folder = real_data("strings/cheque-amounts")
    import json

    from PIL import Image

    boxes, shares = json.loads((folder / "boxes.json").read_text()), []
    for name in sorted(boxes)[:60]:
        with Image.open(folder / "images" / name) as picture:
            ink = extract_ink(np.asarray(picture.convert("L"), dtype=np.float32) / 255)
        v, u = np.mgrid[: ink.pixels.shape[0], : ink.pixels.shape[1]] + 0.5
        y = (ink.to_source @ np.stack([u.ravel(), v.ravel(), np.ones(u.size)]))[1]
        top = min(box[1] for box in boxes[name]) - 3
        bottom = max(box[1] + box[3] for box in boxes[name]) + 3
        shares.append(ink.pixels.ravel()[(y < top) | (y > bottom)].sum() / ink.pixels.sum())
    assert np.mean(shares) < 0.01


@pytest.mark.parametrize("shape", [(3, 3), (17, 40)])
def test_enlarging_is_scipys_zoom(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(1).random(shape, dtype=np.float32)
    spline = ndimage.zoom(image, 2, order=3, mode="nearest", grid_mode=True)
    np.testing.assert_allclose(enlarge(image), np.clip(spline, image.min(), image.max()), atol=1e-6)


@pytest.mark.parametrize("factor", [2, 3, 8])
def test_reducing_takes_the_mean_of_blocks(factor: int) -> None:
    image = np.random.default_rng(1).random((4 * factor - 1, 3 * factor), dtype=np.float32)
    whole = np.pad(image, ((0, 1), (0, 0)), mode="edge").astype(np.float64)
    blocks = whole.reshape(4, factor, 3, factor).mean(axis=(1, 3))
    np.testing.assert_allclose(area_reduce(image, factor), blocks, atol=1e-6)
