"""Batches: order, formats, and that an interrupted run continues without losing or repeating a line."""

import csv
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from pipeline.batch import workers as batch_workers
from pipeline.batch.folders import LocalFolder
from pipeline.batch.layouts import FileLayout
from pipeline.batch.outcomes import expand_globs
from pipeline.batch.run import run_batch
from pipeline.batch.workers import read_images
from pipeline.errors import DataError, ImageError, UsageError
from tests.pipeline.commands.fake_cli import FakeReader
from tests.waiting import until

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parents[1] / "commands"

SUFFIXES = [".jsonl", ".csv"]


@pytest.fixture
def folder(tmp_path):
    images = tmp_path / "images"
    (images / "deeper").mkdir(parents=True)
    pixels = np.arange(48, dtype=np.uint8).reshape(6, 8)
    for name in [*(f"{k * 37}.png" for k in range(12)), "deeper/99.PNG", "with, comma 5.png", ".hidden.png"]:
        Image.fromarray(pixels).save(images / name)
    (images / "text 6.png").write_text("no image")
    (images / "notes.txt").write_text("no image and not named like one")
    return images


def files_of(out):
    if out.suffix == ".csv":
        with out.open(newline="") as file:
            return [row["file"] for row in csv.DictReader(file)]
    return [json.loads(line)["file"] for line in out.read_text().splitlines()]


def test_images_are_listed_by_name(folder):
    names = LocalFolder(folder).listing(False).names
    assert names == sorted(names) and len(names) == 14
    assert set(LocalFolder(folder).listing(True).names) - set(names) == {"deeper/99.PNG"}
    with pytest.raises(ImageError, match="have its folders looked into"):
        (folder / "outer" / "inner").mkdir(parents=True)
        LocalFolder(folder / "outer").listing(False)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_summary_counts_the_records(folder, tmp_path, suffix):
    out = tmp_path / f"out{suffix}"
    seen = []
    summary = run_batch(folder, out, FakeReader, recursive=True, progress=lambda *state: seen.append(state))
    assert summary.images == 15 and summary.unreadable == 1 and summary.earlier == 0
    assert (summary.hidden, summary.others) == (1, 1)
    assert seen == [(k, 15) for k in range(1, 16)]
    assert files_of(out) == LocalFolder(folder).listing(True).names


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(cut=st.floats(0, 1))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_resuming_after_a_cut_anywhere_gives_the_same_file(folder, tmp_path, suffix, cut):
    whole, out = tmp_path / f"whole{suffix}", tmp_path / f"out{suffix}"
    expected = run_batch(folder, whole, FakeReader, workers=1, force=True)
    data = whole.read_bytes()
    kept = data[: int(cut * len(data))]
    out.write_bytes(kept)
    summary = run_batch(folder, out, FakeReader, workers=1, resume=True)
    assert out.read_bytes() == data
    lines = max(0, kept.count(b"\n") - FileLayout(suffix).header.count(b"\n"))
    assert summary == replace(expected, earlier=lines)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_resuming_nothing_and_resuming_everything(folder, tmp_path, suffix):
    out = tmp_path / f"out{suffix}"
    first = run_batch(folder, out, FakeReader, resume=True)
    data = out.read_bytes()
    assert run_batch(folder, out, FakeReader, resume=True).earlier == first.images
    assert out.read_bytes() == data


@pytest.mark.parametrize(
    "name, content",
    [
        ("a.csv", "my,notes\n1,2\n"),
        ("a.csv", "notes"),
        ("a.jsonl", "notes"),
        ("a.jsonl", "notes\n"),
        ("a.jsonl", '{"name": 1}\n{"name": 2}\n'),
        ("a.jsonl", '{"file": "a", "accepted": true}\nnonsense\n{"file": "b", "accepted": true}\n'),
        ("a.csv", FileLayout(".csv").header.decode() + "a,1\nb,1,,field,1,1,true,,,,,\n"),
    ],
)
def test_other_files_are_not_continued(folder, tmp_path, name, content):
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError):
        run_batch(folder, tmp_path / name, FakeReader, resume=True)
    assert (tmp_path / name).read_text() == content
    with pytest.raises(UsageError):
        run_batch(folder, tmp_path / name, FakeReader)
    run_batch(folder, tmp_path / name, FakeReader, force=True)
    assert len(files_of(tmp_path / name)) == 14


def test_workers_give_the_outcomes_in_order(folder):
    paths = [folder / name for name in LocalFolder(folder).listing(False).names] * 3
    here = list(read_images(paths, FakeReader))
    elsewhere = list(read_images(paths, FakeReader, workers=2))
    assert [(outcome.file, outcome.reading, outcome.error) for outcome in elsewhere] == [
        (outcome.file, outcome.reading, outcome.error) for outcome in here
    ]


class KillingReader(FakeReader):
    """Takes its process along over pictures named 333; over 37 the first time only. Only in a worker."""

    def read(self, image):
        import multiprocessing

        mark = Path(image).parent / "died once"
        if multiprocessing.parent_process():
            if Path(image).stem == "37" and not mark.exists():
                mark.touch()
                os._exit(9)
            if Path(image).stem == "333":
                os.kill(os.getpid(), signal.SIGKILL)
        return super().read(image)


def test_dying_workers_lose_nothing_and_a_deadly_picture_is_passed_over(folder, monkeypatch):
    monkeypatch.setattr(batch_workers, "QUEUE_PER_WORKER", 1)  # what was under way is read again, each in a new process
    paths = [folder / f"{name}.png" for name in (0, 111, 37, 74, 333, 148)]
    here = {outcome.file: outcome for outcome in read_images(paths, FakeReader)}
    found = list(read_images(paths, KillingReader, workers=2))
    assert [outcome.file for outcome in found] == [str(path) for path in paths]
    for outcome in found:
        if Path(outcome.file).stem == "333":
            assert outcome.reading is None and "worker process died each time" in outcome.error
        else:
            assert (outcome.reading, outcome.error) == (here[outcome.file].reading, here[outcome.file].error)


def test_globs(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert expand_globs(["37.png", "3*.png", "**/9*.PNG", "none*"]) == [
        "37.png", "333.png", "37.png", "370.png", "deeper/99.PNG", "none*",
    ]  # fmt: skip


def lines_written(out):
    return out.read_bytes().count(b"\n") if out.exists() else 0


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_run_continues(folder, tmp_path, workers):
    whole, out = tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    run_batch(folder, whole, FakeReader)
    command = [
        sys.executable,
        TESTS / "fake_cli.py",
        "batch",
        folder,
        "--out",
        out,
        "--workers",
        str(workers),
    ]
    environment = {**os.environ, "FAKE_SECONDS": "600", "FAKE_QUICK": "0,111,148"}  # the first three
    with subprocess.Popen(command, env=environment, start_new_session=True) as run:
        try:
            until(lambda: lines_written(out) == 3)
        finally:
            run.kill()
    with out.open("ab") as file:
        file.write(b'{"file": "half a li')
    result = subprocess.run([*command, "--resume"], capture_output=True, text=True)
    assert result.returncode == 3 and "3 by an earlier run" in result.stderr
    assert out.read_bytes() == whole.read_bytes()
    until(lambda: not _group_is_alive(run.pid))  # the workers have ended with the killed parent


def _group_is_alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
