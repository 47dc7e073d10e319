"""How two readers are joined, fitted on strings whose readers are made to err in known ways."""

import json
import math

import numpy as np
import pytest

from classifier.line.line_network import LineNetwork, LineShape
from classifier.network import Convolution, ConvolutionNetwork, Shape
from classifier.weights import Networks, load_networks, network_arrays, network_card
from pipeline.data.real_strings import RealString
from pipeline.reading.confidence.joint import Joint
from pipeline.reading.field_reader import FieldReader
from pipeline.reading.together import Opinions
from pipeline.synthesis.sources import Sources
from pipeline.training.calibrating.calibrate import calibrate_weights
from pipeline.training.calibrating.calibrate_joint import Evidence, best_posteriors, fit_joint
from pipeline.training.checkpoints import TrainingFiles
from pipeline.training.string_pool import StringData

TEXTS = ("12", "17", "72", "")


def opinions(lattice, line) -> Opinions:
    return Opinions(TEXTS, np.log(lattice), np.log(line), np.zeros(4))


def readers(rng: np.random.Generator, n: int, lattice_right: float, line_right: float) -> list[Opinions]:
    """Each right about "12" in its own share of strings, else sure of another text."""
    found = []
    for _ in range(n):
        sides = []
        for right in (lattice_right, line_right):
            best = 0 if rng.random() < right else int(rng.integers(1, 4))
            sides.append(np.where(np.arange(4) == best, 0.9, 0.1 / 3))
        found.append(opinions(*sides))
    return found


@pytest.mark.slow
def test_the_reader_that_is_right_more_often_weighs_more():
    evidence = Evidence.collect(readers(np.random.default_rng(0), 400, 0.6, 0.9), ["12"] * 400)
    joint = fit_joint(evidence)
    assert joint.line > joint.lattice
    _, right = best_posteriors(evidence, joint)
    assert right.mean() == pytest.approx(0.9, abs=0.03)


@pytest.mark.slow
def test_posteriors_are_as_often_right_as_they_say():
    rng = np.random.default_rng(1)
    joint = fit_joint(Evidence.collect(readers(rng, 600, 0.8, 0.8), ["12"] * 600))
    posteriors, right = best_posteriors(Evidence.collect(readers(rng, 600, 0.8, 0.8), ["12"] * 600), joint)
    assert posteriors.mean() == pytest.approx(right.mean(), abs=0.06)


def test_candidates_that_are_missing_take_no_part():
    """One string has four candidates, another two; padding is no text."""
    short = Opinions(("12", ""), np.log([0.6, 0.4]), np.log([0.5, 0.5]), np.zeros(2))
    evidence = Evidence.collect([opinions([0.7, 0.1, 0.1, 0.1], [0.7, 0.1, 0.1, 0.1]), short], ["12", ""])
    assert evidence.truth.tolist() == [0, 1] and evidence.there.sum() == 6
    assert np.isneginf(evidence.scores(Joint())[1, 2:]).all()


@pytest.mark.slow
def test_readers_that_lose_digits_are_told_so():
    """Where the truth has a digit more than what both like best a third of the time, a digit is worth something; where
    readers err to either side alike, nothing."""
    rng, texts = np.random.default_rng(4), ("12", "1", "127")

    def evidence(lost: float, invented: float) -> Evidence:
        opinions, truths = [], []
        for _ in range(300):
            kind = rng.random()
            best = 1 if kind < lost else 2 if kind < lost + invented else 0
            shares = np.log(np.where(np.arange(3) == best, 0.6, 0.2))
            opinions.append(Opinions(texts, shares, shares, np.zeros(3)))
            truths.append("12")
        return Evidence.collect(opinions, truths)

    assert fit_joint(evidence(0.35, 0.0)).digit > 0.3
    assert abs(fit_joint(evidence(0.2, 0.2)).digit) < 0.2


def test_without_a_known_truth_both_weigh_the_same():
    joint = fit_joint(Evidence.collect(readers(np.random.default_rng(0), 3, 1, 1), ["9"] * 3))
    assert joint.lattice == pytest.approx(1, abs=0.05) and joint.line == pytest.approx(1, abs=0.05)


@pytest.mark.slow
def test_weights_are_calibrated_again(tmp_path):
    """The networks stay, but for the second if it is not wanted; the card gains how they are joined, and a reader then
    reports both."""
    small = {"convolutions": (Convolution(5, 2, 3), Convolution(5, 2, 3)), "hidden": 4}
    first, second = (
        ConvolutionNetwork.initialise(Shape(**small, measures=measures), np.random.default_rng(0))
        for measures in (16, 27)
    )
    line = LineNetwork.initialise(LineShape((3, 3, 3, 3, 3, 3)), np.random.default_rng(1))
    networks, path, out = Networks(first, second, line), tmp_path / "a.npz", tmp_path / "b.npz"
    card = {"calibration": {"slope": 1, "offset": 0, "ceiling": 1}, "thresholds": {"0.01": 0.9}, "kept": 7}
    TrainingFiles(path).save(network_arrays(networks), {**network_card(networks), **card})
    assert FieldReader(path).line is None  # nobody has said how to join them
    rng = np.random.default_rng(3)
    digits = Sources(rng.integers(0, 256, (20, 28, 28), dtype=np.uint8), np.arange(20, dtype=np.uint8) % 10)
    real = [RealString(rng.integers(0, 256, (24, 40), dtype=np.uint8), "12", "page")]
    calibrate_weights(path, out, StringData(digits, real), 8, first_alone=True)
    again, found = load_networks(out)
    assert again.second is None
    assert found["kept"] == 7 and found["calibrated_on"]["strings"] == 8
    assert found["calibrated_on"]["real_strings"] == 1
    for name, value in network_arrays(Networks(first, None, line)).items():
        np.testing.assert_array_equal(network_arrays(again)[name], value)
    reader = FieldReader(out)
    assert reader.line is not None and math.isfinite(reader.line.joint.lattice)
    record = json.loads(json.dumps(reader.read(np.tile(np.linspace(0, 1, 90), (40, 1))).to_json()))
    assert set(record.get("readers", {"lattice", "line"})) == {"lattice", "line"}
