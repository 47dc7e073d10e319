"""How marks about digits are known: what shapes they leave, and how far the line network and the shapes are trusted.

Amounts of all kinds are drawn and read; where the digits are read right, what stands in each gap between them is known.
Shapes are counted; the weights of line and shapes, and what a way of writing costs that nobody means, make the truth as
likely as they can, on halves of the strings whose shapes were not counted. From which probability on a value is given
is chosen so that next to none of those given is wrong.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from classifier.arrays import Scores
from classifier.line.line_marks import GapShares
from classifier.weights import Networks
from pipeline.formats.format import parse_format
from pipeline.formats.values import CURRENCY, UNKNOWN, value_of
from pipeline.reading.lattices.search import SearchConfig
from pipeline.reading.text_finding import Found, find_texts
from pipeline.reading.together import LineSide
from pipeline.reading.written.choosing import Way, decide, ways_to_write
from pipeline.reading.written.mark_model import MarkModel, place_of
from pipeline.reading.written.valuing import shapes_of
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.strings import SyntheticString, draw_written
from pipeline.synthesis.style import CALIBRATION, PRINTED, WRITTEN, StringStyle
from pipeline.synthesis.written_amounts import AMOUNTS, draw_amount
from pipeline.training.calibrating.plain_marks import has_plain_marks
from pipeline.training.string_pool import grey_of

SEED = 1202
STYLES = (CALIBRATION, WRITTEN, PRINTED)  # in turn
FEWEST = 50
SENSES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)  # more is not told apart: nobody draws what nobody means
WRONG = 0.005  # of all amounts, those given a wrong value, at most
SAME = str.maketrans({"$": CURRENCY, "·": ".", "#": "*", "~": "-", "_": "-", " ": None})
"""What is written, in the marks that are told apart."""


@dataclass(frozen=True)
class MarkedString:
    """kind: of the amount. written: what is written; text: its digits. said, shapes: as `choose` takes them."""

    kind: str
    written: str
    text: str
    said: GapShares | None
    shapes: tuple[str, ...] | None

    @property
    def marks(self) -> list[str]:
        """What stands in each gap."""
        return re.split("[0-9]", self.written)


def fit_marks(networks: Networks, line: LineSide, held_out: Sources, count: int) -> MarkModel:
    """The model of marks, from those of `count` drawn amounts whose digits are read right."""
    return fit_model(list(read_marks(networks, line, held_out, count)))


def draw_amounts(
    sources: Sources, seed: int, styles: Sequence[StringStyle] = STYLES
) -> Iterator[tuple[str, SyntheticString]]:
    """Kinds and amounts without end, kinds and styles in turn; each with all its marks in the picture, plain to see."""
    number = 0
    while True:
        for kind in AMOUNTS:
            rng = np.random.default_rng([seed, number])
            written = draw_amount(rng, kind)
            string = draw_written(rng, sources, styles[number % len(styles)], written)
            number += 1
            whole = string.written == "".join(string.characters) == written.replace(" ", "")
            if whole and has_plain_marks(string):
                yield kind, string


def read_marks(networks: Networks, line: LineSide, held_out: Sources, count: int) -> Iterator[MarkedString]:
    """What is known of the marks of those of `count` amounts whose digits are read right."""
    for kind, string in itertools.islice(draw_amounts(held_out, SEED), count):
        grey = grey_of(string.image)
        found = find_texts(grey, networks, SearchConfig(), 1, parse_format("amount"), line)
        if found.best[0] == string.text:
            yield marked_string(kind, string, found)


def marked_string(kind: str, string: SyntheticString, found: Found) -> MarkedString:
    """What is known of the marks of a string whose digits were found."""
    said = None if found.together is None else found.together.line.marks(string.text)
    return MarkedString(kind, in_known_marks(string.written), string.text, said, shapes_of(found, string.text))


def in_known_marks(written: str) -> str:
    """What is written, in the marks that are told apart; letters and other signs are something unknown."""
    return re.sub(rf"[^0-9.,'\-=/:*+(){CURRENCY}]+", UNKNOWN, written.translate(SAME))


def fit_model(strings: Sequence[MarkedString]) -> MarkModel:
    """Of strings whose marks are known, some hundreds; of fewer than FEWEST only shapes are counted."""
    if len(strings) < FEWEST:
        return counted(strings)
    halves = strings[::2], strings[1::2]
    crossed = [(counted(halves[1]), halves[0]), (counted(halves[0]), halves[1])]

    line, shapes = _fit_weights(crossed)
    free = [replace(model, line=line, shapes=shapes, sense=0.0) for model, _ in crossed]
    every = [
        (string, ways_to_write(model, string.text, string.said, string.shapes))
        for model, (_, half) in zip(free, crossed, strict=True)
        for string in half
    ]
    sense = min(SENSES, key=lambda nats: sum(_surprise(string, costly(ways, nats)) for string, ways in every))
    judged = [judge(string, costly(ways, sense)) for string, ways in every]
    return replace(counted(strings), line=line, shapes=shapes, sense=sense, least=least_share(judged))


def _fit_weights(crossed: Sequence[tuple[MarkModel, Sequence[MarkedString]]]) -> tuple[float, float]:
    """The weights of line and shapes under which what stands in the gaps is likeliest; of models and strings that they
    did not count."""
    gaps = [gap for model, strings in crossed for string in strings for gap in _gap_terms(model, string)]
    marks = max(terms.shape[1] for terms, _ in gaps)
    every = np.full((3, len(gaps), marks), -np.inf)
    for k, (terms, _) in enumerate(gaps):
        every[:, k, : terms.shape[1]] = terms
    truth = np.array([place for _, place in gaps])

    def cost(logs: np.ndarray) -> float:
        a, b = np.exp(np.clip(logs, -4, 2))
        scores = a * every[0] + b * every[1] + every[2]
        return float((np.logaddexp.reduce(scores, axis=1) - scores[np.arange(len(truth)), truth]).mean())

    found = minimize(cost, np.zeros(2), method="Nelder-Mead", options={"xatol": 0.02, "fatol": 1e-5, "maxiter": 80})
    a, b = np.exp(np.clip(found.x, -4, 2)).tolist()
    return a, b


def _gap_terms(model: MarkModel, string: MarkedString) -> Iterator[tuple[Scores, int]]:
    """(3, M) of each gap, and which mark stands there; only where the model knows that mark."""
    for gap, mark in enumerate(string.marks):
        place = place_of(gap, len(string.text))
        if mark in model.channels[place].marks:
            said = None if string.said is None else string.said[gap]
            shape = None if string.shapes is None else string.shapes[gap]
            yield model.terms(place, said, shape), model.channels[place].marks.index(mark)


def counted(strings: Sequence[MarkedString]) -> MarkModel:
    """A model that has counted the shapes of these strings' marks."""
    seen: dict[str, dict[str, dict[str, int]]] = {}
    for string in strings:
        for gap, (mark, shape) in enumerate(zip(string.marks, string.shapes or (), strict=False)):
            shapes = seen.setdefault(place_of(gap, len(string.text)), {}).setdefault(mark, {})
            shapes[shape] = shapes.get(shape, 0) + 1
    return MarkModel(seen=seen)


