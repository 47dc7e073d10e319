"""What pages and large fields cost, in readings of one cheque amount; and what the door adds to a field's reading.

    python -m benchmarks.cost.large_pictures [--runs 3]

The documents of the data folder and its cheque amounts (every --every th) take turns in one process, in CPU time, one
BLAS thread: of each picture the least of its runs counts. Fields: the pictures of strings/field and strings/drawn whose
longer side has between FIELD_SIDES pixels, read by the door (`Reader.read`, which first looks whether it is a page, and
where its writing runs) and as the field that it is known to be (`FieldReader.read`); those that the first glance takes
for a page that may be, apart.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from threadpoolctl import threadpool_limits

from benchmarks.common.scores import describe, find_data, open_reader, options, write_report
from benchmarks.common.tables import markdown
from pipeline import Reader
from pipeline.documents.glance import may_be_page
from pipeline.evaluation.evaluation import load_truth
from pipeline.images import load_grey

FIELD_SIDES = (600, 1200)
TABLES = ("field", "drawn")
Measured = list[tuple[float, float]]  # milliseconds of each picture as a field, and by the door


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = options(__doc__, "large_pictures.json")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--every", type=int, default=18, help="only every so many of the amounts")
    given = parser.parse_args(arguments)
    folder = find_data(given.data)
    amounts = [truth.path for truth in load_truth(folder / "strings" / "cheque-amounts" / "truth.csv")][:: given.every]
    pages = sorted(path for path in (folder / "documents").iterdir() if path.suffix in (".png", ".jpg"))
    reader = Reader(given.weights)
    fields = large_fields(folder)
    with threadpool_limits(1):
        reader.read(amounts[0])
        by_page = page_rows(reader, pages, amounts, given.runs)
        by_kind = {kind: measured(reader, pictures, given.runs) for kind, pictures in fields.items() if pictures}
    print(markdown(["page", "pixels", "CPU ms", "amounts"], [[*row[:2], *figures(row[2:])] for row in by_page]) + "\n")
    header = ["fields of 600 to 1200 pixels", "n", "as a field, CPU ms", "by the door, CPU ms", "door to field"]
    print(markdown(header, [field_row(kind, each) for kind, each in by_kind.items()]))
    about = describe(given.weights, open_reader(given.weights))
    write_report(given.out, {"weights": about, "amounts": len(amounts), "pages": by_page, "fields": by_kind})


def large_fields(folder: Path) -> dict[str, list[Path]]:
    """The large pictures of fields, by what the glance at them says."""
    tables = [folder / "strings" / name / "truth.csv" for name in TABLES]
    paths = [truth.path for table in tables for truth in load_truth(table)]
    large = [path for path in paths if FIELD_SIDES[0] <= max(_size(path)) <= FIELD_SIDES[1]]
    looks = {path: may_be_page(load_grey(path)) for path in large}
    return {
        "at a glance no page": [path for path in large if not looks[path]],
        "looked at as a page, too": [path for path in large if looks[path]],
    }


def _size(path: Path) -> tuple[int, int]:
    """Width and height of a picture, in pixels."""
    with Image.open(path) as picture:
        return picture.size


def page_rows(reader: Reader, pages: Sequence[Path], amounts: Sequence[Path], runs: int) -> list[list[Any]]:
    """Of each page: name, pixels, milliseconds, and by those of an amount, last of all."""
    work: dict[str, Callable[[], object]] = {path.name: partial(reader.read, path) for path in pages}
    work["an amount"] = lambda: [reader.read(path) for path in amounts]
    least = least_milliseconds(work, runs)
    amount = least.pop("an amount") / len(amounts)
    sizes = {path.name: "{} x {}".format(*_size(path)) for path in pages}
    rows = [[name, sizes[name], ms, ms / amount] for name, ms in least.items()]
    return [*rows, [f"a cheque amount, mean of {len(amounts)}", "", amount, 1.0]]


def measured(reader: Reader, pictures: Sequence[Path], runs: int) -> Measured:
    """Milliseconds of each picture read as a field, and by the door."""
    found = []
    for path in pictures:
        work: dict[str, Callable[[], object]] = {
            "field": partial(reader.field_reader.read, path),
            "door": partial(reader.read, path),
        }
        least = least_milliseconds(work, runs)
        found.append((least["field"], least["door"]))
    return found


def field_row(kind: str, found: Measured) -> list[str]:
    """The means, and their ratio."""
    field, door = (float(mean) for mean in np.mean(found, axis=0))
    return [kind, str(len(found)), *figures([field, door, door / field])]


def least_milliseconds(work: Mapping[str, Callable[[], object]], runs: int) -> dict[str, float]:
    """The least CPU milliseconds of each piece of work, which take turns."""
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(runs):
        for name, do in work.items():
            begun = time.process_time()
            do()
            times[name].append(1000 * (time.process_time() - begun))
    return {name: min(each) for name, each in times.items()}


def figures(values: Sequence[float]) -> list[str]:
    """Milliseconds with one decimal, the ratio at the end with two."""
    return [*(f"{value:.1f}" for value in values[:-1]), f"{values[-1]:.2f}"]


if __name__ == "__main__":
    main()
