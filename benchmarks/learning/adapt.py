"""Adapting to a kind of picture: five folds of the cheque amounts, a learning curve, register numbers, with right
answers and without, and whether anything is forgotten.

    python -m benchmarks.learning.adapt --fold 0      # of five, in file order: adapt to the other four, read this one
    python -m benchmarks.learning.adapt --size 100    # adapt to so many rows, read the last fold
    python -m benchmarks.learning.adapt --registers 430    # adapt to so many register numbers, read other pages
    python -m benchmarks.learning.adapt --registers 364 --new-pages    # the same from pages that are new to the weights
    python -m benchmarks.learning.adapt --fold 0 --unlabelled    # the same without right answers; after each round
    python -m benchmarks.learning.adapt --report      # join what was measured into tables, and draw the curve

Each part writes a report of its own beside --out (runs/adapt-fold-0.json, runs/adapt-unlabelled-fold-0.json). With
--forgotten N the first N of MNIST's test digits, N synthetic strings and the field pictures are read before and after.
Settings of `adapt` were chosen on file numbers up to 423 only, which four of the folds overlap. Size 0 is the parent.
The line network was trained on four of five pages of the register numbers, and on none of their tests'.
"""

from __future__ import annotations

import argparse
import csv
import re
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.common.scores import Scores, describe, find_data, open_reader, options, share, write_report
from benchmarks.common.tables import markdown
from benchmarks.learning.adapt_forgetting import KINDS, forgotten
from benchmarks.learning.adapt_report import print_report
from classifier.weights import Networks
from pipeline.adapting.adapt_recipe import AdaptRecipe
from pipeline.adapting.adaptation import adapt
from pipeline.adapting.unlabelled import adapt_unlabelled
from pipeline.data.real_strings import held_out_pages
from pipeline.errors import PipelineError
from pipeline.evaluation.evaluation import Truth, load_truth
from pipeline.reading.field_reader import FieldReader
from pipeline.reading.line.readers import NetworkReader
from pipeline.reading.together import LineSide

FOLDS = 5
SIZES = (0, 25, 50, 100, 200, 430)
CHEQUES = Path("strings") / "cheque-amounts" / "truth.csv"
REGISTERS, REGISTERS_TEST = (Path("strings") / f"register-numbers{part}" / "truth.csv" for part in ("", "-test"))


@dataclass(frozen=True)
class MeasuredPart:
    """What is adapted to, and what is read."""

    name: str
    learned: Sequence[Truth]
    tested: Sequence[Truth]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options(__doc__, "adapt.json", seed=1)
    part = parser.add_mutually_exclusive_group(required=True)
    part.add_argument("--fold", type=int, choices=range(FOLDS), help="one of the five folds")
    part.add_argument("--size", type=int, help=f"one point of the learning curve, such as {SIZES}")
    part.add_argument("--registers", type=int, help="so many register numbers, evenly picked")
    part.add_argument("--report", action="store_true", help="join the parts that there are")
    parser.add_argument("--new-pages", action="store_true", help="register numbers of pages new to the weights only")
    parser.add_argument("--unlabelled", action="store_true", help="without right answers")
    parser.add_argument("--truth", type=Path, help="another table than the cheque amounts'")
    parser.add_argument("--forgotten", type=int, default=0, help="so many digits and strings, for what is forgotten")
    parser.add_argument("--checked", type=int, default=AdaptRecipe.checked, help="strings that the tool holds out")
    parser.add_argument("--passes", type=int, help="over the strings (default: the recipe's)")
    parser.add_argument("--crops", nargs="*", help="crop networks that learn, too (default: the recipe's)")
    parser.add_argument("--without-pytorch", action="store_true", help="as where digitstring[train] is not installed")
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
    parent, part = open_reader(given.weights), _part(given)
    report: dict[str, Any] = {
        "part": part.name,
        "weights": describe(given.weights, parent),
        "seed": given.seed,
        "learned": len(part.learned),
        "tested": len(part.tested),
        "kept_parent": True,
        "passes": 0,
    }
    with threadpool_limits(1), tempfile.TemporaryDirectory() as folder:
        begin, cpu = time.perf_counter(), time.process_time()
        after = parent
        if part.learned:
            adapted = without_answers if given.unlabelled else with_answers
            after, outcome = adapted(part, Path(folder), given)
            report |= outcome
        report |= {"minutes": (time.perf_counter() - begin) / 60, "cpu_minutes": (time.process_time() - cpu) / 60}
        report["strings"] = pair(parent, after, part.tested)
        report["forgotten"] = forgotten(parent, after, given.data, given.forgotten) if given.forgotten else {}
    show(report)
    write_report(given.out.with_name(f"{given.out.stem}-{part.name}.json"), report)


