"""Stores that go away in the middle: an outage is no mistake of the images', and loses none of them."""

import io
import json
from types import SimpleNamespace

import pytest
from PIL import Image
from typer.testing import CliRunner

pytest.importorskip("fsspec", reason="the extra `cluster` is not installed")

from fsspec.implementations.memory import MemoryFileSystem

from pipeline.batch.run import run_batch
from pipeline.commands.main import app
from pipeline.errors import ImageError, UnreachableError
from tests.pipeline.commands import fake_cli

URL = "memory://scans"
RESET = ConnectionResetError("connection reset by peer")


@pytest.fixture
def store(monkeypatch):
    """Ten images in a store of which `out` says what cannot be opened, and `down` whether nothing can be done."""

    store, open_, ls, find = (
        SimpleNamespace(out=set(), down=False),
        *(getattr(MemoryFileSystem, name) for name in ("_open", "ls", "find")),
    )
    picture = io.BytesIO()
    Image.linear_gradient("L").save(picture, "PNG")
    for k in range(10):
        MemoryFileSystem().pipe(f"/scans/{k:03d}.png", picture.getvalue())

    def opening(self, path, *arguments, **options):
        if store.down or path.rpartition("/")[2] in store.out:
            raise RESET
        return open_(self, path, *arguments, **options)

    def unless_down(work):
        def working(self, *arguments, **options):
            if store.down:
                raise RESET
            return work(self, *arguments, **options)

        return working

    monkeypatch.setattr(MemoryFileSystem, "_open", opening)
    monkeypatch.setattr(MemoryFileSystem, "ls", unless_down(ls))
    monkeypatch.setattr(MemoryFileSystem, "find", unless_down(find))
    yield store
    MemoryFileSystem().rm("/scans", recursive=True)


def records(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_store_that_goes_away_ends_the_batch_and_nothing_is_lost(store, tmp_path):
    out = tmp_path / "out.jsonl"

    def progress(done, total):
        store.down = done == 4

    with pytest.raises(UnreachableError, match=r"004\.png: cannot be fetched \(connection reset.*let it be continued"):
        run_batch(URL, out, fake_cli.FakeReader, workers=1, progress=progress)
    assert len(records(out)) == 4
    store.down = False
    assert run_batch(URL, out, fake_cli.FakeReader, workers=1, resume=True).unreadable == 0
    assert [record["file"] for record in records(out)] == [f"{k:03d}.png" for k in range(10)]


def test_one_object_that_cannot_be_fetched_stops_nothing(store, tmp_path):
    out = tmp_path / "out.jsonl"
    store.out = {"003.png"}
    assert run_batch(URL, out, fake_cli.FakeReader, workers=1).unreadable == 1
    assert [record["file"] for record in records(out) if "error" in record] == ["003.png"]


def test_the_command_says_by_its_code_that_trying_again_may_help(store, tmp_path, monkeypatch):
    fake_cli.install(monkeypatch)
    store.down = True
    result = CliRunner().invoke(app, ["batch", URL, "--out", str(tmp_path / "out.csv")])
    assert result.exit_code == 6 and "cannot be listed (connection reset by peer); try again" in result.stderr
    gone = CliRunner().invoke(app, ["batch", "memory://nothing-here", "--out", str(tmp_path / "out.csv")])
    assert gone.exit_code == 6  # the store is still down
    store.down = False
    gone = CliRunner().invoke(app, ["batch", "memory://nothing-here", "--out", str(tmp_path / "out.csv")])
    assert gone.exit_code == ImageError.exit_code and not list(tmp_path.iterdir())
