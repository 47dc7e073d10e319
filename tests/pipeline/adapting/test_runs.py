"""The trainings of an adaptation in their order, with a learner that does nothing but add the number of its run."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from classifier.line.line_network import LineNetwork, LineShape
from classifier.weights import Networks, load_networks
from pipeline.adapting.runs import Runs
from pipeline.training.checkpoints import TrainingFiles
from tests.pipeline.adapting.stopping import stopped_at

PARENT = LineNetwork.initialise(LineShape((2, 2, 3, 3, 4, 6)), np.random.default_rng(1))


@dataclass
class Adding:
    """Adds (run + 1) / 4 to the bias of the output in the last of its passes."""

    name: str = "line"

    def begin(self, texts, passes, seed):
        return Added((seed[1] + 1) / 4)


@dataclass
class Added:
    more: float

    def run_pass(self, number):
        pass

    def learned(self, networks):
        weights = {**PARENT.weights, "output_bias": PARENT.weights["output_bias"] + np.float32(self.more)}
        return replace(networks, line=replace(PARENT, weights=weights))

    def state(self):
        return {"more": np.array(self.more)}

    def restore(self, arrays):
        pass


@pytest.fixture
def first(random_weights):
    return load_networks(random_weights)[0].first


def make_runs(first, folder):
    return Runs(Networks(first, None, PARENT), [Adding()], 2, 1, TrainingFiles(folder / "mine.npz"), {"of": "these"})


def added(networks):
    return float((networks.line.weights["output_bias"] - PARENT.weights["output_bias"]).mean())


def test_a_run_is_judged_alone_or_together_with_those_before(first, tmp_path):
    alone, together = make_runs(first, tmp_path), make_runs(first, tmp_path)
    assert [alone.judged(run, {0: "1"}, added) for run in range(3)] == pytest.approx([0.25, 0.5, 0.75], abs=1e-3)
    found = [together.judged(run, {0: "1"}, added, together=True) for run in range(3)]
    assert found == pytest.approx([0.25, 0.375, 0.5], abs=1e-3)


def test_what_is_written_is_the_mean_of_all_runs(first, tmp_path):
    runs = make_runs(first, tmp_path)
    for run in range(2):
        runs.judged(run, {0: "1"}, added)
    assert added(runs.train(2, {0: "1"})) == pytest.approx(0.5, abs=1e-3)  # of 1/4, 2/4, 3/4


@pytest.mark.parametrize("stop", range(1, 7))
def test_a_stop_at_any_save_changes_nothing(first, tmp_path, monkeypatch, stop):
    def whole(runs):
        judged = [runs.judged(run, {0: "1"}, added, together=True) for run in range(2)]
        return [*judged, added(runs.train(2, {0: "1"}))]

    expected = whole(make_runs(first, tmp_path))
    with stopped_at(monkeypatch, stop):
        whole(make_runs(first, tmp_path))
    again = make_runs(first, tmp_path)
    again.resume()
    assert whole(again) == expected
