"""From one core to two: threads of one process, processes, and the memory that workers share.

    python -m benchmarks.cost.scaling [--every 9] [--runs 3]

Cheque amounts (every --every th) of the data folder, read by readers that are warm; starting is not counted. Threads:
`read_many(..., threads=)`. Processes: one, and two at once, each reading all of the pictures. Efficiency: pictures a
second of two by twice those of one, from the fastest of the runs, which take turns: wall-clock time, so that an idle
machine of two cores or more is needed. CPU a picture says what a busy one can tell: where it grows, two are in each
other's way. Memory by Linux's account: its proportional size counts a page that n processes share as 1/n of one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.common.scores import describe, find_data, open_reader, options, write_report
from benchmarks.common.tables import markdown
from pipeline.evaluation.evaluation import load_truth

ROOT = Path(__file__).resolve().parents[2]
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL")}
MEMORY = ("Rss", "Pss", "Shared_Clean", "Shared_Dirty")  # of /proc/self/smaps_rollup, kB
WAYS = (("1 thread", "2 threads"), ("1 process", "2 processes"))
Run = dict[str, float]  # wall, cpu: seconds; read: pictures


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print; with --worker, be one of the processes."""
    parser = options(__doc__, "scaling.json")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--every", type=int, default=9, help="only every so many of the amounts")
    parser.add_argument("--worker", action="store_true", help="one of the processes, for the benchmark itself")
    given = parser.parse_args(arguments)
    if given.worker:
        work(given.weights)
        return
    truth = find_data(given.data) / "strings" / "cheque-amounts" / "truth.csv"
    pictures = [str(each.path) for each in load_truth(truth)][:: given.every]
    runs: dict[str, list[Run]] = {name: [] for way in WAYS for name in way}
    with Worker() as one, Worker() as other:
        memory = {"alone": one.memory()}
        for _ in range(given.runs):
            runs["1 thread"].append(one.read(pictures, 1))
            runs["2 threads"].append(one.read(pictures * 2, 2))
            runs["1 process"].append(together([one], pictures))
            runs["2 processes"].append(together([one, other], pictures))
        memory |= {"beside another": one.memory()}
    print(markdown(["by", "pictures a second", "CPU ms a picture", "efficiency"], speed_rows(runs)) + "\n")
    print(markdown(["a process, MiB", "resident", "proportional", "shared with others"], memory_rows(memory)))
    about = describe(given.weights, open_reader(given.weights))
    write_report(given.out, {"weights": about, "pictures": len(pictures), "runs": runs, "memory": memory})


class Worker:
    """A process with a warm reader, that reads what it is told."""

    def __enter__(self) -> Worker:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.cost.scaling", "--worker"],
            cwd=ROOT, env={**os.environ, **ONE_THREAD}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        return self

    def __exit__(self, *error: object) -> None:
        with self._process:  # which closes its pipes and waits for it
            self._process.stdin.close()  # type: ignore[union-attr]

    def tell(self, order: dict[str, Any]) -> None:
        """Begin with something."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def told(self) -> dict[str, float]:
        """What came of it, once it is done."""
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def read(self, pictures: Sequence[str], threads: int) -> Run:
        """Read pictures, with so many threads."""
        self.tell({"pictures": list(pictures), "threads": threads})
        return self.told()

    def memory(self) -> dict[str, float]:
        """MiB of the process, by the names of MEMORY."""
        self.tell({})
        return self.told()


def together(workers: Sequence[Worker], pictures: Sequence[str]) -> Run:
    """All of the workers at once, each reading all of the pictures: until the last is done."""
    for worker in workers:
        worker.tell({"pictures": list(pictures), "threads": 1})
    runs = [worker.told() for worker in workers]
    return {"wall": max(run["wall"] for run in runs)} | {key: sum(run[key] for run in runs) for key in ("cpu", "read")}


def work(weights: Path | None) -> None:
    """A worker's life: orders from standard input, answers on standard output."""
    from pipeline import Reader

    reader = Reader(weights)
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(_read(reader, **order) if order else _memory()), flush=True)


def _read(reader: Any, pictures: Sequence[str], threads: int) -> Run:
    reader.read(pictures[0])
    wall, cpu = time.perf_counter(), time.process_time()
    count = sum(1 for _ in reader.read_many(pictures, threads=threads))
    return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "read": count}


def _memory() -> dict[str, float]:
    try:
        lines = Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return {}
    sizes = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines}
    return {name: sizes[name] for name in MEMORY}


def speed_rows(runs: dict[str, list[Run]]) -> list[list[str]]:
    """A row a way: pictures a second and the CPU of one, each from its best run; of two, by twice those of one."""
    speeds = {name: max(run["read"] / run["wall"] for run in each) for name, each in runs.items()}
    rows = []
    for one, two in WAYS:
        for name in (one, two):
            cpu = min(1000 * run["cpu"] / run["read"] for run in runs[name])
            efficiency = f"{speeds[two] / speeds[one] / 2:.0%}" if name == two else ""
            rows.append([name, f"{speeds[name]:.1f}", f"{cpu:.1f}", efficiency])
    return rows


def memory_rows(memory: dict[str, dict[str, float]]) -> list[list[str]]:
    """A row a state; none where the system does not say."""
    return [
        [name, f"{m['Rss']:.0f}", f"{m['Pss']:.0f}", f"{m['Shared_Clean'] + m['Shared_Dirty']:.0f}"]
        for name, m in memory.items()
        if m
    ]


if __name__ == "__main__":
    main()
