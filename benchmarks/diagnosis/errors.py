"""Where strings are lost: each wrong string's first cause, by what is known of its digits.

    python -m benchmarks.diagnosis.errors TRUTH.csv                # boxes.json beside it
    python -m benchmarks.diagnosis.errors --strings 500 --seed 7   # synthetic strings by writers never trained on

Prints how many strings and digits each stage of the reader loses, with Wilson's intervals at 95 %, for the
two halves of the pictures (numbers up to 423, on which constants may be chosen, and above) or for lengths of
synthetic strings. Contact sheets, one a cause, and a record of every string go to --out.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.common.tables import data_folder, markdown
from benchmarks.diagnosis.causes import CAUSES, StringVerdict, Truth, judge
from benchmarks.diagnosis.span_truth import BoxTruth, OwnerTruth
from pipeline.evaluation.evaluation import load_truth
from pipeline.evaluation.metrics import wilson
from pipeline.reading.field_reader import FieldReader, Trace
from pipeline.synthesis.strings import EVALUATION, draw_string
from pipeline.training.recipe import Recipe
from pipeline.training.training_data import load_data

FIRST_HALF = 423  # file numbers up to this one: constants may be chosen on them


@dataclass(frozen=True, eq=False)
class StringCase:
    """One string that was read: what it is called, its group in the tables, its truth, trace and verdict."""

    name: str
    group: str
    truth: str
    trace: Trace
    verdict: StringVerdict


@dataclass(frozen=True)
class Task:
    """An image to read and what is known of it."""

    name: str
    group: str
    image: Any
    truth: Truth


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    reader = FieldReader(options.weights)
    tasks = draw_tasks(options.strings, options.seed) if options.strings else picture_tasks(options.truth)
    with threadpool_limits(1):
        cases = [judge_task(reader, task) for task in tasks]
    print(report(cases))
    options.out.mkdir(parents=True, exist_ok=True)
    with (options.out / "strings.jsonl").open("w") as file:
        file.writelines(json.dumps(record(case)) + "\n" for case in cases)
    if not options.no_sheets:
        from benchmarks.diagnosis.error_sheets import draw_sheets

        draw_sheets(cases, options.out)


def judge_task(reader: FieldReader, task: Task) -> StringCase:
    """Read an image and find what went wrong."""
    trace = reader.trace(task.image)
    return StringCase(task.name, task.group, task.truth.text, trace, judge(trace, task.truth))


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("truth", type=Path, nargs="?", help="truth table (default: the cheque amounts)")
    parser.add_argument("--strings", type=int, default=0, help="judge so many synthetic strings instead")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--out", type=Path, default=Path("runs/errors"))
    parser.add_argument("--no-sheets", action="store_true", help="tables only")
    return parser.parse_args(arguments)


def picture_tasks(table: Path | None) -> Iterator[Task]:
    """The rows of a truth table whose boxes agree with its text."""
    if table is None:
        folder = data_folder()
        if folder is None:
            raise SystemExit("no data folder: name a truth table, or set DIGITSTRING_DATA")
        table = folder / "strings" / "cheque-amounts" / "truth.csv"
    boxes = json.loads((table.parent / "boxes.json").read_text())
    for row in load_truth(table):
        truth = BoxTruth.from_record(boxes.get(row.file, []))
        if truth.text != row.text:
            print(f"{row.file}: its boxes say {truth.text!r}, the truth {row.text!r}; left out")
            continue
        number = int("".join(filter(str.isdigit, Path(row.file).stem)) or 0)
        yield Task(row.file, f"up to {FIRST_HALF}" if number <= FIRST_HALF else f"above {FIRST_HALF}", row.path, truth)


def draw_tasks(count: int, seed: int) -> Iterator[Task]:
    """Synthetic evaluation strings of 2, 4, 6, 8 and 10 digits in turn."""
    sources = load_data(data_folder(), Recipe()).held_out
    rng = np.random.default_rng(seed)
    for k in range(count):
        length = (2, 4, 6, 8, 10)[k % 5]
        string = draw_string(rng, sources, EVALUATION, length)
        yield Task(f"string {k}", f"{length} digits", string.image, OwnerTruth(string))


def report(cases: Sequence[StringCase]) -> str:
    """All tables."""
    groups = sorted({case.group for case in cases}, key=lambda group: [case.group for case in cases].index(group))
    columns = [(group, [case for case in cases if case.group == group]) for group in groups] + [("all", list(cases))]
    parts = [
        "Strings, by the first cause that explains them:",
        _table(columns, _string_counts, "strings"),
        "True digits not read, by cause (and digits read where there are none):",
        _table(columns, _digit_counts, "digits"),
        *_who_was_right(columns),
        "What the network says of all true digits:",
        _table(columns, _network_counts, "digits"),
        *_confusions(cases),
    ]
    return "\n\n".join(parts)


def _table(
    columns: Sequence[tuple[str, list[StringCase]]],
    count: Callable[[list[StringCase]], tuple[int, Counter[str]]],
    unit: str,
) -> str:
    counted = [(name, *count(cases)) for name, cases in columns]
    keys = [key for key in (*CAUSES, *_OTHER_ROWS) if any(counts[key] for _, _, counts in counted)]
    rows = [[CAUSES.get(key, key), *(_share(counts[key], n) for _, n, counts in counted)] for key in keys]
    return markdown(["", *(f"{name} ({n} {unit})" for name, n, _ in counted)], rows)


_OTHER_ROWS = (
    "read right",
    "no fitting span searched",
    "wrong digit on top of every fitting span",
    "right digit on top, output below 0.3",
    "right digit on top, output 0.3 or more",
)


def _who_was_right(columns: Sequence[tuple[str, list[StringCase]]]) -> list[str]:
    """What each reader alone would have said of the strings that are wrong; nothing where one reader read."""
    if not any(case.trace.reading.readers for _, cases in columns for case in cases):
        return []
    counted = []
    for name, cases in columns:
        wrong = [case for case in cases if case.trace.reading.text != case.truth]
        counted.append((name, len(wrong), Counter(right_reader(case) for case in wrong)))
    rows = [[who, *(_share(counts[who], n) for _, n, counts in counted)] for who in WHO]
    header = ["", *(f"{name} ({n} wrong strings)" for name, n, _ in counted)]
    return ["Which reader alone was right where both together were wrong:", markdown(header, rows)]


WHO = ("lattice", "line", "neither, but a candidate", "neither")


def right_reader(case: StringCase) -> str:
    """Which of the two readers alone reads a string rightly, one of WHO; whether the truth was a candidate at all."""
    right = [name for name, opinion in case.trace.reading.readers.items() if opinion.text == case.truth]
    if right:  # what both read is what they read together
        return right[0]
    return "neither, but a candidate" if case.truth in dict(case.trace.texts) else "neither"


def _share(count: int, n: int) -> str:
    if n == 0:
        return "-"
    low, high = wilson(count, n)
    return f"{count}: {count / n:.1%} ({max(0, low):.1%}-{high:.1%})"


def _string_counts(cases: list[StringCase]) -> tuple[int, Counter[str]]:
    return len(cases), Counter(case.verdict.cause or "read right" for case in cases)


def _digit_counts(cases: list[StringCase]) -> tuple[int, Counter[str]]:
    digits = [digit for case in cases for digit in case.verdict.digits]
    counts = Counter(digit.cause or "read right" for digit in digits)
    counts["e mark"] += sum(len(case.verdict.extras) for case in cases)
    return len(digits), counts


def _network_counts(cases: list[StringCase]) -> tuple[int, Counter[str]]:
    digits = [digit for case in cases for digit in case.verdict.digits]
    kinds = (
        _OTHER_ROWS[1]
        if not digit.seen
        else _OTHER_ROWS[2]
        if digit.seen != digit.digit
        else _OTHER_ROWS[3]
        if digit.output < 0.3
        else _OTHER_ROWS[4]
        for digit in digits
    )
    return len(digits), Counter(kinds)


def _confusions(cases: Iterable[StringCase]) -> list[str]:
    digits = [digit for case in cases for digit in case.verdict.digits]
    pairs = Counter((digit.digit, digit.seen) for digit in digits if digit.cause == "c misread")
    lost = Counter(digit.digit for digit in digits if digit.cause is not None)
    total = Counter(digit.digit for digit in digits)
    extras = Counter(extra for case in cases for extra in case.verdict.extras)
    return [
        "Misread, true>seen: " + ", ".join(f"{a}>{b} {n}" for (a, b), n in pairs.most_common(15)),
        "Not read, of all: " + ", ".join(f"{k} {lost[k]}/{total[k]}" for k in sorted(total)),
        "Read where nothing is (or beside a digit lost): " + ", ".join(f"{k} {n}" for k, n in extras.most_common()),
    ]


def record(case: StringCase) -> dict[str, Any]:
    """A string's verdict for machines."""
    reading = case.trace.reading
    return {
        "file": case.name,
        "truth": case.truth,
        "text": reading.text,
        "confidence": reading.confidence,
        "cause": case.verdict.cause,
        "extras": case.verdict.extras,
        "digits": [asdict(digit) for digit in case.verdict.digits],
    }


if __name__ == "__main__":
    main()
