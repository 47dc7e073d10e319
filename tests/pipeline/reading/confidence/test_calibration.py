"""Calibration: what it promises is what happens, on simulated readings; thresholds against brute force."""

import itertools
import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.reading.confidence.calibration import LEAST, LEAST_SLOPE, Calibration, fit_calibration, thresholds

probabilities = st.floats(0, 1)
calibrations = st.builds(Calibration, st.floats(1e-3, 20), st.floats(-20, 20), st.floats(0.01, 1))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def simulated(slope, offset, count, seed=5):
    """Posteriors, and whether the readings are right, of a reader whose right calibration is known."""
    rng = np.random.default_rng(seed)
    z = rng.normal(2, 2.5, count)
    return sigmoid(z), rng.random(count) < sigmoid(slope * z + offset)


@given(calibrations, probabilities, probabilities)
def test_confidence_is_a_probability_below_the_ceiling_and_never_falls(calibration, p, q):
    low, high = (calibration.confidence(each) for each in sorted((p, q)))
    assert 0 <= low <= high < calibration.ceiling + 1e-12


@given(calibrations, probabilities)
def test_confidence_is_the_fitted_curve_where_the_ceiling_is_far(calibration, p):
    curve = Calibration(calibration.slope, calibration.offset).confidence(p)
    assert calibration.confidence(p) < curve + 1e-12
    if curve < calibration.ceiling / 4:
        assert calibration.confidence(p) == pytest.approx(curve, rel=0.1)


@given(st.floats(0, 1))
def test_slope_1_and_offset_0_change_nothing(p):
    assert Calibration().confidence(p) == pytest.approx(p, abs=2 * LEAST)


def test_sure_readings_keep_their_order_under_the_ceiling():
    """A reader that cuts off at the ceiling cannot tell its surest readings apart, and accepts all or none."""
    calibration = Calibration(1.2, 0.5, 0.97)
    confidences = [calibration.confidence(1 - 10.0**-k) for k in range(1, 8)]
    assert all(a < b for a, b in itertools.pairwise(confidences)) and confidences[-1] < 0.97


@pytest.mark.parametrize("slope, offset", [(1, 0), (0.6, 0.4), (1.7, -1.5)])
def test_fit_finds_the_slope_and_offset_of_a_simulated_reader(slope, offset):
    found = fit_calibration(*simulated(slope, offset, 40_000))
    assert found.slope == pytest.approx(slope, abs=0.06) and found.offset == pytest.approx(offset, abs=0.08)


def test_fitted_confidences_are_the_share_that_is_right():
    posteriors, right = simulated(0.5, -0.4, 20_000)
    calibration = fit_calibration(*simulated(0.5, -0.4, 4_000, seed=6))
    confidences = np.array([calibration.confidence(p) for p in posteriors])
    for low in np.arange(0, 1, 0.1):
        inside = (confidences >= low) & (confidences < low + 0.1)
        if inside.sum() >= 300:
            noise = 0.5 / np.sqrt(inside.sum())
            assert abs(confidences[inside].mean() - right[inside].mean()) < 0.02 + 2.5 * noise


@pytest.mark.parametrize("count", [1, 7, 300])
@pytest.mark.parametrize("posterior", [0.0, 0.5, 1 - 1e-12, 1.0])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_fit_of_readings_that_are_all_as_sure(count, posterior, share):
    """Nothing can be said of the slope; the confidence must be about the share that is right all the same."""
    right = np.arange(count) < share * count
    calibration = fit_calibration(np.full(count, posterior), right)
    expected = (right.sum() + 1) / (count + 2)
    confidence = calibration.confidence(posterior)
    assert calibration.slope >= LEAST_SLOPE and abs(calibration.offset) < 10
    assert 0.3 * expected < confidence < expected + 0.1


@pytest.mark.parametrize("count", [20, 500])
def test_fit_where_sure_readings_are_the_wrong_ones(count):
    """No slope below 0, which would take the surest for the worst; and no confidence without ground."""
    rng = np.random.default_rng(3)
    posteriors = rng.beta(0.1, 0.1, count)
    right = rng.random(count) < 1 - posteriors
    calibration = fit_calibration(posteriors, right)
    assert calibration.slope == LEAST_SLOPE
    assert max(calibration.confidence(p) for p in posteriors) <= 0.2


def test_fit_of_a_perfect_separation_stays_finite():
    posteriors = np.where(np.arange(200) % 2, 1.0, 0.0)
    calibration = fit_calibration(posteriors, posteriors > 0.5)
    assert calibration.slope < 2 and calibration.confidence(1.0) > 0.95 and calibration.confidence(0.0) < 0.05


def brute_force(confidences, right, bound):
    """The lowest confidence t such that of all readings from t on at most the share `bound` is wrong."""
    fit = [1.0]
    for t in confidences:
        accepted = [ok for c, ok in zip(confidences, right, strict=True) if c >= t]
        if accepted.count(False) <= Fraction(str(bound)) * len(accepted):
            fit.append(t)
    return min(fit)


@given(
    st.lists(
        st.tuples(st.sampled_from([0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 0.99]), st.booleans()), min_size=1, max_size=60
    ),
    st.sampled_from([0.5, 0.25, 0.2, 0.05, 0.01]),
)
@example([(0.9, True)] * 19 + [(0.5, False)], 0.05)
@example([(0.9, True)] * 18 + [(0.5, False)], 0.05)
def test_thresholds_are_those_of_brute_force(readings, bound):
    confidences, right = (np.array(column) for column in zip(*readings, strict=True))
    assert thresholds(confidences, right, (bound,)) == {str(bound): brute_force(list(confidences), list(right), bound)}


def test_thresholds_where_all_is_right_accept_all_and_where_all_is_wrong_none():
    confidences = np.linspace(0.2, 0.9, 50)
    assert set(thresholds(confidences, np.ones(50, dtype=bool)).values()) == {0.2}
    assert set(thresholds(confidences, np.zeros(50, dtype=bool)).values()) == {1.0}


def test_thresholds_rise_as_the_bound_falls_and_keep_it():
    posteriors, right = simulated(0.8, 0.2, 5_000)
    found = thresholds(posteriors, right)
    assert list(found) == ["0.05", "0.01", "0.001"]
    assert found["0.05"] < found["0.01"] <= found["0.001"]
    for bound, threshold in found.items():
        accepted = right[posteriors >= threshold]
        assert len(accepted) and (~accepted).mean() <= float(bound)


@given(calibrations)
def test_json_and_back(calibration):
    assert Calibration.from_json(json.loads(json.dumps(calibration.to_json()))) == calibration


@pytest.mark.parametrize(
    "values",
    [
        (0, 0, 1),
        (-1, 0, 1),
        (1, np.nan, 1),
        (1, np.inf, 1),
        (np.inf, 0, 1),
        (np.nan, 0, 1),
        (1, 0, 0),
        (1, 0, 1.01),
        (1, 0, np.nan),
    ],
)
def test_what_is_no_calibration_is_refused(values):
    with pytest.raises(ValueError, match="not a calibration"):
        Calibration(*values)
