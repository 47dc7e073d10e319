"""What formats save: account numbers with Luhn's check digit, and cheque amounts with `amount`.

    python -m benchmarks.accuracy.formats                  # both
    python -m benchmarks.accuracy.formats --no-cheques     # account numbers only

Account numbers are synthetic, of ten digits, the last one Luhn's, by writers that were never trained on, in the
evaluation style (strings.py) without separators and marks around them. Each picture is read without a
format and with; readings are also filtered afterwards: refused where the check fails, or replaced by the first of
their eleven texts that passes. Compared are the strings that are right, and the errors among the surest 50, 70 and
90 % of *all* strings, so that every way answers as many; "-" where a way has no text for so many. Below, the search
with the format against the best filter afterwards, string by string.
Cheque amounts are read with and without `amount`, and compared in the same way (benchmarks/robustness/invariance.py).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.accuracy.strings import held_out_sources
from benchmarks.common.check_digits import with_check_digit
from benchmarks.common.scores import Scores, describe, find_data, left_out, open_reader, options, share, write_report
from benchmarks.common.tables import markdown
from benchmarks.robustness.invariance import HALVES, HEADER, Alteration, halves
from pipeline.errors import DataError, ImageError
from pipeline.evaluation.evaluation import load_truth
from pipeline.formats.format import parse_format
from pipeline.reading.field_reader import FieldReader
from pipeline.reading.result import Reading
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.strings import EVALUATION, draw_string

STYLE = replace(EVALUATION, name="evaluation of account numbers", separators=0, endings=0, prefixes=0, neighbours=0)
RATES = (0.5, 0.7, 0.9)
OTHERS = 10  # texts that a filter afterwards may turn to
Answer = tuple[str | None, float]  # text and confidence
fits_luhn = parse_format("luhn").fits


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options(__doc__, "formats.json", seed=1960)
    parser.add_argument("--n", type=int, default=600, help="account numbers")
    parser.add_argument("--digits", type=int, default=10, help="of an account number, the check digit among them")
    parser.add_argument("--no-cheques", action="store_true")
    parser.add_argument("--truth", type=Path, help="truth table (default: the cheque amounts of the data)")
    given = parser.parse_args(arguments)
    report: dict[str, Any] = {"weights": describe(given.weights, open_reader(given.weights)), "seed": given.seed}
    with threadpool_limits(1):
        report["accounts"] = run_accounts(given)
        if not given.no_cheques:
            report["cheques"] = run_cheques(given)
    write_report(given.out, report)


def account_number(rng: np.random.Generator, digits: int) -> str:
    """Digits drawn evenly, and Luhn's check digit behind them."""
    body = "".join(map(str, rng.integers(0, 10, digits - 1)))
    return with_check_digit("luhn", body)


def as_read(reading: Reading) -> Answer:
    return reading.text, reading.confidence


def refused(reading: Reading) -> Answer:
    """The reading, where its check digit is right."""
    return as_read(reading) if fits_luhn(reading.text or "") else (None, 0.0)


def first_that_passes(reading: Reading) -> Answer:
    """The likeliest of the texts whose check digit is right."""
    texts = [as_read(reading), *((other.text, other.confidence) for other in reading.alternatives)]
    return next((answer for answer in texts if fits_luhn(answer[0] or "")), (None, 0.0))


def ways(digits: int) -> dict[str, tuple[str | None, Callable[[Reading], Answer]]]:
    """How a picture may be answered, by name: the format it is read in, and what is made of the reading."""
    count = f"digits:{digits}"
    return {
        "no format": (None, as_read),
        "no format, refused where Luhn fails": (None, refused),
        "no format, first that passes": (None, first_that_passes),
        count: (count, as_read),
        f"{count}, refused where Luhn fails": (count, refused),
        f"{count}, first that passes": (count, first_that_passes),
        "luhn": ("luhn", as_read),
        f"{count},luhn": (f"{count},luhn", as_read),
    }


