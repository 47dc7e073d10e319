"""`digitstring export`: the shipped networks in ONNX Runtime against numpy, by nothing but the model's own metadata."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from classifier.line.line_columns import likeliest_path
from classifier.network import forward_blocks
from classifier.weights import load_networks
from pipeline.errors import UsageError
from pipeline.exporting.model_file import write_model
from pipeline.reading.field_reader import SHIPPED

ROOT = Path(__file__).resolve().parents[3]
LENGTHS = {"N": 3, "L": 2, "W": 61}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("export") / "weights.onnx"
    write_model(None, out)
    return out


def session_of(path: Path):
    return pytest.importorskip("onnxruntime").InferenceSession(path, providers=["CPUExecutionProvider"])


def inputs_of(contract: dict) -> dict[str, np.ndarray]:
    """Random inputs, as the contract has them."""
    rng, inputs = np.random.default_rng(1), {}
    for network in contract.values():
        for name, said in network["inputs"].items():
            shape = [LENGTHS.get(axis, axis) for axis in said["axes"]]
            inputs[name] = rng.uniform(*said["range"], shape).astype(said["dtype"])
    return inputs


def test_what_the_model_finds_is_what_numpy_finds(shipped: Path) -> None:
    session = session_of(shipped)
    contract = json.loads(session.get_modelmeta().custom_metadata_map["contract"])
    inputs, networks = inputs_of(contract), load_networks(SHIPPED)[0]
    names = [name for network in contract.values() for name in network["outputs"]]
    found = dict(zip(names, session.run(names, inputs), strict=True))
    for name, network in networks.named().items():
        if name == "line":
            expected = np.stack([network.columns(each[0]) for each in inputs["line/picture"]])
            np.testing.assert_allclose(found["line/columns"], expected, atol=1e-4)
            assert len(contract["line"]["alphabet"]) == expected.shape[2]
        else:
            expected = forward_blocks(network, inputs[f"{name}/crops"], inputs[f"{name}/measures"])
            np.testing.assert_allclose(found[f"{name}/sums"], expected, atol=1e-4)
            assert len(contract[name]["alphabet"]) == expected.shape[1]


def test_the_contract_is_that_of_the_model(shipped: Path) -> None:
    session = session_of(shipped)
    contract = json.loads(session.get_modelmeta().custom_metadata_map["contract"])
    for kind, ports in (("inputs", session.get_inputs()), ("outputs", session.get_outputs())):
        said = {name: each for network in contract.values() for name, each in network[kind].items()}
        assert [port.name for port in ports] == list(said)
        for port in ports:
            pairs = zip(port.shape, said[port.name]["axes"], strict=True)
            assert all(have == axis if isinstance(axis, int) else True for have, axis in pairs)
    card = json.loads(SHIPPED.with_suffix(".json").read_text())
    assert session.get_modelmeta().custom_metadata_map["weights_sha256"] == card["weights_sha256"]


def test_a_picture_is_read_by_the_model_alone(shipped: Path) -> None:
    """With the contract's alphabet and blank: what the line network reads in the example."""
    from pipeline.images import load_grey
    from pipeline.reading.line.readers import NetworkReader, digit_columns, line_picture

    grey = load_grey(ROOT / "examples" / "amount.png")
    session = session_of(shipped)
    contract = json.loads(session.get_modelmeta().custom_metadata_map["contract"])
    inputs = inputs_of(contract) | {"line/picture": line_picture(grey)[None, None]}
    (columns,) = session.run(["line/columns"], inputs)
    best, blank = columns[0].argmax(axis=1), contract["line"]["blank"]
    kept = [k for t, k in enumerate(best) if k != blank and (t == 0 or best[t - 1] != k)]
    text = "".join(sign for k in kept if (sign := contract["line"]["alphabet"][k]).isdigit())
    network = load_networks(SHIPPED)[0].line
    assert text == likeliest_path(digit_columns(NetworkReader(network).read_columns(grey)))


def run(*arguments: object, folder: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, str(ROOT / "cli.py"), "export", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)


@pytest.mark.slow
def test_the_command_writes_one_network_and_replaces_nothing_unasked(tmp_path: Path) -> None:
    done = run("line.onnx", "--network", "line", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, "") and "line.onnx" in done.stderr
    size = (tmp_path / "line.onnx").stat().st_size
    weights = sum(array.size for array in load_networks(SHIPPED)[0].line.weights.values())
    assert 2 * weights < size < 2.1 * weights  # two bytes each, and no other network
    again = run("line.onnx", folder=tmp_path)
    assert again.returncode == 2 and "--force" in again.stderr and "Traceback" not in again.stderr
    assert run("line.onnx", "--force", "--quiet", folder=tmp_path).stderr == ""
    assert (tmp_path / "line.onnx").stat().st_size > size


def test_networks_that_are_not_there_are_refused(random_weights: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no network 'line'; they have first"):
        write_model(random_weights, tmp_path / "x.onnx", ["line"])
    with pytest.raises(UsageError, match="name another place"):
        write_model(random_weights, tmp_path / "no" / "x.onnx")
    assert list(tmp_path.iterdir()) == []
