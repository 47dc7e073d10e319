"""The output of a batch: a lock, what it was begun with, a full disk, interrupts, and what is no file."""

import contextlib
import dataclasses
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.batch.interrupts import InterruptedBatch, Stop, stoppable
from pipeline.batch.layouts import FileLayout
from pipeline.batch.outcomes import DocumentOptions, ReaderOptions
from pipeline.batch.output import Output, settings_file
from pipeline.batch.run import run_batch
from pipeline.errors import OutputError, UsageError
from pipeline.review.store import ReviewStore
from tests.pipeline.commands.fake_cli import FakeReader
from tests.waiting import SECONDS, until

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
FAKE = Path(__file__).parents[1] / "commands" / "fake_cli.py"
JSON = FileLayout(".jsonl")


@pytest.fixture
def folder(tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    for k in range(12):
        Image.fromarray(np.arange(48, dtype=np.uint8).reshape(6, 8)).save(images / f"{k * 37:03d}.png")
    return images


def test_two_batches_do_not_write_one_file(folder, tmp_path):
    out = tmp_path / "out.jsonl"
    run_batch(folder, out, FakeReader)
    data = out.read_bytes()
    with Output(out, JSON, resume=True, force=False):
        for options in ({"resume": True}, {"force": True}, {}):
            with pytest.raises(UsageError, match="another batch is writing it"):
                run_batch(folder, out, FakeReader, **options)
    assert out.read_bytes() == data
    run_batch(folder, out, FakeReader, force=True)


def test_resuming_with_other_settings_is_refused_and_the_difference_named(folder, tmp_path):
    out = tmp_path / "out.jsonl"
    begun = {"threshold": 0.9, "format": "amount", "fields": []}
    run_batch(folder, out, FakeReader, settings=begun)
    assert json.loads(settings_file(out).read_text()) == begun
    data = out.read_bytes()
    with pytest.raises(UsageError, match=r"threshold 0.9, not 0.5; fields the default, not \[\"a=1,2,3,4\"\]"):
        run_batch(folder, out, FakeReader, resume=True, settings={**begun, "threshold": 0.5, "fields": ["a=1,2,3,4"]})
    assert out.read_bytes() == data
    run_batch(folder, out, FakeReader, resume=True, settings=begun)
    run_batch(folder, out, FakeReader, force=True, settings={**begun, "threshold": 0.5})
    assert json.loads(settings_file(out).read_text())["threshold"] == 0.5


def test_every_option_of_a_reader_is_among_the_settings(tmp_path):
    """Or resuming with another one would mix two kinds of readings."""
    (tmp_path / "other").write_bytes(b"other")
    other = str(tmp_path / "other")
    documents = [DocumentOptions(sure=True), DocumentOptions(fields=("a=1,2,3,4",)), DocumentOptions(template=other)]
    documents.append(DocumentOptions(pages=3))
    changed = {"weights": other, "threshold": 0.5, "max_error": 0.05, "alternatives": 4, "format": "amount"}
    changed |= {"mask": 0.9, "second": "rapidocr"}
    known = {field.name for field in dataclasses.fields(ReaderOptions)} - {"documents", "profile"}
    assert changed.keys() == known  # a profile sets threshold and format
    options = [ReaderOptions(**{name: value}) for name, value in changed.items()]
    options += [ReaderOptions(documents=one) for one in documents]
    assert len({json.dumps(one.settings()) for one in [ReaderOptions(), *options]}) == 1 + len(options)


def test_settings_of_a_command_are_compared(folder, tmp_path):
    command = [sys.executable, FAKE, "batch", folder, "--out", tmp_path / "out.csv", "--workers", "1"]
    assert subprocess.run([*command, "--threshold", "0.5"], capture_output=True).returncode in (0, 1)
    again = subprocess.run([*command, "--resume", "--format", "digits:2-3"], capture_output=True, text=True)
    assert again.returncode == 2
    assert "threshold 0.5, not the default" in again.stderr and "format the default, not digits:2-3" in again.stderr


def full_disk(command, most):
    """The command where no file can grow beyond so many bytes."""

    def limited():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    full = subprocess.run(command, capture_output=True, text=True, preexec_fn=limited, env=environment)
    assert full.returncode == 5 and "Traceback" not in full.stderr
    assert full.stderr.count("\n") == 1 and "--resume continues" in full.stderr


def test_a_full_disk_is_a_sentence_with_a_code_and_resuming_works(folder, tmp_path):
    out, whole = tmp_path / "out.jsonl", tmp_path / "whole.jsonl"
    run_batch(folder, whole, FakeReader)
    command = [sys.executable, str(FAKE), "batch", str(folder), "--out", str(out), "--workers", "1"]
    full_disk(command, 1500)
    assert 0 < out.stat().st_size <= 1500
    assert subprocess.run([*command, "--resume"], capture_output=True).returncode in (0, 1)
    assert out.read_bytes() == whole.read_bytes()


def test_a_full_disk_under_the_review_file_loses_nothing_either(folder, tmp_path):
    noise = np.random.default_rng(3).integers(256, size=(12, 100, 100), dtype=np.uint8)
    for path, pixels in zip(sorted(folder.iterdir()), noise, strict=True):
        Image.fromarray(pixels).save(path)
    out, review = tmp_path / "out.jsonl", tmp_path / "review.db"
    command = [sys.executable, FAKE, "batch", folder, "--out", out, "--workers", "1", "--threshold", "0.99"]
    command += ["--review", review]
    full_disk(command, 100_000)
    assert subprocess.run([*command, "--resume"], capture_output=True).returncode == 1
    assert out.read_bytes().count(b"\n") == 12 and ReviewStore(review).progress().waiting == 12


def test_a_record_that_cannot_be_written_is_no_mistake(folder, tmp_path, monkeypatch):
    full = open("/dev/full", "wb", buffering=0)
    with full, Output(tmp_path / "out.jsonl", JSON, resume=False, force=False) as output:
        output.begin()
        output._file.close()
        monkeypatch.setattr(output, "_file", full)
        with pytest.raises(OutputError, match="No space left"):
            output.add({"file": "a", "error": "b"})


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_pipe_in_the_folder_is_an_error_record(folder, tmp_path, workers):
    os.mkfifo(folder / "pipe.png")
    (folder / "null.png").symlink_to("/dev/zero")
    summary = run_batch(folder, tmp_path / "out.jsonl", FakeReader, workers=workers)
    records = {record["file"]: record for record in map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())}
    assert summary.unreadable == 2 and summary.images == 14
    assert all("no file" in records[name]["error"] for name in ("pipe.png", "null.png"))


