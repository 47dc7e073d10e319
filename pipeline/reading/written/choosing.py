"""What is written and what it is worth, out of what may stand in each gap: sums over all ways to write it."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from pipeline.formats.values import Value, value_of
from pipeline.reading.written.mark_model import MarkModel, place_of

FEW = 200  # ways to write it that are looked at, the likeliest first
ENOUGH = 0.999  # of the probability: what is left is not looked at
FAINT = 1e-3  # a mark less likely than this in its gap is not looked at


@dataclass(frozen=True)
class Way:
    """One way to write a number: its probability among all, and its value."""

    written: str
    share: float
    value: Value


@dataclass(frozen=True)
class Marked:
    """What is read about the digits. written: the likeliest, with its probability, given the digits. amount: the value
    and its probability, None with a sentence where there is a doubt."""

    written: str
    share: float
    amount: Decimal | None
    amount_share: float
    doubt: str | None


def choose(
    model: MarkModel, text: str, said: Sequence[Mapping[str, float]] | None, shapes: Sequence[str] | None
) -> Marked:
    """What is written about the digits of a text. said: what the line network says of each of its len(text) + 1 gaps;
    shapes: of the ink in each; None where nothing is known."""
    return decide(model, ways_to_write(model, text, said, shapes))


def ways_to_write(
    model: MarkModel, text: str, said: Sequence[Mapping[str, float]] | None, shapes: Sequence[str] | None
) -> list[Way]:
    """The likeliest ways, their probabilities summing to at most 1."""
    ways, total = _weighed_ways(model, text, said, shapes)
    return sorted((replace(way, share=way.share / total) for way in ways), key=lambda way: -way.share)


def plausibility(
    model: MarkModel, text: str, said: Sequence[Mapping[str, float]] | None, shapes: Sequence[str] | None
) -> float:
    """How likely the digits are to be an amount, by what stands between them: 1 where every way to write them is meant
    by somebody, exp(-sense) where none is."""
    return _weighed_ways(model, text, said, shapes)[1]


def _weighed_ways(
    model: MarkModel, text: str, said: Sequence[Mapping[str, float]] | None, shapes: Sequence[str] | None
) -> tuple[list[Way], float]:
    """Ways by their probability, less what those cost that nobody means; and their sum, with those not looked at."""
    gaps = [
        model.shares(place_of(k, len(text)), None if said is None else said[k], None if shapes is None else shapes[k])
        for k in range(len(text) + 1)
    ]
    ways, left, cost = [], 1.0, math.exp(-model.sense)
    for marks, share in likeliest_products(gaps):
        written = marks[0] + "".join(digit + mark for digit, mark in zip(text, marks[1:], strict=True))
        value = value_of(written)
        ways.append(Way(written, share * (cost if value.malformed else 1.0), value))
        left -= share
        if len(ways) >= FEW or left <= 1 - ENOUGH:
            break
    return ways, sum(way.share for way in ways) + max(0.0, left) * cost


def likeliest_products(gaps: Sequence[Mapping[str, float]]) -> Iterator[tuple[tuple[str, ...], float]]:
    """One mark of each gap, and the product of their probabilities, the largest first."""
    ranked = [sorted(((p, mark) for mark, p in gap.items() if p >= FAINT), reverse=True) for gap in gaps]
    start = (0,) * len(gaps)
    waiting = [(-math.prod(gap[0][0] for gap in ranked), start)]
    known = {start}
    while waiting:
        share, places = heapq.heappop(waiting)
        yield tuple(gap[place][1] for gap, place in zip(ranked, places, strict=True)), -share
        for k, gap in enumerate(ranked):
            after = (*places[:k], places[k] + 1, *places[k + 1 :])
            if places[k] + 1 < len(gap) and after not in known:
                known.add(after)
                heapq.heappush(waiting, (share * gap[places[k] + 1][0] / gap[places[k]][0], after))


def decide(model: MarkModel, ways: Sequence[Way]) -> Marked:
    """The likeliest way, and the value whose ways are together likely enough."""
    sums: dict[Decimal, float] = {}
    for way in ways:
        if way.value.amount is not None:
            sums[way.value.amount] = sums.get(way.value.amount, 0.0) + way.share
    best = max(sums, key=lambda amount: sums[amount], default=None)
    first = ways[0]
    if best is not None and sums[best] >= model.least:
        own = next(way for way in ways if way.value.amount == best)
        return Marked(own.written, own.share, best, min(1.0, sums[best]), None)
    return Marked(first.written, first.share, None, 0.0, first.value.reason or _doubt(ways))


def _doubt(ways: Sequence[Way]) -> str:
    """Why the likeliest way's value is not given."""
    first = ways[0]
    other = next((way for way in ways if way.value.amount != first.value.amount), None)
    if other is None:
        return f"it may be written otherwise than {first.written}"
    return f"it may be written {first.written} or {other.written}"
