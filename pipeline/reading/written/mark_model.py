"""What stands in a gap between digits: what the line network says of it and what its ink looks like, put together.

P(mark) is proportional to P_line(symbol)^a * P(mark | symbol) * P(shape | mark)^b: the line network has one symbol for
all signs but the commonest and none for currencies, and the shapes of components (marks.py) are seen through a noisy
channel, whose table was counted on drawn amounts with known marks. pipeline/training/calibrate_marks.py counts and
fits; the weights' card holds what it found.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from classifier.arrays import Scores
from classifier.errors import WeightsError
from classifier.line.line_marks import BEFORE, BEHIND, BETWEEN

PLACES = {"before": BEFORE, "between": BETWEEN, "behind": BEHIND}
AS_SYMBOLS = str.maketrans(dict.fromkeys("=*+()#", "*") | dict.fromkeys("¤'?"))
"""What the line network calls a mark: one symbol for many signs; what it has no symbol for is nothing to it."""
FLOOR = 1e-5  # of what the line network says of a symbol, so that it cannot veto
UNSEEN = 0.5  # counts of a shape, or of a mark, that never came
PULL = 2.0  # counts by which a mark's shapes are drawn towards those of all marks

Table = Mapping[str, Mapping[str, Mapping[str, int]]]


def place_of(gap: int, digits: int) -> str:
    """The name of a gap's place in a text of so many digits."""
    return "before" if gap == 0 else "behind" if gap == digits else "between"


@dataclass(frozen=True)
class MarkModel:
    """line, shapes: a and b. sense: nats that a way of writing costs that nobody means (formats/values.py, malformed).
    least: the probability from which on a value is given. seen: place -> mark -> shape -> how often it came."""

    line: float = 1.0
    shapes: float = 1.0
    sense: float = 3.0
    least: float = 0.9
    seen: Table = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if not all(math.isfinite(x) and x >= 0 for x in (self.line, self.shapes, self.sense)) or not 0 < self.least < 1:
            raise ValueError(f"not a model of marks: {self}")
        if not set(self.seen) <= set(PLACES):
            raise ValueError(f"marks are seen {', '.join(PLACES)} digits, not {', '.join(self.seen)}")

    def shares(self, place: str, said: Mapping[str, float] | None, shape: str | None) -> dict[str, float]:
        """The probability of each mark in a gap. said: option -> probability by the line network, shape: that of the
        ink; None where that one knows nothing."""
        terms = self.terms(place, said, shape)
        scores = terms.T @ (self.line, self.shapes, 1.0)
        shares = np.exp(scores - scores.max())
        return dict(zip(self.channels[place].marks, (shares / shares.sum()).tolist(), strict=True))

    def terms(self, place: str, said: Mapping[str, float] | None, shape: str | None) -> Scores:
        """(3, M) for each mark that may stand there: ln of what the line network says of its symbol, of its shape, and
        of how often it is meant by that symbol."""
        channel = self.channels[place]
        result = np.zeros((3, len(channel.marks)))
        result[2] = channel.prior if said is None else channel.given
        if said is not None:
            result[0] = np.log([said.get(symbol, 0.0) + FLOOR for symbol in channel.symbols])
        if shape is not None:
            result[1] = channel.chances(shape)
        return result

    @cached_property
    def channels(self) -> dict[str, _Channel]:
        return {place: _Channel.of(self.seen.get(place, {}), options) for place, options in PLACES.items()}

    def to_json(self) -> dict[str, Any]:
        """What the weights' card holds."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> MarkModel:
        """Of a card. Raises ValueError, TypeError, KeyError, AttributeError for anything else."""
        seen = {
            str(place): {
                str(mark): {str(shape): int(count) for shape, count in shapes.items()} for mark, shapes in marks.items()
            }
            for place, marks in record["seen"].items()
        }
        line, shapes, sense, least = (float(record[name]) for name in ("line", "shapes", "sense", "least"))
        return cls(line, shapes, sense, least, seen)


def marks_of(card: dict[str, Any], path: FilePath) -> MarkModel | None:
    """How marks are known by the weights whose card this is; None where it does not say. Raises WeightsError."""
    if "marks" not in card:
        return None
    try:
        return MarkModel.from_json(card["marks"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise WeightsError(f"{path}: the card does not say how marks are known; calibrate it anew") from error


@dataclass(frozen=True, eq=False)
class _Channel:
    """M marks, their symbols by the line network, ln P(mark | symbol) and ln P(mark), (M,). shapes: (S, M) ln P(shape |
    mark) of the shapes that were seen, the last row that of any other."""

    marks: tuple[str, ...]
    symbols: tuple[str, ...]
    given: Scores
    prior: Scores
    rows: Mapping[str, int]
    shapes: Scores

    @classmethod
    def of(cls, seen: Mapping[str, Mapping[str, int]], options: tuple[str, ...]) -> _Channel:
        marks = tuple(dict.fromkeys([*options, *seen]))
        symbols = tuple(mark.translate(AS_SYMBOLS) for mark in marks)
        rows = {shape: row for row, shape in enumerate(dict.fromkeys(shape for own in seen.values() for shape in own))}
        counts = np.zeros((len(rows) + 1, len(marks)))
        for column, mark in enumerate(marks):
            for shape, count in seen.get(mark, {}).items():
                counts[rows[shape], column] = count
        of_marks = counts.sum(axis=0)
        pooled = counts.sum(axis=1) + UNSEEN
        shapes = (counts + PULL * (pooled / pooled.sum())[:, None]) / (of_marks + PULL)
        known = of_marks + UNSEEN
        alike = np.array([[one == other for other in symbols] for one in symbols])
        return cls(marks, symbols, np.log(known / (alike @ known)), np.log(known / known.sum()), rows, np.log(shapes))

    def chances(self, shape: str) -> Scores:
        """(M,) ln P(shape | mark)."""
        return self.shapes[self.rows.get(shape, len(self.rows))]