def test_hidden_and_other_files_are_counted(folder, tmp_path):
    (folder / ".hidden.png").touch()
    (folder / "notes.txt").touch()
    (folder / "table.xlsx").touch()
    command = [sys.executable, FAKE, "batch", folder, "--out", tmp_path / "out.jsonl", "--workers", "1"]
    said = subprocess.run(command, capture_output=True, text=True).stderr
    assert "12 images" in said and "left out: 1 hidden, 2 not named like images" in said
    quiet = subprocess.run([*command, "--force", "--quiet"], capture_output=True, text=True)
    assert quiet.stderr == "" and quiet.returncode in (0, 1)


def test_a_first_signal_ends_after_the_record_at_hand(folder, tmp_path):
    out, stop = tmp_path / "out.jsonl", Stop()

    def progress(done, total):
        stop.signal = signal.SIGINT * (done == 3)

    with pytest.raises(InterruptedBatch, match=r"after 3 of 12 images.*let it be continued") as interrupted:
        run_batch(folder, out, FakeReader, workers=1, stop=stop, progress=progress)
    assert interrupted.value.exit_code == 130 and out.read_bytes().count(b"\n") == 3
    stop.signal = 0
    assert run_batch(folder, out, FakeReader, resume=True, stop=stop).earlier == 3


def test_signals_are_noted_and_given_back():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with stoppable() as stop:
        assert not stop
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop and stop.signal == signal.SIGTERM
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    thread = threading.Thread(target=lambda: stoppable().__enter__())
    thread.start()
    thread.join()


@contextlib.contextmanager
def batch_process(folder, out, seconds, workers):
    """A batch in a group of processes of its own, of which nothing is left."""
    command = [sys.executable, str(FAKE), "batch", str(folder), "--out", str(out), "--workers", str(workers)]
    environment = {**os.environ, "FAKE_SECONDS": str(seconds)}
    options = {"stderr": subprocess.PIPE, "env": environment, "start_new_session": True, "text": True}
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_one_interrupt_finishes_cleanly_and_says_how_to_go_on(folder, tmp_path, workers):
    out = tmp_path / "out.jsonl"
    for k in range(12, 400):  # as many as a busy machine does not read before it is interrupted
        (folder / f"{k * 37:03d}.png").write_bytes((folder / "000.png").read_bytes())
    with batch_process(folder, out, 0.3, workers) as process:
        until(lambda: out.exists() and out.stat().st_size)
        os.killpg(process.pid, signal.SIGINT)  # as the terminal does: to the workers too
        said = process.communicate(timeout=SECONDS)[1]
    assert process.returncode == 130 and said.count("\n") == 1
    assert "interrupted after" in said and "--resume continues" in said
    assert 0 < len([json.loads(line) for line in out.read_text().splitlines()]) < 400


@pytest.mark.slow
@pytest.mark.parametrize("between", [0.02, 0.25])  # the latter meets the program at its end
@pytest.mark.parametrize("pause", [0.0, 0.05, 0.4])
def test_two_interrupts_in_a_row_never_hang(folder, tmp_path, pause, between):
    """Also in the middle of pictures that take long; and nobody prints a traceback, or what only we understand."""
    out = tmp_path / "out.jsonl"
    with batch_process(folder, out, 600, 2) as process:
        until(out.exists)
        time.sleep(pause)
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(between)
        with contextlib.suppress(ProcessLookupError):  # it has ended
            os.killpg(process.pid, signal.SIGINT)
        said = process.communicate(timeout=SECONDS)[1]
    assert process.returncode in (130, -signal.SIGINT)  # the latter where the second met it at its end
    assert [line for line in said.splitlines() if not line.startswith("digitstring: ")] == []


STARTED = """
import atexit, os, signal, sys
sys.path.insert(0, {root!r})
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
if {name!r} == "the end":
    atexit.register(os.kill, os.getpid(), signal.SIGINT)
sys.argv[1:] = ["--version"]
from pipeline.__main__ import main
main()
"""


@pytest.mark.parametrize("when", ["pipeline.commands.main", "typer", "pipeline.commands.reading.batch", "the end"])
def test_interrupted_while_it_starts_or_ends_the_program_prints_no_traceback(when):
    program = STARTED.format(root=str(ROOT), name=when)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.returncode == -signal.SIGINT and ended.stderr == ""


@pytest.mark.slow
@pytest.mark.parametrize("delay", [0.0, 0.2, 0.5])
def test_interrupted_while_workers_start_nobody_prints_a_traceback(folder, tmp_path, delay):
    out = tmp_path / "out.jsonl"
    with batch_process(folder, out, 0.1, 2) as process:
        until(out.exists)
        time.sleep(delay)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        said = process.communicate(timeout=SECONDS)[1]
    assert "Traceback" not in said and process.returncode in (0, 1, 130)
