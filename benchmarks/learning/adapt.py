"""Adapting to the cheque amounts: five folds, a learning curve, and whether anything is forgotten.

    python -m benchmarks.learning.adapt --fold 0      # of five, in file order: adapt to the other four, read this one
    python -m benchmarks.learning.adapt --size 100    # adapt to so many rows, read the last fold
    python -m benchmarks.learning.adapt --report      # join what was measured into tables, and draw the curve

Each part writes a report of its own beside --out (runs/adapt-fold-0.json, runs/adapt-size-100.json), with MNIST's test
digits and 300 synthetic strings read before and after. Settings of `adapt` were chosen on file numbers up to 423 only,
which four of the folds overlap. Size 0 is the parent.
"""

from __future__ import annotations

import argparse
import csv
import re
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.accuracy.strings import held_out_sources, read_all
from benchmarks.common.scores import Scores, describe, find_data, left_out, open_reader, options, share, write_report
from benchmarks.common.tables import markdown
from benchmarks.learning.adapt_report import print_report
from pipeline.adapting.adaptation import AdaptRecipe, AdaptReport, adapt
from pipeline.data.mnist import load_mnist
from pipeline.errors import PipelineError
from pipeline.evaluation.evaluation import Truth, load_truth
from pipeline.reading.field_reader import FieldReader
from pipeline.synthesis.strings import EVALUATION, draw_string
from pipeline.training.crop.trainer import lone_accuracy

FOLDS = 5
SIZES = (0, 25, 50, 100, 200, 430)
CHEQUES = Path("strings") / "cheque-amounts" / "truth.csv"
SYNTHETIC_SEED = 2015


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options(__doc__, "adapt.json", seed=1)
    part = parser.add_mutually_exclusive_group(required=True)
    part.add_argument("--fold", type=int, choices=range(FOLDS), help="one of the five folds")
    part.add_argument("--size", type=int, help=f"one point of the learning curve, such as {SIZES}")
    part.add_argument("--report", action="store_true", help="join the parts that there are")
    parser.add_argument("--truth", type=Path, help="another table than the cheque amounts'")
    parser.add_argument("--synthetic", type=int, default=300, help="synthetic strings, for what is forgotten")
    given = parser.parse_args(arguments)
    if given.report:
        print_report(given.out)
        return
    try:
        measure_part(given)
    except PipelineError as error:
        raise SystemExit(str(error)) from error


def measure_part(given: argparse.Namespace) -> None:
    """Adapts, reads before and after, prints, and writes the part's report."""
    parent = open_reader(given.weights)
    rows = sorted(load_truth(given.truth or find_data(given.data) / CHEQUES), key=file_number)
    name, learned, tested = split(rows, given.fold, given.size)
    report: dict[str, Any] = {
        "part": name,
        "weights": describe(given.weights, parent),
        "seed": given.seed,
        "learned": len(learned),
        "tested": len(tested),
    }
    with threadpool_limits(1), tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        after, outcome = adapted(learned, Path(folder), given) if learned else (parent, None)
        report["minutes"] = (time.perf_counter() - begin) / 60
        report |= own_check(outcome)
        report |= {"strings": pair(parent, after, tested), "forgotten": forgotten(parent, after, given)}
    show(report)
    write_report(given.out.with_name(f"{given.out.stem}-{name}.json"), report)


def file_number(truth: Truth) -> tuple[int, str]:
    """The number in a file's name, by which neighbours are neighbours."""
    found = re.search(r"\d+", truth.file)
    return int(found[0]) if found else 0, truth.file


def split(rows: Sequence[Truth], fold: int | None, size: int | None) -> tuple[str, list[Truth], list[Truth]]:
    """The part's name, the rows to adapt to and those to read; rows: in file order."""
    blocks = np.array_split(np.arange(len(rows)), FOLDS)
    held = blocks[-1 if fold is None else fold]
    learned = [rows[k] for k in range(len(rows)) if k not in set(held.tolist())]
    if size is not None and not 0 <= size <= len(learned):
        raise SystemExit(f"--size must be from 0 to {len(learned)}, the rows outside the last fold")
    name = f"fold-{fold}" if size is None else f"size-{size}"
    return name, learned if size is None else learned[:size], [rows[k] for k in held]


