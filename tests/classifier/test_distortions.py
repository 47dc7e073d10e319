"""Distortions: what no distortion leaves, what a seed repeats, and the sizes that the configuration promises."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from classifier.distortions import Distortion, _bilinear, _elastic_field, _random_affine, distort

SMOOTHNESS = Distortion().smoothness
NONE = Distortion(**{field.name: 0.0 for field in fields(Distortion)} | {"smoothness": SMOOTHNESS})
seeds = st.integers(0, 2**32 - 1)


def blobs(n: int, seed: int = 0) -> np.ndarray:
    """(n, 28, 28) soft shapes with four empty pixels around."""
    rng = np.random.default_rng(seed)
    inner = ndimage.gaussian_filter(rng.random((n, 20, 20)), (0, 2, 2))
    inner = np.clip((inner - 0.48) * 12, 0, 1)
    return np.pad(inner, ((0, 0), (4, 4), (4, 4))).astype(np.float32)


def only(**how: float) -> Distortion:
    return replace(NONE, **how)


def test_no_distortion_changes_nothing():
    crops = np.random.default_rng(1).random((9, 28, 28)).astype(np.float32)
    np.testing.assert_allclose(distort(crops, np.random.default_rng(2), NONE), crops, atol=1e-5)


@pytest.mark.parametrize("name", [field.name for field in fields(Distortion) if field.name != "smoothness"])
def test_each_setting_does_something(name):
    crops = blobs(5)
    changed = distort(crops, np.random.default_rng(2), only(**{name: getattr(Distortion(), name)}))
    assert (np.abs(changed - crops).max(axis=(1, 2)) > 0.01).all()


def test_a_seed_repeats_and_another_does_not():
    crops = blobs(6)
    first, again, other = (distort(crops, np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (np.abs(first - other).max(axis=(1, 2)) > 0.05).all()
    same = distort(np.repeat(crops[:1], 4, axis=0), np.random.default_rng(3))
    assert (np.abs(same[1:] - same[0]).max(axis=(1, 2)) > 0.05).all()  # every crop under one of its own


@given(seeds)
@settings(max_examples=10, deadline=None)
def test_grey_values_stay_in_range_and_the_input_as_it_was(seed):
    crops = np.random.default_rng(seed).random((4, 28, 28)).astype(np.float32)
    before = crops.copy()
    result = distort(crops, np.random.default_rng(seed), Distortion(shift=10, elastic=8, rotation=2))
    assert result.shape == crops.shape and result.dtype == np.float32
    assert result.min() >= 0 and result.max() <= 1 + 1e-6
    np.testing.assert_array_equal(crops, before)


@pytest.mark.parametrize(
    "how",
    [
        only(rotation=0.12),
        only(shear=0.18),
        only(stretch=0.08),
        only(shift=0.7),
        only(elastic=1.1),
        only(rotation=0.12, shear=0.18, stretch=0.08, elastic=1.1),
    ],
)
def test_ink_is_moved_not_made(how):
    """What keeps areas keeps the ink, but for what grey pixels round off and a crop's edge cuts."""
    crops = blobs(200)
    before, after = crops.sum(axis=(1, 2)), distort(crops, np.random.default_rng(5), how).sum(axis=(1, 2))
    assert after.sum() == pytest.approx(before.sum(), rel=0.03)
    assert (np.abs(after / before - 1) < 0.35).all()


def test_scale_changes_the_area_by_its_square():
    crops = blobs(400)
    ratio = distort(crops, np.random.default_rng(5), only(scale=0.08)).sum(axis=(1, 2)) / crops.sum(axis=(1, 2))
    assert np.log(ratio).std() == pytest.approx(2 * 0.08, rel=0.15)


def test_pens_thin_and_thicken():
    crops = blobs(300)
    ratio = distort(crops, np.random.default_rng(5), only(pen=0.25)).sum(axis=(1, 2)) / crops.sum(axis=(1, 2))
    assert 0.3 < (ratio > 1).mean() < 0.7 and ratio.min() < 0.95 and ratio.max() > 1.05


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_bilinear_sampling_agrees_with_scipy(seed):
    rng = np.random.default_rng(seed)
    crops = rng.random((3, 28, 28)).astype(np.float32)
    x, y = rng.uniform(-4, 32, (2, 3, 28, 28)).astype(np.float32)
    expected = [
        ndimage.map_coordinates(crop, (rows, columns), order=1, mode="grid-constant")
        for crop, rows, columns in zip(crops, y, x, strict=True)
    ]
    np.testing.assert_allclose(_bilinear(crops, x, y), expected, atol=2e-5)


def test_elastic_fields_have_their_size_and_are_smooth():
    field = _elastic_field(3000, 28, np.random.default_rng(7), only(elastic=1.3))
    assert field.shape == (2, 3000, 28, 28) and field.dtype == np.float32
    np.testing.assert_allclose(field.std(axis=(0, 1)), 1.3, rtol=0.06)
    np.testing.assert_allclose(field.mean(axis=(0, 1)), 0, atol=0.1)
    step = np.diff(field, axis=3).std()
    assert step == pytest.approx(1.3 / (2**0.5 * SMOOTHNESS), rel=0.15)  # slope of a Gaussian field


def test_affine_matrices_are_the_product_of_their_parts():
    matrices = _random_affine(500, np.random.default_rng(9), only(rotation=0.3, shear=0.2, stretch=0.1))
    np.testing.assert_allclose(np.linalg.det(matrices), 1, rtol=1e-5)  # nothing but scale changes areas
    scaled = _random_affine(500, np.random.default_rng(9), Distortion())
    assert np.log(np.linalg.det(scaled)).std() == pytest.approx(2 * Distortion().scale, rel=0.15)
    turned = _random_affine(500, np.random.default_rng(9), only(rotation=0.3))
    np.testing.assert_allclose(turned @ turned.transpose(0, 2, 1), np.broadcast_to(np.eye(2), (500, 2, 2)), atol=1e-6)
    angles = np.arctan2(turned[:, 1, 0], turned[:, 0, 0])
    assert angles.std() == pytest.approx(0.3, rel=0.15)


def test_no_crops():
    assert distort(np.zeros((0, 28, 28), np.float32), np.random.default_rng(0)).shape == (0, 28, 28)
