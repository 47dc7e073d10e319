"""ONNX Runtime as an engine: when it is chosen, that it says what numpy says, also to many threads, and what it costs
where it is not wanted."""

import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from classifier.errors import EngineError
from classifier.line.line_network import LineNetwork, LineShape
from classifier.line.line_picture import ROWS
from classifier.network import Convolution, ConvolutionNetwork, Shape, forward_blocks
from classifier.onnx import runtime
from classifier.weights import Networks

ROOT = Path(__file__).resolve().parents[3]
INSTALLED = find_spec("onnxruntime") is not None
needs_runtime = pytest.mark.skipif(not INSTALLED, reason="onnxruntime is not installed")


@pytest.fixture(autouse=True)
def nothing_asked_for(monkeypatch):
    monkeypatch.delenv(runtime.VARIABLE, raising=False)


@pytest.fixture
def networks() -> Networks:
    rng = np.random.default_rng(1)
    small = Shape(convolutions=(Convolution(5, 2, 4), Convolution(5, 2, 4)), measures=3, hidden=8)
    line = LineNetwork.initialise(LineShape((4, 4, 4, 4, 4, 4)), rng)
    return Networks(ConvolutionNetwork.initialise(small, rng), None, line)


def crops(count: int, seed: int = 2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.random((count, 2, 28, 28), np.float32), rng.normal(size=(count, 3)).astype(np.float32)


@needs_runtime
def test_it_is_chosen_where_installed_and_left_where_not_wanted(networks, monkeypatch):
    chosen = runtime.on_engine(networks)
    assert runtime.engine() == "onnxruntime" and chosen.second is None
    assert isinstance(chosen.first, runtime.FastConvolutionNetwork) and isinstance(chosen.line, runtime.FastLineNetwork)
    monkeypatch.setenv(runtime.VARIABLE, "numpy")
    assert runtime.on_engine(networks) is networks


def test_what_cannot_be_is_one_sentence(monkeypatch):
    monkeypatch.setenv(runtime.VARIABLE, "abacus")
    with pytest.raises(EngineError, match="must be one of auto, numpy, onnxruntime, not 'abacus'"):
        runtime.engine()
    monkeypatch.setattr(runtime, "find_spec", lambda name: None)
    monkeypatch.setenv(runtime.VARIABLE, "onnxruntime")
    with pytest.raises(EngineError, match=r"not installed: pip install 'digitstring\[fast\]'"):
        runtime.engine()
    monkeypatch.setenv(runtime.VARIABLE, "auto")
    assert runtime.engine() == "numpy"


@needs_runtime
def test_it_says_what_numpy_says(networks):
    fast = runtime.on_engine(networks)
    for count in (0, 1, 65):
        expected = forward_blocks(networks.first, *crops(count))
        np.testing.assert_allclose(forward_blocks(fast.first, *crops(count)), expected, atol=1e-4)
    picture = np.random.default_rng(3).random((ROWS, 75), np.float32)
    np.testing.assert_allclose(fast.line.columns(picture), networks.line.columns(picture), atol=1e-4)


@needs_runtime
def test_threads_share_one_session(networks, monkeypatch):
    made = []
    opened = runtime._opened
    monkeypatch.setattr(runtime, "_opened", lambda model: made.append(model) or opened(model))
    fast = runtime.on_engine(networks).first
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda seed: fast.forward(*crops(5, seed)), range(40)))
    assert len(made) == 1
    for seed, sums in enumerate(found):
        np.testing.assert_allclose(sums, networks.first.forward(*crops(5, seed)), atol=1e-4)


@needs_runtime
def test_copies_with_other_weights_and_in_other_processes_have_sessions_of_their_own(networks):
    fast = runtime.on_engine(networks).first
    before = fast.forward(*crops(3))
    other = replace(fast, weights={**fast.weights, "output_bias": fast.weights["output_bias"] + 1})
    np.testing.assert_allclose(other.forward(*crops(3)), before + 1, atol=1e-4)
    np.testing.assert_allclose(pickle.loads(pickle.dumps(fast)).forward(*crops(3)), before, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["numpy", pytest.param("onnxruntime", marks=needs_runtime)])
def test_a_picture_is_read_alike_and_the_engine_imported_only_where_it_runs(engine):
    code = (
        "import sys; from pipeline import Reader; r = Reader(); a = 'onnxruntime' in sys.modules; "
        "x = r.read('examples/amount.png'); print(a, 'onnxruntime' in sys.modules, x.text, round(x.confidence, 3))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, runtime.VARIABLE: engine},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    before, after, text, confidence = done.stdout.split()
    assert before == "False" and after == str(engine == "onnxruntime")
    from pipeline import Reader

    here = Reader().read(ROOT / "examples" / "amount.png")
    assert (here.text, float(confidence)) == (text, pytest.approx(here.confidence, abs=2e-3))
