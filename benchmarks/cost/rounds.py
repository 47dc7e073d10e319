"""How many pictures are read easily: both readers sure of the same text after the first round, and nothing cut finer.

    python -m benchmarks.cost.rounds [TRUTH.csv ...] [--every 1]

Without tables: the cheque amounts, field, drawn and register-numbers-test of the data folder. Each set is read twice,
as it is and with rounds that never stop for what both readers agree on: what stopping saves, and what it costs.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from threadpoolctl import threadpool_limits

from benchmarks.common.scores import find_data, options, write_report
from benchmarks.common.tables import markdown
from pipeline.evaluation.evaluation import Truth, load_truth
from pipeline.images import load_grey
from pipeline.reading.field_reader import FieldReader

TABLES = ("cheque-amounts", "field", "drawn", "register-numbers-test")
HEADER = (
    "set",
    "n",
    "",
    "read in one round",
    "rounds",
    "spans scored",
    "CPU ms",
    "right",
    "accepted",
    "of these wrong",
)


@dataclass(frozen=True)
class Sum:
    """Of n pictures."""

    n: int
    easy: int
    rounds: int
    spans: int
    seconds: float
    right: int
    accepted: int
    wrong: int

    def row(self) -> list[str]:
        """Shares and means."""
        n = self.n
        shares = [f"{count / n:.1%}" for count in (self.easy, self.right, self.accepted)]
        means = [f"{self.rounds / n:.2f}", f"{self.spans / n:.0f}", f"{1000 * self.seconds / n:.1f}"]
        return [shares[0], *means, *shares[1:], str(self.wrong)]


def read_all(reader: FieldReader, truths: Sequence[Truth]) -> Sum:
    """The pictures read as fields."""
    easy = rounds = spans = right = accepted = wrong = 0
    seconds = 0.0
    for truth in truths:
        grey = load_grey(truth.path)
        begun = time.process_time()
        trace = reader.trace(grey)
        seconds += time.process_time() - begun
        is_right = (trace.reading.text or "") == truth.text
        rounds += len(trace.rounds)
        spans += len(trace.rounds[-1].spans) if trace.rounds else 0
        easy += len(trace.rounds) == 1 and trace.rounds[0].agreed
        right += is_right
        accepted += trace.reading.accepted
        wrong += trace.reading.accepted and not is_right
    return Sum(len(truths), easy, rounds, spans, seconds, right, accepted, wrong)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = options(__doc__, "rounds.json")
    parser.add_argument("tables", nargs="*", type=Path, help="truth tables (default: those of the data folder)")
    parser.add_argument("--every", type=int, default=1, help="only every so many of the pictures")
    given = parser.parse_args(arguments)
    reader = FieldReader(given.weights)
    patient = FieldReader(given.weights, config=replace(reader.config, agreed=1.0))
    rows, report = [], {}
    folder = [] if given.tables else [find_data(given.data) / "strings" / name / "truth.csv" for name in TABLES]
    with threadpool_limits(1):
        for table in given.tables or folder:
            truths = load_truth(table)[:: given.every]
            for name, each in (("as it is", reader), ("never stopped", patient)):
                found = read_all(each, truths)
                rows.append([table.parent.name, str(found.n), name, *found.row()])
                report[f"{table.parent.name}, {name}"] = vars(found)
    print(markdown(list(HEADER), rows))
    write_report(given.out, report)


if __name__ == "__main__":
    main()
