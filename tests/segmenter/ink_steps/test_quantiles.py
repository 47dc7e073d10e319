"""Quantiles against numpy's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from segmenter.ink_steps.quantiles import median, quantile


@given(
    arrays(st.sampled_from([np.float32, np.int64]), st.integers(1, 30), elements=st.integers(-1000, 1000)),
    st.floats(0, 1),
)
def test_quantiles_are_numpys(values, share):
    assert quantile(values, share) == pytest.approx(float(np.quantile(values, share)), abs=1e-3)
    assert median(values) == pytest.approx(float(np.median(values)))
