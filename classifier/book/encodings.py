"""What the output neurons stand for: ten outputs, one, or four bits (Nielsen ch. 1).

Labels are integers 0 to 9, or NOT_A_DIGIT. Every encoding turns labels into targets for the training, and
outputs back into labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from classifier.book.sigmoid_network import Network

NOT_A_DIGIT = -1
_BITS_OF_DIGIT = (np.arange(10)[:, np.newaxis] >> np.arange(4)) & 1  # (10, 4), lowest bit first


class Encoding(Protocol):
    """Targets for labels, and labels for outputs."""

    @property
    def outputs(self) -> int:
        """Number of output neurons, nO."""

    def encode(self, labels: np.ndarray) -> np.ndarray:
        """Targets (n, nO) float32 in {0, 1} for labels (n,); ValueError for labels it has no code for."""

    def decode(self, outputs: np.ndarray, digits_only: bool = False) -> np.ndarray:
        """Labels (n,) int64 for outputs (n, nO); `digits_only` when every input is known to be a digit."""

    def expected(self, labels: np.ndarray) -> np.ndarray:
        """What `decode` should give for these labels (n,); not the label itself if one output tells less."""


@dataclass(frozen=True)
class TenOutputs:
    """One output for each digit; all low means "not a digit".

    threshold: the highest output must be above it to be a digit
    """

    threshold: float = 0.5
    outputs: ClassVar[int] = 10

    def encode(self, labels: np.ndarray) -> np.ndarray:
        """See Encoding; no output is 1 for what is no digit."""
        labels = _checked(labels, junk=True)
        return (labels[:, np.newaxis] == np.arange(10)).astype(np.float32)

    def decode(self, outputs: np.ndarray, digits_only: bool = False) -> np.ndarray:
        """The digit of the highest output, or NOT_A_DIGIT when none is above the threshold."""
        best = outputs.argmax(axis=1)
        return best if digits_only else np.where(outputs.max(axis=1) > self.threshold, best, NOT_A_DIGIT)

    def expected(self, labels: np.ndarray) -> np.ndarray:
        """See Encoding; the labels themselves."""
        return _checked(labels, junk=True)


@dataclass(frozen=True)
class SingleOutput:
    """One output that says whether the input is one particular digit: "9 or not", yes when above 0.5."""

    digit: int = 9
    outputs: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if self.digit not in range(10):
            raise ValueError(f"digit must be 0 to 9, got {self.digit}")

    def encode(self, labels: np.ndarray) -> np.ndarray:
        """See Encoding; one column, 1 for that digit."""
        return (_checked(labels, junk=True) == self.digit).astype(np.float32)[:, np.newaxis]

    def decode(self, outputs: np.ndarray, digits_only: bool = False) -> np.ndarray:
        """The digit where the output is above 0.5, elsewhere NOT_A_DIGIT, here "not that digit"."""
        return np.where(outputs[:, 0] > 0.5, self.digit, NOT_A_DIGIT)

    def expected(self, labels: np.ndarray) -> np.ndarray:
        """See Encoding; that digit, or NOT_A_DIGIT for every other."""
        labels = _checked(labels, junk=True)
        return np.where(labels == self.digit, self.digit, NOT_A_DIGIT)


@dataclass(frozen=True)
class BinaryOutputs:
    """Four outputs, the digit's bits, lowest first. Digits only: all low is the digit 0, not junk."""

    outputs: ClassVar[int] = 4

    def encode(self, labels: np.ndarray) -> np.ndarray:
        """See Encoding; the label's four bits."""
        return _BITS_OF_DIGIT[_checked(labels, junk=False)].astype(np.float32)

    def decode(self, outputs: np.ndarray, digits_only: bool = False) -> np.ndarray:
        """The number that the outputs above 0.5 spell; the codes 10 to 15 are NOT_A_DIGIT.

        With digits_only, the most likely of the ten codes, each output being the probability of its bit.
        """
        if not digits_only:
            number = (outputs > 0.5) @ (1 << np.arange(4))
            return np.where(number < 10, number, NOT_A_DIGIT)
        likelihood = np.where(_BITS_OF_DIGIT, outputs[:, np.newaxis], 1 - outputs[:, np.newaxis])
        return likelihood.prod(axis=2).argmax(axis=1)

    def expected(self, labels: np.ndarray) -> np.ndarray:
        """See Encoding; the labels themselves."""
        return _checked(labels, junk=False)


ENCODINGS: dict[str, Encoding] = {
    "ten": TenOutputs(),
    "single": SingleOutput(),
    "binary": BinaryOutputs(),
}


def encoding_named(name: str) -> Encoding:
    """The encoding of this name; ValueError names the ones there are."""
    if name not in ENCODINGS:
        raise ValueError(f"encoding must be one of {', '.join(ENCODINGS)}, got {name!r}")
    return ENCODINGS[name]


def ten_to_four_layer() -> Network:
    """The fixed extra layer of the exercise in Nielsen ch. 1: ten outputs in, the digit's four bits out.

    Bit j gets weight 20 from every digit that has it, 0 from the others, and bias -10. When the correct
    output is at least 0.99 and the others are below 0.01, the weighted sum is at least 9.8 where the bit is
    set; elsewhere at most five others (the odd digits) add below 1 to -10. So every bit is within 1.3e-4 of
    what it should be.
    """
    weights = 20.0 * _BITS_OF_DIGIT.T.astype(np.float32)
    return Network.from_layers([weights], [np.full(4, -10, np.float32)])


def _checked(labels: np.ndarray, junk: bool) -> np.ndarray:
    """Labels (n,) as int64; ValueError for what is not a digit, or with `junk`, not NOT_A_DIGIT either."""
    array = np.asarray(labels)
    lowest = NOT_A_DIGIT if junk else 0
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ValueError(f"labels must be integers (n,), got shape {array.shape} of {array.dtype}")
    array = array.astype(np.int64)
    if array.size and not (lowest <= array.min() and array.max() <= 9):
        raise ValueError(f"labels must lie in {lowest} to 9, got {array.min()} to {array.max()}")
    return array
