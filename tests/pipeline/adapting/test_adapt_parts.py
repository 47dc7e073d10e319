"""The parts of `adapt`: variations, which rows are held out, what counts as a gain, and the calibration."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.network import ConvolutionNetwork
from classifier.weights import load_networks
from pipeline.adapting.adapt_recipe import AdaptRecipe
from pipeline.adapting.check import Answers, Comparison, careful_thresholds, honest_answers
from pipeline.adapting.crops.schedule import AdaptSchedule, Base, mixed
from pipeline.adapting.crops.variations import Variation, vary
from pipeline.adapting.labelled import held_out_folds
from pipeline.adapting.lines.line_learner import LineSchedule
from pipeline.adapting.preparing import starting_network
from pipeline.reading.confidence.calibration import Calibration, expected_thresholds, pulled_calibration
from pipeline.reading.confidence.joint import Joint
from pipeline.reading.field_reader import SHIPPED
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.strings import TRAINING, draw_string
from pipeline.training.calibrating.calibrate_joint import Evidence, pulled_joint
from pipeline.training.crop.examples import make_example


@given(st.integers(5, 600))
def test_folds_are_disjoint_blocks(count):
    folds = held_out_folds(count, 5, 5)
    rows = np.concatenate(folds)
    assert sorted(rows) == list(range(count))
    for fold in folds:
        assert abs(len(fold) - count / 5) <= 5
        runs = np.split(fold, np.flatnonzero(np.diff(fold) > 1) + 1)
        assert len(runs) <= 5 and (count < 100 or min(len(run) for run in runs) >= 10)


def test_fewer_rows_are_held_out_more_often():
    recipe = AdaptRecipe()
    assert [recipe.folds(count) for count in (10, 25, 100, 200, 430, 5000)] == [5, 5, 3, 3, 3, 2]
    assert [recipe.passes_over(count) for count in (10, 100, 430)] == [64, 16, 16]
    blind = AdaptRecipe.without_answers(seed=2)
    assert (blind.passes, blind.crops, blind.seed) == (8, (), 2) and blind.passes_over(430) == 8


def test_the_fewer_the_strings_the_more_of_the_parent_is_kept():
    shares = [LineSchedule().kept(count) for count in (0, 25, 100, 400)]
    assert shares == pytest.approx([1.0, 0.8, 0.5, 0.2])
    assert LineSchedule(parent=0).kept(25) == 0


def test_mixing_goes_straight_from_the_trained_weights_to_the_parents():
    parent = load_networks(SHIPPED)[0].first
    rng = np.random.default_rng(3)
    trained = ConvolutionNetwork(
        parent.shape,
        {name: weight + rng.normal(size=weight.shape).astype(np.float32) for name, weight in parent.weights.items()},
    )
    for kept in (0.0, 0.3, 1.0):
        between = mixed(trained, parent, kept)
        for name, weight in between.weights.items():
            expected = kept * parent.weights[name] + (1 - kept) * trained.weights[name]
            np.testing.assert_allclose(weight, expected, atol=1e-5)


def test_a_comparison_counts_pairs():
    before, after = np.array([1, 1, 0, 0, 0], bool), np.array([1, 0, 1, 1, 0], bool)
    comparison = Comparison.of(before, after)
    assert comparison == Comparison(5, 2, 3, 2, 1) and comparison.chance == pytest.approx(0.5)
    assert "40.0%" in str(comparison) and "60.0%" in str(comparison) and "2 fixed, 1 broken" in str(comparison)
    with pytest.raises(ValueError):
        Comparison(5, 2, 4, 1, 0)


@pytest.mark.parametrize(
    "fixed, broken, helped",
    [
        (0, 0, False),
        (1, 0, False),
        (2, 0, False),
        (3, 0, True),
        (4, 1, False),
        (6, 2, True),
        (3, 3, False),
        (2, 9, False),
        (12, 4, True),
    ],
)
def test_a_small_gain_is_no_gain(fixed, broken, helped):
    assert Comparison(100, 50, 50 + fixed - broken, fixed, broken).helped is helped


def test_texts_that_become_likelier_count_where_as_many_are_right():
    right, rng = np.arange(100) < 90, np.random.default_rng(1)
    posteriors = rng.uniform(0.3, 0.6, 100)
    before = Answers(right, posteriors, posteriors)

    def helped(factor, after_right=right):
        return Comparison.of_answers(before, Answers(after_right, posteriors, factor * posteriors)).helped

    noise = np.exp(rng.normal(0, 0.3, 100))
    assert helped(1.3 * noise) and not helped(noise / noise.mean()) and not helped(0.9 * noise)
    assert not helped(1.3 * noise, np.arange(100) < 89)
    assert not Comparison.of(right, right).helped  # nothing is known of the right texts
    unthought = Answers(right, posteriors, np.zeros(100))
    assert np.isfinite(unthought.log_likelihoods).all()
    told = str(Comparison.of_answers(before, Answers(right, posteriors, 1.5 * posteriors)))
    assert "right texts 1.50 times as likely" in told and "likely" not in str(Comparison.of(right, right))


def test_each_fold_is_joined_as_the_others_would_have_it():
    """In one fold the line is right where both differ, in the other the lattice: each is joined the wrong way."""
    n, joint = 200, Joint(lattice_floor=np.log(1e-8), line_floor=np.log(1e-8))
    trusting_line = Answers(
        *both_wrong(n), Evidence(*sides(n), np.ones((n, 2)), np.ones((n, 2), bool), np.zeros(n, np.intp))
    )
    trusting_lattice = Answers(
        *both_wrong(n), Evidence(*sides(n)[::-1], np.ones((n, 2)), np.ones((n, 2), bool), np.zeros(n, np.intp))
    )
    joined = honest_answers([trusting_line, trusting_lattice], joint)
    assert not joined.right.any()
    alike = honest_answers([trusting_line, trusting_line], joint)
    assert alike.right.all() and (alike.posteriors > 0.5).all()
    assert alike.of_truth == pytest.approx(alike.posteriors) and (joined.of_truth < 0.5).all()
    again = Answers.from_json(json.loads(json.dumps(alike.to_json())))
    assert again.right.tolist() == alike.right.tolist() and (again.evidence.line == alike.evidence.line).all()


def both_wrong(n):
    return np.zeros(n, bool), np.full(n, 0.5), np.full(n, 0.1)


def sides(n):
    """ln of two texts' probabilities by the lattice, which likes the wrong one, and by the line, which does not."""
    return np.log(np.tile([0.2, 0.8], (n, 1))), np.log(np.tile([0.7, 0.3], (n, 1)))


