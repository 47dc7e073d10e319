"""Peak memory of reading documents of many pages, by the command, a process each: pages are read one at a time.

    python -m benchmarks.robustness.long_documents [--pages 30 600] [--pdf]

The pages are blank A4 sheets at 300 dots an inch (2480 x 3508, in grey 35 MB each once decoded), packed into one TIFF
or PDF.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from benchmarks.common.tables import markdown

ROOT = Path(__file__).resolve().parents[2]
A4 = (2480, 3508)
# Waits for the command and prints how much memory it took; its own would count for a parent that is larger.
WATCH = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, used.ru_maxrss / 1024, used.ru_utime + used.ru_stime)
"""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, nargs="+", default=[1, 30, 600])
    parser.add_argument("--pdf", action="store_true", help="packed into a PDF")
    given = parser.parse_args(arguments)
    rows = []
    for pages in given.pages:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / ("pages.pdf" if given.pdf else "pages.tif")
            write_pages(path, pages)
            code, peak, seconds = watch(path, pages)
            size = path.stat().st_size
        rows.append([str(pages), f"{size / 1e3:.0f} kB", str(code), f"{peak:.0f} MiB", f"{1e3 * seconds / pages:.0f}"])
    print(markdown(["pages", "file", "exit code", "peak memory", "CPU ms a page"], rows))


def write_pages(path: Path, count: int) -> None:
    """A TIFF or PDF of blank pages: one picture, again and again, since Pillow holds all that it is given."""
    blank = Image.new("1", A4, 1)
    options = {"resolution": 300.0} if path.suffix == ".pdf" else {"compression": "group4"}
    blank.save(path, save_all=True, append_images=[blank] * (count - 1), **options)


def watch(path: Path, pages: int) -> tuple[int, float, float]:
    """The exit code of reading a file, its peak of memory in MiB, and its CPU seconds."""
    command = [sys.executable, str(ROOT / "cli.py"), "read", "--document", "--pages", str(pages), str(path)]
    result = subprocess.run(
        [sys.executable, "-c", WATCH, *command], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    code, peak, seconds = result.stdout.split()
    return int(code), float(peak), float(seconds)


if __name__ == "__main__":
    main()
