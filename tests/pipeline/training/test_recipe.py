"""The recipe of the shipped weights on a tiny scale: same seed, same weights; and who is held out."""

import hashlib
import json
from dataclasses import fields, replace
from itertools import pairwise

import numpy as np
import pytest

from classifier.network import Convolution, Shape
from classifier.weights import load_networks
from pipeline.data.mnist import load_mnist
from pipeline.data.real_strings import RealString
from pipeline.errors import DataError, UsageError
from pipeline.reading.field_reader import FieldReader
from pipeline.synthesis.sources import collection_of
from pipeline.synthesis.style import TRAINING
from pipeline.training import training_data as loading
from pipeline.training.calibrating.calibrate import calibrate
from pipeline.training.crop import pretraining
from pipeline.training.crop.trainer import StepConfig
from pipeline.training.recipe import Recipe, Stage, train_shipped
from pipeline.training.stages import learning_rate
from pipeline.training.string_pool import PoolConfig, StringData, StringMixture, alone, chunks, draw_of
from pipeline.training.training_data import is_held_out, load_data

pytestmark = pytest.mark.slow

STAGE = Stage(
    Shape(convolutions=(Convolution(5, 2, 2), Convolution(5, 2, 3)), hidden=6),
    epochs=2,
    step=StepConfig(strings=3, lone=6),
    pool=PoolConfig(chunk=5, kept=2),
)
SECOND_STAGE = replace(STAGE, shape=replace(STAGE.shape, measures=27), hard=2, pretraining=2)
TINY = Recipe(seed=3, first=STAGE, second=SECOND_STAGE, validation_strings=3, calibration_strings=5)
EPOCHS = [("first", 1), ("first", 2), ("second", 1), ("second", 2)]


@pytest.fixture(autouse=True)
def few_validation_digits(monkeypatch):
    monkeypatch.setattr(loading, "VALIDATION_DIGITS", 20)
    monkeypatch.setattr(pretraining, "DRAWN", 30)


@pytest.fixture(scope="module")
def trained(training_data, tmp_path_factory):
    """A folder with uninterrupted.npz, and the reports of its epochs."""
    folder, reports = tmp_path_factory.mktemp("trained"), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "VALIDATION_DIGITS", 20)
        patch.setattr(pretraining, "DRAWN", 30)
        train_shipped(folder / "uninterrupted.npz", training_data, TINY, on_epoch=reports.append)
    return folder, reports


def arrays(path):
    with np.load(path) as content:
        return {name: content[name] for name in content.files}


def same(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def test_trains_to_weights_that_read(trained):
    folder, reports = trained
    assert [(report.stage, report.epoch) for report in reports] == EPOCHS
    assert all(np.isfinite(report.loss) and 0 <= report.strings <= 1 and 0 <= report.digits <= 1 for report in reports)
    assert sorted(path.name for path in folder.iterdir()) == ["uninterrupted.json", "uninterrupted.npz"]
    reader = FieldReader(folder / "uninterrupted.npz", threshold=0)
    assert reader.read(np.full((20, 40), 255, np.uint8)).text is None
    assert all(value.dtype == np.float16 for value in arrays(folder / "uninterrupted.npz").values())


def test_the_card_says_what_made_the_weights(trained, training_data):
    folder, reports = trained
    networks, card = load_networks(folder / "uninterrupted.npz")
    assert (networks.first.shape, networks.second.shape) == (TINY.first.shape, TINY.second.shape)
    assert card["data"] == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in training_data.iterdir()
    }
    assert len(card["data"]) == 7
    assert card["recipe"]["seed"] == 3 and card["recipe"]["without"] == ["sta", "lex", "cec"]
    assert card["recipe"]["first"]["pool"] == {"chunk": 5, "kept": 2, "workers": 1}
    assert {"python", "numpy", "scipy"} <= card["versions"].keys()
    assert "MNIST" in card["attribution"] and "10.5281/zenodo.1195803" in card["attribution"]
    assert set(card["calibration"]) == {"slope", "offset", "ceiling"}
    assert set(card["thresholds"]) == {"0.05", "0.01", "0.001"}
    assert card["calibrated_on"]["strings"] == 5
    assert reports[-1].strings in card["figures"].values() and reports[-1].digits in card["figures"].values()


