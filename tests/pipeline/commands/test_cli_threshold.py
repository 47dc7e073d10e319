"""`threshold` and `--profile` as a user meets them."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.reader import Reader
from tests.pipeline.service.serving_process import running

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "examples"
SURE = EXAMPLES / "field.png"


def run(*arguments: object, folder: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, str(ROOT / "cli.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> Path:
    """A table of 40 pictures of one number, all read alike, and their folder."""
    folder = tmp_path_factory.mktemp("sample")
    text = Reader().read(SURE).text
    with Image.open(SURE) as picture:
        pixels = np.asarray(picture.convert("L"))
    with (folder / "truth.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "text"])
        for k in range(40):
            Image.fromarray(pixels).save(folder / f"{k}.png")
            rows.writerow([f"{k}.png", text])
    return folder


def test_a_profile_is_found_written_and_taken(sample: Path) -> None:
    found = run("threshold", "truth.csv", "--max-error", 0.1, "--confidence", 0.9, folder=sample)
    assert found.returncode == 0, found.stderr
    profile = json.loads((sample / "profile.json").read_text())
    assert float(found.stdout) == profile["threshold"] and (profile["accepted"], profile["wrong"]) == (40, 0)
    assert "40 of 40 rows are accepted" in found.stderr and profile["bound"] <= 0.1
    read = run("read", "--json", "--profile", "profile.json", "0.png", folder=sample)
    assert json.loads(read.stdout)["accepted"] and read.returncode == 0
    again = run("threshold", "truth.csv", "--max-error", 0.1, "--confidence", 0.9, folder=sample)
    assert again.returncode == 2 and "--force" in again.stderr
    batch = run("batch", ".", "--out", "all.csv", "--profile", "profile.json", folder=sample)
    assert batch.returncode == 0 and "40 accepted" in batch.stderr
    evaluated = run("evaluate", "truth.csv", "--json", "--profile", "profile.json", folder=sample)
    assert json.loads(evaluated.stdout)["accepted"] == 1


def test_the_service_takes_a_profile(sample: Path) -> None:
    pytest.importorskip("fastapi", reason="the extra `service` is not installed")
    httpx = pytest.importorskip("httpx")
    found = run("threshold", "truth.csv", "--max-error", 0.1, "--out", "served.json", folder=sample)
    assert found.returncode == 0, found.stderr
    with running("--profile", sample / "served.json", folder=sample) as service:
        assert httpx.get(service.url + "/v1/ready", timeout=60).json()["threshold"] == float(found.stdout)


def test_too_small_a_sample_is_told_so(sample: Path) -> None:
    found = run("threshold", "truth.csv", "--out", "none.json", folder=sample)
    assert found.returncode == 1 and found.stdout == ""
    assert "299 accepted without a single error" in found.stderr and "about 2" in found.stderr
    assert not (sample / "none.json").exists()


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        ({"weights": "0" * 64}, [], "other weights"),
        ({}, ["--threshold", "0.5"], "--threshold"),
        ({}, ["--format", "amount"], "made for digits:4"),
        ({"profile": 2}, [], "another version"),
        ({"threshold": 2.0}, [], "damaged profile"),
        ({"thresholds": 1}, [], "damaged profile"),
        (None, [], "not a profile"),
    ],
)
def test_profiles_that_do_not_fit_are_refused(tmp_path: Path, content: dict | None, options: list, words: str) -> None:
    good = {
        "profile": 1, "threshold": 0.5, "weights": Reader().card["weights_sha256"], "format": "digits:4",
        "max_error": 0.01, "confidence": 0.95, "rows": 900, "accepted": 800, "wrong": 1, "bound": 0.006,
    }  # fmt: skip
    (tmp_path / "p.json").write_text("[]" if content is None else json.dumps(good | content))
    found = run("read", SURE, "--profile", "p.json", *options, folder=tmp_path)
    assert found.returncode == 2 and words in found.stderr and "Traceback" not in found.stderr
