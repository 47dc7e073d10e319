"""The commands `book train` and `book read`: on a tiny scale end to end, what options mean, how mistakes end."""

import json
import os

import numpy as np
import pytest
from PIL import Image, ImageDraw
from typer.testing import CliRunner

from pipeline.commands.main import app
from pipeline.training.book import book_networks
from pipeline.training.book.book_networks import BookTraining, load_book


@pytest.fixture(autouse=True)
def own_surroundings(monkeypatch, tmp_path):
    """No data folder of this machine, an environment that the command may change, and a folder to write in."""
    monkeypatch.delenv("DIGITSTRING_DATA", raising=False)
    for library in ("OPENBLAS", "OMP", "MKL"):
        monkeypatch.setenv(f"{library}_NUM_THREADS", os.environ.get(f"{library}_NUM_THREADS", "1"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def asked(monkeypatch):
    """What the command asks `train_book` for, which does nothing."""
    calls = []
    monkeypatch.setattr(
        book_networks, "train_book", lambda settings, on_epoch, **options: calls.append((settings, options))
    )
    return calls


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A folder with pictures of a 1 and a 0 on white, and a blank one."""
    folder = tmp_path_factory.mktemp("digits")
    for name, box in (("one", (38, 10, 42, 70)), ("zero", (20, 10, 60, 70)), ("blank", None)):
        image = Image.new("L", (80, 80), 255)
        if box is not None:
            ImageDraw.Draw(image).ellipse(box, outline=0, width=5)
        image.save(folder / f"{name}.png")
    return folder


def book(*arguments, **options):
    return CliRunner().invoke(app, ["book", *map(str, arguments)], **options)


@pytest.mark.parametrize("encoding, outputs", [("ten", 10), ("single", 1), ("binary", 4)])
def test_options_reach_the_training(asked, encoding, outputs):
    options = f"--encoding {encoding} --epochs 3 --cost cross-entropy --learning-rate 0.5 --batch-size 20 --seed 7"
    result = book("train", *options.split(), "--sizes", f"784,12,{outputs}", "--resume")
    assert result.exit_code == 0, result.stderr
    ((settings, given),) = asked
    assert settings == BookTraining(encoding, (784, 12, outputs), "cross-entropy", 3, 20, 0.5, seed=7)
    assert given["resume"] and not given["force"] and given["out"].name == "book.npz"


def test_the_defaults_are_those_of_the_book(asked):
    assert book("train").exit_code == 0
    assert asked[0][0] == BookTraining()


def test_trained_weights_are_read_by_a_command(training_data, written):
    trained = book("train", "--encoding", "binary", "--data", training_data, "--epochs", 2, "--sizes", "784,6,4")
    assert trained.exit_code == 0 and "epoch 2" in trained.stderr and "book.npz: trained" in trained.stderr
    network, encoding, card = load_book("book.npz")
    assert network.sizes == (784, 6, 4) and encoding.outputs == 4 and card["kind"] == "book"
    result = book("read", "--weights", "book.npz", "--json", written / "one.png")
    record = json.loads(result.stdout)
    assert result.exit_code == 0 and record["file"].endswith("one.png") and len(record["outputs"]) == 4
    bits = sum((output > 0.5) << k for k, output in enumerate(record["outputs"]))
    assert record["digit"] == (bits if bits < 10 else None)


def test_a_network_reads_what_it_was_shown(monkeypatch, written):
    """Ten outputs set by hand: ink in the middle column means 1, ink in the middle of the left means 0."""
    from classifier.book.encodings import TenOutputs
    from classifier.book.sigmoid_network import Network
    from pipeline.training.book import book_reader

    weights, biases = np.zeros((10, 28, 28), np.float32), np.full(10, -9, np.float32)
    weights[1, 8:20, 13:15] = 1
    weights[0, 12:16, 4:10] = 2
    network = Network.from_layers([weights.reshape(10, 784)], [biases])
    monkeypatch.setattr(book_reader, "load_book", lambda path: (network, TenOutputs(), {}))
    result = book("read", "--weights", "any.npz", *(written / f"{name}.png" for name in ("one", "zero", "blank")))
    assert result.exit_code == 0
    assert [line.split("\t")[1] for line in result.stdout.splitlines()] == ["1", "0", ""]
    piped = book("read", "--weights", "any.npz", "-", input=(written / "one.png").read_bytes())
    assert piped.stdout == "1\n"


def test_a_bad_picture_ends_with_3_and_the_others_are_read(training_data, written, tmp_path):
    assert book("train", "--data", training_data, "--epochs", 1, "--sizes", "784,5,10").exit_code == 0
    (tmp_path / "bad.png").write_text("no picture")
    result = book("read", "--weights", "book.npz", "bad.png", written / "one.png")
    assert result.exit_code == 3 and "bad.png" in result.stderr and "one.png" in result.stdout
    assert book("read", "--weights", "none.npz", written / "one.png").exit_code == 4


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["--without", "sta"], "--without"),
        (["--cost", "cubic"], "cubic"),
        (["--sizes", "784,x,10"], "784,x,10"),
        (["--sizes", "784,30,4"], "784,30,4"),
        (["--learning-rate", "-1"], "learning"),
        (["--encoding", "seven"], "seven"),
        (["--out", "weights.bin"], ".npz"),
    ],
)
def test_mistakes_are_one_sentence_and_exit_code_2(training_data, tmp_path, arguments, sentence):
    result = book("train", "--data", training_data, *arguments)
    assert result.exit_code == 2 and sentence in result.stderr.lower() and result.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_data_that_are_not_there_are_exit_code_3(tmp_path):
    result = book("train", "--data", tmp_path)
    assert result.exit_code == 3 and "MNIST" in result.stderr
