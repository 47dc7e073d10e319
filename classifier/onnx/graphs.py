"""The networks as ONNX graphs: the same sums as in `network.py` and `line_network.py`, maps before rows and columns.

Each network's inputs, outputs, nodes and constants carry its name before theirs ("first/crops"), so that one model can
hold several that have nothing to do with each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.arrays import Weights
from classifier.crops import SIDE
from classifier.line.line_network import MARGIN, RESIDUAL, STRIDE, LineLayer, LineNetwork
from classifier.line.line_picture import ROWS
from classifier.network import SYMBOLS, ConvolutionNetwork, kernel_name
from classifier.onnx.messages import Port, model, node, tensor
from classifier.patches import FRAME


@dataclass
class Graph:
    """A graph as it grows. half: weights are kept in float16 where that changes none, half the size; they are made
    float32 when the model is loaded."""

    half: bool = False
    inputs: list[Port] = field(default_factory=list)
    outputs: list[Port] = field(default_factory=list)
    nodes: list[bytes] = field(default_factory=list)
    constants: list[bytes] = field(default_factory=list)

    def add(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """An operator; its output's name."""
        self.nodes.append(node(kind, inputs, output, **attributes))
        return output

    def constant(self, name: str, array: NDArray[Any]) -> str:
        """A constant's name."""
        half = array.astype(np.float16)
        if self.half and array.dtype == np.float32 and (half == array).all():
            self.constants.append(tensor(f"{name}/half", half))
            return self.add("Cast", [f"{name}/half"], name, to=1)
        self.constants.append(tensor(name, array))
        return name


def model_of(
    networks: Mapping[str, ConvolutionNetwork | LineNetwork], metadata: Mapping[str, str], half: bool = False
) -> bytes:
    """The bytes of an ONNX model of networks by name; half: see Graph."""
    graph = Graph(half)
    for name, network in networks.items():
        if isinstance(network, LineNetwork):
            _draw_line(graph, name, network)
        else:
            _draw_crops(graph, name, network)
    return model("-".join(networks), graph.inputs, graph.outputs, graph.nodes, graph.constants, metadata)


def _draw_crops(graph: Graph, name: str, network: ConvolutionNetwork) -> None:
    """crops (N, channels, 28, 28), measures (N, measures) -> sums (N, 11)."""
    shape, weights = network.shape, network.weights
    count = f"{name}/N"
    graph.inputs += [Port(f"{name}/crops", (count, shape.channels, SIDE, SIDE))]
    if shape.measures:
        graph.inputs += [Port(f"{name}/measures", (count, shape.measures))]
    graph.outputs += [Port(f"{name}/sums", (count, SYMBOLS))]
    maps = f"{name}/crops"
    for k, layer in enumerate(shape.convolutions):
        key, below, frame = kernel_name(k), shape.maps[k], FRAME - SIDE if k == 0 else 0
        kernel = _kernel(weights[key], (layer.kernel, layer.kernel), below)
        inputs = [maps, graph.constant(f"{name}/{key}", kernel), _bias(graph, name, key, weights)]
        sums = graph.add("Conv", inputs, f"{name}/{key}/sums", strides=[layer.stride] * 2, pads=[0, 0, frame, frame])
        maps = _squashed(graph, sums, shape.unit)
    seen = graph.add("Flatten", [maps], f"{name}/seen", axis=1)
    if shape.measures:
        seen = graph.add("Concat", [seen, f"{name}/measures"], f"{name}/features", axis=1)
    dense = graph.constant(f"{name}/dense", _maps_first(network))
    sums = graph.add("Gemm", [seen, dense, _bias(graph, name, "dense", weights)], f"{name}/dense/sums")
    hidden = _squashed(graph, sums, shape.unit)
    output = graph.constant(f"{name}/output", weights["output"])
    graph.add("Gemm", [hidden, output, _bias(graph, name, "output", weights)], f"{name}/sums")


