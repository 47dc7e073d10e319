"""ONNX files, written: the dozen kinds of message that a feed-forward network needs, in Protocol Buffers' wire format.

Field numbers are those of onnx.proto (https://github.com/onnx/onnx, IR version 8). The package onnx would do the same
for some 100 ms of CPU at the start, as much as reading several pictures takes, and 33 MB; a test lets it check what is
written here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

IR_VERSION, OPSET = 8, 17
PRODUCER = "digitstring"
DATA_TYPES = {np.dtype(np.float32): 1, np.dtype(np.int64): 7, np.dtype(np.float16): 10}
INT, INTS = 2, 7  # AttributeProto.AttributeType

Value = int | str | bytes
Axes = Sequence[int | str]  # of a tensor: their lengths, or names of those that may have any


@dataclass(frozen=True)
class Port:
    """An input or output of a model, float32: its name and axes."""

    name: str
    axes: Axes


def node(kind: str, inputs: Sequence[str], output: str, **attributes: int | Sequence[int]) -> bytes:
    """NodeProto: an operator, with its whole-numbered attributes."""
    own = [(1, name) for name in inputs]
    return message(*own, (2, output), (4, kind), *((5, _attribute(*pair)) for pair in attributes.items()))


def tensor(name: str, array: NDArray[Any]) -> bytes:
    """TensorProto: constants, of the types in DATA_TYPES."""
    content = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
    dims = [(1, length) for length in array.shape]
    return message(*dims, (2, DATA_TYPES[array.dtype]), (8, name), (9, content))


def model(
    name: str,
    inputs: Sequence[Port],
    outputs: Sequence[Port],
    nodes: Sequence[bytes],
    constants: Sequence[bytes],
    metadata: Mapping[str, str],
) -> bytes:
    """ModelProto: the bytes of an .onnx file."""
    graph = message(
        *((1, each) for each in nodes),
        (2, name),
        *((5, each) for each in constants),
        *((11, _value_info(port)) for port in inputs),
        *((12, _value_info(port)) for port in outputs),
    )
    facts = [(14, message((1, key), (2, value))) for key, value in metadata.items()]
    return message((1, IR_VERSION), (2, PRODUCER), (7, graph), (8, message((2, OPSET))), *facts)


def message(*fields: tuple[int, Value]) -> bytes:
    """Fields by number: whole numbers as varints, texts and messages with their length before them."""
    parts = []
    for number, value in fields:
        if isinstance(value, int):
            parts += [_varint(number << 3), _varint(value)]
        else:
            content = value.encode() if isinstance(value, str) else value
            parts += [_varint(number << 3 | 2), _varint(len(content)), content]
    return b"".join(parts)


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; negative numbers as 64 bits of two's complement."""
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _attribute(name: str, value: int | Sequence[int]) -> bytes:
    """AttributeProto of a whole number, or of several."""
    if isinstance(value, int):
        return message((1, name), (3, value), (20, INT))
    return message((1, name), *((8, each) for each in value), (20, INTS))


def _value_info(port: Port) -> bytes:
    """ValueInfoProto."""
    axes = [(1, message((1 if isinstance(axis, int) else 2, axis))) for axis in port.axes]
    kind = message((1, message((1, DATA_TYPES[np.dtype(np.float32)]), (2, message(*axes)))))
    return message((1, port.name), (2, kind))
