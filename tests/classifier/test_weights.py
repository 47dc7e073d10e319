"""Weights files: what is saved is loaded, and whatever is wrong with them is said in one sentence."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from classifier.errors import WeightsError
from classifier.line.line_network import LineNetwork, LineShape
from classifier.network import Convolution, ConvolutionNetwork, Shape
from classifier.weights import KIND, Networks, load_arrays, load_networks, network_arrays, network_card, rounded
from pipeline.training.checkpoints import TrainingFiles

SMALL = Shape(2, (Convolution(5, 2, 2), Convolution(5, 2, 3)), measures=4, hidden=5)
CARD = asdict(SMALL)


@pytest.fixture
def network() -> ConvolutionNetwork:
    return ConvolutionNetwork.initialise(SMALL, np.random.default_rng(1))


@pytest.fixture
def saved(tmp_path: Path, network: ConvolutionNetwork) -> Path:
    files = TrainingFiles(tmp_path / "net.npz")
    files.save(network_arrays(Networks(network)), {**network_card(Networks(network)), "figures": {"accuracy": 0.5}})
    return files.out


def refusal(path: Path) -> str:
    """The message with which a network is refused: one sentence that names a file."""
    with pytest.raises(WeightsError) as caught:
        load_networks(path)
    message = str(caught.value)
    assert "\n" not in message and 20 < len(message) < 300
    assert str(path) in message or str(path.with_suffix(".json")) in message
    assert "allow_pickle" not in message
    return message


def sign(path: Path, **card: object) -> None:
    """Makes the card's hash that of the file, as it would be if the wrong content had been saved."""
    card_path = path.with_suffix(".json")
    known = json.loads(card_path.read_text()) | card
    card_path.write_text(json.dumps(known | {"weights_sha256": hashlib.sha256(path.read_bytes()).hexdigest()}))


def test_what_is_saved_is_loaded(saved, network):
    networks, card = load_networks(saved)
    loaded = networks.first
    assert networks.second is None
    assert loaded.shape == SMALL and card["figures"] == {"accuracy": 0.5}
    assert loaded.weights.keys() == network.weights.keys()
    for name, value in loaded.weights.items():
        assert value.dtype == np.float32
        np.testing.assert_allclose(value, network.weights[name], rtol=1e-3, atol=1e-6)
        np.testing.assert_array_equal(value, rounded(network).weights[name])
    rng = np.random.default_rng(2)
    crops, measures = rng.random((3, 2, 28, 28), np.float32), rng.random((3, 4), np.float32)
    np.testing.assert_array_equal(loaded.forward(crops, measures), rounded(network).forward(crops, measures))
    np.testing.assert_allclose(loaded.forward(crops, measures), network.forward(crops, measures), atol=0.02)


def test_arrays_on_disk_are_float16_and_can_be_loaded_by_themselves(saved):
    arrays, card = load_arrays(saved, KIND)
    assert {value.dtype for value in arrays.values()} == {np.dtype(np.float16)}
    assert card["kind"] == KIND and card["networks"]["first"]["hidden"] == SMALL.hidden


@pytest.mark.parametrize("place", [0, 300, -30])
def test_one_damaged_byte_is_noticed(saved, place):
    content = bytearray(saved.read_bytes())
    content[place] ^= 1
    saved.write_bytes(content)
    assert "damaged" in refusal(saved)


@pytest.mark.parametrize("size", [0, 100, 2000])
def test_a_truncated_file_is_noticed(saved, size):
    saved.write_bytes(saved.read_bytes()[:size])
    assert "damaged" in refusal(saved)
    sign(saved)
    assert "not a weights file" in refusal(saved)


def test_the_card_of_others_is_noticed(saved, tmp_path):
    other = ConvolutionNetwork.initialise(SMALL, np.random.default_rng(8))
    files = TrainingFiles(tmp_path / "other.npz")
    files.save(network_arrays(Networks(other)), network_card(Networks(other)))
    saved.with_suffix(".json").write_bytes(files.card.read_bytes())
    assert "card of others" in refusal(saved)


