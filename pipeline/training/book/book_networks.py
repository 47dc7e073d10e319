"""Trains the networks of the book: MNIST, sigmoid neurons, gradient descent (Nielsen ch. 1-3).

The checkpoint of a training holds everything needed to go on after the last finished epoch, the random
generator's state included, so that a resumed training ends in the very same weights.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from classifier.book.costs import cost_named
from classifier.book.descent import GradientDescent, TrainingConfig
from classifier.book.encodings import Encoding, encoding_named
from classifier.book.sigmoid_network import SCALES, Network, initialise, parameter_count
from classifier.errors import WeightsError
from classifier.weights import load_arrays
from pipeline.data.mnist import Mnist, load_mnist
from pipeline.errors import UsageError
from pipeline.training.checkpoints import TrainingFiles, versions

KIND = "book"
PIXELS = 784
ATTRIBUTION = "Trained on MNIST (Yann LeCun and Corinna Cortes, from NIST Special Databases 1 and 3)"


@dataclass(frozen=True)
class BookTraining:
    """What to train; everything that decides the result, and nothing else.

    encoding: "ten", "single" (9 or not) or "binary"
    sizes: neurons in each layer, 784 first; empty for (784, 30, outputs of the encoding)
    scale: how to initialise, "book" or "fan_in"
    examples: how many training digits, the first ones; None for all
    The other fields are those of `classifier.book.descent.TrainingConfig`. Raises UsageError.
    """

    encoding: str = "ten"
    sizes: tuple[int, ...] = ()
    cost: str = "quadratic"
    epochs: int = 30
    batch_size: int | None = 10
    learning_rate: float = 3.0
    momentum: float = 0.0
    weight_decay: float = 0.0
    schedule: str = "constant"
    scale: str = "book"
    seed: int = 0
    examples: int | None = None

    def __post_init__(self) -> None:
        try:
            outputs = encoding_named(self.encoding).outputs
            sizes = tuple(int(size) for size in self.sizes) or (PIXELS, 30, outputs)
            parameter_count(sizes)
            self.descent()
        except ValueError as error:
            raise UsageError(str(error)) from error
        object.__setattr__(self, "sizes", sizes)
        if len(sizes) < 2 or sizes[0] != PIXELS or sizes[-1] != outputs or min(sizes) < 1:
            raise UsageError(
                f"sizes must go from {PIXELS} pixels to the {outputs} outputs of the encoding "
                f"{self.encoding!r}, as in {PIXELS},30,{outputs}; got {','.join(map(str, sizes))}"
            )
        if self.scale not in SCALES:
            raise UsageError(f"scale must be one of {', '.join(SCALES)}, got {self.scale!r}")
        if self.seed < 0 or (self.examples is not None and self.examples < 1):
            raise UsageError("seed must be at least 0 and examples at least 1")

    def descent(self) -> TrainingConfig:
        """The part of the settings that gradient descent needs."""
        names = [f.name for f in fields(TrainingConfig)]
        return TrainingConfig(**{name: getattr(self, name) for name in names})

    def to_json(self) -> dict[str, Any]:
        """The settings by name, plain JSON types."""
        return {**asdict(self), "sizes": list(self.sizes)}


@dataclass(frozen=True)
class BookEpoch:
    """How the network does on the test digits after an epoch (counted from 1).

    cost: the cost function's value on them
    accuracy: share read rightly, knowing that every input is a digit (the highest output, the likeliest code)
    strict_accuracy: share read rightly when the outputs are taken at their thresholds, and may say "no digit"
    """

    epoch: int
    cost: float
    accuracy: float
    strict_accuracy: float

    def __str__(self) -> str:
        return f"epoch {self.epoch}: cost {self.cost:.4f}, test digits {self.accuracy:.2%}"


@dataclass(frozen=True, eq=False)
class BookResult:
    """A trained network, its settings, and how it got there; history has one entry an epoch."""

    network: Network
    config: BookTraining
    history: tuple[BookEpoch, ...]
    tested: int

    @property
    def final(self) -> BookEpoch:
        """The last epoch; its figures are the network's, since no epoch was chosen by its test result."""
        return self.history[-1]