def _draw_line(graph: Graph, name: str, network: LineNetwork) -> None:
    """picture (L, 1, 48, W) -> columns (L, T, symbols), T = `column_count(W)`."""
    graph.inputs += [Port(f"{name}/picture", (f"{name}/L", 1, ROWS, f"{name}/W"))]
    graph.outputs += [Port(f"{name}/columns", (f"{name}/L", f"{name}/T", network.shape.symbols))]
    maps, below = _framed(graph, name), 1
    for key, layer in network.shape.layers.items():
        over = _convolved(graph, name, key, layer, maps, _kernel(network.weights[key], layer.kernel, below), network)
        maps = graph.add("Add", [maps, over], f"{name}/{key}/added") if key in RESIDUAL else over
        below = layer.maps
    row = graph.add("Squeeze", [maps, graph.constant(f"{name}/rows", np.array([2]))], f"{name}/row")
    row = graph.add("Transpose", [row], f"{name}/along", perm=[0, 2, 1])
    product = graph.add("MatMul", [row, graph.constant(f"{name}/output", network.weights["output"])], f"{name}/product")
    sums = graph.add("Add", [product, _bias(graph, name, "output", network.weights)], f"{name}/sums")
    graph.add("LogSoftmax", [sums], f"{name}/columns", axis=-1)


def _framed(graph: Graph, name: str) -> str:
    """The picture with its margins, as by `line_network.framed`."""
    picture = f"{name}/picture"
    shape = graph.add("Shape", [picture], f"{name}/shape", start=3, end=4)
    missing = graph.add("Neg", [shape], f"{name}/missing")
    missing = graph.add("Mod", [missing, graph.constant(f"{name}/stride", np.array([STRIDE]))], f"{name}/rest")
    right = graph.add("Add", [missing, graph.constant(f"{name}/margin", np.array([MARGIN]))], f"{name}/right")
    others = graph.constant(f"{name}/others", np.array([0, 0, 0, MARGIN, 0, 0, 0]))
    return graph.add("Pad", [picture, graph.add("Concat", [others, right], f"{name}/pads", axis=0)], f"{name}/framed")


def _convolved(
    graph: Graph, name: str, key: str, layer: LineLayer, maps: str, kernel: Weights, network: LineNetwork
) -> str:
    up, aside = layer.around
    inputs = [maps, graph.constant(f"{name}/{key}", kernel), _bias(graph, name, key, network.weights)]
    sums = graph.add(
        "Conv",
        inputs,
        f"{name}/{key}/sums",
        strides=list(layer.step),
        pads=[up, aside, up, aside],
        dilations=[1, layer.apart],
    )
    return graph.add("Relu", [sums], f"{name}/{key}/maps")


def _squashed(graph: Graph, sums: str, unit: str) -> str:
    return graph.add("Tanh" if unit == "tanh" else "Relu", [sums], f"{sums}/squashed")


def _bias(graph: Graph, name: str, key: str, weights: Mapping[str, Weights]) -> str:
    return graph.constant(f"{name}/{key}_bias", weights[f"{key}_bias"])


def _kernel(weights: Weights, size: tuple[int, int], below: int) -> Weights:
    """(maps, maps below, rows, columns) of a kernel's weights (rows * columns * maps below, maps)."""
    return np.ascontiguousarray(weights.reshape(*size, below, -1).transpose(3, 2, 0, 1))


def _maps_first(network: ConvolutionNetwork) -> Weights:
    """The dense layer's weights, its inputs map by map; without convolutions, those of the empty frame left out."""
    shape, dense = network.shape, network.weights["dense"]
    side = shape.sides[-1]
    top = dense[: shape.features].reshape(side, side, shape.maps[-1], -1)
    top = top if shape.convolutions else top[:SIDE, :SIDE]
    return np.concatenate([top.transpose(2, 0, 1, 3).reshape(-1, dense.shape[1]), dense[shape.features :]])
