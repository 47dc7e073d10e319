"""Cross-checks of a template's fields: what each may be, weighed by whether all of it fits together.

[[check]]
sum = ["goods", "tax"]      # these together are ...
total = "total"             # ... this
[[check]]
same = ["number", "again"]  # the same number twice
[[check]]
past = "date"               # a date that is not in the future
"""

from __future__ import annotations

import datetime
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from pipeline.documents.fields import FieldReading
from pipeline.reading.result import Reading
from pipeline.reading.result_parts import Alternative

SUREST = 0.985  # confidence that a check lifts a reading to, at most: fields may be misread alike
DOUBTED = 0.5  # confidence at most where nothing fits: one of the fields is wrong, nobody knows which
BROKEN = 0.01  # how often what is written breaks a check itself, by a slip of whoever wrote it: an assumption
MOST_COMBINATIONS = 50_000  # of texts that are weighed; of more fields, fewer alternatives
CENTS = -2  # the exponent of an amount's last digit, where it has decimals


@dataclass(frozen=True)
class Check:
    """kind: "sum", "same" or "past". fields: their names; of a sum, the last one is the total."""

    kind: str
    fields: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What it demands, in words."""
        if self.kind == "sum":
            return f"{' + '.join(self.fields[:-1])} = {self.fields[-1]}"
        return f"{' = '.join(self.fields)}" if self.kind == "same" else f"{self.fields[0]} is not in the future"

    def holds(self, texts: Sequence[str], readings: Sequence[Reading], today: datetime.date) -> bool:
        """Whether texts of its fields, whose readings are given, meet it."""
        if self.kind == "same":
            return len(set(texts)) == 1
        if self.kind == "past":
            day = _date_of(texts[0], readings[0].format)
            return day is None or day <= today
        numbers = [Decimal(text) for text in texts]
        return any(_adds_up(numbers, exponents) for exponents in _exponents(readings))


def checked(
    fields: Sequence[FieldReading], checks: Sequence[Check], threshold: float, today: datetime.date | None = None
) -> tuple[FieldReading, ...]:
    """The fields with the texts that are most likely together where every check holds; a note where none fit.

    Each field may be its text or one of its alternatives of the same length, independently; what checks rule out is
    left away and the rest weighed anew. threshold: from which on a reading is accepted. today: None: the clock's.
    """
    readings = {field.name: field.reading for field in fields}
    for check in checks:
        own = [readings[name] for name in check.fields]
        if all(reading.text is not None for reading in own):
            results = _weighed(check, own, today or datetime.date.today())
            accepted = [replace(one, accepted=one.confidence >= threshold) for one in results]
            readings |= dict(zip(check.fields, accepted, strict=True))
    return tuple(replace(field, reading=readings[field.name]) for field in fields)


def _weighed(check: Check, readings: Sequence[Reading], today: datetime.date) -> list[Reading]:
    """The readings of a check's fields, given that it holds."""
    options = _fewer([_options(reading) for reading in readings])
    masses: list[dict[str, float]] = [{} for _ in readings]
    best, total, chosen = 0.0, 0.0, None
    for combination in itertools.product(*options):
        texts, mass = [text for text, _ in combination], math.prod(share for _, share in combination)
        if not check.holds(texts, readings, today):
            continue
        total += mass
        if mass > best:
            best, chosen = mass, texts
        for shares, text in zip(masses, texts, strict=True):
            shares[text] = shares.get(text, 0.0) + mass
    weighed = math.prod(sum(share for _, share in option) for option in options)
    broken = max(0.0, weighed - total) * BROKEN / (1 - BROKEN)
    if chosen is None or total < broken:  # a slip of the writer's is likelier than so many misread digits
        return [_doubted(reading, f"does not fit: {check.sentence}") for reading in readings]
    # What none of the options is may fit, too: as much of it as is left, a text in ten for each digit.
    unknown = max(0.0, 1 - weighed) * 0.1 ** min(len(text) for text in chosen)
    return [
        _meant(reading, text, shares[text] / (total + unknown + broken))
        for reading, text, shares in zip(readings, chosen, masses, strict=True)
    ]


def _options(reading: Reading) -> list[tuple[str, float]]:
    """The texts that a field may be, of one length: their digits have the same places."""
    text = str(reading.text)
    others = [(other.text, other.confidence) for other in reading.alternatives if len(other.text) == len(text)]
    return [(text, reading.confidence), *others]


def _fewer(options: list[list[tuple[str, float]]]) -> list[list[tuple[str, float]]]:
    """The options without the least likely ones, as many as makes the combinations of them too many."""
    while math.prod(map(len, options)) > MOST_COMBINATIONS:
        least = min((each for each in options if len(each) > 1), key=lambda each: each[-1][1])
        least.pop()
    return options


def _meant(reading: Reading, text: str, confidence: float) -> Reading:
    """The reading with the text that fits."""
    if text == reading.text:
        better = max(reading.confidence, min(SUREST, confidence))
        rest = 1 - better
        others = tuple(other for other in reading.alternatives if other.confidence <= rest)[:1]
        return replace(reading, confidence=better, alternatives=others)
    digits = tuple(
        replace(digit, digit=other, confidence=min(SUREST, confidence), alternatives=())
        for digit, other in zip(reading.digits, text, strict=True)
    )
    note = f"read as {reading.text} by itself; the other fields say {text}"
    return Reading(text, min(SUREST, confidence), False, digits, (), reading.rounds, reading.format, note)


def _doubted(reading: Reading, note: str) -> Reading:
    note = note if reading.note is None else f"{reading.note}; {note}"
    return replace(reading, confidence=min(reading.confidence, DOUBTED), note=note, alternatives=_less(reading))


def _less(reading: Reading) -> tuple[Alternative, ...]:
    """Its alternatives, where a lower confidence leaves them no likelier than before."""
    return tuple(other for other in reading.alternatives if other.confidence <= DOUBTED)[:1]


def _exponents(readings: Sequence[Reading]) -> Iterator[tuple[int, ...]]:
    """What the last digit of each may be worth, as a power of ten: what its value says; of an amount whose marks leave
    its value open, cents or, for all such alike, what is written without decimals; of other digits one."""
    for open_ones in (0, CENTS):
        yield tuple(
            int(reading.value.as_tuple().exponent)
            if reading.value is not None
            else open_ones * (reading.written is not None)
            for reading in readings
        )


def _adds_up(numbers: Sequence[Decimal], exponents: Sequence[int]) -> bool:
    *parts, total = (number.scaleb(exponent) for number, exponent in zip(numbers, exponents, strict=True))
    return sum(parts) == total


def year_in_full(format: str | None) -> bool:
    """Whether a format is that of a date that says which day is meant: with a year of four digits."""
    return sorted(_order(format)) == sorted("DDMMYYYY")


def _order(format: str | None) -> str:
    """The letters of a date's format, such as DDMMYYYY of date:DD.MM.YYYY; none of another format."""
    kind, _, order = (format or "").partition(":")
    return "".join(letter for letter in order if letter in "DMY") if kind == "date" else ""


def _date_of(text: str, format: str | None) -> datetime.date | None:
    """The day that digits are in a format such as date:DDMMYYYY; None where they are none."""
    order = _order(format)
    if not year_in_full(format) or len(text) != len(order):
        return None
    day, month, year = (int(text[order.index(part) : order.index(part) + len(part)]) for part in ("DD", "MM", "YYYY"))
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None
