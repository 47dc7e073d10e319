"""How cost grows: CPU and peak memory of reading against digits in a picture, its size, and the fields on a page.

    python -m benchmarks.cost.growth [--runs 3] [--plot docs/growth.svg]

Drawn numbers (seed given). Each figure is a process of its own, which reads once uncounted and then `--runs` times: the
least CPU time counts, and the peak memory of the process. Sizes: the same number in a picture as large as told, the
writing growing with it. Fields: named ones, all alike, on one page. `to one` is the cost by that of the first row's,
divided by how much more there is to read: above 1 it grows faster than linearly. --plot draws the cost against how much
there is, both by their first values, with logarithmic axes: below the dashed line it grows slower than linearly.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common.growth_plot import drawn_plot
from benchmarks.common.scores import write_report
from benchmarks.common.tables import markdown
from pipeline.files import write_whole

DIGITS = (1, 2, 5, 10, 20, 30)
MEGAPIXELS = (0.01, 0.1, 1.0, 4.0, 10.0, 40.0)
FIELDS = (1, 5, 20, 50, 100, 200)
SERIES: dict[str, Sequence[float]] = {"digits": DIGITS, "megapixels": MEGAPIXELS, "fields": FIELDS}
SEED = 7
ACROSS, CELL = 5, (60, 220)  # fields in a row of the page; rows and columns of pixels for each


def number(length: int) -> np.ndarray:
    """A drawn number (H, W) uint8."""
    from pipeline.synthesis.sources import Sources
    from pipeline.synthesis.strings import EVALUATION, draw_string

    return draw_string(np.random.default_rng(SEED), Sources(), EVALUATION, length=length).image


def picture_of(megapixels: float) -> np.ndarray:
    """A number of five digits in so many pixels."""
    from PIL import Image

    source = number(5)
    scale = (megapixels * 1e6 / source.size) ** 0.5
    size = (round(source.shape[1] * scale), round(source.shape[0] * scale))
    return np.asarray(Image.fromarray(source).resize(size, Image.Resampling.BICUBIC))


def page_of(count: int) -> tuple[np.ndarray, dict[str, tuple[int, int, int, int]]]:
    """A page with so many numbers, and where each stands."""
    from PIL import Image

    height, width = CELL
    cell = np.asarray(Image.fromarray(number(5)).resize((width - 20, height - 12), Image.Resampling.BICUBIC))
    page = np.full((height * -(-count // ACROSS), width * ACROSS), 235, np.uint8)
    boxes = {}
    for k in range(count):
        top, left = height * (k // ACROSS), width * (k % ACROSS)
        page[top + 6 : top + height - 6, left + 10 : left + width - 10] = cell
        boxes[f"field{k}"] = (left, top, left + width, top + height)
    return page, boxes


def measure(file: Path, runs: int) -> dict[str, float]:
    """CPU milliseconds and the peak memory of this process in MiB, of reading what `draw` left in a file."""
    from pipeline import Reader

    with np.load(file) as content:
        image, boxes = content["image"], content["boxes"].tolist()
    reader, fields = Reader(), {f"field{k}": tuple(box) for k, box in enumerate(boxes)} or None
    times = []
    for _ in range(runs + 1):
        begun = time.process_time()
        reader.read(image, fields=fields)
        times.append(1000 * (time.process_time() - begun))
    return {"cpu_ms": min(times[1:]), "peak_mib": peak_bytes() / 2**20}


def peak_bytes() -> int:
    """The most memory that this process had at once. On Linux by its own account: the usual one begins with what the
    process had that started it."""
    try:
        status = Path("/proc/self/status").read_text()
        return 1024 * int(status.split("VmHWM:")[1].split()[0])
    except (OSError, IndexError, ValueError):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def draw(series: str, amount: float, file: Path) -> None:
    """What is to be read, and the boxes of its fields: drawn here, so that drawing is in no figure."""
    boxes: list[tuple[int, int, int, int]] = []
    if series == "fields":
        image, named = page_of(int(amount))
        boxes = list(named.values())
    else:
        image = number(int(amount)) if series == "digits" else picture_of(amount)
    np.savez(file, image=image, boxes=np.array(boxes, dtype=int).reshape(-1, 4))


def in_process(series: str, amount: float, runs: int) -> dict[str, float]:
    """As `measure`, in a process of its own."""
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL")}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "drawn.npz"
        draw(series, amount, file)
        command = [sys.executable, "-m", "benchmarks.cost.growth", "--one", str(file), "--runs", str(runs)]
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **threads})
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


def rows_of(measured: Sequence[tuple[float, dict[str, float]]]) -> list[list[str]]:
    """A row an amount."""
    first, base = measured[0]
    return [
        [
            f"{amount:g}",
            f"{found['cpu_ms']:.1f}",
            f"{found['cpu_ms'] / base['cpu_ms'] / (amount / first):.2f}",
            f"{found['peak_mib']:.0f}",
        ]
        for amount, found in measured
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--series", choices=list(SERIES), action="append", help="only this (default: all)")
    parser.add_argument("--one", type=Path, metavar="FILE", help="one figure, of this process, as JSON")
    parser.add_argument("--out", type=Path, default=Path("runs") / "growth.json", help="where the figures go, as JSON")
    parser.add_argument("--plot", type=Path, metavar="SVG", help="draw the growth of CPU time")
    given = parser.parse_args(arguments)
    if given.one:
        print(json.dumps(measure(given.one, given.runs)))
        return
    report: dict[str, Any] = {}
    for series in given.series or SERIES:
        measured = [(amount, in_process(series, amount, given.runs)) for amount in SERIES[series]]
        print(markdown([series, "CPU ms", "to one", "peak MiB"], rows_of(measured)) + "\n")
        report[series] = measured
    write_report(given.out, report)
    if given.plot:
        lines = {name: [(amount, found["cpu_ms"]) for amount, found in measured] for name, measured in report.items()}
        write_whole(given.plot, drawn_plot(lines).encode())


if __name__ == "__main__":
    main()
