"""Whole documents: fields found, named and read, without a template and with one, on pages shifted, scaled and askew.

    python -m benchmarks.accuracy.documents            # those of the data folder, and 40 drawn ones each
    python -m benchmarks.accuracy.documents --n 0      # the documents of the data folder alone

A field counts as found where a field that is returned covers at least half of the smaller of the two boxes; as right
where its text is that, too. Returned besides: fields that are none. A template is drafted from the page as it is. CPU
seconds are of one process with one thread, from the file to the fields; the memory is the peak of the process.
Drawn pages (benchmarks/common/drawn_documents.py) are written with the digits of held-out writers.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage
from threadpoolctl import threadpool_limits

from benchmarks.accuracy.strings import held_out_sources
from benchmarks.common.drawn_documents import draw_cheque, draw_form
from benchmarks.common.drawn_pages import TrueField
from benchmarks.common.scores import describe, find_data, left_out, open_reader, options, share, write_report
from benchmarks.common.tables import markdown
from pipeline.documents.document import read_document
from pipeline.documents.fields import DocumentReading
from pipeline.documents.layout.sheet import make_sheet
from pipeline.documents.templates.filling import draft
from pipeline.documents.templates.template_file import Template
from pipeline.errors import ImageError
from pipeline.images import load_grey
from pipeline.reading.field_reader import FieldReader

# What stands in the amount of this cheque is 25 00 00 00; the label follows the words beside it (twenty five lakhs).
AS_WRITTEN = {("cheque-083660.jpg", "amount"): "25000000"}


def _turned(degrees: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda page: ndimage.rotate(page, degrees, order=1, cval=1.0)


def _scaled(factor: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda page: ndimage.zoom(page, factor, order=1)


def _shifted(page: np.ndarray) -> np.ndarray:
    return np.pad(page, ((90, 0), (0, 140)), constant_values=1.0)


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "as it is": lambda page: page,
    "shifted": _shifted,
    "scaled x 0.5": _scaled(0.5),
    "scaled x 2": _scaled(2),
    "askew by 3 degrees": _turned(3),
    "askew by -5 degrees": _turned(-5),
    "askew by 12 degrees": _turned(12),
    "askew by -20 degrees": _turned(-20),
    "on its side": lambda page: np.rot90(page),
    "upside down": lambda page: np.rot90(page, 2),
}


@dataclass
class DocumentTally:
    """Counts of true fields: found, right, named as they should be of those with a name; what else was returned."""

    fields: int = 0
    found: int = 0
    right: int = 0
    with_name: int = 0
    named: int = 0
    besides: int = 0

    def add(self, truth: Sequence[TrueField], document: DocumentReading, placed: bool = True) -> None:
        """Count one page. placed: whether the true boxes are known, else texts are compared alone."""
        left = [field for field in document if field.kind != "micr"]  # of which no truth is known
        for field in truth:
            self.fields += 1
            match = (
                next((one for one in left if placed and covers(one.box, field.box)), None)
                if placed
                else next((one for one in left if one.reading.text == field.text), None)
            )
            self.with_name += bool(field.name)
            if match is not None:
                left.remove(match)
                self.found += 1
                self.right += match.reading.text == field.text
                self.named += bool(field.name) and match.name.partition("-")[0] == field.name
        self.besides += len(left)

    def cells(self) -> list[str]:
        return [
            str(self.fields),
            share(self.found, self.fields),
            share(self.right, self.fields),
            f"{self.named} of {self.with_name}",
            str(self.besides),
        ]


HEADER = ("fields", "found (95 % interval)", "right (95 % interval)", "named", "besides")


def covers(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether two boxes share at least half of the smaller."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return max(0, width) * max(0, height) >= 0.5 * min(areas)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options(__doc__, "documents.json", seed=11000)
    parser.add_argument("--n", type=int, default=40, help="drawn forms, and drawn cheques")
    given = parser.parse_args(arguments)
    reader, folder = open_reader(given.weights), find_data(given.data)
    report: dict[str, Any] = {"weights": describe(given.weights, reader), "seed": given.seed, "n": given.n}
    with threadpool_limits(1):
        report["documents"] = real_documents(reader, folder / "documents")
        if given.n:
            sources = held_out_sources(given.data, left_out(reader.card))
            report["drawn"] = drawn_documents(reader, sources, given.n, given.seed)
    report["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak of memory {report['peak_mib']:.0f} MiB")
    write_report(given.out, report)


def real_documents(reader: FieldReader, folder: Path) -> list[dict[str, Any]]:
    """Prints the table of the data folder's documents; its rows."""
    rows, records = [], []
    for name, path, truth in load_documents(folder):
        start = time.process_time()
        plain = read_document(reader, path)
        seconds = time.process_time() - start
        page = load_grey(path)
        template = draft(reader, make_sheet(page))
        for change, function in CHANGES.items():
            changed = np.ascontiguousarray(np.clip(function(page), 0, 1), dtype=np.float32)
            for kind, document in (
                ("none", plain if change == "as it is" else read_document(reader, changed)),
                ("drafted", with_template(reader, changed, template)),
            ):
                tally = DocumentTally()
                tally.add(truth, document, placed=change == "as it is")
                rows.append([name, change, kind, *tally.cells()])
                records.append({"document": name, "change": change, "template": kind, **vars(tally)})
        print(
            f"{name}: {seconds:.2f} s CPU; "
            + ", ".join(f"{field.name} {field.reading.text} {field.reading.confidence:.2f}" for field in plain)
        )
    print("\nOf pages that were changed, fields count as found only where they are right.\n")
    print(markdown(["document", "page", "template", *HEADER], rows), end="\n\n")
    return records


