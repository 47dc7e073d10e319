"""Adapting to a user's pictures, on a tiny scale: rows, folds, training, check, files."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from classifier.network import Convolution, ConvolutionNetwork, Shape
from classifier.weights import Networks, load_networks, network_arrays, network_card
from pipeline.adapting.adapt_recipe import AdaptRecipe
from pipeline.adapting.adaptation import adapt
from pipeline.adapting.check import Comparison
from pipeline.adapting.crops.schedule import AdaptSchedule, Base, run_pass, start_trainer
from pipeline.adapting.crops.variations import picture_versions
from pipeline.adapting.labelled import load_pictures
from pipeline.errors import DataError, UsageError
from pipeline.reading.field_reader import FieldReader
from pipeline.reading.lattices.rescoring import MEASURES
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.strings import TRAINING, draw_string
from pipeline.training import training_data as loading
from pipeline.training.checkpoints import TrainingFiles
from pipeline.training.crop.path_loss import path_loss
from pipeline.training.crop.trainer import StepConfig
from pipeline.training.recipe import Stage
from pipeline.training.string_pool import StringData, alone, draw_examples
from tests.pipeline.adapting.stopping import stopped_at

pytestmark = pytest.mark.slow

SHAPE = Shape(convolutions=(Convolution(5, 2, 4), Convolution(5, 2, 4)), measures=MEASURES, hidden=8)
STYLE = replace(TRAINING, empty=0.0, papers=(("white", 1.0),), neighbours=0.0, intruders=0.0, boxes=0.0)
STEP = StepConfig(strings=4, lone=4)
TINY = AdaptRecipe(
    passes=2,
    crops=("second",),
    steps=1,
    schedule=AdaptSchedule(warm_up=0, step=STEP),
    varied=1,
    base_lines=4,
    base_strings=4,
    second=Stage(SHAPE, epochs=1, step=STEP),
)
ROWS = 12


@pytest.fixture(autouse=True)
def no_data_folder(monkeypatch):
    monkeypatch.delenv("DIGITSTRING_DATA", raising=False)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A table of pictures of our own allographs."""
    folder, rng = tmp_path_factory.mktemp("own"), np.random.default_rng(4)
    (folder / "images").mkdir()
    lines = ["file,text"]
    for k in range(ROWS):
        string = draw_string(rng, Sources(fonts=False), STYLE, length=2)
        Image.fromarray(string.image).save(folder / "images" / f"{k}.png")
        lines.append(f"{k}.png,{string.text}")
    (folder / "truth.csv").write_text("\n".join(lines) + "\n")
    return folder / "truth.csv"


@pytest.fixture(scope="module")
def pair(tmp_path_factory, random_weights):
    """Weights of two networks, both random."""
    first, card = load_networks(random_weights)
    second = ConvolutionNetwork.initialise(SHAPE, np.random.default_rng(1))
    path = tmp_path_factory.mktemp("pair") / "pair.npz"
    networks = Networks(first.first, second)
    TrainingFiles(path).save(network_arrays(networks), {**card, **network_card(networks)})
    return path


@pytest.fixture(scope="module")
def whole(table, pair, tmp_path_factory):
    """Weights of an adaptation that was taken to have helped, and was never interrupted."""
    out = tmp_path_factory.mktemp("whole") / "whole.npz"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DIGITSTRING_DATA", raising=False)
        patch.setattr(Comparison, "helped", property(lambda self: True))
        adapt(table, out, weights=pair, recipe=TINY)
    return out


@pytest.fixture
def helps(monkeypatch):
    """Every adaptation is taken to have helped."""
    monkeypatch.setattr(Comparison, "helped", property(lambda self: True))


def arrays(path):
    with np.load(path, allow_pickle=False) as content:
        return {name: content[name] for name in content.files}


def same(left, right):
    left, right = arrays(left), arrays(right)
    return left.keys() == right.keys() and all((left[name] == right[name]).all() for name in left)