def _part(given: argparse.Namespace) -> MeasuredPart:
    """Of the options."""
    begins = ("unlabelled-" if given.unlabelled else "") + ("numpy-" if given.without_pytorch else "")
    if given.registers is not None:
        every, tested = (load_truth(find_data(given.data) / table) for table in (REGISTERS, REGISTERS_TEST))
        if given.new_pages:
            every, begins = of_new_pages(every, find_data(given.data) / REGISTERS), f"{begins}new-"
        if not 1 <= given.registers <= len(every):
            raise SystemExit(f"--registers must be from 1 to {len(every)}")
        picks = np.linspace(0, len(every) - 1, given.registers).round().astype(int)
        return MeasuredPart(f"{begins}registers-{given.registers}", [every[k] for k in picks], tested)
    rows = sorted(load_truth(given.truth or find_data(given.data) / CHEQUES), key=file_number)
    name, learned, tested = split(rows, given.fold, given.size)
    return MeasuredPart(begins + name, learned, tested)


def of_new_pages(rows: Sequence[Truth], table: Path) -> list[Truth]:
    """The register numbers of pages that the shipped weights were never trained on; their joint and calibration were
    fitted on them."""
    with table.open(encoding="utf-8", newline="") as file:
        pages = {row["file"]: row["page"] for row in csv.DictReader(file)}
    away = held_out_pages(pages.values())
    return [row for row in rows if pages[row.file] in away]


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


def recipe_of(given: argparse.Namespace) -> AdaptRecipe:
    begin = AdaptRecipe.without_answers if given.unlabelled else AdaptRecipe
    chosen = {"passes": given.passes, "crops": None if given.crops is None else tuple(given.crops)}
    return begin(
        seed=given.seed,
        checked=given.checked,
        pytorch=not given.without_pytorch,
        **{name: value for name, value in chosen.items() if value is not None},
    )


def with_answers(part: MeasuredPart, folder: Path, given: argparse.Namespace) -> tuple[FieldReader, dict[str, Any]]:
    """The reader with weights adapted to the part's rows, as the command would make them, and what its check said."""
    table = folder / "truth.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerows([("file", "text"), *((str(row.path.resolve()), row.text) for row in part.learned)])
    out = folder / "mine.npz"
    outcome = adapt(table, out, weights=given.weights, data=find_data(given.data), recipe=recipe_of(given), say=print)
    comparison = None if outcome.comparison is None else outcome.comparison.to_json()
    figures = {"kept_parent": outcome.kept_parent, "passes": outcome.passes, "own_check": comparison}
    return FieldReader(out), figures


def without_answers(part: MeasuredPart, folder: Path, given: argparse.Namespace) -> tuple[FieldReader, dict[str, Any]]:
    """The same from the pictures alone, with how each round's networks read."""
    (folder / "images").mkdir()
    for number, row in enumerate(part.learned):
        shutil.copyfile(row.path, folder / "images" / f"{number:05d}{row.path.suffix}")
    rounds = []

    def on_round(number: int, networks: Networks) -> None:
        reader = open_reader(given.weights)
        assert networks.line is not None and reader.line is not None
        reader.line = LineSide(NetworkReader(networks.line), reader.line.joint)
        rounds.append(Scores.of((reader.read(row.path), row.text) for row in part.tested).to_json())

    outcome = adapt_unlabelled(
        folder / "images",
        folder / "mine.npz",
        weights=given.weights,
        data=find_data(given.data),
        recipe=recipe_of(given),
        say=print,
        on_round=on_round,
    )
    agreement = None if outcome.agreement is None else outcome.agreement.to_json()
    figures = {"kept_parent": outcome.kept_parent, "passes": outcome.passes, "own_check": agreement}
    return FieldReader(folder / "mine.npz"), {**figures, "labels": outcome.labels, "rounds": rounds}


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


def show(report: dict[str, Any]) -> None:
    """Prints a part's figures."""
    strings, lost = report["strings"], report["forgotten"]
    n = strings["before"]["n"]
    kept = "parent kept" if report["kept_parent"] else f"{report['passes']} passes"
    print(
        f"\n{report['part']}: adapted to {report['learned']} strings ({kept}), seed {report['seed']}, "
        f"{report['cpu_minutes']:.1f} minutes of CPU, weights {report['weights']['sha256'][:12]}\n"
    )
    whens = ("before", "after")
    rows = [
        ["held-out strings", str(n), *(share(strings[when]["right"], n) for when in whens)],
        ["read rate at 1 % error", str(n), *(f"{strings[when]['read_rate_at_1%']:.1%}" for when in whens)],
        ["calibration error", str(n), *(f"{strings[when]['calibration_error']:.3f}" for when in whens)],
    ]
    for number, scores in enumerate(report.get("rounds", ()), 1):
        rows.append([f"round {number}", str(n), "", share(scores["right"], n)])
    for kind, name in KINDS.items():
        if f"{kind}_n" in lost:
            count = lost[f"{kind}_n"]
            rows.append([name, str(count), *(share(lost[f"{kind}_{when}"], count) for when in whens)])
    print(markdown(["", "n", "before", "after"], rows), flush=True)


if __name__ == "__main__":
    main()
