"""Line pictures: what must not change them does not."""

import numpy as np
import pytest

from classifier.line.line_picture import CONFIG, ROWS, _quantile, line_picture, scaled


@pytest.fixture
def strokes():
    """(48, 150) grey paper with dark strokes."""
    grey = np.full((ROWS, 150), 0.8, np.float32)
    for left in range(10, 140, 20):
        grey[10:40, left : left + 3] = 0.3
    return grey


def inside(picture, margin=14):
    return picture[:, margin:-margin]


def test_paper_is_nought_and_ink_is_one(strokes):
    picture = line_picture(strokes)
    assert picture.shape == strokes.shape and picture.dtype == np.float32
    np.testing.assert_allclose(picture[strokes == np.float32(0.3)], 1, atol=0.1)
    np.testing.assert_allclose(picture[strokes == np.float32(0.8)], 0, atol=0.1)


@pytest.mark.parametrize(
    "change",
    [lambda g: 1 - g, lambda g: 0.2 + 0.3 * g, lambda g: g * np.linspace(0.6, 1, g.shape[1], dtype=np.float32)],
    ids=["inverted", "pale", "shaded"],
)
def test_polarity_contrast_and_shade_are_taken_away(strokes, change):
    np.testing.assert_allclose(line_picture(change(strokes)), line_picture(strokes), atol=0.3)
    assert np.abs(line_picture(change(strokes)) - line_picture(strokes)).mean() < 0.03


@pytest.mark.parametrize("margin", [slice(None, 36), slice(-36, None)], ids=["left", "right"])
def test_a_dark_margin_does_not_decide_polarity_or_contrast(strokes, margin):
    dark = strokes.copy()
    dark[:, margin] = 0.05
    picture, away = line_picture(dark), np.ones(strokes.shape, bool)
    away[:, margin] = away[:, 24:48] = away[:, -48:-24] = False  # the margin's edge is seen as an edge
    assert picture[away & (strokes < 0.5)].min() > 0.5 and picture[away & (strokes > 0.5)].max() < 0.2


def test_a_frame_does_not_decide_polarity(strokes):
    framed = strokes.copy()
    framed[:3] = framed[-3:] = framed[:, :3] = framed[:, -3:] = 0
    np.testing.assert_allclose(inside(line_picture(framed))[12:38] > 0.3, inside(line_picture(strokes))[12:38] > 0.3)


@pytest.mark.parametrize("shape", [(1, 1), (5, 400), (600, 3), (48, 5000), (2000, 900)])
def test_any_size_becomes_a_line(shape):
    picture = line_picture(np.random.default_rng(1).random(shape, np.float32))
    assert picture.shape[0] == ROWS and CONFIG.narrowest <= picture.shape[1] <= CONFIG.widest
    assert np.isfinite(picture).all() and CONFIG.bounds[0] <= picture.min() <= picture.max() <= CONFIG.bounds[1]


@pytest.mark.parametrize("level", [0.0, 0.4, 1.0])
def test_empty_paper_stays_empty(level):
    np.testing.assert_allclose(line_picture(np.full((30, 90), level, np.float32)), 0, atol=1e-4)


def test_scaling_keeps_the_mean_and_the_aspect():
    grey = np.random.default_rng(2).random((96, 300), np.float32)
    small = scaled(grey)
    assert small.shape == (ROWS, 150) and small.mean() == pytest.approx(grey.mean(), abs=0.01)
    assert scaled(grey, stretch=0.5).shape == (ROWS, 75)
    with pytest.raises(ValueError, match="rows and columns"):
        scaled(np.zeros((0, 4), np.float32))


@pytest.mark.parametrize("share", [0.0, 0.3, CONFIG.inked, 1.0])
@pytest.mark.parametrize("size", [1, 2, 48 * 16])
def test_a_quantile_is_numpys(share, size):
    plane = np.random.default_rng(size).random((1, size), np.float32)
    assert _quantile(plane, share) == float(np.quantile(plane, share))
