"""The canvas of a turned picture: found and emptied there, and never found on paper."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from segmenter.ink import extract_ink
from segmenter.ink_steps.background import content_box, fill_canvas, find_canvas

pytestmark = pytest.mark.filterwarnings("error")


def photograph(seed: int = 0) -> np.ndarray:
    """Grained paper that grows darker downwards, a frame of darker pixels, and three upright bars; (60, 200)."""
    grey = 0.7 - 0.1 * np.mgrid[:60, :200][0] / 60 + np.random.default_rng(seed).normal(0, 0.02, (60, 200))
    grey[:2] = grey[-2:] = grey[:, :2] = grey[:, -2:] = 0.45
    for left in (60, 90, 130):
        grey[15:45, left : left + 4] = 0.15
    return grey.astype(np.float32).clip(0, 1)


def turned(grey: np.ndarray, degrees: float, level: float) -> np.ndarray:
    """On a canvas of one level that is grown so that nothing is lost, without a margin."""
    whole = np.array(Image.fromarray(grey).rotate(degrees, Image.Resampling.BILINEAR, expand=True, fillcolor=level))
    left, top, right, bottom = content_box(whole)
    return whole[top:bottom, left:right]


@settings(max_examples=25, deadline=None)
@given(st.floats(3, 45), st.sampled_from([-1, 1]), st.sampled_from([0.0, 0.55, 1.0]))
def test_canvas_is_what_turning_added(degrees: float, side: int, level: float) -> None:
    whole = turned(photograph(), side * degrees, level)
    added = turned(np.ones((60, 200), dtype=np.float32), side * degrees, 0.0) == 0
    found = find_canvas(whole)
    assert found is not None
    assert found[added].mean() > 0.98
    assert found[~ndimage.binary_dilation(added, iterations=4)].mean() < 0.01


def test_filled_canvas_has_the_level_of_the_paper_beside_it() -> None:
    whole = turned(photograph(), 5, 1.0)
    canvas = find_canvas(whole)
    assert canvas is not None
    filled = fill_canvas(whole, canvas)
    assert 0.5 < filled[canvas].min() and filled[canvas].max() < 0.75
    np.testing.assert_array_equal(filled[~canvas], whole[~canvas])


@pytest.mark.parametrize("degrees", [-5, 3, 5])
@pytest.mark.parametrize("level", [0.45, 0.55, 1.0])
def test_neither_canvas_nor_its_edge_leaves_ink(degrees: float, level: float) -> None:
    ink = extract_ink(turned(photograph(), degrees, level))
    labels, count = ndimage.label(ink.pixels > 0.5)
    assert count == 3
    for rows, _ in ndimage.find_objects(labels):
        assert rows.stop - rows.start == pytest.approx(32, abs=4)


def test_paper_is_no_canvas() -> None:
    assert find_canvas(photograph()) is None
    paper = np.ones((40, 120), dtype=np.float32)
    paper[:, 20:24] = paper[:, 60:64] = paper[:, 100:104] = 0
    paper[18:22] = 0
    assert find_canvas(paper) is None  # touches all four sides, and so do the corners
    assert find_canvas(np.where(np.hypot(*(np.mgrid[:41, :41] - 20)) <= 20, 0, 1).astype(np.float32)) is None


def test_bold_slanting_bar_is_no_picture() -> None:
    y, x = np.mgrid[:60, :40]
    bar = np.where(np.abs(x - 35 + 0.5 * y) <= 5, 0.1, 0.9).astype(np.float32)
    assert find_canvas(bar) is None
