"""Images per second of `batch` with 1 and 2 processes and on Dask, and what a million images a day would need.

    python -m benchmarks.cost.scale [--images 400]

Drawn numbers (seed given) are written to a folder and read by the command's own code: by one process, by two, and by a
Dask scheduler with two workers of one thread on loopback. The start of processes and the loading of weights count.
Efficiency is the speed over that of one process, by the number of processes. Run it on an idle machine.
"""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.common.scores import describe, open_reader, options, write_report
from benchmarks.common.tables import markdown
from pipeline.batch.outcomes import ReaderOptions
from pipeline.batch.run import run_batch
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.strings import EVALUATION, draw_string

A_DAY = (1_000_000, 100_000_000)
BUSY = 0.5  # share of a day in which a machine is planned to be busy
RUNS = 3
START_SECONDS = 60


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options(__doc__, "scale.json", seed=7)
    parser.add_argument("--images", type=int, default=400)
    parser.add_argument("--without-dask", action="store_true")
    given = parser.parse_args(arguments)
    about = describe(given.weights, open_reader(given.weights))
    with tempfile.TemporaryDirectory() as folder:
        images = draw_images(Path(folder) / "images", given.images, given.seed)
        measured = {"1 process": measure(images, workers=1), "2 processes": measure(images, workers=2)}
        if not given.without_dask:
            with cluster(Path(folder)) as address:
                measured["Dask, 2 workers"] = measure(images, scheduler=address)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{given.images} drawn numbers, seed {given.seed}, {RUNS} runs each; {os.cpu_count()} cores\n")
    print(speeds(measured, given.images))
    print(f"\npeak memory of a worker process: {peak:.0f} MiB\n")
    print(needs(given.images / measured["1 process"]["seconds"]))
    write_report(
        given.out,
        {"weights": about, "seed": given.seed, "images": given.images, "measured": measured, "worker_peak_mib": peak},
    )


def speeds(measured: dict[str, dict[str, float]], images: int) -> str:
    """The table of images a second, and how much of one process's speed each further one brings."""
    alone = measured["1 process"]["seconds"]
    rows = []
    for name, found in measured.items():
        count = 1 if name.startswith("1") else 2
        low, high = (images / found[key] for key in ("slowest", "fastest"))
        speed = f"{images / found['seconds']:.1f} ({low:.1f} to {high:.1f})"
        rows.append([name, speed, f"{alone / found['seconds'] / count:.0%}"])
    return markdown(["by", "images a second: median (slowest to fastest)", "efficiency"], rows)


def needs(images_a_second: float) -> str:
    """The table of what many images a day would need."""
    head = ["images a day", "a second", f"cores, busy {BUSY:.0%} of the day", "machines of 16 cores"]
    head.append("lines of output (400 bytes each)")
    return markdown(head, [on_paper(count, images_a_second) for count in A_DAY])


def draw_images(folder: Path, count: int, seed: int) -> Path:
    """A folder of drawn numbers, of the project's own shapes and fonts."""
    folder.mkdir()
    rng = np.random.default_rng(seed)
    for k in range(count):
        Image.fromarray(draw_string(rng, Sources(), EVALUATION, length=5).image).save(folder / f"{k:06d}.png")
    return folder


def measure(images: Path, workers: int | None = None, scheduler: str | None = None) -> dict[str, float]:
    """Seconds of runs over the folder: median, fastest, slowest."""
    seconds = []
    for run in range(RUNS):
        begin = time.perf_counter()
        run_batch(
            images,
            images.parent / f"out-{run}.jsonl",
            ReaderOptions(),
            workers=workers,
            scheduler=scheduler,
            force=True,
        )
        seconds.append(time.perf_counter() - begin)
    return {"seconds": float(np.median(seconds)), "fastest": min(seconds), "slowest": max(seconds)}


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """The address of a scheduler with two workers, on loopback."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> None:
        processes.append(
            subprocess.Popen(
                [sys.executable, "-m", *arguments, "--no-dashboard"],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": os.getcwd()},
                stderr=subprocess.DEVNULL,
            )
        )

    file = folder / "scheduler.json"
    try:
        start("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
        end = time.monotonic() + START_SECONDS
        while not (file.exists() and file.read_text().endswith("}")) and time.monotonic() < end:
            time.sleep(0.1)
        address: str = json.loads(file.read_text())["address"]
        for _ in range(2):
            start("distributed.cli.dask_worker", address, "--nworkers", "1", "--nthreads", "1", "--no-nanny")
        from distributed import Client

        with Client(address, timeout=START_SECONDS, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=START_SECONDS)
        yield address
    finally:
        for process in processes:
            process.kill()
            process.wait()


def on_paper(a_day: int, images_a_second: float) -> list[Any]:
    """What so many images a day need, at this speed of a core."""
    a_second = a_day / 86_400
    cores = a_second / images_a_second / BUSY
    return [
        f"{a_day:,}",
        f"{a_second:,.0f}",
        f"{math.ceil(cores):,}",
        f"{math.ceil(cores / 16):,}",
        f"{a_day * 400 / 1e9:,.1f} GB",
    ]


if __name__ == "__main__":
    main()
