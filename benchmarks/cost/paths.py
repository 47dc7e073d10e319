"""CPU time of the path algebra: best path, posteriors and likely texts of real lattices, with formats and without.

    python -m benchmarks.cost.paths [TRUTH.csv] [--limit 60]

The lattices are those of the last round of each picture's search; reading them is not counted. Of `--runs` passes over
all of them the fastest counts, so that a busy machine disturbs little. One thread. Prints a table.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from threadpoolctl import threadpool_limits

from benchmarks.common.tables import markdown
from benchmarks.cost.speed import default_truth
from pipeline.evaluation.evaluation import load_truth
from pipeline.formats.automaton import spelling
from pipeline.formats.format import parse_format
from pipeline.reading.field_reader import FieldReader
from pipeline.reading.lattices.lattice import Lattice
from pipeline.reading.lattices.paths import best_reading, posteriors
from pipeline.reading.lattices.texts import likely_fitting

SPECS = (None, "digits:4-8", "amount", "luhn", "mod11")


def milliseconds(lattices: list[Lattice], work: Callable[[Lattice], object], runs: int) -> float:
    """CPU time a lattice, of the fastest of so many passes."""
    times = []
    for _ in range(runs):
        begun = time.process_time()
        for lattice in lattices:
            work(lattice)
        times.append(time.process_time() - begun)
    return 1000 * min(times) / len(lattices)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("truth", nargs="?", type=Path, help="table of images, default the cheque amounts")
    parser.add_argument("--limit", type=int, default=60, help="only the first N images")
    parser.add_argument("--runs", type=int, default=7)
    args = parser.parse_args()
    with threadpool_limits(1):
        reader = FieldReader()
        traces = [reader.trace(truth.path) for truth in load_truth(args.truth or default_truth())[: args.limit]]
        lattices = [trace.rounds[-1].lattice for trace in traces if trace.rounds]
        rows = []
        for spec in SPECS:
            format = None if spec is None else parse_format(spec)
            best = milliseconds(lattices, lambda lattice: best_reading(lattice, format), args.runs)  # noqa: B023
            texts = milliseconds(lattices, lambda lattice: likely_fitting(lattice, format, 5), args.runs)  # noqa: B023
            rows.append([spec or "any digits", f"{best:.2f}", f"{texts:.2f}"])
        text, _ = spelling(["19900"])
        rows.append(
            ["one text", f"{milliseconds(lattices, lambda lattice: posteriors(lattice, text), args.runs):.2f}", ""]
        )
    print(markdown(["CPU ms", "best path and posteriors", "likely texts"], rows))
    print(
        f"\n{len(lattices)} lattices, {sum(len(lattice.start) for lattice in lattices) / len(lattices):.0f} spans each"
    )


if __name__ == "__main__":
    main()
