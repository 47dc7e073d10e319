"""Batches beyond one machine: a real Dask scheduler and two worker processes on loopback, and folders behind URLs."""

import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from pipeline.batch import cluster
from pipeline.batch.folders import LocalFolder, RemoteImage, open_folder
from pipeline.batch.outcomes import ReaderOptions
from pipeline.batch.run import run_batch
from pipeline.errors import ImageError, UsageError
from tests.waiting import until

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
fsspec = pytest.importorskip("fsspec", reason="the extra `cluster` is not installed")

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
EXAMPLES = ("account.png", "amount.png", "date.png", "zeros.png")
START_SECONDS = 120


def python(*arguments: str, **options) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, *arguments], env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True, **options
    )


def written(path: Path) -> dict | None:
    """What the scheduler says of itself; None before all of it is written."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    images = tmp_path_factory.mktemp("images")
    (images / "deeper").mkdir()
    for k in range(24):
        name = EXAMPLES[k % len(EXAMPLES)]
        (images / f"{k:02d}-{name}").write_bytes((ROOT / "examples" / name).read_bytes())
    (images / "99-broken.png").write_bytes(b"no image")
    (images / ".hidden.png").write_bytes(b"no image")
    Image.new("L", (40, 20), 255).save(images / "deeper" / "blank.png")
    return images


@pytest.fixture(scope="module")
def expected(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "here.jsonl"
    run_batch(folder, out, ReaderOptions(), workers=1)
    return out.read_bytes()


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory):
    """Its address, and the processes of two workers."""
    folder = tmp_path_factory.mktemp("dask")
    processes = []
    try:
        main = python(
            "-m",
            "distributed.cli.dask_scheduler",
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--no-dashboard",
            "--scheduler-file",
            str(folder / "scheduler.json"),
            cwd=folder,
            stderr=subprocess.DEVNULL,
        )
        processes.append(main)
        until(lambda: written(folder / "scheduler.json"))
        address = written(folder / "scheduler.json")["address"]
        workers = [
            python(
                "-m",
                "distributed.cli.dask_worker",
                address,
                "--nworkers",
                "1",
                "--nthreads",
                "1",
                "--no-nanny",
                "--no-dashboard",
                cwd=folder,
                stderr=subprocess.DEVNULL,
            )
            for _ in range(2)
        ]
        processes += workers
        from distributed import Client

        with Client(address, timeout=START_SECONDS, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=START_SECONDS)
        yield address, workers
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_a_cluster_that_loses_a_worker_writes_the_same_file(folder, expected, scheduler, tmp_path) -> None:
    address, workers = scheduler
    out = tmp_path / "out.jsonl"
    run_batch(folder, out, ReaderOptions(), scheduler=address)
    assert out.read_bytes() == expected
    progress = []

    def kill_one(done: int, count: int) -> None:
        progress.append(done)
        if done == 3:
            workers[0].send_signal(signal.SIGKILL)

    run_batch(folder, out, ReaderOptions(), scheduler=address, force=True, progress=kill_one)
    assert out.read_bytes() == expected
    assert workers[0].wait(START_SECONDS) == -signal.SIGKILL and progress[-1] == 25


def test_the_command_reads_on_a_cluster_from_a_url(folder, expected, scheduler, tmp_path) -> None:
    out = tmp_path / "out.jsonl"
    run = subprocess.run(
        [sys.executable, ROOT / "cli.py", "batch", folder.as_uri(), "--out", out, "--scheduler", scheduler[0]],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert run.returncode == 3 and "25 images" in run.stderr
    assert without_places(out.read_bytes()) == without_places(expected)


def without_places(lines: bytes) -> str:
    """The broken image is named in its error by path in the one and by URL in the other."""
    return re.sub(r'"error": "\S+: ', '"error": "...: ', lines.decode())


def test_an_address_where_nobody_answers_is_a_mistake_with_a_sentence(monkeypatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.3)
    with pytest.raises(UsageError, match=r"^tcp://127\.0\.0\.1:9: no Dask scheduler answers there"):
        cluster.read_on_cluster([], ReaderOptions(), "tcp://127.0.0.1:9")


def test_what_is_no_address_is_a_mistake_of_the_command(folder, tmp_path) -> None:
    address, words = "nonsense://nowhere", "not the address"
    run = subprocess.run(
        [sys.executable, ROOT / "cli.py", "batch", folder, "--out", tmp_path / "out.jsonl", "--scheduler", address],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert run.returncode == 2
    assert words in run.stderr and "Traceback" not in run.stderr
    assert not (tmp_path / "out.jsonl").exists()


@pytest.fixture
def memory(folder):
    files = fsspec.filesystem("memory")
    for path in folder.rglob("*.png"):
        files.pipe(f"/scans/{path.relative_to(folder).as_posix()}", path.read_bytes())
    yield "memory://scans"
    files.rm("/scans", recursive=True)


@pytest.mark.parametrize("recursive", [False, True])
def test_a_folder_behind_a_url_has_the_same_names(folder, memory, recursive) -> None:
    assert open_folder(memory).listing(recursive) == LocalFolder(folder).listing(recursive)
    assert open_folder(f"{memory}/").listing(recursive) == open_folder(folder.as_uri()).listing(recursive)


def test_a_batch_from_memory_is_that_from_disk(folder, memory, expected, tmp_path) -> None:
    out = tmp_path / "out.jsonl"
    run_batch(memory, out, ReaderOptions(), workers=1)
    assert without_places(out.read_bytes()) == without_places(expected)
    records = [json.loads(line) for line in out.read_text().splitlines()]
    assert [record["error"].startswith("memory://") for record in records if "error" in record] == [True]


@pytest.mark.parametrize("inside", ["", "scans", "scans/"])
def test_a_batch_from_a_zip_is_that_from_disk(folder, expected, tmp_path, inside) -> None:
    with zipfile.ZipFile(tmp_path / "scans.zip", "w") as archive:
        for path in folder.rglob("*.png"):
            archive.write(path, Path(inside, path.relative_to(folder)))
    out = tmp_path / "out.jsonl"
    run_batch(f"zip://{inside}::{(tmp_path / 'scans.zip').as_uri()}", out, ReaderOptions(), workers=1)
    assert without_places(out.read_bytes()) == without_places(expected)


@pytest.mark.parametrize(
    ("url", "error"), [("nonsense://bucket/scans", UsageError), ("memory://nothing-here", ImageError)]
)
def test_bad_urls_get_a_sentence(url, error) -> None:
    with pytest.raises(error, match=re.escape(url)):
        open_folder(url).listing(False)


def test_an_image_that_is_gone_is_an_error_of_its_own() -> None:
    with pytest.raises(ImageError, match=r"memory://gone\.png: cannot be fetched"):
        RemoteImage("memory://gone.png").load()