def train_book(
    config: BookTraining,
    on_epoch: Callable[[BookEpoch], None] | None = None,
    *,
    data: Mnist | Path | None = None,
    out: Path | None = None,
    resume: bool = False,
    force: bool = False,
) -> BookResult:
    """Trains a network as the book does, tests it after every epoch, and writes it to `out` if given.

    data: MNIST, or the folder that holds it; None as in `load_mnist`
    resume: go on from the checkpoint beside `out`, or begin if there is none; force: overwrite what is there

    Raises UsageError, DataError (of the data), WeightsError (of a damaged checkpoint).
    """
    files = None if out is None else TrainingFiles(Path(out))
    if files is not None:
        files.check(resume, force)
    mnist = data if isinstance(data, Mnist) else load_mnist(data)
    encoding = encoding_named(config.encoding)
    x, labels = _training_digits(mnist, config.examples)
    y, x_test = encoding.encode(labels), _inputs(mnist.test_images)

    rng = np.random.default_rng(config.seed)
    descent = GradientDescent(initialise(config.sizes, rng, config.scale), config.descent(), rng)
    identity = {"config": config.to_json(), "data": _data_hashes(mnist)}
    history: list[BookEpoch] = []
    if files is not None and resume and files.checkpoint.exists():
        history = _restore(descent, files, identity)
    while descent.epoch < config.epochs:
        descent.run_epoch(x, y)
        history.append(_evaluate(descent, encoding, x_test, mnist.test_labels))
        if files is not None:
            _keep(descent, files, identity, history)
        if on_epoch is not None:
            on_epoch(history[-1])
    result = BookResult(descent.network, config, tuple(history), len(x_test))
    if files is not None:
        arrays = {"sizes": np.array(config.sizes), "vector": result.network.vector}
        files.save(arrays, {"kind": KIND, **identity, **_card(result)})
    return result


def load_book(path: Path) -> tuple[Network, Encoding, dict[str, Any]]:
    """The network of a weights file, its encoding, and its card. Raises WeightsError."""
    arrays, card = load_arrays(Path(path), KIND)
    try:
        network = Network(tuple(arrays["sizes"].tolist()), arrays["vector"])
        return network, encoding_named(card["config"]["encoding"]), card
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{path}: not the weights that its card describes") from error


def _training_digits(mnist: Mnist, examples: int | None) -> tuple[np.ndarray, np.ndarray]:
    present = len(mnist.train_labels)
    if examples is not None and examples > present:
        raise UsageError(f"examples is {examples}, but there are {present} training digits")
    return _inputs(mnist.train_images[:examples]), mnist.train_labels[:examples]


def _inputs(images: np.ndarray) -> np.ndarray:
    """(N, 28, 28) uint8 to the book's inputs (N, 784) float32 in [0, 1], 1 = ink."""
    x = images.reshape(len(images), -1).astype(np.float32)
    x /= 255
    return x


def _evaluate(descent: GradientDescent, encoding: Encoding, x: np.ndarray, labels: np.ndarray) -> BookEpoch:
    network, expected = descent.network, encoding.expected(labels)
    outputs = network.forward(x)
    return BookEpoch(
        descent.epoch,
        network.cost(x, encoding.encode(labels), cost_named(descent.config.cost)),
        float(np.mean(encoding.decode(outputs, digits_only=True) == expected)),
        float(np.mean(encoding.decode(outputs) == expected)),
    )


def _data_hashes(mnist: Mnist) -> dict[str, str]:
    """SHA-256 of the pixels and labels themselves, whichever way the files were packed."""
    names = ("train_images", "train_labels", "test_images", "test_labels")
    return {name: hashlib.sha256(getattr(mnist, name).tobytes()).hexdigest() for name in names}


def _keep(descent: GradientDescent, files: TrainingFiles, identity: dict[str, Any], history: list[BookEpoch]) -> None:
    state = {**identity, "rng": descent.rng.bit_generator.state, "history": [asdict(e) for e in history]}
    files.save_checkpoint({"vector": descent.network.vector, "velocity": descent.velocity}, state)


def _restore(descent: GradientDescent, files: TrainingFiles, identity: dict[str, Any]) -> list[BookEpoch]:
    """Puts a training back where its checkpoint left it; its history so far."""
    like = {"vector": descent.network.vector, "velocity": descent.velocity}
    arrays, state = files.load_checkpoint(like, identity)
    for name, array in like.items():
        array[:] = arrays[name]
    history = [BookEpoch(**epoch) for epoch in state["history"]]
    descent.rng.bit_generator.state, descent.epoch = state["rng"], len(history)
    return history


def _card(result: BookResult) -> dict[str, Any]:
    return {
        "seed": result.config.seed,
        "versions": versions(),
        "figures": {"test_digits": result.tested, **asdict(result.final)},
        "history": [asdict(epoch) for epoch in result.history],
        "attribution": ATTRIBUTION,
    }