def test_end_to_end(table, pair, tmp_path, helps):
    said, steps = [], []
    report = adapt(
        table,
        tmp_path / "mine.npz",
        weights=pair,
        recipe=TINY,
        say=said.append,
        progress=lambda done, total: steps.append((done, total)),
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.json", "mine.npz"]
    assert not report.kept_parent and report.warning() is None and report.rows == ROWS
    assert report.comparison.n == ROWS  # few rows: every one is held out once
    assert any("95 %" in line for line in said) and sum(line.startswith("fold ") for line in said) == 5
    assert any("own shapes and fonts" in line for line in said)
    assert all(0 < done <= total for done, total in steps) and steps == sorted(steps)
    before, after = arrays(pair), arrays(tmp_path / "mine.npz")
    assert all((before[name] == after[name]).all() for name in before if name.startswith("first/"))
    assert any((before[name] != after[name]).any() for name in before if name.startswith("second/"))
    assert 0 <= FieldReader(tmp_path / "mine.npz").read(table.parent / "images" / "0.png").confidence <= 1


def test_the_card(table, pair, whole):
    card = json.loads(whole.with_suffix(".json").read_text())
    made = card["adapted"]
    assert made["truth_sha256"] == hashlib.sha256(table.read_bytes()).hexdigest()
    assert made["parent_sha256"] == hashlib.sha256(pair.read_bytes()).hexdigest()
    assert made["recipe"]["seed"] == 1 and made["rows"] == ROWS and made["skipped"] == []
    assert made["kept_parent"] is False and made["passes"] == TINY.passes and made["learned"] == ["second"]
    assert made["held_out"]["n"] == ROWS and len(made["held_out"]["after_wilson95"]) == 2
    assert card["calibrated_on"]["strings"] == ROWS and set(card["thresholds"]) == {"0.05", "0.01", "0.001"}


def test_the_parent_is_kept_where_nothing_helps(table, pair, tmp_path, monkeypatch):
    monkeypatch.setattr(Comparison, "helped", property(lambda self: False))
    report = adapt(table, tmp_path / "mine.npz", weights=pair, recipe=TINY)
    assert report.kept_parent and "parent's" in report.warning()
    assert same(pair, tmp_path / "mine.npz")
    card, parent = (json.loads(path.with_suffix(".json").read_text()) for path in (tmp_path / "mine.npz", pair))
    assert card["adapted"]["kept_parent"] is True and card["calibration"] == parent["calibration"]
    assert card["thresholds"] == parent["thresholds"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.json", "mine.npz"]


def test_too_few_rows_keep_the_parent(table, pair, tmp_path):
    few = tmp_path / "few.csv"
    few.write_text("\n".join(table.read_text().splitlines()[:6]))
    report = adapt(few, tmp_path / "mine.npz", images=table.parent / "images", weights=pair, recipe=TINY)
    assert report.kept_parent and report.comparison is None and "5 usable rows" in report.warning()
    assert same(pair, tmp_path / "mine.npz")


def test_a_parent_without_a_second_network_gets_one(table, random_weights, tmp_path, helps):
    adapt(table, tmp_path / "mine.npz", weights=random_weights, recipe=TINY)
    networks, _ = load_networks(tmp_path / "mine.npz")
    assert networks.second is not None and networks.second.shape == SHAPE


def test_the_same_seed_gives_the_same_weights(table, pair, whole, tmp_path, helps):
    for name, seed in (("a", 1), ("b", 2)):
        adapt(table, tmp_path / f"{name}.npz", weights=pair, recipe=replace(TINY, seed=seed))
    assert same(tmp_path / "a.npz", whole) and not same(tmp_path / "b.npz", whole)
    assert (tmp_path / "a.json").read_bytes() == whole.with_suffix(".json").read_bytes()


@pytest.mark.parametrize("stop", [1, 3, 16])
def test_resumed_is_the_same_as_uninterrupted(table, pair, whole, tmp_path, helps, monkeypatch, stop):
    """Stopped in the middle of a fold, after one, and in the training on everything."""
    with stopped_at(monkeypatch, stop):
        adapt(table, tmp_path / "parts.npz", weights=pair, recipe=TINY)
    assert (tmp_path / "parts.checkpoint").exists() and not (tmp_path / "parts.npz").exists()
    with pytest.raises(UsageError, match="interrupted training"):
        adapt(table, tmp_path / "parts.npz", weights=pair, recipe=TINY)
    with pytest.raises(UsageError, match="other settings"):
        adapt(table, tmp_path / "parts.npz", weights=pair, recipe=replace(TINY, seed=5), resume=True)
    adapt(table, tmp_path / "parts.npz", weights=pair, recipe=TINY, resume=True)
    assert same(whole, tmp_path / "parts.npz")
    assert whole.with_suffix(".json").read_bytes() == (tmp_path / "parts.json").read_bytes()
    assert not (tmp_path / "parts.checkpoint").exists()


def test_mixes_in_the_data_where_there_are_any(table, pair, training_data, tmp_path, helps, monkeypatch):
    monkeypatch.setattr(loading, "VALIDATION_DIGITS", 20)
    said = []
    adapt(table, tmp_path / "mine.npz", weights=pair, data=training_data, recipe=TINY, say=said.append)
    assert not any("no data folder" in line for line in said)
    assert len(json.loads((tmp_path / "mine.json").read_text())["adapted"]["data"]) == 7


def test_bad_rows_are_named_and_skipped(table, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    rows = ["file,text", "0.png,12", "none.png,1", "broken.png,1", "1.png,1x", "0.png,12", ",5", "2.png"]
    bad = tmp_path / "bad.csv"
    bad.write_text("\n".join(rows) + "\n")
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "0.png").write_bytes((table.parent / "images" / "0.png").read_bytes())
    pictures = load_pictures(bad)
    assert [picture.file for picture in pictures.usable] == ["0.png"] and len(pictures.skipped) == 6
    for sentence, name in zip(
        pictures.skipped, ("none.png", "broken.png", "1.png", "0.png", "no file", "2.png"), strict=True
    ):
        assert name in sentence and sentence.startswith("line ")


@pytest.mark.parametrize("content", ["file,text\n", "file,text\nnone.png,1\n", "a,b\n1,2\n"])
def test_nothing_left_is_an_error_and_writes_nothing(content, pair, tmp_path):
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(DataError):
        adapt(tmp_path / "t.csv", tmp_path / "mine.npz", weights=pair, recipe=TINY)
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_existing_weights_are_not_overwritten(table, pair, tmp_path):
    (tmp_path / "mine.npz").write_bytes(b"dear")
    with pytest.raises(UsageError, match="is there already"):
        adapt(table, tmp_path / "mine.npz", weights=pair, recipe=TINY)
    assert (tmp_path / "mine.npz").read_bytes() == b"dear"


def test_passes_lower_the_loss_of_the_users_strings(table, pair):
    networks, _ = load_networks(pair)
    first, parent = networks.first, networks.second
    own = [picture_versions(p, first, 1, np.random.default_rng(0)) for p in load_pictures(table).usable]
    rng = np.random.default_rng(3)
    base = Base(
        draw_examples(rng, StringData(Sources()), alone(TRAINING), 4, first),
        np.zeros((0, 28, 28), np.uint8),
        np.zeros(0, np.uint8),
    )
    schedule = replace(TINY.schedule, learning_rate=1e-2)
    trainer = start_trainer(first, parent, schedule)

    def loss():
        parts = [
            path_loss(each, each.scores(trainer.network.forward(each.crops / np.float32(255), each.measures)))[0]
            for versions in own
            for each in versions
        ]
        return np.nanmean(parts)

    before, parent_before = loss(), {name: value.copy() for name, value in parent.weights.items()}
    for number in range(6):
        run_pass(trainer, parent, own, base, schedule, [1, number])
    assert loss() < before
    assert all((parent.weights[name] == value).all() for name, value in parent_before.items())


def test_a_strong_pull_stays_with_the_parent(table, pair):
    networks, _ = load_networks(pair)
    own = [picture_versions(p, networks.first, 0, np.random.default_rng(0)) for p in load_pictures(table).usable]
    base = Base(
        draw_examples(np.random.default_rng(3), StringData(Sources()), alone(TRAINING), 4, networks.first),
        np.zeros((0, 28, 28), np.uint8),
        np.zeros(0, np.uint8),
    )
    moved = []
    for pull in (0.0, 500.0):
        schedule = replace(TINY.schedule, learning_rate=1e-3, pull=pull)
        trainer = start_trainer(networks.first, networks.second, schedule)
        run_pass(trainer, networks.second, own, base, schedule, [1])
        moved.append(np.abs(trainer.network.weights["output"] - networks.second.weights["output"]).max())
    assert moved[1] < moved[0]
