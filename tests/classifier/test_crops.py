"""Crops against a slow oracle, box resampling, and what must not change them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.transform import downscale_local_mean

from classifier.crops import BOX, LEAST_PEAK, SIDE, crop_images, frame_windows, make_crops, sampling

seeds = st.integers(0, 2**32 - 1)


def interval_shares(origin: float, step: float, length: int) -> np.ndarray:
    """(28, length) share of each crop pixel's interval on each source pixel, by the definition."""
    shares, wide = np.zeros((SIDE, length)), max(step, 1.0)
    for t in range(SIDE):
        middle = origin + (t + 0.5) * step
        for k in range(max(0, int(middle - wide / 2)), min(length, int(middle + wide / 2 + 1))):
            shares[t, k] = max(0.0, min(middle + wide / 2, k + 1) - max(middle - wide / 2, k)) / wide
    return shares


def slow_crop(own: np.ndarray, field: np.ndarray, box: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """(2, 28, 28) crop of one character, own ink and field both (h, w), in float64."""
    size = max(box[2] - box[0], box[3] - box[1], 1.0)
    step, side = size / BOX, SIDE * size / BOX
    x0 = min(max(centre[0] - side / 2, box[2] - side), box[0])
    y0 = min(max(centre[1] - side / 2, box[3] - side), box[1])
    rows, columns = interval_shares(y0, step, field.shape[0]), interval_shares(x0, step, field.shape[1])
    character, everything = rows @ own @ columns.T, rows @ field @ columns.T
    return np.clip(np.stack([character, everything - character]) / max(character.max(), LEAST_PEAK), 0, 1)


def characters(seed: int, n: int = 4):
    """A field (h, w), the own ink (n, h, w) of characters in it, their boxes and centres of mass."""
    rng = np.random.default_rng(seed)
    h, w = (int(side) for side in rng.integers(8, 70, 2))
    field = (rng.random((h, w)) * (rng.random((h, w)) < 0.4)).astype(np.float32)
    own, box, centre = np.zeros((n, h, w), np.float32), np.zeros((n, 4), np.float32), np.zeros((n, 2), np.float32)
    for k in range(n):
        left, top = rng.integers(0, w - 3), rng.integers(0, h - 3)
        right, bottom = rng.integers(left + 2, w), rng.integers(top + 2, h)
        held = rng.random((bottom - top, right - left)) < 0.8
        own[k, top:bottom, left:right] = field[top:bottom, left:right] * held
        box[k] = left, top, right, bottom
        mass = own[k].sum() + 1e-6
        centre[k] = own[k].sum(0) @ np.arange(0.5, w) / mass, own[k].sum(1) @ np.arange(0.5, h) / mass
        centre[k] = np.clip(centre[k], box[k, :2], box[k, 2:])
    return field, own, box, centre


def windowed(field: np.ndarray, own: np.ndarray, box: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Crops by way of the smallest windows."""
    left, width = frame_windows(box, centre, field.shape[1])
    windows = np.stack([ink[:, x : x + width] for ink, x in zip(own, left, strict=True)])
    return make_crops(windows, left, field, box, centre)


@given(st.floats(-30, 60, width=32), st.floats(0.25, 20, width=32), st.integers(1, 60))
@settings(max_examples=50, deadline=None)
def test_sampling_is_the_overlap_of_intervals_with_pixels(origin, scale, length):
    origins, scales = np.array([origin, 0], np.float32), np.array([scale, 1], np.float32)
    matrices = sampling(origins, scales, length)
    assert matrices.dtype == np.float32 and matrices.shape == (2, SIDE, length)
    expected = interval_shares(float(np.float32(origin)), 1 / float(np.float32(scale)), length)
    np.testing.assert_allclose(matrices[0], expected * max(1 / scale, 1), atol=1e-4)
    np.testing.assert_allclose(matrices[1], np.eye(SIDE, length), atol=1e-6)


@pytest.mark.parametrize("factor", [2, 3, 5])
def test_whole_factors_are_box_resampling(factor):
    picture = np.random.default_rng(factor).random((SIDE * factor, SIDE * factor)).astype(np.float32)
    matrix = sampling(np.zeros(1, np.float32), np.array([1 / factor], np.float32), SIDE * factor)[0]
    expected = downscale_local_mean(picture, (factor, factor))
    np.testing.assert_allclose(matrix @ picture @ matrix.T / factor**2, expected, atol=1e-5)


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_crops_agree_with_the_oracle(seed):
    field, own, box, centre = characters(seed)
    expected = [slow_crop(own[k], field, box[k].astype(float), centre[k].astype(float)) for k in range(len(own))]
    np.testing.assert_allclose(windowed(field, own, box, centre), expected, atol=3e-5)


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_neither_the_batch_nor_the_width_of_the_windows_matters(seed):
    field, own, box, centre = characters(seed)
    batch = windowed(field, own, box, centre)
    assert batch.dtype == np.float32 and batch.min() >= 0 and batch.max() <= 1
    whole = make_crops(own, np.zeros(len(own), np.intp), field, box, centre)
    np.testing.assert_allclose(batch, whole, atol=3e-5)
    for k in range(len(own)):
        one = slice(k, k + 1)
        np.testing.assert_allclose(batch[one], windowed(field, own[one], box[one], centre[one]), atol=3e-5)


def balanced_digit(rng: np.random.Generator) -> np.ndarray:
    """(28, 28) ink in MNIST's way whose mass is exactly in the middle: it looks the same upside down."""
    digit = np.zeros((SIDE, SIDE), np.float32)
    half = 2 * rng.integers(2, 6)
    digit[4:24, 14 - half // 2 : 14 + half // 2] = rng.random((20, half))
    digit[4, 14 - half // 2] = 1
    return np.maximum(digit, digit[::-1, ::-1])


@given(seeds, st.integers(-14, 60), st.integers(-3, 20))
@settings(max_examples=40, deadline=None)
def test_a_digit_as_in_mnist_is_its_own_crop_wherever_it_stands(seed, left, top):
    """28 x 28 with the box and the centre of MNIST: whole-pixel moves leave each grey value as it was."""
    rng = np.random.default_rng(seed)
    digit, neighbours = balanced_digit(rng), rng.random((60, 100)).astype(np.float32)
    room = 20  # the frame may hang over the edge of the field, not the digit
    neighbours = np.pad(neighbours, room)
    frame = slice(room + top, room + top + SIDE), slice(room + left, room + left + SIDE)
    present = np.zeros_like(neighbours)
    present[frame] = digit
    inside = slice(room, -room), slice(room, -room)
    if present[inside].sum() < digit.sum():
        return
    field = np.where(present > 0, present, neighbours)[inside]
    own = present[inside]
    rows, columns = np.nonzero(own)
    box = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], np.float32)
    centre = np.array([[left + 14, top + 14]], np.float32)
    crop = windowed(field, own[None], box, centre)[0]
    np.testing.assert_allclose(crop[0], digit, atol=1e-5)
    np.testing.assert_allclose(crop[1], np.where(digit > 0, 0, np.pad(field, room)[frame]), atol=1e-5)


@given(seeds, st.integers(2, 4))
@settings(max_examples=20, deadline=None)
def test_size_does_not_matter(seed, factor):
    """Pixels blown up to squares give the same crop: area sampling sees no difference."""
    rng = np.random.default_rng(seed)
    image = (rng.random((rng.integers(20, 50), rng.integers(5, 50))) * 0.9 + 0.1).astype(np.float32)
    blown = np.kron(image, np.ones((factor, factor), np.float32))
    small, large = crop_images([image, blown])
    np.testing.assert_allclose(large, small, atol=1e-4)


def test_empty_margins_do_not_matter():
    image = np.random.default_rng(0).random((25, 17)).astype(np.float32)
    crops = crop_images([image, np.pad(image, ((3, 10), (40, 0)))])
    np.testing.assert_allclose(crops[0], crops[1], atol=1e-5)


@pytest.mark.parametrize(("darkest", "expected"), [(1.0, 1.0), (LEAST_PEAK, 1.0), (LEAST_PEAK / 3, 1 / 3)])
@pytest.mark.parametrize("side", [7, 20, 45])
def test_the_darkest_ink_becomes_black_unless_it_is_too_faint(side, darkest, expected):
    crop = crop_images([np.full((side, side), darkest, np.float32)])[0]
    assert crop[0].max() == pytest.approx(expected, rel=1e-5)
    assert not crop[1].any()


def test_the_mass_is_in_the_middle_and_the_box_inside():
    rng = np.random.default_rng(8)
    images = [(rng.random(shape) ** 3).astype(np.float32) for shape in ((40, 30), (22, 61), (20, 4))]
    for crop in crop_images(images):
        mass = crop[0].sum()
        assert crop[0].sum(0) @ np.arange(0.5, SIDE) / mass == pytest.approx(SIDE / 2, abs=0.05)
        assert crop[0].sum(1) @ np.arange(0.5, SIDE) / mass == pytest.approx(SIDE / 2, abs=0.05)


def test_a_character_whose_mass_is_at_one_end_stays_inside():
    image = np.zeros((60, 20), np.float32)
    image[0] = 1.0  # the mass is here, the thin rest would stick out of a centred frame
    image[:, 10] = 0.05
    crop = crop_images([image])[0, 0]
    assert np.flatnonzero(crop.max(axis=1) > 1e-3).tolist() == list(range(SIDE - BOX, SIDE))


def test_blank_pictures_and_none_at_all():
    assert crop_images([]).shape == (0, 2, SIDE, SIDE)
    assert not crop_images([np.zeros((5, 9), np.float32)]).any()
    left, width = frame_windows(np.zeros((0, 4), np.float32), np.zeros((0, 2), np.float32), 50)
    assert len(left) == 0
    field = np.ones((10, 50), np.float32)
    none = make_crops(
        np.zeros((0, 10, width), np.float32), left, field, np.zeros((0, 4), np.float32), np.zeros((0, 2), np.float32)
    )
    assert none.shape == (0, 2, SIDE, SIDE)
    nothing = np.zeros((1, 4), np.float32), np.zeros((1, 2), np.float32)  # a span whose ink snapped elsewhere
    crops = windowed(field, np.zeros((1, 10, 50), np.float32), *nothing)
    assert np.isfinite(crops).all() and not crops[0, 0].any()
