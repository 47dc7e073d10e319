"""Speed of reading: CPU of one `read` from a cold start, CPU an image when warm, peak memory.

    python -m benchmarks.cost.speed [TRUTH.csv] [--limit N] [--weights FILE] [--json OUT]

Everything on one thread, in CPU time (user and system), which other programs on the machine hardly change.
Cold: a process of its own, after one run that fills the caches of the disk and leaves our modules' bytecode, which an
installation has from the beginning; by numpy, and by ONNX Runtime where it is installed. Warm: the images of TRUTH.csv
(default: the cheque amounts of the data folder), one after the other in one process, after one image that is not
counted. Peak memory is that process's. Where tesseract is installed, it reads
the same images, one process each, with a whitelist of digits.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL")} | {"OMP_THREAD_LIMIT": "1"}


def child_cpu_ms(command: Sequence[str], **variables: str) -> float:
    """CPU milliseconds of a process and what it starts."""
    environment = {**os.environ, **ONE_THREAD, "PYTHONDONTWRITEBYTECODE": "", **variables}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=ROOT, env=environment, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)


IMPORTS = "import numpy, scipy.ndimage, PIL.Image"  # what no reading in Python can do without
LIBRARY = "import sys, pipeline; pipeline.Reader(*sys.argv[2:]).read(sys.argv[1])"


BASE = "numpy, scipy.ndimage and Pillow imported"


def measure_cold(image: Path, weights: str | None, runs: int) -> dict[str, list[float]]:
    """CPU milliseconds of each of `runs` cold starts: of the imports alone, of one reading from Python and by the
    command, by each engine, which take turns."""
    options = ["--weights", weights] if weights else []
    library = [sys.executable, "-c", LIBRARY, str(image), *options[1:]]
    command = [sys.executable, str(ROOT / "cli.py"), "read", str(image), *options]
    check = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if check.returncode not in (0, 1):
        raise SystemExit(check.stderr)
    cases: dict[str, tuple[list[str], dict[str, str]]] = {BASE: ([sys.executable, "-c", IMPORTS], {})}
    for engine in ("numpy", *([""] if find_spec("onnxruntime") else [])):
        told = "" if engine == "numpy" else ", ONNX Runtime installed"
        cases[f"`Reader().read`, cold start{told}"] = library, {"DIGITSTRING_ENGINE": engine}
        cases[f"`read`, cold start{told}"] = command, {"DIGITSTRING_ENGINE": engine}
    with tempfile.TemporaryDirectory() as bytecode:

        def turn() -> dict[str, float]:
            return {
                name: child_cpu_ms(command, PYTHONPYCACHEPREFIX=bytecode, **variables)
                for name, (command, variables) in cases.items()
            }

        turn()
        turns = [turn() for _ in range(runs)]
    return {name: [each[name] for each in turns] for name in cases}


def measure_warm(images: Sequence[Path], weights: str | None) -> tuple[list[float], float]:
    """CPU milliseconds of each image, and the peak memory of this process in MiB."""
    from threadpoolctl import threadpool_limits

    from pipeline import Reader

    reader = Reader(weights)
    times = []
    with threadpool_limits(limits=1):
        reader.read(images[0])
        for image in images:
            start = time.process_time()
            reader.read(image)
            times.append(1000 * (time.process_time() - start))
    unit = 1 if sys.platform == "darwin" else 1024
    return times, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def measure_tesseract(images: Sequence[Path]) -> list[float] | None:
    """CPU milliseconds of each image, its process included; None where it is not installed."""
    program = shutil.which("tesseract")
    if program is None:
        return None
    options = ["stdout", "--psm", "7", "-c", "tessedit_char_whitelist=0123456789"]
    return [child_cpu_ms([program, str(image), *options]) for image in images]


def summary(times: Sequence[float]) -> dict[str, Any]:
    """n, mean with its 95 % interval, median, and the 5 and 95 % quantiles."""
    ordered = sorted(times)
    mean, n = statistics.fmean(times), len(times)
    half = 1.96 * statistics.stdev(times) / n**0.5 if n > 1 else float("nan")
    quantile = {share: ordered[min(n - 1, int(share * n))] for share in (0.05, 0.95)}
    return {
        "n": n,
        "mean": mean,
        "mean95": [mean - half, mean + half],
        "median": statistics.median(times),
        "5%": quantile[0.05],
        "95%": quantile[0.95],
    }


def default_truth() -> Path:
    """The cheque amounts of the data folder. Raises SystemExit without one."""
    from benchmarks.common.tables import data_folder

    folder = data_folder()
    if folder is None:
        raise SystemExit("no data: name a TRUTH.csv, or set DIGITSTRING_DATA")
    return folder / "strings" / "cheque-amounts" / "truth.csv"


def table(results: dict[str, dict[str, Any]]) -> str:
    """The summaries as a markdown table."""
    from benchmarks.common.tables import markdown

    def row(name: str, s: dict[str, Any]) -> list[str]:
        low, high = s["mean95"]
        return [
            name,
            str(s["n"]),
            f"{s['mean']:.1f} ({low:.1f} to {high:.1f})",
            f"{s['median']:.1f}",
            f"{s['5%']:.1f} to {s['95%']:.1f}",
            f"{s['median'] / results[BASE]['median']:.2f}" if BASE in results and "cold" in name else "",
        ]

    header = ["CPU ms", "n", "mean (95 % interval)", "median", "5 to 95 % of runs", "median to the imports'"]
    return markdown(header, [row(name, s) for name, s in results.items()])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("truth", nargs="?", type=Path, help="table of images, default the cheque amounts")
    parser.add_argument("--limit", type=int, help="only the first N images")
    parser.add_argument("--runs", type=int, default=10, help="cold starts")
    parser.add_argument("--weights")
    parser.add_argument("--json", type=Path, default=ROOT / "runs" / "speed.json", help="where the figures go")
    args = parser.parse_args()
    os.environ.update(ONE_THREAD)  # before numpy is imported

    from pipeline.evaluation.evaluation import load_truth

    images = [truth.path.resolve() for truth in load_truth(args.truth or default_truth())][: args.limit]
    cold = measure_cold(images[0], args.weights, args.runs)
    results = {name: summary(times) for name, times in cold.items()}
    times, peak_mib = measure_warm(images, args.weights)
    results["an image, warm"] = summary(times)
    tesseract = measure_tesseract(images)
    if tesseract is not None:
        results["tesseract, a process an image"] = summary(tesseract)
    print(table(results))
    print(f"\npeak memory {peak_mib:.0f} MiB; one thread; Python {platform.python_version()}, {platform.machine()}")
    args.json.parent.mkdir(parents=True, exist_ok=True)
    args.json.write_text(json.dumps({"cpu_ms": results, "peak_mib": peak_mib}, indent=1) + "\n")


if __name__ == "__main__":
    main()