def costly(ways: Sequence[Way], sense: float) -> list[Way]:
    """Ways, with those that nobody means less likely by so many nats."""
    shares = [way.share * (math.exp(-sense) if way.value.malformed else 1.0) for way in ways]
    total = sum(shares) + max(0.0, 1.0 - sum(way.share for way in ways)) * math.exp(-sense)
    weighed = [replace(way, share=share / total) for way, share in zip(ways, shares, strict=True)]
    return sorted(weighed, key=lambda way: -way.share)


def _surprise(string: MarkedString, ways: Sequence[Way]) -> float:
    """Minus ln of the probability of what is written."""
    return -math.log(next((way.share for way in ways if way.written == string.written), 0.0) + 1e-6)


def judge(string: MarkedString, ways: Sequence[Way]) -> tuple[float, bool]:
    """The probability of the likeliest value, and whether it is right."""
    marked = decide(MarkModel(least=1e-9), ways)
    return marked.amount_share, marked.amount == value_of(string.written).amount


def least_share(judged: Sequence[tuple[float, bool]]) -> float:
    """The smallest probability from which on at most WRONG of all values are wrong."""
    wrong, least = 0, 0.999
    for share, right in sorted(judged, reverse=True):
        wrong += not right
        if wrong > WRONG * len(judged):
            break
        least = share
    return min(max(least, 0.5), 0.999)
