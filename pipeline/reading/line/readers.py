"""What may read a whole line: a grey picture in, columns of log-probabilities and their alphabet out.

The reader's own line network is one; a third party's network is another as soon as it is wrapped in this protocol
(rapidocr.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np

from classifier.arrays import Columns
from classifier.line.line_columns import SPELT
from classifier.line.line_network import ALPHABET, MARGIN, MARKS, STRIDE, LineNetwork
from classifier.line.line_picture import line_picture
from segmenter.arrays import Grey

BETWEEN = " .,-/:$%*#=+()'"  # signs that are written about digits: as good as a blank where digits are asked for
OTHERS = "%*#=+()"  # ... of these, what the line network has one symbol for
LEAST = 1e-7  # of a column: what no digit and no blank says


@dataclass(frozen=True, eq=False)
class LineColumns:
    """Log-probabilities (T, K), what each of the K symbols stands for ("" = blank), and where the columns lie: column t
    covers [first + t * step, first + (t + 1) * step) pixels of the picture that was read, from its left edge."""

    columns: Columns
    alphabet: Sequence[str]
    first: float
    step: float

    def __post_init__(self) -> None:
        if self.columns.shape[1] != len(self.alphabet):
            raise ValueError(f"{self.columns.shape[1]} symbols, but an alphabet of {len(self.alphabet)}")


class ColumnReader(Protocol):
    """Reads a line of writing, whatever it does inside."""

    def read_columns(self, grey: Grey) -> LineColumns:
        """Of a picture (H, W), 1 = white, of one line."""
        ...


@dataclass(frozen=True, eq=False)
class NetworkReader:
    """The line network of a weights file."""

    network: LineNetwork

    def read_columns(self, grey: Grey) -> LineColumns:
        """As `ColumnReader`."""
        picture = line_picture(grey)
        scale = grey.shape[1] / picture.shape[1]
        alphabet = [SPELT.get(symbol, "") for symbol in range(self.network.shape.symbols)]
        return LineColumns(self.network.columns(picture), alphabet, -MARGIN * scale, STRIDE * scale)


def digit_columns(read: LineColumns) -> Columns:
    """(T, 11) log-probabilities of the ten digits and, last, of the blank, to which marks are added; what else the
    alphabet holds, as letters, is left out, and the rest taken for all there is."""
    groups = _groups(tuple(read.alphabet))
    kept = np.stack([_together(read.columns, group) for group in groups], axis=1)
    if sum(map(len, groups)) < len(read.alphabet):
        kept = np.logaddexp(kept, np.log(LEAST) * np.ones(1, kept.dtype))
    return (kept - np.logaddexp.reduce(kept, axis=1, keepdims=True)).astype(np.float32)


def _together(columns: Columns, group: list[int]) -> Columns:
    """ln of the probability (T,) of all symbols of a group."""
    return columns[:, group[0]] if len(group) == 1 else np.logaddexp.reduce(columns[:, group], axis=1)


@lru_cache(maxsize=4)
def _groups(alphabet: tuple[str, ...]) -> tuple[list[int], ...]:
    """The symbols of an alphabet that stand for each digit, and for a blank."""
    digits = [[k for k, sign in enumerate(alphabet) if sign == digit] for digit in "0123456789"]
    return *digits, [k for k, sign in enumerate(alphabet) if not sign or sign in BETWEEN]


def symbol_columns(read: LineColumns) -> Columns:
    """(T, SYMBOLS) as `digit_columns`, with the marks apart, in the order of the line network's symbols."""
    alphabet = read.alphabet
    named = [*ALPHABET, None, *MARKS, OTHERS]
    groups = [[k for k, sign in enumerate(alphabet) if sign and name and sign in name] for name in named]
    rest = set(range(len(alphabet))) - {k for group in groups for k in group}
    groups[len(ALPHABET)] = [k for k in sorted(rest) if not alphabet[k] or alphabet[k] in BETWEEN]
    kept = np.full((len(read.columns), len(groups)), np.log(LEAST), np.float32)
    for place, group in enumerate(groups):
        if group:
            kept[:, place] = np.logaddexp(kept[:, place], np.logaddexp.reduce(read.columns[:, group], axis=1))
    return (kept - np.logaddexp.reduce(kept, axis=1, keepdims=True)).astype(np.float32)
