"""How often a threshold's promise is broken: samples drawn from real readings, whose errors are known.

    python -m benchmarks.confidence.promise [--samples 1000] strings/cheque-amounts strings/register-numbers-test

All pictures of the sets (folders of DIGITSTRING_DATA with truth.csv) are read once; together they stand for all there
is. Samples of their readings are drawn with replacement, a threshold is found on each as `digitstring threshold` does,
and looked up in all of them: broken, where the share of errors among what it accepts is above the promised one. Given:
samples on which a threshold was found; accepted: the share of all that those accept, on average.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common.scores import describe, options, write_report
from benchmarks.common.tables import markdown
from pipeline.evaluation.evaluation import load_truth
from pipeline.evaluation.guarantee import Confidences, find_threshold
from pipeline.reader import Reader

SETS = ("strings/cheque-amounts", "strings/register-numbers-test")
ROWS = (500, 1000, 3000)
ERRORS = (0.05, 0.01)
CONFIDENCE = 0.95
HEADER = ["rows", "promised", "given", "broken, of all samples", "accepted"]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options(__doc__, "promise.json", seed=11)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("sets", nargs="*", default=SETS)
    given = parser.parse_args(arguments)
    reader = Reader(given.weights)
    confidences, right = readings_of(reader, given.sets)
    rng = np.random.default_rng(given.seed)
    rows = [row_of(rng, confidences, right, size, error, given.samples) for error in ERRORS for size in ROWS]
    print(
        f"{given.samples} samples of {len(right)} readings, {right.mean():.1%} right, at {CONFIDENCE:.0%} confidence\n"
    )
    print(markdown(HEADER, rows))
    about = describe(given.weights, reader.field_reader)
    report: dict[str, Any] = {"weights": about, "seed": given.seed, "header": HEADER, "rows": rows}
    write_report(given.out, report)


def readings_of(reader: Reader, sets: Sequence[str]) -> tuple[Confidences, np.ndarray[Any, np.dtype[np.bool_]]]:
    """(N,) confidences of all pictures, and whether each was right."""
    found = []
    for name in sets:
        for truth in load_truth(Path(os.environ["DIGITSTRING_DATA"]) / name / "truth.csv"):
            reading = reader.field_reader.read(truth.path)
            found.append((reading.confidence, (reading.text or "") == truth.text))
    return np.array([confidence for confidence, _ in found]), np.array([right for _, right in found])


def row_of(
    rng: np.random.Generator,
    confidences: Confidences,
    right: np.ndarray[Any, np.dtype[np.bool_]],
    size: int,
    error: float,
    samples: int,
) -> list[str]:
    """What samples of one size keep of a promise."""
    broken, shares = 0, []
    for _ in range(samples):
        drawn = rng.integers(len(right), size=size)
        found = find_threshold(confidences[drawn], right[drawn], error, CONFIDENCE)
        if found is not None:
            accepted = confidences >= found.threshold
            shares.append(accepted.mean())
            broken += bool(accepted.any() and (~right[accepted]).mean() > error)
    mean = f"{np.mean(shares):.1%}" if shares else ""
    return [str(size), f"{error:.0%}", f"{len(shares) / samples:.1%}", f"{broken / samples:.1%}", mean]


if __name__ == "__main__":
    main()