def with_template(reader: FieldReader, page: np.ndarray, template: Template) -> DocumentReading:
    """The page read by a template; without fields where it does not fit."""
    try:
        return read_document(reader, page, template=template)
    except ImageError:
        return DocumentReading(())


def load_documents(folder: Path) -> Iterator[tuple[str, Path, list[TrueField]]]:
    """Name, path and true fields of the documents of the data folder."""
    try:
        table = json.loads((folder / "truth.json").read_text())
    except (OSError, ValueError) as error:
        raise SystemExit(f"{folder}: truth.json and the documents cannot be had ({error})") from error
    for name, entry in table.items():
        fields = [
            TrueField(
                field["name"] if name.startswith("cheque") else "",
                "",
                tuple(field["box"]),
                AS_WRITTEN.get((name, field["name"]), field["text"]),
            )
            for field in entry["fields"]
        ]
        yield name, folder / name, fields


def drawn_documents(reader: FieldReader, sources: Any, n: int, seed: int) -> dict[str, Any]:
    """Prints the table of drawn pages, by the kind of their fields; the counts."""
    tallies: dict[str, DocumentTally] = {}
    seconds: dict[str, float] = {}
    for name, draw in (("form", draw_form), ("cheque", draw_cheque)):
        start = time.process_time()
        spent = 0.0
        besides = tallies.setdefault(f"{name}: all", DocumentTally())
        for number in range(n):
            image, truth = draw(seed + number, sources)
            start = time.process_time()
            document = read_document(reader, image)
            spent += time.process_time() - start
            besides.add(truth, document)
            for kind in sorted({field.kind for field in truth}):
                part = tallies.setdefault(f"{name}: {kind}", DocumentTally())
                part.add([field for field in truth if field.kind == kind], document)
        seconds[name] = spent / n
    rows = [
        [name, *tally.cells()[:-1], tally.cells()[-1] if name.endswith("all") else ""]
        for name, tally in sorted(tallies.items())
    ]
    print(
        f"{n} drawn forms and {n} drawn cheques, seed {seed}; CPU seconds a page: "
        + ", ".join(f"{name} {value:.2f}" for name, value in seconds.items())
        + "\n"
    )
    print(markdown(["drawn", *HEADER], rows), end="\n\n")
    return {"fields": {name: vars(tally) for name, tally in tallies.items()}, "cpu_seconds": seconds}


if __name__ == "__main__":
    main()
