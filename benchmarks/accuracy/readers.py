"""Both readers alone and together, as the reader reports them.

    python -m benchmarks.accuracy.readers [TRUTH.csv ...] [--pen] [--second rapidocr]

Without tables: the cheque amounts (halves apart; constants may be chosen on the first), the register numbers that may
not be trained on, field, drawn and nothing of the data folder; --pen adds the pen strings of the collections left out.
Of each set and reader: the share exactly right, the read rate at 1 % and 0.1 % error, the calibration error, and what
the default threshold accepts; below, which reader was right where both together were wrong, and the processor time.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.accuracy.line import TABLES, drawn_pen
from benchmarks.common.scores import Scores, find_data, options, share, write_report
from benchmarks.common.tables import markdown
from pipeline.evaluation.evaluation import load_truth
from pipeline.evaluation.metrics import calibration_error, read_rate
from pipeline.images import load_grey
from pipeline.reading.field_reader import FieldReader
from pipeline.reading.result import Reading

FIRST_HALF = 423  # file numbers of the cheque amounts up to this one: constants may be chosen on them
HEADER = (
    "",
    "n",
    "right (95 % interval)",
    "read rate at 1 %",
    "at 0.1 %",
    "calibration error",
    "accepted",
    "wrong of these",
)
Picture = tuple[str, np.ndarray, str]  # name, grey, digits


@dataclass(frozen=True, eq=False)
class ReadersAnswer:
    """A reading, the digits that it should have, and the CPU milliseconds it took."""

    name: str
    reading: Reading
    truth: str
    milliseconds: float

    def said(self, reader: str) -> tuple[bool, float]:
        """Whether a reader ("both", "lattice", "line") was right, and how sure."""
        opinion = self.reading.readers.get(reader, self.reading)
        return (opinion.text or "") == self.truth, opinion.confidence


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options(__doc__, "readers.json", seed=2014)
    parser.add_argument("tables", nargs="*", type=Path, help="truth tables (default: those of the data folder)")
    parser.add_argument("--pen", action="store_true", help="pen strings of the collections left out, too")
    parser.add_argument("--second", help="a third party's reader in the place of the weights' second one")
    given = parser.parse_args(arguments)
    reader = FieldReader(given.weights, second=given.second)
    tables = given.tables or [find_data(given.data) / "strings" / name / "truth.csv" for name in TABLES]
    sets = {table.parent.name: pictures_of(table) for table in tables}
    if given.pen:
        pen = drawn_pen(find_data(given.data), given.seed)
        sets["pen strings left out"] = ((str(k), grey, text) for k, (grey, text, _) in enumerate(pen))
    report = {}
    with threadpool_limits(1):
        for name, pictures in sets.items():
            answers = [read(reader, *picture) for picture in pictures]
            for part, some in parts(name, answers).items():
                print(f"\n{part}\n\n{tabulate(some, reader.threshold)}\n\n{verdict(some)}", flush=True)
            report[name] = [{**each.reading.to_json(), "file": each.name, "truth": each.truth} for each in answers]
    write_report(given.out, report)


def pictures_of(table: Path) -> Iterable[Picture]:
    """The pictures of a truth table."""
    return ((truth.file, load_grey(truth.path), truth.text) for truth in load_truth(table))


def read(reader: FieldReader, name: str, grey: np.ndarray, truth: str) -> ReadersAnswer:
    """A picture, read as a field."""
    begun = time.process_time()
    reading = reader.read(grey)
    return ReadersAnswer(name, reading, truth, 1000 * (time.process_time() - begun))


def parts(name: str, answers: list[ReadersAnswer]) -> dict[str, list[ReadersAnswer]]:
    """All answers of a set, and of the cheque amounts both halves."""
    if name != "cheque-amounts":
        return {name: answers}
    first = [int("".join(filter(str.isdigit, Path(each.name).stem)) or 0) <= FIRST_HALF for each in answers]
    halves = {f"up to {FIRST_HALF}": True, f"above {FIRST_HALF}": False}
    chosen = {
        f"{name}, {half}": [each for each, early in zip(answers, first, strict=True) if early == wanted]
        for half, wanted in halves.items()
    }
    return {**{part: some for part, some in chosen.items() if some}, name: answers}


def tabulate(answers: Sequence[ReadersAnswer], threshold: float) -> str:
    """A row for each reader; only what both say together is accepted."""
    rows = []
    for reader in ("both", *(name for name in ("lattice", "line") if any(name in a.reading.readers for a in answers))):
        scores = Scores(*zip(*(answer.said(reader) for answer in answers), strict=True))
        right, confidences = np.array(scores.right), np.array(scores.confidences)
        taken = confidences >= threshold
        accepted = (
            ("", "")
            if reader != "both"
            else (f"{taken.mean():.1%}", share(int((~right[taken]).sum()), int(taken.sum())))
        )
        rates = [f"{read_rate(confidences, right, bound):.1%}" for bound in (0.01, 0.001)]
        exact = share(int(right.sum()), len(right))
        numbers = any(answer.truth for answer in answers)  # that nothing stands there has no confidence
        error = f"{calibration_error(confidences, right):.3f}" if numbers else "-"
        rows.append([reader, str(len(right)), exact, *rates, error, *accepted])
    return markdown(HEADER, rows)


def verdict(answers: Sequence[ReadersAnswer]) -> str:
    """Who was right where both together were wrong, and what a picture costs."""
    wrong = [answer for answer in answers if not answer.said("both")[0]]
    counts: Counter[str] = Counter()
    for answer in wrong:
        right = [name for name in answer.reading.readers if answer.said(name)[0]]
        counts[right[0] if len(right) == 1 else "both alone" if right else "neither"] += 1
    said = ", ".join(f"{name} {count}" for name, count in counts.most_common())
    cost = np.mean([answer.milliseconds for answer in answers])
    rounds = np.mean([answer.reading.rounds for answer in answers])
    return f"{len(wrong)} wrong; right was: {said or '-'}. CPU {cost:.1f} ms a picture, {rounds:.2f} rounds."


if __name__ == "__main__":
    main()