@pytest.mark.parametrize("stop", EPOCHS)
def test_resumed_is_the_same_as_uninterrupted(trained, training_data, tmp_path, stop):
    """Stopped after any epoch, also after the last of a network, before its weights were written."""
    out, reports = tmp_path / "resumed.npz", []

    def interrupt(report):
        if (report.stage, report.epoch) == stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_shipped(out, training_data, TINY, on_epoch=interrupt)
    left = "resumed.first.checkpoint" if stop[0] == "first" else "resumed.checkpoint"
    assert (tmp_path / left).exists() and not out.exists()
    with pytest.raises(UsageError, match="interrupted training"):
        train_shipped(out, training_data, TINY)
    with pytest.raises(UsageError, match="other settings"):
        train_shipped(out, training_data, replace(TINY, seed=4), resume=True)
    train_shipped(out, training_data, TINY, resume=True, on_epoch=reports.append)
    assert [(report.stage, report.epoch) for report in reports] == EPOCHS[EPOCHS.index(stop) + 1 :]
    assert same(arrays(out), arrays(trained[0] / "uninterrupted.npz"))
    assert out.with_suffix(".json").read_text() == (trained[0] / "uninterrupted.json").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["resumed.json", "resumed.npz"]


def test_another_seed_makes_other_weights_and_two_workers_the_same(trained, training_data, tmp_path):
    before = arrays(trained[0] / "uninterrupted.npz")
    pool = replace(STAGE.pool, workers=2)
    two = replace(TINY, first=replace(STAGE, pool=pool), second=replace(SECOND_STAGE, pool=pool))
    train_shipped(tmp_path / "two.npz", training_data, two)
    assert same(arrays(tmp_path / "two.npz"), before)
    train_shipped(tmp_path / "other.npz", training_data, replace(TINY, seed=4))
    assert not same(arrays(tmp_path / "other.npz"), before)


def test_weights_that_are_there_are_left_alone(trained, training_data, tmp_path):
    path = trained[0] / "uninterrupted.npz"
    before = path.read_bytes()
    for resume in (False, True):
        with pytest.raises(UsageError, match="is there already"):
            train_shipped(path, training_data, TINY, resume=resume)
    assert path.read_bytes() == before
    copy = tmp_path / "copy.npz"
    copy.write_bytes(b"old")
    train_shipped(copy, training_data, replace(TINY, second=replace(SECOND_STAGE, epochs=1)), force=True)
    assert load_networks(copy)[1]["recipe"]["second"]["epochs"] == 1


@pytest.mark.parametrize("out", ["weights.bin", "no such folder/weights.npz"])
def test_a_place_that_cannot_be_written_is_refused_before_anything_is_read(out, tmp_path):
    with pytest.raises(UsageError, match="weights"):
        train_shipped(tmp_path / out, tmp_path / "no data", TINY)


def test_a_run_without_data_or_with_too_few_digits_says_so(training_data, tmp_path, monkeypatch):
    with pytest.raises(DataError, match="does not exist"):
        train_shipped(tmp_path / "a.npz", tmp_path / "none", TINY)
    monkeypatch.setattr(loading, "VALIDATION_DIGITS", 60)
    with pytest.raises(DataError, match="60 training digits are too few"):
        train_shipped(tmp_path / "a.npz", training_data, TINY)
    assert list(tmp_path.iterdir()) == []