def adapted(rows: Sequence[Truth], folder: Path, given: argparse.Namespace) -> tuple[FieldReader, AdaptReport]:
    """The reader with weights adapted to these rows, as the command would make them."""
    table = folder / "truth.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerows([("file", "text"), *((str(row.path.resolve()), row.text) for row in rows)])
    outcome = adapt(
        table,
        folder / "mine.npz",
        weights=given.weights,
        data=find_data(given.data),
        recipe=AdaptRecipe(seed=given.seed),
        say=print,
    )
    return FieldReader(folder / "mine.npz"), outcome


def own_check(outcome: AdaptReport | None) -> dict[str, Any]:
    """What the tool's own held-out check said."""
    if outcome is None:
        return {"kept_parent": True, "passes": 0, "own_check": None}
    comparison = None if outcome.comparison is None else outcome.comparison.to_json()
    return {"kept_parent": outcome.kept_parent, "passes": outcome.passes, "own_check": comparison}


def pair(before: FieldReader, after: FieldReader, rows: Sequence[Truth]) -> dict[str, Any]:
    """Figures of both readers on the same strings, and each string's outcome for joining."""
    found = {
        name: Scores.of((reader.read(row.path), row.text) for row in rows)
        for name, reader in (("before", before), ("after", after))
    }
    return {
        name: {**scores.to_json(), "each": [list(scores.right), list(scores.confidences)]}
        for name, scores in found.items()
    }


def forgotten(before: FieldReader, after: FieldReader, given: argparse.Namespace) -> dict[str, Any]:
    """MNIST's test digits and synthetic strings by unseen writers, before and after: counts right."""
    mnist = load_mnist(find_data(given.data))
    sources, count = held_out_sources(given.data, left_out(before.card)), given.synthetic
    rng = np.random.default_rng(SYNTHETIC_SEED)
    strings = [draw_string(rng, sources, EVALUATION) for _ in range(count)]
    result: dict[str, Any] = {"digits_n": len(mnist.test_labels), "strings_n": count, "strings_seed": SYNTHETIC_SEED}
    for name, reader in (("before", before), ("after", after)):
        right = lone_accuracy(reader.networks, mnist.test_images, mnist.test_labels)
        result[f"digits_{name}"] = round(right * len(mnist.test_labels))
        result[f"strings_{name}"] = sum(read_all(reader, strings).right)
    return result


def show(report: dict[str, Any]) -> None:
    """Prints a part's figures."""
    strings, lost = report["strings"], report["forgotten"]
    n = strings["before"]["n"]
    kept = "parent kept" if report["kept_parent"] else f"{report['passes']} passes"
    print(
        f"\n{report['part']}: adapted to {report['learned']} strings ({kept}), seed {report['seed']}, "
        f"{report['minutes']:.1f} minutes, weights {sha256_short(report)}\n"
    )
    rows = [
        ["held-out strings", *(share(strings[when]["right"], n) for when in ("before", "after"))],
        ["read rate at 1 % error", *(f"{strings[when]['read_rate_at_1%']:.1%}" for when in ("before", "after"))],
        ["calibration error", *(f"{strings[when]['calibration_error']:.3f}" for when in ("before", "after"))],
        ["MNIST test digits", *(share(lost[f"digits_{when}"], lost["digits_n"]) for when in ("before", "after"))],
        ["synthetic strings", *(share(lost[f"strings_{when}"], lost["strings_n"]) for when in ("before", "after"))],
    ]
    print(markdown([f"n = {n}, {lost['digits_n']}, {lost['strings_n']}", "before", "after"], rows))


def sha256_short(report: dict[str, Any]) -> str:
    return report["weights"]["sha256"][:12]


if __name__ == "__main__":
    main()
