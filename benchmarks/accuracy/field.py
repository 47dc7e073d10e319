"""Real pictures of many kinds, as people cut them from forms, tables, meters, puzzles and photographs, by kind.

    python -m benchmarks.accuracy.field [TRUTH.csv ...] [--sheet FOLDER] [--peer PYTHON]

Without tables: strings/field, strings/drawn, strings/nothing and strings/register-numbers-test of the data folder.
A table with a column `kind` is told apart by it. Of each kind: read exactly right (for a picture without a number:
nothing read), accepted at the default threshold, accepted and wrong, nothing read. --sheet draws what fails, kind by
kind, with its ink and cuts. --peer names the Python of an environment with rapidocr, which then reads the same
pictures (benchmarks/common/peer_rapidocr.py says how). A picture is read as `digitstring read` reads it: lines below
one another one after the other, numbers on their side turned upright.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.common.peer import PeerReading, read_with_peer
from benchmarks.common.scores import READ_RATE_ERROR, describe, find_data, open_reader, options, share, write_report
from benchmarks.common.tables import markdown
from benchmarks.diagnosis.failures import draw_failures
from pipeline.errors import DataError
from pipeline.evaluation.evaluation import Truth, load_truth
from pipeline.evaluation.metrics import read_rate, wilson
from pipeline.reader import Reader

TABLES = ("field", "drawn", "nothing", "register-numbers-test")
HEADER = ("kind", "n", "right (95 % interval)", "accepted", "accepted and wrong", "nothing read")


@dataclass(frozen=True)
class Case:
    """A picture: its kind, its true digits ("" for none), what was read ("" for nothing), and what the peer read."""

    kind: str
    path: Path
    truth: str
    text: str
    confidence: float
    accepted: bool
    peer: PeerReading | None = None

    @property
    def right(self) -> bool:
        return self.text == self.truth

    @property
    def peer_right(self) -> bool:
        return self.peer is not None and self.peer.text == self.truth


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options(__doc__, "field.json")
    parser.add_argument("tables", nargs="*", type=Path, help="truth tables (default: those of the data folder)")
    parser.add_argument("--sheet", type=Path, help="folder for contact sheets of what fails")
    parser.add_argument("--peer", type=Path, help="the Python of an environment with rapidocr")
    given = parser.parse_args(arguments)
    report: dict[str, Any] = {"weights": describe(given.weights, open_reader(given.weights))}
    reader = Reader(given.weights)
    for table in given.tables or default_tables(given.data):
        with threadpool_limits(1):
            cases = read_table(reader, table, given.peer)
        name = table.parent.name if table.stem == "truth" else table.stem
        print(f"\n{name}: {summary(cases)}\n")
        print(markdown(*tabulate(cases)))
        report[name] = to_json(cases)
        if given.sheet:
            draw_failures(reader.field_reader, [case for case in cases if not case.right], given.sheet / name)
    write_report(given.out, report)


def default_tables(given: Path | None) -> list[Path]:
    """The truth tables of the data folder that are there. Raises SystemExit where none is."""
    folder = find_data(given) / "strings"
    found = [folder / name / "truth.csv" for name in TABLES if (folder / name / "truth.csv").is_file()]
    if not found:
        raise SystemExit(f"{folder}: holds none of {', '.join(TABLES)}")
    return found


def read_table(reader: Reader, table: Path, peer: Path | None) -> list[Case]:
    """The cases of a truth table, in its order. Raises SystemExit with one sentence."""
    try:
        truths = load_truth(table)
    except DataError as error:
        raise SystemExit(str(error)) from error
    kinds = kinds_of(table)
    peers: Sequence[PeerReading | None] = [None] * len(truths)
    if peer is not None:
        peers = read_with_peer(peer, [truth.path for truth in truths])
    return [
        read_case(reader, truth, kinds.get(truth.file, ""), other) for truth, other in zip(truths, peers, strict=True)
    ]


def kinds_of(table: Path) -> dict[str, str]:
    """The kind of each file of a truth table; empty where it has no such column."""
    with table.open(newline="", encoding="utf-8-sig") as file:
        return {row["file"]: row["kind"] for row in csv.DictReader(file) if row.get("kind")}


def read_case(reader: Reader, truth: Truth, kind: str, peer: PeerReading | None) -> Case:
    reading = reader.read(truth.path)
    return Case(kind, truth.path, truth.text, reading.text or "", reading.confidence, reading.accepted, peer)


def tabulate(cases: Sequence[Case]) -> tuple[Sequence[str], list[list[str]]]:
    """Header and rows: a row a kind where there are several, and all together."""
    kinds = sorted({case.kind for case in cases})
    groups = [(kind, [case for case in cases if case.kind == kind]) for kind in kinds] if len(kinds) > 1 else []
    with_peer = any(case.peer for case in cases)
    header = (*HEADER, "peer right") if with_peer else HEADER
    return header, [_row(kind, group, with_peer) for kind, group in [*groups, ("all", list(cases))]]


def _row(kind: str, cases: Sequence[Case], with_peer: bool) -> list[str]:
    accepted = [case for case in cases if case.accepted]
    wrong, silent = (_count(group) for group in ((not c.right for c in accepted), (not c.text for c in cases)))
    right = share(_count(case.right for case in cases), len(cases))
    row = [kind, str(len(cases)), right, str(len(accepted)), str(wrong), str(silent)]
    return [*row, f"{_count(case.peer_right for case in cases) / len(cases):.1%}"] if with_peer else row


def _count(flags: Iterable[bool]) -> int:
    return sum(flags)


def rate(cases: Sequence[Case], of_peer: bool = False) -> float:
    """The share that can be read at 1 % error, by our confidences or by the peer's."""
    right = np.array([case.peer_right if of_peer else case.right for case in cases])
    readings = [case.peer if of_peer else case for case in cases]
    return read_rate(np.array([one.confidence if one else 0.0 for one in readings]), right, READ_RATE_ERROR)


def summary(cases: Sequence[Case]) -> str:
    """The read rates, in a sentence."""
    words = f"{len(cases)} pictures, read rate at 1 % error {rate(cases):.1%}"
    return words + (f", the peer's {rate(cases, of_peer=True):.1%}" if any(case.peer for case in cases) else "")


def to_json(cases: Sequence[Case]) -> dict[str, Any]:
    """The figures and all cases; the files by their names."""
    right, n = _count(case.right for case in cases), len(cases)
    return {
        "n": n,
        "right": right,
        "wilson95": wilson(right, n),
        "read_rate_at_1%": rate(cases),
        "cases": [{**asdict(case), "path": case.path.name} for case in cases],
    }


if __name__ == "__main__":
    main()
