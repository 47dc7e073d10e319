"""Adapting the line network, with PyTorch and without, with right answers and without, on a tiny scale."""

import json
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image

from classifier.line.line_columns import text_log_probabilities
from classifier.line.line_network import LineNetwork, LineShape
from classifier.weights import Networks, load_networks, network_arrays, network_card, rounded
from pipeline.adapting import preparing
from pipeline.adapting.adapt_recipe import AdaptRecipe
from pipeline.adapting.adaptation import adapt
from pipeline.adapting.check import Comparison
from pipeline.adapting.crops.schedule import AdaptSchedule
from pipeline.adapting.labelled import Picture
from pipeline.adapting.lines.line_examples import OwnLine, draw_base
from pipeline.adapting.lines.line_learner import LineSchedule
from pipeline.adapting.lines.outputs import OutputLearner, OutputSchedule
from pipeline.adapting.unlabelled import Said, adapt_unlabelled
from pipeline.errors import UsageError
from pipeline.reading.confidence.joint import Joint
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.strings import TRAINING, draw_string
from pipeline.training.checkpoints import TrainingFiles
from pipeline.training.crop.trainer import StepConfig
from pipeline.training.line.ctc_gradient import ctc_gradient
from tests.pipeline.adapting.stopping import stopped_at

needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="needs digitstring[train]")
STYLE = replace(TRAINING, empty=0.0, papers=(("white", 1.0),), neighbours=0.0, intruders=0.0, boxes=0.0)
STEP = StepConfig(strings=4, lone=4)
TINY = AdaptRecipe(
    passes=2,
    steps=1,
    crops=(),
    line=LineSchedule(strings=4),
    outputs=OutputSchedule(strings=4),
    schedule=AdaptSchedule(warm_up=0, step=STEP),
    varied=0,
    base_lines=6,
    base_strings=3,
    least=5,
    rounds=2,
    sure=0.0,
)
ROWS = 10


@pytest.fixture(autouse=True)
def no_data_folder(monkeypatch):
    monkeypatch.delenv("DIGITSTRING_DATA", raising=False)


@pytest.fixture
def helps(monkeypatch):
    """Every adaptation is taken to have helped."""
    monkeypatch.setattr(Comparison, "helped", property(lambda self: True))


@pytest.fixture
def no_torch(monkeypatch):
    monkeypatch.setattr(preparing, "find_spec", lambda name: None)


def drawn(count: int, length: int = 2) -> list[Picture]:
    rng = np.random.default_rng(4)
    strings = [draw_string(rng, Sources(fonts=False), STYLE, length=length) for _ in range(count)]
    return [Picture(f"{k}.png", each.image / np.float32(255), each.text) for k, each in enumerate(strings)]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    (folder / "images").mkdir()
    lines = ["file,text"]
    for picture in drawn(ROWS):
        Image.fromarray((picture.grey * 255).astype(np.uint8)).save(folder / "images" / picture.file)
        lines.append(f"{picture.file},{picture.text}")
    (folder / "truth.csv").write_text("\n".join(lines) + "\n")
    return folder / "truth.csv"


@pytest.fixture(scope="module")
def readers(tmp_path_factory, random_weights):
    """Weights of a crop network and a line network, both random."""
    networks, card = load_networks(random_weights)
    line = LineNetwork.initialise(LineShape((2, 2, 3, 3, 4, 6)), np.random.default_rng(1))
    path = tmp_path_factory.mktemp("readers") / "readers.npz"
    complete = Networks(networks.first, None, line)
    card = {**card, **network_card(complete), "joint": Joint().to_json()}
    TrainingFiles(path).save(network_arrays(complete), card)
    return path


def arrays(path):
    with np.load(path, allow_pickle=False) as content:
        return {name: content[name] for name in content.files}


def changed(before, after):
    """The networks of which weights differ."""
    left, right = arrays(before), arrays(after)
    return {name.split("/")[0] for name in right if name not in left or (left[name] != right[name]).any()}


@needs_torch
@pytest.mark.slow
def test_both_readers_with_right_answers(table, readers, tmp_path, helps):
    said = []
    report = adapt(table, tmp_path / "mine.npz", weights=readers, recipe=TINY, say=said.append)
    assert report.learned == ("line",) and changed(readers, tmp_path / "mine.npz") == {"line"}
    card, parent = (json.loads(path.with_suffix(".json").read_text()) for path in (tmp_path / "mine.npz", readers))
    assert card["calibrated_on"]["strings"] == ROWS and Joint.from_json(card["joint"])
    assert card["joint"] != parent["joint"] and card["adapted"]["held_out"]["n"] == ROWS
    assert not any("PyTorch" in line for line in said)
    twice = replace(TINY, crops=("first",))
    report = adapt(table, tmp_path / "crops.npz", weights=readers, recipe=twice)
    assert changed(readers, tmp_path / "crops.npz") == {"line", "first"} and report.learned == ("line", "first")


@pytest.mark.slow
def test_without_pytorch_the_last_layer_and_the_crop_network_learn(table, readers, tmp_path, helps, no_torch):
    said = []
    both = replace(TINY, crops=AdaptRecipe().crops)
    report = adapt(table, tmp_path / "mine.npz", weights=readers, recipe=both, say=said.append)
    assert report.learned == ("line", "first") and any("digitstring[train]" in line for line in said)
    card, parent = (json.loads(path.with_suffix(".json").read_text()) for path in (tmp_path / "mine.npz", readers))
    assert card["joint"] != parent["joint"] and card["calibrated_on"]["strings"] == ROWS
    left, right = arrays(readers), arrays(tmp_path / "mine.npz")
    lines = {name for name in left if name.startswith("line/") and (left[name] != right[name]).any()}
    assert lines == {"line/output", "line/output_bias"} and "first" in changed(readers, tmp_path / "mine.npz")


