"""Masks: how many readings that are not accepted have one open digit, and how often the rest of such a text is wrong.

    python -m benchmarks.confidence.masked [--weights W.npz] strings/cheque-amounts strings/register-numbers-test

Of each set (folders of DIGITSTRING_DATA with truth.csv) all pictures are read. Masked: the share of
all pictures that have a mask. Wrong: those of them that are not the truth with one digit open, with Wilson's interval;
one digit: those whose truth is among the digits named for the open place.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.common.scores import describe, options, write_report
from benchmarks.common.tables import markdown
from pipeline.evaluation.evaluation import Truth, load_truth
from pipeline.evaluation.metrics import wilson
from pipeline.reader import Reader
from pipeline.reading.result_parts import Mask

LEVELS = (0.9, 0.95, 0.97, 0.99)
ANY = 1e-9  # a level that every mask reaches
SETS = ("strings/cheque-amounts", "strings/register-numbers-test")
HEADER = ["set", "n", "level", "accepted", "masked", "masked and wrong", "digit named"]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options(__doc__, "masked.json")
    parser.add_argument("sets", nargs="*", default=SETS)
    given = parser.parse_args(arguments)
    reader = Reader(given.weights)
    folder = Path(os.environ["DIGITSTRING_DATA"])
    rows = [row for name in given.sets for row in rows_of(reader, name, load_truth(folder / name / "truth.csv"))]
    print(markdown(HEADER, rows))
    report: dict[str, Any] = {"weights": describe(given.weights, reader.field_reader), "header": HEADER, "rows": rows}
    write_report(given.out, report)


def rows_of(reader: Reader, name: str, truths: Sequence[Truth]) -> list[list[str]]:
    """A row for each level; every picture is read once, with a mask however unsure the rest is."""
    fields = reader.variant(mask=ANY).field_reader
    readings = [fields.read(truth.path) for truth in truths]
    pairs = [
        (truth.text, reading.mask) for truth, reading in zip(truths, readings, strict=True) if reading.mask is not None
    ]
    accepted = sum(reading.accepted for reading in readings)
    return [_row(name, len(truths), accepted, level, pairs) for level in LEVELS]


def _row(name: str, count: int, accepted: int, level: float, pairs: Sequence[tuple[str, Mask]]) -> list[str]:
    masked = [(text, mask) for text, mask in pairs if mask.confidence >= level]
    wrong = sum(not fits(mask, text) for text, mask in masked)
    named = sum(
        fits(mask, text) and text[mask.place] in {each.text for each in mask.alternatives} for text, mask in masked
    )
    low, high = wilson(wrong, len(masked))
    return [
        name,
        str(count),
        f"{level:g}",
        f"{accepted / count:.1%}",
        f"{len(masked) / count:.1%}",
        f"{wrong} of {len(masked)} ({low:.1%} to {high:.1%})",
        f"{named} of {len(masked)}",
    ]


def fits(mask: Mask, text: str) -> bool:
    """Whether a text is the mask's with some digit at its open place."""
    same = (k == mask.place or a == b for k, (a, b) in enumerate(zip(mask.text, text, strict=False)))
    return len(text) == len(mask.text) and all(same)


if __name__ == "__main__":
    main()
