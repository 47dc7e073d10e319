"""What a cold start imports, counted in modules and not in time.

Reading one picture needs numpy, SciPy's ndimage, Pillow and what reads a field. Everything else is imported where it is
needed, inside the function that needs it, which is why such imports stand there.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PICTURE = "examples/amount.png"
LIBRARY = ["-c", f"import pipeline; pipeline.Reader().read({PICTURE!r})"]
COMMAND = ["cli.py", "read", PICTURE]
OURS = ("segmenter", "classifier", "pipeline")
MOST_OF_OURS = {"library": 80, "command": 95}  # modules; a new one has to be worth its start

UNUSED = (
    "pipeline.documents.document",
    "pipeline.documents.layout",
    "pipeline.documents.page",
    "pipeline.documents.plain_paper.plain",
    "pipeline.formats.format",
    "pipeline.reading.written.valuing",
    "pipeline.review",
    "pipeline.service",
    "pipeline.training",
    "pipeline.synthesis",
    "pipeline.adapting",
    "pipeline.data",
    "pipeline.evaluation",
    "pipeline.explaining",
    "classifier.book",
    "classifier.onnx.graphs",
    "scipy.sparse",
    "scipy.stats",
    "scipy.optimize",
    "skimage",
    "threadpoolctl",
    "onnxruntime",
    "typer",
    "rich",
    "pydantic",
    "multiprocessing",
)


def imported(arguments: list[str]) -> list[str]:
    """Names of the modules that a Python process imports, by its own account."""
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL")}
    environment = {**os.environ, **threads, "DIGITSTRING_ENGINE": "numpy"}
    command = [sys.executable, "-X", "importtime", *arguments]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert ended.returncode in (0, 1), ended.stderr
    return [line.rsplit("|", 1)[1].strip() for line in ended.stderr.splitlines() if line.startswith("import time:")]


@pytest.mark.slow
@pytest.mark.parametrize("name, arguments", [("library", LIBRARY), ("command", COMMAND)])
def test_reading_a_picture_imports_nothing_that_it_does_not_need(name, arguments):
    modules = imported(arguments)
    assert "numpy" in modules and "pipeline.reading.field_reader" in modules
    assert [each for each in modules if any(each == one or each.startswith(f"{one}.") for one in UNUSED)] == []
    ours = [each for each in modules if each.split(".")[0] in OURS]
    assert len(ours) <= MOST_OF_OURS[name], ours