def test_few_strings_leave_the_joint_as_it_was():
    lattice, line = sides(2)
    few = Evidence(lattice, line, np.ones((2, 2)), np.ones((2, 2), bool), np.zeros(2, np.intp))
    parent = Joint(lattice=0.6, line=1.0)
    found = pulled_joint(few, parent)
    assert found.lattice == pytest.approx(0.6, rel=0.25) and found.line == pytest.approx(1.0, rel=0.25)
    assert (found.differ, found.unlike) == (parent.differ, parent.unlike)


def test_the_calibration_is_pulled_where_strings_are_few():
    towards, rng = Calibration(0.7, -0.5, 0.98), np.random.default_rng(0)
    few = pulled_calibration(np.array([0.9]), np.array([False]), towards, 50)
    assert abs(few.confidence(0.9) - towards.confidence(0.9)) < 0.05
    p = rng.random(20_000)
    true = Calibration(1.5, 0.4, 1.0)
    many = pulled_calibration(p, rng.random(len(p)) < [true.confidence(x) for x in p], towards, 50)
    assert (many.slope, many.offset) == (pytest.approx(1.5, abs=0.15), pytest.approx(0.4, abs=0.15))


def test_expected_thresholds():
    table = expected_thresholds(np.array([0.99, 0.5, 0.995, 0.9]), (0.5, 0.05, 0.01, 0.001))
    assert table == {"0.5": 0.5, "0.05": 0.9, "0.01": 0.99, "0.001": 1.0}


def test_thresholds_are_never_below_the_parents():
    confidences, right = np.array([0.9, 0.8, 0.7]), np.array([True, True, False])
    table = careful_thresholds(confidences, right, {"0.05": 0.5, "0.01": 0.95})
    assert table == {"0.05": 0.8, "0.01": 0.95, "0.001": 0.8}
    table = careful_thresholds(np.array([0.995, 0.97]), np.array([False, True]), {})
    assert table == {"0.05": 0.97, "0.01": 0.995, "0.001": 1.0}


@pytest.mark.parametrize("change", [{"learning_rate": 0}, {"share": 0}, {"averaging": 1}])
def test_schedules_check_themselves(change):
    with pytest.raises(ValueError):
        replace(AdaptSchedule(), **change)


def test_variations_keep_the_picture_about_the_same():
    rng = np.random.default_rng(0)
    grey = rng.random((30, 80)).astype(np.float32)
    still = Variation(0, 0, 0, 0, 1, 0, 0, 0)
    np.testing.assert_allclose(vary(grey, rng, still), grey, atol=1e-6)
    varied = vary(grey, rng)
    assert varied.shape == grey.shape and varied.dtype == np.float32 and 0 <= varied.min() <= varied.max() <= 1
    assert (varied != grey).any()
    with pytest.raises(ValueError):
        Variation(rotation=-1)


def test_the_users_digits_are_found_by_forced_alignment():
    networks, _ = load_networks(SHIPPED)
    silent = starting_network(networks, AdaptRecipe())
    rng = np.random.default_rng(11)
    style = replace(
        TRAINING,
        empty=0.0,
        papers=(("white", 1.0),),
        neighbours=0.0,
        intruders=0.0,
        touching=(0.0, 0.0),
        kinds=(("font", 1.0),),
    )
    strings = [draw_string(rng, Sources(), style, length=4) for _ in range(5)]
    own = [(make_example(string, networks.first),) for string in strings]
    base = Base([own[0][0]], np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8))
    found = base.with_digits_of(own, silent)
    assert found.own_images.shape[1:] == (28, 28) and len(found.own_images) == len(found.own_labels)
    wanted, labels = Counter("".join(s.text for s in strings)), Counter(map(str, found.own_labels))
    assert not labels - wanted and sum(labels.values()) >= 15
    wrong = replace(own[0][0], text="9" * 40)  # more digits than spans: no path spells it
    assert base.with_digits_of([(wrong,)], silent) is base


def test_single_digits_of_the_user_are_drawn_beside_the_others():
    rng = np.random.default_rng(5)
    base = Base(
        [None],
        np.full((3, 28, 28), 200, np.uint8),
        np.zeros(3, np.uint8),
        np.full((2, 28, 28), 100, np.uint8),
        np.ones(2, np.uint8),
    )
    images, labels = base.lone(4, 6, rng)
    assert images.shape == (10, 28, 28) and labels.tolist() == [0] * 4 + [1] * 6
    nothing = replace(base, images=base.images[:0], labels=base.labels[:0])
    assert nothing.lone(4, 6, rng)[1].tolist() == [1] * 6
