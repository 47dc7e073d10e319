"""Both readers on one field: when the search may stop, which spans it should doubt, and the texts of both.

Where the lattice and the line read the same and are sure together, no cut is refined and no further network runs; where
they differ, the spans about the difference are doubted though the lattice is sure of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

import numpy as np

from classifier.arrays import Scores
from classifier.errors import WeightsError
from classifier.weights import Networks
from pipeline.errors import UsageError
from pipeline.reading.confidence.joint import Joint
from pipeline.reading.lattices.lattice import SKIP, Lattice, Path
from pipeline.reading.lattices.search import Round
from pipeline.reading.lattices.texts import shares_of
from pipeline.reading.line.readers import ColumnReader, NetworkReader
from pipeline.reading.line.reading import LineReading
from segmenter.arrays import Mask

if TYPE_CHECKING:
    from pipeline.formats.format import Format

TEXTS = 40  # likely texts of the lattice that take part
FEW = 12  # ... while the search goes on, and where both are sure of one
SECONDS = ("rapidocr",)
LIKELY = math.log(1e-8)  # a path that spells a text less likely than this says nothing of where its digits stand


@dataclass(frozen=True)
class LineSide:
    """The second reader, and how it is joined to the lattice."""

    reader: ColumnReader
    joint: Joint


@dataclass(frozen=True, eq=False)
class Opinions:
    """What both readers say of N candidates: ln of their probability by the lattice and by the line, given the format,
    and the probability (N,) by both. No candidates where nothing fits."""

    candidates: tuple[str, ...]
    lattice: Scores
    line: Scores
    joint: Scores

    @property
    def texts(self) -> tuple[tuple[str, float], ...]:
        """The candidates and their joint probability, the likeliest first."""
        pairs = zip(self.candidates, self.joint.tolist(), strict=True)
        return tuple(sorted(pairs, key=lambda pair: -pair[1]))

    def alone(self) -> dict[str, tuple[str, float]]:
        """The best text of each reader alone, and its probability."""
        sums = {"lattice": self.lattice, "line": self.line}
        best = {name: int(each.argmax()) for name, each in sums.items()}
        return {name: (self.candidates[k], math.exp(min(0.0, sums[name][k]))) for name, k in best.items()}

    def likely_in_lattice(self, text: str) -> bool:
        """Whether the lattice gives a candidate any chance."""
        return bool(self.lattice[self.candidates.index(text)] >= LIKELY)


@dataclass(frozen=True, eq=False)
class Together:
    """What is known of a field's line while its lattice is searched. sure: the posterior of the best text from which on
    two readers that agree are believed."""

    line: LineReading
    joint: Joint
    format: Format | None
    sure: float

    def judge(self, last: Round) -> Round:
        """The round with the spans that are unsure to both readers; `agreed` where none is."""
        own = self.line.texts[0][0] if self.line.texts else last.path.text
        if own != last.path.text:
            return replace(last, unsure=last.unsure | differing(last.path, own))
        opinions = self.opinions(last.lattice, FEW)
        if not opinions.candidates:
            return last
        lattice, line = (text for text, _ in opinions.alone().values())
        if lattice == line == last.path.text and opinions.joint.max() >= self.sure:
            return replace(last, unsure=np.zeros_like(last.unsure), opinions=opinions)
        return replace(last, unsure=last.unsure | differing(last.path, line))

    def opinions(self, lattice: Lattice | None, count: int = TEXTS) -> Opinions:
        """Of the likeliest texts of both, and the empty text. No lattice: no ink was found, and all that it says is
        that nothing is there."""
        own = [text for text, _ in self.line.texts]
        if lattice is None:
            texts = list(dict.fromkeys([*own, ""]))
            sums = np.where([text == "" for text in texts], 0.0, -np.inf)
        else:
            texts, sums = shares_of(lattice, self.format, count, [*own, ""])
        if not own and not np.isfinite(sums).any():
            return Opinions((), np.zeros(0), np.zeros(0), np.zeros(0))
        line = self.line.log_probabilities(texts) if own else np.full(len(texts), -np.inf)
        digits = np.array([float(len(text)) for text in texts])
        return Opinions(tuple(texts), sums, line, self.joint.posteriors(sums, line, digits))


def differing(path: Path, text: str) -> Mask:
    """(spans of the path,) which of them the other reader's text does not confirm: digits that differ, what lies
    between their neighbours, and where the text has a digit more, the two beside it."""
    doubted = np.zeros(len(path.spans), dtype=bool)
    places = [k for k, symbol in enumerate(path.symbols) if symbol != SKIP]
    ends = [-1, *places, len(path.spans)]
    for kind, first, last, _, _ in SequenceMatcher(None, path.text, text, autojunk=False).get_opcodes():
        if kind != "equal":
            more = kind == "insert"
            doubted[max(0, ends[first] + 1 - more) : ends[last + 1] + more] = True
    return doubted


def line_side(
    networks: Networks, card: dict[str, Any], path: FilePath, second: str | None = None
) -> tuple[LineSide | None, dict[str, Any]]:
    """The second reader, and the part of the weights' card that says how sure both are together. By default that of the
    weights; None where there is none, or it was never joined to the first. second: a third party's, by name.

    Raises UsageError for a reader that is not known, not installed, or that the weights were never joined to,
    WeightsError for a card that says it in another way.
    """
    reader: ColumnReader
    if second is not None:
        reader, card = third_party(second), card.get("seconds", {}).get(second, {})
        if not card:
            raise UsageError(f"{path}: these weights were never joined to {second}; calibrate both together first")
    elif networks.line is None or "joint" not in card:
        return None, card
    else:
        reader = NetworkReader(networks.line)
    try:
        return LineSide(reader, Joint.from_json(card["joint"])), card
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise WeightsError(
            f"{path}: the card does not say how the two readers are joined; calibrate it anew"
        ) from error


def third_party(name: str) -> ColumnReader:
    """A third party's reader of lines. Raises UsageError where it is not known or not installed."""
    if name not in SECONDS:
        raise UsageError(f"there is no second reader {name!r}; there is {', '.join(SECONDS)}")
    from pipeline.reading.line.rapidocr import RapidReader

    return RapidReader()
