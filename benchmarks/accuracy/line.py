"""The line network by itself, without the lattice and without calibration: what the second reader brings.

    python -m benchmarks.accuracy.line [TRUTH.csv ...] [--pen] [--sheet FOLDER]

Without tables: the cheque amounts, the register numbers that may not be trained on, field, drawn and nothing of the
data folder. Of each: the text of the likeliest path and the likeliest text of a beam of 16, each the share exactly
right, and the processor time of a picture (line picture, network, beam). A table with a column `kind` is told apart by
it. --pen adds the pen strings of the collections left out, as `benchmarks.accuracy.strings --pen` draws them. --sheet
writes a contact sheet of what the network's pictures look like where they are read wrong.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.accuracy.field import kinds_of
from benchmarks.accuracy.strings import PEN_COLLECTIONS, draw_pen, pen_strings
from benchmarks.common.scores import find_data, options, share, write_report
from benchmarks.common.tables import markdown
from classifier.arrays import LinePicture
from classifier.line.line_columns import beam_texts, likeliest_path
from classifier.line.line_network import LineNetwork, without_marks
from classifier.line.line_picture import ROWS, line_picture
from classifier.weights import load_networks
from pipeline.evaluation.evaluation import load_truth
from pipeline.images import load_grey

TABLES = ("cheque-amounts", "register-numbers-test", "field", "drawn", "nothing")
BEAM = 16
ACROSS, WIDE = 4, 340  # pictures beside each other on a sheet, and how wide each may be


@dataclass(frozen=True, eq=False)
class LineCase:
    """A line picture, its kind and digits, what path and beam say, and the CPU milliseconds it took."""

    picture: LinePicture
    kind: str
    truth: str
    path: str
    beam: str
    milliseconds: float


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options(__doc__, "line.json", seed=2014)
    parser.add_argument("tables", nargs="*", type=Path, help="truth tables (default: those of the data folder)")
    parser.add_argument("--pen", action="store_true", help="pen strings of the collections left out, too")
    parser.add_argument("--sheet", type=Path, help="folder for contact sheets of what fails")
    given = parser.parse_args(arguments)
    network = load_networks(given.weights)[0].line
    if network is None:
        raise SystemExit(f"{given.weights}: holds no line network")
    tables = given.tables or [find_data(given.data) / "strings" / name / "truth.csv" for name in TABLES]
    sets = {table.parent.name if table.stem == "truth" else table.stem: pictures_of(table) for table in tables}
    if given.pen:
        sets["pen strings left out"] = drawn_pen(find_data(given.data), given.seed)
    report: dict[str, Any] = {"weights": given.weights.name}
    with threadpool_limits(1):
        for name, pictures in sets.items():
            cases = [read_case(network, *picture) for picture in pictures]
            print(f"\n{name}\n\n" + markdown(["kind", "n", "likeliest path", "beam", "CPU ms"], tabulate(cases)))
            report[name] = [{"kind": c.kind, "truth": c.truth, "path": c.path, "beam": c.beam} for c in cases]
            if given.sheet:
                draw_sheet(given.sheet / f"{name}.png", [case for case in cases if case.path != case.truth])
    write_report(given.out, report)


def pictures_of(table: Path) -> Iterable[tuple[np.ndarray, str, str]]:
    """(grey, digits, kind) of each row of a table."""
    kinds = kinds_of(table)
    return ((load_grey(truth.path), truth.text, kinds.get(truth.file, "all")) for truth in load_truth(table))


def drawn_pen(folder: Path, seed: int) -> Iterable[tuple[np.ndarray, str, str]]:
    """(grey, digits, collection) of each pen string."""
    for number, sample in pen_strings(folder, PEN_COLLECTIONS, None):
        string = draw_pen(sample, seed, number)
        yield np.divide(string.image, np.float32(255), dtype=np.float32), string.text, sample.collection


def read_case(network: LineNetwork, grey: np.ndarray, truth: str, kind: str) -> LineCase:
    """What the network says of a picture."""
    begun = time.process_time()
    picture = line_picture(grey)
    columns = without_marks(network.columns(picture))
    beam = beam_texts(columns, BEAM)[0][0]
    spent = 1000 * (time.process_time() - begun)
    return LineCase(picture, kind, truth, likeliest_path(columns), beam, spent)


def tabulate(cases: Sequence[LineCase]) -> list[list[str]]:
    """A row for each kind, and one for all."""
    kinds = sorted({case.kind for case in cases} - {"all"})
    groups = [(kind, [case for case in cases if case.kind == kind]) for kind in kinds]
    rows = []
    for kind, some in [*groups, ("all", list(cases))]:
        path, beam = (sum(getattr(case, way) == case.truth for case in some) for way in ("path", "beam"))
        cost = float(np.mean([case.milliseconds for case in some]))
        rows.append([kind, str(len(some)), share(path, len(some)), share(beam, len(some)), f"{cost:.1f}"])
    return rows


def draw_sheet(out: Path, cases: Sequence[LineCase]) -> None:
    """The network's pictures with truth and reading below each."""
    from PIL import Image, ImageDraw

    rows = -(-len(cases) // ACROSS)
    sheet = Image.new("L", (ACROSS * WIDE, max(1, rows) * (ROWS + 14)), 128)
    for place, case in enumerate(cases):
        x, y = place % ACROSS * WIDE, place // ACROSS * (ROWS + 14)
        grey = np.clip(1 - (case.picture[:, : WIDE - 10] + 0.3) / 1.8, 0, 1)
        sheet.paste(Image.fromarray(np.round(255 * grey).astype(np.uint8)), (x, y))
        ImageDraw.Draw(sheet).text((x + 2, y + ROWS), f"{case.truth} read {case.path} ({case.kind})", fill=255)
    out.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(out)


if __name__ == "__main__":
    main()
