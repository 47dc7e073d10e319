"""CPU time of a picture beside rapidocr's, in one run, and where ours goes, stage by stage.

    python -m benchmarks.cost.versus [TRUTH.csv] [--kind KIND] [--peer PYTHON] [--every 1]

Ratios, not milliseconds, are what to compare between machines and days: our engines take turns picture by picture, and
rapidocr (recognition alone; benchmarks/common/peer_rapidocr.py says how) reads the same pictures before and after them.
Every program on one thread, CPU time of the process (user and system), decoding included, the first pictures not
counted. A stage's time is its own: what it calls that is a stage, too, is left out. Without --peer: ours alone.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from benchmarks.accuracy.field import kinds_of
from benchmarks.common.peer import lines_of_peer
from benchmarks.common.scores import write_report
from benchmarks.common.tables import markdown
from benchmarks.cost.speed import default_truth
from classifier.onnx.runtime import VARIABLE
from pipeline import Reader
from pipeline.evaluation.evaluation import load_truth

WARM_UP = 3  # pictures that are read before any counts
STAGES = (  # name, module, and the name there that is called
    ("picture: decoding", "pipeline.reading.field_reader", "load_grey"),
    ("ink", "pipeline.reading.text_finding", "extract_ink"),
    ("cuts", "pipeline.reading.text_finding", "find_cuts"),
    ("line: picture, columns' texts", "pipeline.reading.text_finding", "read_line"),
    ("line: network", "classifier.line.line_network", "LineNetwork.columns"),
    ("line: network", "classifier.onnx.runtime", "FastLineNetwork.columns"),
    ("pieces", "pipeline.reading.text_finding", "cut_pieces"),
    ("crops", "pipeline.reading.text_finding", "draw_crops"),
    ("first network", "pipeline.reading.text_finding", "forward_blocks"),
    ("spans, search", "pipeline.reading.text_finding", "search"),
    ("second look: its network", "pipeline.reading.lattices.rescoring", "forward_blocks"),
    ("second look: the rest", "pipeline.reading.text_finding", "look_again"),
    ("texts of the lattice", "pipeline.reading.text_finding", "likely_fitting"),
    ("both readers' texts", "pipeline.reading.together", "Together.opinions"),
)
REST = "digits, boxes, the rest"


class Stages:
    """CPU seconds of each stage, their own."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._open: list[str] = [REST]
        self._since = time.process_time()

    def turn(self) -> None:
        """What passed belongs to the innermost open stage."""
        now = time.process_time()
        self.seconds[self._open[-1]] += now - self._since
        self._since = now

    @contextmanager
    def within(self, stage: str) -> Iterator[None]:
        """Runs its body as a stage."""
        self.turn()
        self._open.append(stage)
        try:
            yield
        finally:
            self.turn()
            self._open.pop()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """All of STAGES are measured inside."""
        before = [(*_place(module, name), stage) for stage, module, name in STAGES]
        kept = [(home, key, getattr(home, key)) for home, key, _ in before]
        try:
            for home, key, stage in before:
                setattr(home, key, self._measured(stage, getattr(home, key)))
            self._since = time.process_time()
            yield
        finally:
            self.turn()
            for home, key, value in kept:
                setattr(home, key, value)

    def _measured(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def measured(*arguments: Any, **options: Any) -> Any:
            with self.within(stage):
                return function(*arguments, **options)

        return measured


def _place(module: str, name: str) -> tuple[Any, str]:
    """The module or class that holds a name, and its last part."""
    home: Any = importlib.import_module(module)
    *classes, key = name.split(".")
    for each in classes:
        home = getattr(home, each)
    return home, key


def pictures_of(table: Path, kind: str | None = None) -> list[Path]:
    """The pictures of a truth table, or those of one kind."""
    if kind is None:
        return [truth.path for truth in load_truth(table)]
    kinds = kinds_of(table)
    return [truth.path for truth in load_truth(table) if kinds.get(truth.file) == kind]


def engines() -> dict[str, Reader]:
    """A reader for each engine that is installed."""
    names = ["numpy", *(["onnxruntime"] if find_spec("onnxruntime") else [])]
    before, readers = os.environ.get(VARIABLE), {}
    try:
        for name in names:
            os.environ[VARIABLE] = name
            readers[name] = Reader()
    finally:
        os.environ.pop(VARIABLE, None)
        os.environ.update({} if before is None else {VARIABLE: before})
    return readers


def milliseconds(readers: dict[str, Reader], pictures: Sequence[Path]) -> dict[str, list[float]]:
    """CPU time of each picture by each reader, which take turns."""
    times: dict[str, list[float]] = {name: [] for name in readers}
    for picture in pictures:
        for name, reader in readers.items():
            begun = time.process_time()
            reader.read(picture)
            times[name].append(1000 * (time.process_time() - begun))
    return {name: each[WARM_UP:] for name, each in times.items()}


def peer_milliseconds(python: Path, pictures: Sequence[Path]) -> list[float]:
    """CPU time of each picture by rapidocr."""
    return [float(json.loads(line)["cpu_ms"]) for line in lines_of_peer(python, pictures)][WARM_UP:]


def stages_of(reader: Reader, pictures: Sequence[Path]) -> dict[str, float]:
    """CPU milliseconds a picture of each stage."""
    stages = Stages()
    with stages.watched():
        for picture in pictures:
            reader.read(picture)
    return {name: 1000 * seconds / len(pictures) for name, seconds in stages.seconds.items()}


def ratio_rows(ours: dict[str, list[float]], peers: Sequence[list[float]]) -> list[list[str]]:
    """A row a program: mean, median, and the mean by the peer's, between its runs."""
    means = [statistics.fmean(times) for times in peers]
    named = {**ours, **{f"rapidocr, run {k + 1}": times for k, times in enumerate(peers)}}
    base = statistics.fmean(means) if means else None
    rows = []
    for name, times in named.items():
        mean = statistics.fmean(times)
        ratio = "" if base is None else f"{mean / base:.2f}"
        rows.append([name, str(len(times)), f"{mean:.1f}", f"{statistics.median(times):.1f}", ratio])
    return rows


def stage_rows(stages: dict[str, dict[str, float]]) -> list[list[str]]:
    """A row a stage: milliseconds by each engine, and its share of the first's."""
    columns = list(stages.values())
    names = list(dict.fromkeys(name for each in columns for name in each))
    rows = {name: [each.get(name, 0.0) for each in columns] for name in names}
    rows = dict(sorted(rows.items(), key=lambda row: -row[1][0])) | {"all": [sum(each.values()) for each in columns]}
    total = rows["all"][0]
    return [[name, *(f"{ms:.2f}" for ms in row), f"{row[0] / total:.0%}"] for name, row in rows.items()]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("truth", nargs="?", type=Path, help="table of pictures, default the cheque amounts")
    parser.add_argument("--peer", type=Path, help="the Python of an environment with rapidocr")
    parser.add_argument("--kind", help="only pictures of this kind, by the table's column of that name")
    parser.add_argument("--every", type=int, default=1, help="only every so many of the pictures")
    parser.add_argument("--out", type=Path, default=Path("runs") / "versus.json", help="where the figures go, as JSON")
    given = parser.parse_args(arguments)
    pictures = pictures_of(given.truth or default_truth(), given.kind)[:: given.every]
    if len(pictures) <= WARM_UP:
        raise SystemExit(f"{len(pictures)} pictures are too few: the first {WARM_UP} are not counted")
    readers = engines()
    with threadpool_limits(1):
        peers = [peer_milliseconds(given.peer, pictures)] if given.peer else []
        ours = milliseconds(readers, pictures)
        peers += [peer_milliseconds(given.peer, pictures)] if given.peer else []
        stages = {name: stages_of(reader, pictures) for name, reader in readers.items()}
    print(markdown(["CPU ms a picture", "n", "mean", "median", "mean to rapidocr's"], ratio_rows(ours, peers)))
    print("\n" + markdown(["stage, CPU ms a picture", *stages, f"share ({next(iter(stages))})"], stage_rows(stages)))
    write_report(given.out, {"ours": ours, "rapidocr": peers, "stages": stages})


if __name__ == "__main__":
    main()
