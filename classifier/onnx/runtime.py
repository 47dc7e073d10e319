"""ONNX Runtime as an engine: the networks' sums from its kernels instead of numpy's, the same to 1e-4, in less time.

One thread, as everywhere here: many pictures at once are many threads or processes. A session is made when its network
first runs, from the weights in memory, and serves all threads.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.arrays import Columns, Crops, LinePicture, Logits, Measures
from classifier.errors import EngineError
from classifier.line.line_network import LineNetwork
from classifier.network import SYMBOLS, ConvolutionNetwork
from classifier.weights import Network, Networks

VARIABLE = "DIGITSTRING_ENGINE"
ENGINES = ("auto", "numpy", "onnxruntime")
ERRORS = 3  # the severity from which on ONNX Runtime says anything on standard error


@dataclass(eq=False)
class Session:
    """A network's model as ONNX Runtime runs it, made once; safe to share between threads."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _opened: Any = None

    def run(self, network: Network, inputs: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        """The network's only output, of its inputs; always the same network."""
        session = self._opened or self._open(network)
        return session.run(None, {f"network/{name}": array for name, array in inputs.items()})[0]

    def _open(self, network: Network) -> Any:
        with self._lock:
            if self._opened is None:
                from classifier.onnx.graphs import model_of

                self._opened = _opened(model_of({"network": network}, {}))
            return self._opened

    def __reduce__(self) -> Any:
        """Another process makes its own."""
        return Session, ()


def _opened(model: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = ERRORS
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


@dataclass
class FastConvolutionNetwork(ConvolutionNetwork):
    """A network whose `forward` is ONNX Runtime's; its weights must not change once it ran."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._session = Session()

    def forward(self, crops: Crops, measures: Measures) -> Logits:
        """As of `ConvolutionNetwork`."""
        if not len(crops):
            return np.zeros((0, SYMBOLS), np.float32)
        inputs = {"crops": crops, "measures": measures} if self.shape.measures else {"crops": crops}
        return self._session.run(self, {name: np.asarray(array, np.float32) for name, array in inputs.items()})


@dataclass
class FastLineNetwork(LineNetwork):
    """A line network whose `columns` are ONNX Runtime's; its weights must not change once it ran."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._session = Session()

    def columns(self, picture: LinePicture) -> Columns:
        """As of `LineNetwork`."""
        return self._session.run(self, {"picture": np.asarray(picture, np.float32)[None, None]})[0]


def engine() -> str:
    """The engine that the environment asks for; where it does not, ONNX Runtime if it is installed. Raises
    EngineError."""
    wanted = os.environ.get(VARIABLE) or "auto"
    if wanted not in ENGINES:
        raise EngineError(f"{VARIABLE} must be one of {', '.join(ENGINES)}, not {wanted!r}")
    installed = wanted != "numpy" and find_spec("onnxruntime") is not None
    if wanted == "onnxruntime" and not installed:
        raise EngineError(f"{VARIABLE} asks for onnxruntime, which is not installed: pip install 'digitstring[fast]'")
    return "onnxruntime" if installed else "numpy"


def on_engine(networks: Networks) -> Networks:
    """The networks, with the same weights, as the engine runs them. Raises EngineError."""
    if engine() == "numpy":
        return networks
    return Networks(**{name: _fast(network) for name, network in networks.named().items()})  # type: ignore[arg-type]


def _fast(network: Network) -> Network:
    if isinstance(network, LineNetwork):
        return FastLineNetwork(network.shape, network.weights)
    return FastConvolutionNetwork(network.shape, network.weights)