@needs_torch
@pytest.mark.slow
@pytest.mark.parametrize("unlabelled, stop", [(False, 2), (False, 14), (True, 2), (True, 4)])
def test_resumed_is_the_same_as_uninterrupted(table, readers, tmp_path, helps, monkeypatch, unlabelled, stop):
    def run(name, **options):
        given = {"weights": readers, "recipe": TINY, **options}
        if unlabelled:
            return adapt_unlabelled(table.parent / "images", tmp_path / name, **given)
        return adapt(table, tmp_path / name, **given)

    monkeypatch.setattr(Said, "labels", lambda self, rows, sure: {row: "12" for row in rows})
    run("whole.npz")
    with stopped_at(monkeypatch, stop):
        run("parts.npz")
    run("parts.npz", resume=True)
    assert changed(tmp_path / "whole.npz", tmp_path / "parts.npz") == set()
    assert (tmp_path / "whole.json").read_bytes() == (tmp_path / "parts.json").read_bytes()


@needs_torch
@pytest.mark.slow
def test_without_right_answers(table, readers, tmp_path, helps, monkeypatch):
    monkeypatch.setattr(Said, "labels", lambda self, rows, sure: {row: "12" for row in rows})
    rounds, said = [], []
    report = adapt_unlabelled(
        table.parent / "images",
        tmp_path / "mine.npz",
        weights=readers,
        recipe=TINY,
        say=said.append,
        on_round=lambda number, networks: rounds.append(number),
    )
    assert rounds == [1, 2] and report.labels == (8, 8, 10) and "Only a labelled sample" in report.warning()
    assert changed(readers, tmp_path / "mine.npz") == {"line"} and sum("round" in line for line in said) == 2
    card, parent = (json.loads(path.with_suffix(".json").read_text()) for path in (tmp_path / "mine.npz", readers))
    assert card["adapted"]["unlabelled"] and card["joint"] == parent["joint"]


def test_without_right_answers_the_parent_is_kept_where_little_is_sure(table, readers, random_weights, tmp_path):
    images = table.parent / "images"
    report = adapt_unlabelled(images, tmp_path / "mine.npz", weights=readers, recipe=replace(TINY, sure=1.0))
    assert report.kept_parent and report.agreement is None and "too few" in report.warning()
    assert changed(readers, tmp_path / "mine.npz") == set()
    with pytest.raises(UsageError, match="one reader only"):
        adapt_unlabelled(images, tmp_path / "other.npz", weights=random_weights, recipe=TINY)


def test_only_what_both_read_surely_is_a_label():
    said = Said(("12", "34", "56", ""), np.array([True, False, True, True]), np.array([0.95, 0.99, 0.5, 0.99]))
    assert said.labels([3, 5, 7, 9], 0.9) == {3: "12"}
    assert Said.from_json(json.loads(json.dumps(said.to_json()))).labels([3, 5, 7, 9], 0.0) == {3: "12", 7: "56"}


@pytest.mark.parametrize("text, known", [("12", True), ("1.1", True), ("33", False), ("", True)])
def test_the_ctc_gradient_is_that_of_finite_differences(text, known):
    rng = np.random.default_rng(3)
    sums = rng.standard_normal((9, 17))
    loss, gradient = ctc_gradient(sums, text, known)
    if known:
        columns = sums - np.logaddexp.reduce(sums, axis=1, keepdims=True)
        assert loss == pytest.approx(-text_log_probabilities(columns, [text])[0], rel=1e-6)
    for t, k in ((0, 1), (4, 3), (8, 10), (5, 12)):
        ahead, behind = sums.copy(), sums.copy()
        ahead[t, k] += 1e-4
        behind[t, k] -= 1e-4
        slope = (ctc_gradient(ahead, text, known)[0] - ctc_gradient(behind, text, known)[0]) / 2e-4
        assert gradient[t, k] == pytest.approx(slope, abs=1e-4)
    assert ctc_gradient(sums[:1], "12")[0] == np.inf and not ctc_gradient(sums[:1], "12")[1].any()


@pytest.mark.slow
def test_the_last_layer_learns_what_it_is_shown():
    parent = LineNetwork.initialise(LineShape((4, 4, 4, 4, 8, 16)), np.random.default_rng(1))
    pictures = drawn(6)
    schedule = OutputSchedule(strings=6, learning_rate=3e-2, pull=0.0, kept=0.0)
    own, texts = [OwnLine.of(each) for each in pictures], {k: each.text for k, each in enumerate(pictures)}
    learner = OutputLearner(parent, own, draw_base(Sources(), 6, [1]), schedule)

    def loss(network):
        shown = [string for k, line in enumerate(own) for string in line.strings(texts[k])]
        return np.mean([ctc_gradient(network.sums(each.picture), each.written, False)[0] for each in shown])

    course = learner.begin(texts, 12, (1, 0))
    for number in range(1, 13):
        course.run_pass(number)
    learned = course.learned(Networks(None, None, parent)).line
    assert loss(learned) < 0.8 * loss(parent)
    below = {name: value for name, value in rounded(parent).weights.items() if "output" not in name}
    assert all((learned.weights[name] == value).all() for name, value in below.items())
