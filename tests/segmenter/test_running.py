"""Windows that run over a plane, against SciPy's filters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from segmenter.running import closed, grown, opened, running_maximum, running_minimum

planes = st.tuples(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 40)).map(
    lambda drawn: np.random.default_rng(drawn[0]).random(drawn[1:], dtype=np.float32)
)
windows = st.integers(1, 60)


@given(planes, windows, st.sampled_from([0, 1]))
@settings(deadline=None)
def test_extremes_are_those_of_scipy(plane, window, axis):
    largest = ndimage.maximum_filter1d(plane, window, axis=axis, mode="nearest")
    smallest = ndimage.minimum_filter1d(plane, window, axis=axis, mode="nearest")
    np.testing.assert_array_equal(running_maximum(plane, window, axis), largest)
    np.testing.assert_array_equal(running_minimum(plane, window, axis), smallest)


@given(planes, windows)
@settings(deadline=None)
def test_outside_may_be_a_value(plane, window):
    expected = ndimage.minimum_filter1d(plane, window, axis=1, mode="constant", cval=0.4)
    np.testing.assert_array_equal(running_minimum(plane, window, 1, 0.4), expected)


@given(planes, st.integers(0, 15))
@settings(deadline=None)
def test_closing_and_opening_are_those_of_scipy(plane, half):
    window = 2 * half + 1
    np.testing.assert_array_equal(closed(plane, window), ndimage.grey_closing(plane, size=(window, window)))
    np.testing.assert_array_equal(opened(plane, window), ndimage.grey_opening(plane, size=(window, window)))
    lower = ndimage.minimum_filter(plane, size=window, mode="constant", cval=0.3)
    np.testing.assert_array_equal(opened(plane, window, 0.3), ndimage.maximum_filter(lower, size=window))


@given(planes, st.floats(0, 1))
@settings(deadline=None)
def test_a_mask_grows_to_its_eight_neighbours(plane, level):
    mask = plane > level
    np.testing.assert_array_equal(grown(mask), ndimage.binary_dilation(mask, structure=np.ones((3, 3))))


@pytest.mark.parametrize("dtype", [np.int32, np.uint8, np.float64])
def test_types_stay(dtype):
    plane = np.arange(12, dtype=dtype).reshape(3, 4)
    found = running_maximum(plane, 3, 0)
    assert found.dtype == dtype and found.tolist() == ndimage.maximum_filter1d(plane, 3, axis=0).tolist()
