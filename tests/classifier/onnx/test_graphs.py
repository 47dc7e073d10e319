"""The networks as ONNX models: what ONNX Runtime finds is what numpy finds, and the onnx package takes the file."""

import numpy as np
import pytest

from classifier.line.line_network import LineNetwork, LineShape, column_count
from classifier.line.line_picture import ROWS
from classifier.network import Convolution, ConvolutionNetwork, Shape
from classifier.onnx.graphs import model_of
from classifier.onnx.messages import message

SHAPES = [
    Shape(2, (Convolution(5, 2, 3), Convolution(5, 2, 4)), measures=3, hidden=5),
    Shape(2, (Convolution(5, 2, 3), Convolution(3, 1, 4), Convolution(3, 2, 5)), 4, 6, "rectified"),
    Shape(1, (Convolution(4, 3, 2),), measures=0, hidden=3),
    Shape(2, (), measures=2, hidden=3),
]


def crop_network(shape: Shape) -> ConvolutionNetwork:
    return biased(ConvolutionNetwork.initialise(shape, np.random.default_rng(1)))


def line_network() -> LineNetwork:
    return biased(LineNetwork.initialise(LineShape(maps=(2, 3, 3, 4, 4, 5)), np.random.default_rng(2)))


def biased(network):
    """With biases that are not zero: those that come to the wrong unit would not be seen."""
    rng = np.random.default_rng(3)
    for name in network.weights:
        if name.endswith("_bias"):
            network.weights[name] = rng.normal(0, 0.3, network.weights[name].shape).astype(np.float32)
    return network


def run(model: bytes, **inputs: np.ndarray):
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(None, {name.replace("__", "/"): value for name, value in inputs.items()})


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("count", [0, 1, 7])
def test_a_crop_network_sums_as_in_numpy(shape, count):
    network, rng = crop_network(shape), np.random.default_rng(4)
    crops = rng.random((count, shape.channels, 28, 28), np.float32)
    measures = rng.normal(size=(count, shape.measures)).astype(np.float32)
    inputs = {"first__crops": crops} | ({"first__measures": measures} if shape.measures else {})
    (sums,) = run(model_of({"first": network}, {}), **inputs)
    np.testing.assert_allclose(sums, network.forward(crops, measures), atol=1e-4)


@pytest.mark.parametrize("width", [16, 17, 18, 19, 66])
def test_the_line_network_says_the_same_columns(width):
    network, picture = line_network(), np.random.default_rng(5).random((ROWS, width), np.float32)
    (columns,) = run(model_of({"line": network}, {}), line__picture=picture[None, None])
    assert columns.shape[1] == column_count(width)
    np.testing.assert_allclose(columns[0], network.columns(picture), atol=1e-4)


def test_several_networks_in_one_model_and_a_batch_of_none_for_those_not_wanted():
    networks = {"first": crop_network(SHAPES[0]), "line": line_network()}
    picture = np.random.default_rng(6).random((2, 1, ROWS, 40), np.float32)
    empty = {"first__crops": np.zeros((0, 2, 28, 28), np.float32), "first__measures": np.zeros((0, 3), np.float32)}
    sums, columns = run(model_of(networks, {}), line__picture=picture, **empty)
    assert sums.shape == (0, 11)
    expected = [networks["line"].columns(each[0]) for each in picture]
    np.testing.assert_allclose(columns, expected, atol=1e-4)


def test_weights_take_half_the_room_where_that_changes_none_of_them():
    network = crop_network(SHAPES[1])
    network.weights["dense"] = network.weights["dense"].astype(np.float16).astype(np.float32)
    model = model_of({"second": network}, {}, half=True)
    assert len(model) < len(model_of({"second": network}, {})) - network.weights["dense"].size
    crops, measures = np.full((2, 2, 28, 28), 0.5, np.float32), np.ones((2, 4), np.float32)
    (sums,) = run(model, second__crops=crops, second__measures=measures)
    np.testing.assert_allclose(sums, network.forward(crops, measures), atol=1e-4)


@pytest.mark.parametrize("half", [False, True])
def test_the_onnx_package_finds_nothing_wrong(half):
    onnx = pytest.importorskip("onnx")
    networks = {"first": crop_network(SHAPES[0]), "second": crop_network(SHAPES[1]), "line": line_network()}
    model = onnx.load_from_string(model_of(networks, {"contract": "naïve"}, half))
    onnx.checker.check_model(model, full_check=True)
    assert {each.key: each.value for each in model.metadata_props} == {"contract": "naïve"}
    assert [port.name for port in model.graph.output] == ["first/sums", "second/sums", "line/columns"]


def test_messages_are_in_the_wire_format():
    """Examples of the format's own description: 150 in field 1, "testing" in field 2, -2 in field 1."""
    assert message((1, 150)) == bytes.fromhex("089601")
    assert message((2, "testing")) == bytes.fromhex("120774657374696e67")
    assert message((1, -2)) == bytes.fromhex("08feffffffffffffffff01")
