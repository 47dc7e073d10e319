"""Two readers joined: what their product is, that neither vetoes, that doubts only take away."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reading.confidence.calibration import Calibration
from pipeline.reading.confidence.joint import Joint
from pipeline.reading.lattices.lattice import Path
from pipeline.reading.together import differing

logs = st.lists(st.floats(-50, 0), min_size=2, max_size=8)
pairs = st.tuples(logs, st.randoms(use_true_random=False)).map(
    lambda drawn: (
        np.array(drawn[0]),
        np.array([drawn[1].uniform(-50, 0) for _ in drawn[0]]),
        np.array([float(drawn[1].randint(0, 6)) for _ in drawn[0]]),
    )
)
EVEN = np.ones(2)
joints = st.builds(
    Joint,
    lattice=st.floats(0.1, 2),
    line=st.floats(0.1, 2),
    differ=st.floats(0, 3),
    unlike=st.floats(0, 1),
    digit=st.floats(-1, 1),
)


@given(pair=pairs, joint=joints)
def test_posteriors_are_probabilities(pair, joint):
    shares = joint.posteriors(*pair)
    assert (shares >= 0).all() and shares.sum() <= 1 + 1e-6
    if joint.differ == joint.unlike == 0:
        assert shares.sum() == pytest.approx(1)


@given(pair=pairs, joint=joints)
def test_doubts_never_make_the_best_text_surer(pair, joint):
    plain = Joint(joint.lattice, joint.line, digit=joint.digit).posteriors(*pair)
    doubted = joint.posteriors(*pair)
    best = int(plain.argmax())
    assert doubted[best] <= plain[best] + 1e-6
    assert doubted[best] == doubted.max()


def test_both_count():
    """17 is the lattice's favourite by little, 14 the line's by much."""
    joint = Joint()
    lattice, line = np.log([0.6, 0.4]), np.log([0.05, 0.95])
    expected = np.array([0.6 * 0.05, 0.4 * 0.95]) / (0.6 * 0.05 + 0.4 * 0.95)
    assert joint.posteriors(lattice, line, EVEN) == pytest.approx(expected, rel=2e-3)


def test_a_reader_that_has_lost_its_way_cannot_veto():
    joint = Joint(lattice_floor=math.log(1e-4), line_floor=math.log(1e-6))
    lattice, line = np.array([-200.0, 0.0]), np.array([0.0, -300.0])
    assert joint.posteriors(lattice, line, EVEN) == pytest.approx([0.99, 0.01], abs=2e-3)


def test_a_bonus_for_digits_finds_the_thin_one():
    """223 or 2231: both readers would rather overlook the 1."""
    lattice, line, digits = np.log([0.6, 0.4]), np.log([0.55, 0.45]), np.array([3.0, 4.0])
    odds = (0.6 * 0.55) / (0.4 * 0.45) * math.exp(-0.8)
    shares = Joint(digit=0.8).posteriors(lattice, line, digits)
    assert shares.argmax() == 1 and shares[0] / shares[1] == pytest.approx(odds, rel=2e-3)


def test_a_card_of_former_weights_has_no_bonus():
    record = Joint(0.7, 1.2).to_json()
    del record["digit"]
    assert Joint.from_json(record) == Joint(0.7, 1.2)


def test_a_card_gives_the_same_joint():
    joint = Joint(0.7, 1.2, -5.0, -9.0, 0.4, 0.1, 0.5, Calibration(0.8, 0.1, 0.97), Calibration(0.5, 0.2, 0.9))
    assert Joint.from_json(joint.to_json()) == joint


@pytest.mark.parametrize("wrong", [{"lattice": -1.0}, {"line": math.nan}, {"line_floor": 0.0}, {"digit": math.inf}])
def test_impossible_joints_are_refused(wrong):
    with pytest.raises(ValueError, match=r"readers|floors"):
        Joint(**wrong)


@pytest.mark.parametrize(
    ("symbols", "text", "doubted"),
    [
        ((1, 2, 3), "123", ()),
        ((1, 2, 3), "173", (1,)),
        ((1, 10, 3), "13", ()),
        ((1, 10, 3), "123", (0, 1, 2)),  # a digit more, where a mark is skipped
        ((1, 2, 10, 3), "13", (1, 2)),
        ((1, 2), "", (0, 1)),
        ((10, 4), "94", (0, 1)),
        ((), "5", ()),
    ],
)
def test_spans_about_a_difference_are_doubted(symbols, text, doubted):
    path = Path(tuple(range(len(symbols))), symbols, 0.0)
    assert tuple(np.flatnonzero(differing(path, text))) == doubted