@dataclass(frozen=True)
class FormatResult:
    """n strings answered in one way: (n,) whether there is a text, whether it is right, and its confidence."""

    answered: np.ndarray
    right: np.ndarray
    confidences: np.ndarray

    @classmethod
    def of(cls, answers: Sequence[Answer], truths: Sequence[str]) -> FormatResult:
        right = [text == truth for (text, _), truth in zip(answers, truths, strict=True)]
        return cls(
            np.array([text is not None for text, _ in answers]),
            np.array(right),
            np.array([confidence for _, confidence in answers]),
        )

    def errors(self, rate: float) -> tuple[int, int] | None:
        """(wrong, accepted) among the surest `rate` of all strings; None where fewer have a text."""
        accepted = round(rate * len(self.right))
        if self.answered.sum() < accepted:
            return None
        surest = np.lexsort([-self.confidences, ~self.answered])[:accepted]  # of equals, those drawn first
        return int((~self.right[surest]).sum()), accepted

    @property
    def scores(self) -> Scores:
        return Scores(tuple(self.right.tolist()), tuple(self.confidences.tolist()))

    def cells(self) -> list[str]:
        """What stands behind the name in the table."""
        found = [self.errors(rate) for rate in RATES]
        _, right, _, calibration = self.scores.cells()
        return [
            right,
            f"{1 - self.answered.mean():.1%}",
            *("-" if errors is None else share(*errors) for errors in found),
            calibration,
        ]

    def to_json(self) -> dict[str, Any]:
        return {
            **self.scores.to_json(),
            "answered": int(self.answered.sum()),
            "wrong_of_accepted": {str(rate): self.errors(rate) for rate in RATES},
        }


def run_accounts(given: argparse.Namespace) -> dict[str, Any]:
    """Prints the table of ways; the report."""
    reader = FieldReader(given.weights, alternatives=OTHERS)
    sources = held_out_sources(given.data, left_out(reader.card))
    results = read_accounts(reader, sources, given.n, given.digits, given.seed)
    print(f"\n{given.n} account numbers of {given.digits} digits with Luhn's, style {STYLE.name}, seed {given.seed}\n")
    header = [
        "--format",
        "right (95 % interval)",
        "no text",
        *(f"errors at read rate {rate:.0%}" for rate in RATES),
        "calibration error (by chance)",
    ]
    print(markdown(header, [[name, *result.cells()] for name, result in results.items()]))
    *_, (filtered_name, filtered), _, (searched_name, searched) = results.items()
    compared = Alteration.of(filtered.right, searched.right)
    print(f"\nfrom '{filtered_name}' to '{searched_name}', string by string\n")
    print(markdown(HEADER, [[searched_name, *compared.cells()]]))
    return {
        "style": STYLE.name,
        "digits": given.digits,
        "search_against_filter": compared.to_json(),
        "ways": {name: result.to_json() for name, result in results.items()},
    }


def read_accounts(reader: FieldReader, sources: Sources, n: int, digits: int, seed: int) -> dict[str, FormatResult]:
    """Every way's answers for the same n pictures; each format reads a picture once."""
    rng = np.random.default_rng(seed)
    all_ways = ways(digits)
    answers: dict[str, list[Answer]] = {name: [] for name in all_ways}
    truths = []
    for _ in range(n):
        string = draw_string(rng, sources, STYLE, text=account_number(rng, digits))
        truths.append(string.text)
        readings = {spec: reader.read(string.image, spec) for spec in {spec for spec, _ in all_ways.values()}}
        for name, (spec, answer) in all_ways.items():
            answers[name].append(answer(readings[spec]))
    return {name: FormatResult.of(found, truths) for name, found in answers.items()}


def run_cheques(given: argparse.Namespace) -> dict[str, Any]:
    """Prints the comparison of both halves; the report."""
    reader = FieldReader(given.weights)
    table = given.truth or find_data(given.data) / "strings" / "cheque-amounts" / "truth.csv"
    try:
        truths = load_truth(table)
        plain, amount = (
            np.array([reader.read(truth.path, spec).text == truth.text for truth in truths])
            for spec in (None, "amount")
        )
    except (DataError, ImageError) as error:
        raise SystemExit(str(error)) from error
    compared = {
        name: Alteration.of(plain[rows], amount[rows])
        for name, rows in zip((*HALVES, "all"), halves(truths), strict=True)
        if rows.any()
    }
    print(f"\n{len(truths)} cheque amounts with --format amount, against without\n")
    rows = [[name, share(one.before, one.n), *one.cells()] for name, one in compared.items()]
    print(markdown(["file numbers", "without", "with amount", *HEADER[2:]], rows))
    return {name: one.to_json() for name, one in compared.items()}


if __name__ == "__main__":
    main()