def test_missing_files_are_named(saved, tmp_path):
    assert "no such weights file" in refusal(tmp_path / "nowhere.npz")
    assert "cannot be read" in refusal(tmp_path)
    saved.with_suffix(".json").unlink()
    assert "card net.json is missing" in refusal(saved)


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "null", '"text"', "{}", '{"kind": "book"}', "\xff\xfe"])
def test_a_card_that_is_none(saved, text):
    saved.with_suffix(".json").write_bytes(text.encode("latin-1"))
    assert "card" in refusal(saved)


@pytest.mark.parametrize(
    "shape",
    [
        None,
        {},
        [],
        5,
        {**CARD, "hidden": 6},
        {**CARD, "channels": 0},
        {**CARD, "measures": "four"},
        {**CARD, "hidden": float("inf")},
        {**CARD, "pooling": 2},
        {**CARD, "convolutions": [{"kernel": 5, "size": 2}]},
    ],
)
def test_a_card_of_another_network(saved, shape):
    sign(saved, networks={"first": shape})
    assert "do not fit their card" in refusal(saved)


def test_pickles_are_refused(saved):
    np.savez(saved, dense=np.array([{"never": "loaded"}], dtype=object))
    sign(saved)
    assert "not a weights file" in refusal(saved)


@pytest.mark.parametrize("content", [b"", b"\x80\x04\x95 a pickle", b"plain text", b"PK\x03\x04 hardly a zip"])
def test_other_files_are_refused(saved, content):
    saved.write_bytes(content)
    sign(saved)
    assert "not a weights file" in refusal(saved)


def test_one_lone_array_is_refused(saved):
    with saved.open("wb") as file:
        np.save(file, np.zeros(3))
    sign(saved)
    assert "not a weights file" in refusal(saved)


def test_missing_and_misshapen_arrays_are_refused(saved, network):
    arrays = network_arrays(Networks(network))
    for name, value in (("first/dense", arrays["first/dense"][:-1]), ("first/output_bias", np.array(["text"] * 11))):
        np.savez(saved, **{**arrays, name: value})
        sign(saved)
        assert "do not fit their card" in refusal(saved)
    np.savez(saved, **{name: value for name, value in arrays.items() if name != "first/kernel1_bias"})
    sign(saved)
    assert "kernel1_bias" in refusal(saved)


def test_a_second_network_is_saved_and_loaded_beside_the_first(tmp_path, network):
    shape = Shape(
        2, (Convolution(3, 1, 2), Convolution(3, 2, 3), Convolution(5, 2, 2)), measures=4, hidden=6, unit="rectified"
    )
    networks = Networks(network, ConvolutionNetwork.initialise(shape, np.random.default_rng(5)))
    files = TrainingFiles(tmp_path / "two.npz")
    files.save(network_arrays(networks), network_card(networks))
    loaded, _ = load_networks(files.out)
    assert (loaded.first.shape, loaded.second.shape) == (SMALL, shape)
    for name, each in loaded.named().items():
        for key, value in rounded(networks.named()[name]).weights.items():
            np.testing.assert_array_equal(each.weights[key], value)


def test_a_line_network_is_saved_and_loaded_beside_the_first(tmp_path, network):
    line = LineNetwork.initialise(LineShape(maps=(2, 3, 3, 4, 4, 5)), np.random.default_rng(5))
    networks = Networks(network, line=line)
    files = TrainingFiles(tmp_path / "line.npz")
    files.save(network_arrays(networks), network_card(networks))
    loaded, card = load_networks(files.out)
    assert loaded.second is None and loaded.line.shape == line.shape
    assert card["networks"]["line"]["maps"] == [2, 3, 3, 4, 4, 5]
    picture = np.random.default_rng(6).random((48, 60), np.float32)
    np.testing.assert_array_equal(loaded.line.columns(picture), rounded(line).columns(picture))
    sign(files.out, networks={**card["networks"], "line": {"maps": [2, 3]}})
    assert "six layers" in refusal(files.out)
