"""The check of `adapt` itself over a whole table: each part is read by networks that learned from the other parts.

    python -m benchmarks.learning.adapt_check                    # the 540 cheque amounts in three parts, in file order
    python -m benchmarks.learning.adapt_check --rows 100         # what a user of 100 rows would be told

Beside what the tool counts: read rate at 1 % error and calibration error, with the readers joined and calibrated as
the other parts would have it. No weights are written; this costs half of `benchmarks.learning.adapt`'s five folds.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.common.scores import HEADER, Scores, describe, find_data, open_reader, options, write_report
from benchmarks.common.tables import markdown
from benchmarks.learning.adapt import CHEQUES, file_number
from pipeline.adapting.adapt_recipe import AdaptRecipe
from pipeline.adapting.adaptation import check_held_out
from pipeline.adapting.check import PULL, Answers, Comparison
from pipeline.adapting.labelled import Picture
from pipeline.adapting.parent import Parent
from pipeline.adapting.preparing import prepare
from pipeline.evaluation.evaluation import load_truth
from pipeline.images import load_grey
from pipeline.reading.confidence.calibration import Calibration, pulled_calibration
from pipeline.training.checkpoints import TrainingFiles

PARTS = 5  # contiguous parts, for calibration: each by what the others say


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options(__doc__, "adapt-check.json", seed=1)
    parser.add_argument("--truth", type=Path, help="another table than the cheque amounts'")
    parser.add_argument("--rows", type=int, help="the first so many rows")
    parser.add_argument("--passes", type=int, default=AdaptRecipe.passes)
    parser.add_argument("--crops", nargs="*", default=AdaptRecipe.crops, help="crop networks that learn, too")
    given = parser.parse_args(arguments)
    reader, parent = open_reader(given.weights), Parent.load(given.weights)
    report: dict[str, Any] = {"weights": describe(given.weights, reader), "seed": given.seed, "passes": given.passes}
    rows = sorted(load_truth(given.truth or find_data(given.data) / CHEQUES), key=file_number)[: given.rows]
    pictures = [Picture(row.file, load_grey(row.path).astype(np.float32), row.text) for row in rows]
    recipe = AdaptRecipe(seed=given.seed, passes=given.passes, crops=tuple(given.crops), checked=len(rows))
    with threadpool_limits(1), tempfile.TemporaryDirectory() as folder:
        begin = time.process_time()
        files = TrainingFiles(Path(folder) / "mine.npz")
        runs = prepare(parent, pictures, 1, find_data(given.data), recipe, files, {}, print, lambda done, total: None)
        check = check_held_out(runs, parent, pictures, recipe, lambda line: print(line, flush=True))
        report["cpu_minutes"] = (time.process_time() - begin) / 60
    report |= summary(check.before, check.after, parent)
    print(f"{report['comparison']}; {report['cpu_minutes']:.1f} minutes of CPU\n")
    print(markdown(["", *HEADER], report.pop("rows")), flush=True)
    write_report(given.out, report)


def summary(before: Answers, after: Answers, parent: Parent) -> dict[str, Any]:
    """Figures of both, and rows of a table."""
    calibrated = {
        "before": [parent.calibration.confidence(p) for p in before.posteriors],
        "after": _honest(after, parent),
    }
    scores = {
        name: Scores(tuple(map(bool, answers.right)), tuple(map(float, calibrated[name])))
        for name, answers in (("before", before), ("after", after))
    }
    return {
        "comparison": str(Comparison.of_answers(before, after)),
        **{name: each.to_json() for name, each in scores.items()},
        "rows": [[name, *each.cells()] for name, each in scores.items()],
    }


def _honest(answers: Answers, parent: Parent) -> list[float]:
    """Confidences, of each part by the calibration that the other parts would have."""
    found = np.zeros(len(answers.right))
    for part in np.array_split(np.arange(len(found)), PARTS):
        others = np.setdiff1d(np.arange(len(found)), part)
        calibration: Calibration = pulled_calibration(
            answers.posteriors[others], answers.right[others], parent.calibration, PULL
        )
        found[part] = [calibration.confidence(p) for p in answers.posteriors[part]]
    return found.tolist()


if __name__ == "__main__":
    main()
