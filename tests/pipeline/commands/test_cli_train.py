"""The command `train`: on a tiny scale end to end, what its options mean, and how mistakes end."""

import os
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from typer.testing import CliRunner

from classifier.network import Convolution, Shape
from classifier.weights import load_networks
from pipeline.commands.main import app
from pipeline.training import recipe
from pipeline.training import training_data as loading
from pipeline.training.crop.trainer import StepConfig
from pipeline.training.recipe import Recipe, Stage
from pipeline.training.string_pool import PoolConfig

pytestmark = pytest.mark.slow

STAGE = Stage(
    Shape(convolutions=(Convolution(5, 2, 2), Convolution(5, 2, 2)), hidden=4),
    epochs=1,
    step=StepConfig(strings=2, lone=4),
    pool=PoolConfig(chunk=3, kept=1),
)
SECOND_STAGE = replace(STAGE, shape=replace(STAGE.shape, measures=27))
TINY = Recipe(first=STAGE, second=SECOND_STAGE, validation_strings=2, calibration_strings=3)


@pytest.fixture(autouse=True)
def own_surroundings(monkeypatch, tmp_path):
    """No data folder of this machine, an environment that the command may change, and a folder to write in."""
    monkeypatch.delenv("DIGITSTRING_DATA", raising=False)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", os.environ.get("OPENBLAS_NUM_THREADS", "1"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def tiny(monkeypatch):
    """The recipe on a tiny scale, its options as the command gives them."""
    monkeypatch.setattr(loading, "VALIDATION_DIGITS", 20)
    monkeypatch.setattr(recipe, "Recipe", lambda **options: replace(TINY, **options))


@pytest.fixture
def asked(monkeypatch):
    """What the command asks `train_shipped` for, which does nothing."""
    calls = []

    def note(*arguments, on_epoch=None, **options):
        calls.append((*(each for each in arguments if not callable(each)), options))

    monkeypatch.setattr(recipe, "train_shipped", note)
    return calls


def train(*arguments):
    return CliRunner().invoke(app, ["train", *map(str, arguments)])


def test_trains_resumes_and_does_not_overwrite(tiny, training_data, tmp_path):
    options = ("--data", training_data, "--out", "w.npz", "--epochs", 2, "--seed", 5, "--without", "bbb")
    result = train(*options)
    assert result.exit_code == 0 and result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 5 and lines[4] == "digitstring: w.npz: trained"
    assert all(
        lines[k].startswith(f"digitstring: {stage} network, epoch {epoch} of 2: ")
        for k, (stage, epoch) in enumerate(product(("first", "second"), (1, 2)))
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["w.json", "w.npz"]
    _, card = load_networks(tmp_path / "w.npz")
    assert (card["recipe"]["seed"], card["recipe"]["without"]) == (5, ["bbb"])
    assert [card["recipe"][stage]["epochs"] for stage in ("first", "second")] == [2, 2]

    before = (tmp_path / "w.npz").read_bytes()
    again = train(*options)
    assert again.exit_code == 2 and "--force" in again.stderr and (tmp_path / "w.npz").read_bytes() == before
    assert train(*options, "--force").exit_code == 0
    assert (tmp_path / "w.npz").read_bytes() == before


def test_an_interrupted_training_resumes(tiny, training_data, tmp_path, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    options = ("--data", training_data, "--epochs", 1)
    with monkeypatch.context() as patch:
        patch.setattr(recipe, "calibrate", interrupted)
        assert train(*options).exit_code == 130
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "weights.checkpoint",
        "weights.first.json",
        "weights.first.npz",
    ]
    refused = train(*options)
    assert refused.exit_code == 2 and "--resume" in refused.stderr
    other = train(*options, "--resume", "--seed", 9)
    assert other.exit_code == 2 and "other settings" in other.stderr
    assert train(*options, "--resume").exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["weights.json", "weights.npz"]


def test_a_damaged_checkpoint_is_exit_code_4(tiny, training_data, tmp_path):
    (tmp_path / "weights.checkpoint").write_bytes(b"PK\x03\x04 nothing else")
    result = train("--data", training_data, "--resume")
    assert result.exit_code == 4 and "damaged checkpoint" in result.stderr and "Traceback" not in result.output


def test_the_defaults_are_those_of_the_recipe(asked, tmp_path):
    assert train("--data", tmp_path).exit_code == 0
    ((out, data, chosen, options),) = asked
    assert (out.name, data, chosen) == ("weights.npz", tmp_path, Recipe())
    assert options == {"first": None, "start": None, "first_alone": False, "resume": False, "force": False}


@pytest.mark.parametrize(
    "given, expected",
    [
        (["--without", "sta"], ("sta",)),
        (["--without", "sta,lex,"], ("sta", "lex")),
        (["--without", ""], ()),
        ([], Recipe().without),
    ],
)
def test_collections_to_leave_out(asked, given, expected):
    assert train(*given).exit_code == 0
    assert asked[0][2].without == expected


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["--encoding", "ten"], "--encoding"),
        (["--epochs", "0"], "epochs"),
        (["--seed", "-1"], "seed"),
        (["--out", "weights.bin"], ".npz"),
        (["--out", "no/such/weights.npz"], "no folder"),
    ],
)
def test_mistakes_are_one_sentence_and_exit_code_2(tiny, training_data, tmp_path, arguments, sentence):
    result = train("--data", training_data, *arguments)
    assert result.exit_code == 2 and sentence in result.stderr.lower() and result.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_data_that_are_not_there_are_exit_code_3(tmp_path):
    result = train("--data", tmp_path / "none")
    assert result.exit_code == 3 and "does not exist" in result.stderr
    result = train("--data", tmp_path)
    assert result.exit_code == 3 and "MNIST" in result.stderr and "--data" in result.stderr


def test_help_has_an_example():
    result = train("--help")
    assert result.exit_code == 0 and "Example: digitstring train" in result.stdout


def test_the_first_network_alone_begins_with_other_weights(tiny, training_data, tmp_path):
    assert train("--data", training_data, "--out", "a.npz", "--epochs", 1, "--first-alone").exit_code == 0
    networks, card = load_networks(tmp_path / "a.npz")
    assert networks.second is None and card["figures"]["epochs"] == 1
    result = train("--data", training_data, "--out", "b.npz", "--epochs", 1, "--first-alone", "--start", "a.npz")
    assert result.exit_code == 0 and sorted(path.name for path in tmp_path.iterdir()) == [
        f"{name}.{end}" for name in "ab" for end in ("json", "npz")
    ]
    begun, _ = load_networks(tmp_path / "b.npz")
    moved = np.abs(begun.first.weights["dense"] - networks.first.weights["dense"]).mean()
    assert 0 < moved < 0.3 * np.abs(networks.first.weights["dense"]).mean()
    refused = train("--data", training_data, "--out", "c.npz", "--first-alone", "--first", "a.npz")
    assert refused.exit_code == 2 and "nothing to train" in refused.stderr
