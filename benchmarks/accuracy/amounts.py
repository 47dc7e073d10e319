"""What is written about the digits of an amount, and its value: drawn amounts with known marks.

    python -m benchmarks.accuracy.amounts [--n 400]

Strings of the style `calibration` by writers held out, whose digits are read right; a value may be right, wrong, given
where there is a doubt (bold), or missing where there is none (lost). A point for a comma in what is written counts as
wrong there, but seldom changes the value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.accuracy.strings import held_out_sources
from benchmarks.common.scores import describe, left_out, open_reader, options, share, write_report
from benchmarks.common.tables import markdown
from pipeline.formats.values import CURRENCY, UNKNOWN, value_of
from pipeline.reading.field_reader import FieldReader
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.strings import draw_string
from pipeline.synthesis.style import CALIBRATION

SAME = str.maketrans({"$": CURRENCY, "#": UNKNOWN, "~": "-", "_": "-", " ": None})  # marks that are not told apart
NAMES = {
    ".": "point",
    ",": "comma",
    "-": "bar",
    "=": "equals sign",
    "/": "slash",
    CURRENCY: "currency sign",
    "*": "star",
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options(__doc__, "amounts.json", seed=2016)
    parser.add_argument("--n", type=int, default=400, help="amounts whose digits are read right")
    given = parser.parse_args(arguments)
    reader = open_reader(given.weights)
    about = describe(given.weights, reader)
    sources = held_out_sources(given.data, left_out(reader.card))
    values: Counter[str] = Counter()
    marks: dict[str, Counter[str]] = {name: Counter() for name in NAMES}
    exact = 0
    with threadpool_limits(1):
        for truth, seen in amounts(reader, sources, given.n, given.seed):
            exact += truth == seen
            values[judge(truth, seen)] += 1
            for name in NAMES:
                there, read = truth.count(name), seen.count(name)
                marks[name].update(there=there, read=read, both=min(there, read))
    print(f"{given.n} amounts whose digits are read right, style {CALIBRATION.name}, seed {given.seed}\n")
    print(f"written exactly so: {share(exact, given.n)}\n")
    print(
        markdown(
            ["value", "n", "share (95 % interval)"],
            [[kind, str(values[kind]), share(values[kind], given.n)] for kind in ("right", "lost", "bold", "wrong")],
        )
    )
    print()
    print(
        markdown(
            ["mark", "there", "found", "of those named so, right"],
            [
                [
                    NAMES[name],
                    str(count["there"]),
                    share(count["both"], count["there"]),
                    share(count["both"], count["read"]),
                ]
                for name, count in marks.items()
                if count["there"] and count["read"]
            ],
        )
    )
    counts = {NAMES[name]: dict(count) for name, count in marks.items()}
    report: dict[str, Any] = {
        "weights": about,
        "seed": given.seed,
        "n": given.n,
        "exact": exact,
        "values": dict(values),
        "marks": counts,
    }
    write_report(given.out, report)


def amounts(reader: FieldReader, sources: Sources, n: int, seed: int) -> Iterator[tuple[str, str]]:
    """What is written and what is seen, of n amounts whose digits are read right."""
    found, number = 0, 0
    while found < n:
        string = draw_string(np.random.default_rng([seed, number]), sources, CALIBRATION)
        number += 1
        written = "".join(string.characters).translate(SAME)
        if not string.text or not string.owner_known or any(map(str.isalpha, written)):
            continue
        reading = reader.read(string.image, "amount")
        if reading.text == string.text and reading.written is not None:
            found += 1
            yield written, reading.written


def judge(truth: str, seen: str) -> str:
    """What became of a value: right, wrong, lost or bold."""
    expected, given = value_of(truth).amount, value_of(seen).amount
    if given is None:
        return "right" if expected is None else "lost"
    return "bold" if expected is None else "right" if given == expected else "wrong"


if __name__ == "__main__":
    main()