def test_training_without_pen_strokes_is_warned_of(training_data, tmp_path, caplog):
    for path in training_data.glob("*ubyte"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    data = load_data(tmp_path, TINY)
    assert "without pen strokes of digits and strings and others" in caplog.text
    assert len(data.hashes) == 4 and not writers(data.training) and len(data.training.images) == 40
    caplog.clear()
    load_data(training_data, TINY)
    assert "pen strokes" not in caplog.text


def test_digits_from_the_cache_are_named_in_the_card(training_data, tmp_path, monkeypatch):
    """Without a data folder MNIST comes from the cache."""
    monkeypatch.delenv("DIGITSTRING_DATA", raising=False)
    cached = tmp_path / "mnist"
    cached.mkdir()
    for path in training_data.glob("*ubyte"):
        (cached / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(loading, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(loading, "load_mnist", lambda folder: load_mnist(folder or cached))
    assert load_data(None, TINY).hashes == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in cached.iterdir()
    }


def writers(sources):
    return {
        sample.writer for samples in (sources.pen_digits, sources.pen_strings, sources.pen_others) for sample in samples
    }


def pictures(sources):
    return {image.tobytes() for image in sources.images}


@pytest.mark.parametrize("without", [(), ("sta",), ("sta", "bbb")])
def test_who_is_left_out_and_who_is_held_out(training_data, without):
    data = load_data(training_data, replace(TINY, without=without))
    trained_on, held_out = writers(data.training), writers(data.held_out)
    assert trained_on and held_out and not trained_on & held_out
    assert {collection_of(writer) for writer in trained_on | held_out} == {"aaa", "bbb", "sta"} - set(without)
    assert held_out == {writer for writer in trained_on | held_out if is_held_out(writer)}
    assert data.training.pen_strings and data.held_out.pen_others
    assert pictures(data.training) == {image.tobytes() for image in data.mnist.train_images[:40]}
    assert pictures(data.held_out) == {image.tobytes() for image in data.mnist.test_images}
    assert not pictures(data.training) & pictures(data.held_out)
    assert not pictures(data.training) & {image.tobytes() for image in data.mnist.train_images[40:]}


def test_a_tenth_of_the_writers_is_held_out_for_good():
    """Decided by the name: were it otherwise, later weights would have seen what earlier ones are tested on."""
    names = [f"{collection}-{number:03d}" for collection in ("aaa", "kai", "sta") for number in range(1000)]
    assert 0.08 < np.mean([is_held_out(name) for name in names]) < 0.12
    assert [name for name in names if is_held_out(name)][:3] == ["aaa-026", "aaa-044", "aaa-051"]


def drawn(sources, first, last, seed=3, **pool):
    config = PoolConfig(**({"chunk": 3, "kept": 2} | pool))
    return list(chunks(StringData(sources), alone(TRAINING), seed, first, last, config))


def prints(examples):
    """What tells examples apart."""
    return [hashlib.sha256(example.crops.tobytes() + example.measures.tobytes()).hexdigest() for example in examples]


def test_the_pool_is_the_same_whoever_draws_it_and_wherever_it_begins(training_data):
    sources = load_data(training_data, TINY).training
    whole = [prints(pool) for pool in drawn(sources, 0, 4)]
    assert [len(pool) for pool in whole] == [3, 6, 6, 6]
    assert all(before[-3:] == after[:3] for before, after in pairwise(whole[1:]))
    assert len(set(whole[0] + whole[1] + whole[3])) == 12
    assert [prints(pool) for pool in drawn(sources, 2, 4, workers=2)] == whole[2:]
    assert prints(drawn(sources, 0, 1, seed=4)[0]) != whole[0]


def test_the_learning_rate_rises_and_then_falls():
    stage = Stage(Shape(), epochs=40, learning_rate=2e-3, warm_up=2.0)
    rates = [learning_rate(stage, progress) for progress in np.linspace(0, 39.99, 4000)]
    top = int(np.argmax(rates))
    assert all(a < b for a, b in pairwise(rates[:top])) and all(a >= b for a, b in pairwise(rates[top:]))
    assert 1.8 <= top / 100 <= 2.1 and 0.95 * 2e-3 < rates[top] <= 2e-3
    assert 0 < rates[0] < 0.05 * 2e-3 and 0 < rates[-1] < 0.02 * 2e-3


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"learning_rate": 0.0},
        {"validation_strings": 0},
        {"calibration_strings": 0},
        {"warm_up": -1.0},
        {"seed": -1},
        {"pool": PoolConfig(chunk=5)},
    ],
)
def test_recipes_that_cannot_be_meant_are_refused(wrong):
    with pytest.raises(ValueError, match=r"not a schedule|too few strings"):
        if wrong.keys() <= {field.name for field in fields(Recipe)}:
            Recipe(**wrong)
        else:
            replace(STAGE, **{"step": StepConfig(), **wrong})


def test_calibration_is_the_same_each_time_and_fits_a_card(trained, training_data):
    network, card = load_networks(trained[0] / "uninterrupted.npz")
    found = calibrate(network, load_data(training_data, TINY).away, 5)
    assert json.loads(json.dumps(found)) == {
        name: card[name] for name in ("calibration", "thresholds", "calibrated_on")
    }


def test_a_first_network_that_is_given_is_kept_bit_for_bit(trained, training_data, tmp_path):
    given, out = trained[0] / "uninterrupted.npz", tmp_path / "second.npz"
    train_shipped(out, training_data, replace(TINY, seed=4), first=given)
    before, after = arrays(given), arrays(out)
    assert all(np.array_equal(after[name], before[name]) for name in before if name.startswith("first/"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["second.json", "second.npz"]


def test_real_numbers_of_registers_come_as_often_as_the_mixture_says(training_data):
    sources = load_data(training_data, TINY).training
    real = [RealString(np.full((30, 60), 200, np.uint8), str(k), "page") for k in range(3)]
    mixture = StringMixture(((TRAINING, 1.0),), registers=0.25)
    rng = np.random.default_rng(5)
    strings = [draw_of(rng, StringData(sources, real), mixture) for _ in range(400)]
    assert 0.19 < np.mean([isinstance(each, RealString) for each in strings]) < 0.31
    assert {each.text for each in strings if isinstance(each, RealString)} == {"0", "1", "2"}
