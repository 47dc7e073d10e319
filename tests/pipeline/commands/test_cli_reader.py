"""The command line with the real Reader on a small network of random weights: what it reads is nonsense, but how
blank, tiny and odd images and damaged weights end does not depend on the weights."""

import hashlib
import json

import numpy as np
import pytest
from PIL import Image, ImageDraw
from typer.testing import CliRunner

from classifier.network import Convolution, ConvolutionNetwork, Shape
from classifier.weights import Networks, network_arrays, network_card
from pipeline.commands.main import app

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "random.npz"
    shape = Shape(convolutions=(Convolution(5, 2, 4), Convolution(5, 2, 4)), hidden=8)
    network = ConvolutionNetwork.initialise(shape, np.random.default_rng(0))
    np.savez(path, **network_arrays(Networks(network)))
    card = {
        **network_card(Networks(network)),
        "weights_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "calibration": {"slope": 1.0, "offset": 0.0, "ceiling": 1.0},
        "thresholds": {"0.05": 0.5, "0.01": 0.9, "0.001": 0.99},
    }
    path.with_suffix(".json").write_text(json.dumps(card))
    return path


def read(weights, *arguments):
    return CliRunner().invoke(app, ["read", "--weights", str(weights), *map(str, arguments)])


def written(text="208", size=(120, 60), ink=0, paper=255):
    image = Image.new("L", size, paper)
    ImageDraw.Draw(image).text((size[0] // 5, size[1] // 4), text, fill=ink, font_size=size[1] // 2)
    return image


def test_a_written_number_is_read_as_something(weights, tmp_path):
    written().save(tmp_path / "a.png")
    result = read(weights, "--json", tmp_path / "a.png")
    record = json.loads(result.stdout)
    assert result.exit_code in (0, 1) and record["rounds"] >= 1
    for digit in record["digits"]:
        left, top, right, bottom = digit["box"]
        assert 0 <= left < right <= 120 and 0 <= top < bottom <= 60


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (3, 3), (400, 300), (2000, 1500)])
@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_blank_image_is_no_guess(weights, tmp_path, size, value):
    Image.new("L", size, value).save(tmp_path / "blank.png")
    result = read(weights, "--json", "--threshold", 0, tmp_path / "blank.png")
    record = json.loads(result.stdout)
    assert (result.exit_code, record["text"], record["confidence"], record["accepted"]) == (1, None, 0, False)
    assert record["digits"] == []


@pytest.mark.parametrize("seed", range(6))
def test_noise_and_specks_end_as_a_reading(weights, tmp_path, seed):
    rng = np.random.default_rng(seed)
    shape = rng.integers(1, 90, 2)
    pixels = rng.integers(0, 256, shape) if seed % 2 else np.where(rng.random(shape) < 0.01, 0, 255)
    Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "noise.png")
    result = read(weights, tmp_path / "noise.png")
    assert result.exit_code in (0, 1), result.stderr


def test_a_threshold_that_nothing_reaches_is_told(weights, tmp_path):
    card = weights.with_suffix(".json")
    known = json.loads(card.read_text())
    low = tmp_path / "low.npz"
    low.write_bytes(weights.read_bytes())
    low.with_suffix(".json").write_text(json.dumps({**known, "calibration": {**known["calibration"], "ceiling": 0.98}}))
    written().save(tmp_path / "a.png")
    told = read(low, tmp_path / "a.png", "--threshold", 0.99)
    assert told.exit_code == 1 and "nothing will be accepted" in told.stderr and "0.9800" in told.stderr
    assert read(low, tmp_path / "a.png", "--threshold", 0.98).stderr == ""


def damage(path, how):
    data, card = path.read_bytes(), path.with_suffix(".json")
    if how == "missing":
        path.unlink()
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif how == "one bit":
        path.write_bytes(data[:-200] + bytes([data[-200] ^ 1]) + data[-199:])
    elif how == "no card":
        card.unlink()
    elif how == "card is no JSON":
        card.write_text("{")
    elif how == "card of others":
        card.write_text(json.dumps({**json.loads(card.read_text()), "kind": "others"}))
    elif how == "no calibration":
        card.write_text(json.dumps({**json.loads(card.read_text()), "calibration": None}))
    elif how == "wrong shape":
        known = json.loads(card.read_text())
        known["networks"]["first"]["hidden"] = 9
        card.write_text(json.dumps(known))
    elif how == "folder":
        path.unlink()
        path.mkdir()


DAMAGES = "missing, empty, cut, one bit, no card, card is no JSON, card of others, no calibration, wrong shape, folder"


@pytest.mark.parametrize("how", DAMAGES.split(", "))
def test_damaged_weights_are_one_sentence_and_exit_code_4(weights, tmp_path, how):
    copy = tmp_path / "copy.npz"
    for suffix in (".npz", ".json"):
        copy.with_suffix(suffix).write_bytes(weights.with_suffix(suffix).read_bytes())
    written().save(tmp_path / "a.png")
    assert read(copy, tmp_path / "a.png").exit_code in (0, 1)
    damage(copy, how)
    result = read(copy, tmp_path / "a.png", tmp_path / "missing.png")
    assert (result.exit_code, result.stdout) == (4, "")
    assert result.stderr.count("\n") == 1 and "copy" in result.stderr


@pytest.mark.parametrize("arguments, code", [(["--max-error", "0.0001"], 2), (["--max-error", "0.001"], None)])
def test_the_card_knows_the_bounds(weights, tmp_path, arguments, code):
    written().save(tmp_path / "a.png")
    result = read(weights, tmp_path / "a.png", *arguments)
    assert result.exit_code == code if code else result.exit_code in (0, 1)


@pytest.mark.parametrize(("threshold", "said"), [(0.98, True), (0.97, False), (0, False)])
def test_a_threshold_above_every_confidence_is_said(random_weights, tmp_path, threshold, said):
    written().save(tmp_path / "a.png")
    result = read(random_weights, "--threshold", threshold, tmp_path / "a.png")  # their card's ceiling is 0.97
    sentence = "nothing will be accepted: the confidence of these weights is at most 0.9700"
    assert (sentence in result.stderr) == said
    assert result.exit_code == 1 or not said
