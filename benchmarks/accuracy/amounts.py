"""What is written about the digits of an amount, and its value: drawn amounts with known marks.

    python -m benchmarks.accuracy.amounts [--n 400]

By writers held out, and of those whose digits are read right: once strings as the style `calibration` draws them, once
amounts of every kind in turn (pipeline/synthesis/written_amounts.py), in the styles `calibration`, `written` and
`printed`. A value may be right (none is right where the marks leave a doubt), wrong, given where there is a doubt
(bold), or missing where there is none (lost). A point for a comma in what is written counts as wrong there, but seldom
changes the value.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.accuracy.strings import held_out_sources
from benchmarks.common.scores import describe, left_out, open_reader, options, share, write_report
from benchmarks.common.tables import markdown
from pipeline.formats.values import CURRENCY, value_of
from pipeline.reading.field_reader import FieldReader
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.strings import draw_string
from pipeline.synthesis.style import CALIBRATION
from pipeline.training.calibrating.calibrate_marks import draw_amounts, in_known_marks

NAMES = {
    ".": "point",
    ",": "comma",
    "'": "apostrophe",
    "-": "bar",
    "=": "equals sign",
    "/": "slash",
    "(": "bracket",
    CURRENCY: "currency sign",
    "*": "star",
}
OUTCOMES = ("right", "lost", "bold", "wrong")


@dataclass(frozen=True)
class Case:
    """kind: of the amount; truth: what is written; seen: what is read as written; value: what it is said to be worth,
    as in the reading's JSON."""

    kind: str
    truth: str
    seen: str
    value: str | None

    @property
    def outcome(self) -> str:
        """What became of the value; see OUTCOMES."""
        expected = value_of(self.truth).amount
        if self.value is None:
            return "right" if expected is None else "lost"
        return "bold" if expected is None else "right" if self.value == format(expected, "f") else "wrong"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options(__doc__, "amounts.json", seed=2016)
    parser.add_argument("--n", type=int, default=400, help="amounts of either sort whose digits are read right")
    given = parser.parse_args(arguments)
    reader = open_reader(given.weights)
    about = describe(given.weights, reader)
    sources = held_out_sources(given.data, left_out(reader.card))
    report: dict[str, Any] = {"weights": about, "seed": given.seed, "n": given.n}
    sorts = {
        f"strings of the style {CALIBRATION.name}": strings(reader, sources, given.seed),
        "amounts of every kind": amounts(reader, sources, given.seed),
    }
    with threadpool_limits(1):
        for name, cases in sorts.items():
            report[name] = tell(name, [case for case, _ in zip(cases, range(given.n), strict=False)], given.seed)
    write_report(given.out, report)


def strings(reader: FieldReader, sources: Sources, seed: int) -> Iterator[Case]:
    """Strings of the style whose digits are read right, without end."""
    number = 0
    while True:
        string = draw_string(np.random.default_rng([seed, number]), sources, CALIBRATION)
        number += 1
        written = "".join(string.characters)
        if string.text and string.owner_known and not any(map(str.isalpha, written)):
            yield from read_case(reader, "", in_known_marks(written), string.text, string.image)


def amounts(reader: FieldReader, sources: Sources, seed: int) -> Iterator[Case]:
    """Amounts of every kind whose digits are read right, without end."""
    for kind, string in draw_amounts(sources, seed):
        yield from read_case(reader, kind, in_known_marks(string.written), string.text, string.image)


def read_case(reader: FieldReader, kind: str, written: str, text: str, image: np.ndarray) -> Iterator[Case]:
    """The case of a picture, or none where its digits are not read right."""
    record = reader.read(image, "amount").to_json()
    if record["text"] == text:
        yield Case(kind, written, record["written"], record["value"])


def tell(name: str, cases: Sequence[Case], seed: int) -> dict[str, Any]:
    """Prints the tables of one sort; what the report holds of it."""
    n, outcomes = len(cases), Counter(case.outcome for case in cases)
    exact = sum(case.truth == case.seen for case in cases)
    valued = sum(value_of(case.truth).amount is not None for case in cases)
    print(f"\n{n} {name} whose digits are read right, seed {seed}\n")
    print(f"written exactly so: {share(exact, n)}; of {valued} with a value, given it: ", end="")
    print(share(sum(case.value is not None and case.outcome == "right" for case in cases), valued), end="\n\n")
    rows = [[kind, str(outcomes[kind]), share(outcomes[kind], n)] for kind in OUTCOMES]
    print(markdown(["value", "n", "share (95 % interval)"], rows), end="\n\n")
    kinds = sorted({case.kind for case in cases})
    counts = {kind: Counter(case.outcome for case in cases if case.kind == kind) for kind in kinds}
    if len(kinds) > 1:
        rows = [[kind, str(count.total()), *(str(count[each]) for each in OUTCOMES)] for kind, count in counts.items()]
        print(markdown(["kind", "n", *OUTCOMES], rows), end="\n\n")
    marks = {mark: counted(cases, mark) for mark in NAMES}
    rows = [
        [NAMES[mark], str(there), share(both, there), share(both, read)]
        for mark, (there, read, both) in marks.items()
        if there and read
    ]
    print(markdown(["mark", "there", "found", "of those named so, right"], rows))
    return {"exact": exact, "values": dict(outcomes), "kinds": {kind: dict(count) for kind, count in counts.items()}}


def counted(cases: Sequence[Case], mark: str) -> tuple[int, int, int]:
    """How often a mark is there, is read, and is read in the gap in which it is."""
    there = read = both = 0
    for case in cases:
        for truth, seen in zip(*(re.split("[0-9]", each) for each in (case.truth, case.seen)), strict=True):
            there, read = there + truth.count(mark), read + seen.count(mark)
            both += min(truth.count(mark), seen.count(mark))
    return there, read, both


if __name__ == "__main__":
    main()
