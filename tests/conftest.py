"""What several tests need: a small network of random weights on disk, and a small folder of training data."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: its threads would wait for each other
os.environ.setdefault("OMP_NUM_THREADS", "1")  # and PyTorch's
os.environ.setdefault("MKL_NUM_THREADS", "1")  # or the commands set it

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import numpy as np
import pytest

from classifier.network import Convolution, ConvolutionNetwork, Shape
from classifier.weights import Networks, network_arrays, network_card
from pipeline.synthesis.glyphs.allographs import draw_allograph
from pipeline.synthesis.glyphs.pens import draw_strokes, fit_strokes
from pipeline.training.checkpoints import TrainingFiles


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever is not slow is quick: `-m quick`."""
    for item in items:
        if not item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.quick)


# How fast a machine draws examples says nothing of the program. The same ones are drawn each time, so that a check
# fails for what was changed; `--hypothesis-profile search` draws others.
for profile, always_the_same in (("steady", True), ("search", False)):
    hypothesis.settings.register_profile(
        profile,
        deadline=None,
        derandomize=always_the_same,
        suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large],
    )
hypothesis.settings.load_profile("steady")

DATA = os.environ.get("DIGITSTRING_DATA")  # of this run: some tests take it away


@pytest.fixture(autouse=True)
def nothing_of_the_process_is_changed() -> Iterator[None]:
    """What a test leaves in the environment decides how others pass that come after it, which chance may order."""
    before = _surroundings()
    yield
    after = _surroundings()
    assert after == before, {name for name, _ in before.items() ^ after.items()}


def _surroundings() -> dict[str, str]:
    """The current folder, and the variables that are read here; what libraries set for themselves is theirs."""
    ours = {name: value for name, value in os.environ.items() if name.startswith(("DIGITSTRING_", "PROMETHEUS_"))}
    return {"the current folder": os.getcwd(), **ours}


@pytest.fixture(scope="session")
def random_weights(tmp_path_factory):
    """Weights whose readings are nonsense, but of many digits, some sure and some not."""
    shape = Shape(convolutions=(Convolution(5, 2, 4), Convolution(5, 2, 4)), hidden=8)
    network = ConvolutionNetwork.initialise(shape, np.random.default_rng(0))
    network.weights["output"] *= 12
    network.weights["output_bias"][:] = [*[-3.0] * 10, -6.0]
    path = tmp_path_factory.mktemp("weights") / "random.npz"
    TrainingFiles(path).save(
        network_arrays(Networks(network)),
        {
            **network_card(Networks(network)),
            "calibration": {"slope": 0.8, "offset": 0.3, "ceiling": 0.97},
            "thresholds": {"0.05": 0.5, "0.01": 0.9, "0.001": 0.96},
        },
    )
    return path


@pytest.fixture
def real_data() -> Callable[[str], Path]:
    """Gives a part of the data folder that DIGITSTRING_DATA names; without it the test is skipped, and says why."""

    def find(part: str) -> Path:
        if not DATA:
            pytest.skip(f"needs {part} of the data: DIGITSTRING_DATA is not set")
        if not (Path(DATA) / part).exists():
            pytest.skip(f"needs {part} of the data: not in the folder of DIGITSTRING_DATA")
        return Path(DATA) / part

    return find


PEN_WRITERS = tuple(f"{collection}-{number:03d}" for collection in ("aaa", "bbb", "sta") for number in range(20, 30))


@pytest.fixture(scope="session")
def training_data(tmp_path_factory):
    """A data folder: 60 and 20 digits of our own shapes as MNIST files, and pen strokes of three collections."""
    rng = np.random.default_rng(8)
    folder = tmp_path_factory.mktemp("data")
    for part, count in (("train", 60), ("t10k", 20)):
        labels = np.arange(count, dtype=np.uint8) % 10
        images = np.stack([_bitmap(rng, str(label)) for label in labels])
        for name, array in (("images-idx3", images), ("labels-idx1", labels)):
            header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
            (folder / f"{part}-{name}-ubyte").write_bytes(header + array.tobytes())
    digits = [(writer, digit, draw_allograph(rng, digit)) for writer in PEN_WRITERS for digit in "0123456789"]
    beside = [stroke + np.array([1, 0]) for stroke in draw_allograph(rng, "7")]
    strings = [(writer, "17", (*draw_allograph(rng, "1"), *beside)) for writer in PEN_WRITERS]
    others = [(writer, mark, draw_allograph(rng, "4")) for writer in PEN_WRITERS for mark in "$#-"]
    for kind, samples in (("digits", digits), ("strings", strings), ("others", others)):
        lines = [
            json.dumps({"writer": writer, "text": text, "strokes": [stroke.tolist() for stroke in strokes]})
            for writer, text, strokes in samples
        ]
        (folder / f"{kind}.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))
    return folder


def _bitmap(rng, digit):
    """(28, 28) uint8, 255 = ink."""
    ink = draw_strokes(fit_strokes(draw_allograph(rng, digit, wander=0.01), 17), 2.4).ink[:24, :24]
    image = np.zeros((28, 28), np.uint8)
    image[4 : 4 + ink.shape[0], 4 : 4 + ink.shape[1]] = 255 * ink
    return image
