"""Weights on disk: arrays in an .npz without pickles, beside them a JSON card that holds their hash."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from classifier.errors import WeightsError
from classifier.line.line_network import LineNetwork, LineShape
from classifier.network import ConvolutionNetwork, Shape

KIND = "string-reader"

Network = ConvolutionNetwork | LineNetwork
AnyNetwork = TypeVar("AnyNetwork", ConvolutionNetwork, LineNetwork)


@dataclass(frozen=True, eq=False)
class Networks:
    """first: scores every span. second: scores the likely ones again, and what it says is added; None without one.
    line: reads the whole line at once, the second reader; None without one."""

    first: ConvolutionNetwork
    second: ConvolutionNetwork | None = None
    line: LineNetwork | None = None

    def named(self) -> dict[str, Network]:
        """The networks there are, by name."""
        every = {"first": self.first, "second": self.second, "line": self.line}
        return {name: network for name, network in every.items() if network is not None}


def load_arrays(path: Path, kind: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The arrays of a weights file and its card, whose hash must be theirs. Raises WeightsError, one sentence."""
    content, card = _read(path), _load_card(path, kind)
    if hashlib.sha256(content).hexdigest() != card.get("weights_sha256"):
        raise WeightsError(
            f"{path}: the weights are damaged, or {path.with_suffix('.json').name} is the card of "
            "others; install or train them again"
        )
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}, card
    except (ValueError, TypeError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        # NumPy's own message would advise to load pickles.
        raise WeightsError(f"{path}: not a weights file; install or train the weights again") from error


def load_networks(path: Path) -> tuple[Networks, dict[str, Any]]:
    """The string-reading networks of a weights file, and its card. Raises WeightsError."""
    arrays, card = load_arrays(path, KIND)
    try:
        found: dict[str, Any] = {name: _network(name, shape, arrays) for name, shape in card["networks"].items()}
        return Networks(**found), card
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise WeightsError(f"{path}: the weights do not fit their card ({error})") from error


def _network(name: str, shape: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Network:
    prefix = f"{name}/"
    weights = {
        key.removeprefix(prefix): value.astype(np.float32) for key, value in arrays.items() if key.startswith(prefix)
    }
    kind = LineShape if name == "line" else Shape
    unknown = shape.keys() - {field.name for field in fields(kind)}
    if unknown:
        raise ValueError(f"unknown parts of a shape: {', '.join(sorted(unknown))}")
    if kind is LineShape:
        return LineNetwork(LineShape(**shape), weights)
    return ConvolutionNetwork(Shape(**{**shape, "convolutions": tuple(shape["convolutions"])}), weights)


def network_arrays(networks: Networks) -> dict[str, NDArray[Any]]:
    """The arrays to save for networks: float16, half the size, and exact enough."""
    return {
        f"{name}/{key}": value.astype(np.float16)
        for name, network in networks.named().items()
        for key, value in network.weights.items()
    }


def rounded(network: AnyNetwork) -> AnyNetwork:
    """The network as it will be when loaded again, its weights rounded to float16."""
    return replace(
        network, weights={name: value.astype(np.float16).astype(np.float32) for name, value in network.weights.items()}
    )


def network_card(networks: Networks) -> dict[str, Any]:
    """What the card must say for `load_networks`."""
    return {"kind": KIND, "networks": {name: asdict(network.shape) for name, network in networks.named().items()}}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise WeightsError(f"{path}: there is no such weights file") from error
    except OSError as error:
        raise WeightsError(f"{path}: the weights cannot be read ({error.strerror})") from error


def _load_card(path: Path, kind: str) -> dict[str, Any]:
    card_path = path.with_suffix(".json")
    try:
        card = json.loads(card_path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise WeightsError(f"{path}: its card {card_path.name} is missing; keep the two files together") from error
    except (OSError, ValueError) as error:
        raise WeightsError(f"{card_path}: the card of the weights cannot be read ({error})") from error
    if not isinstance(card, dict) or card.get("kind") != kind:
        raise WeightsError(f"{card_path}: not the card of {kind} weights")
    return card
