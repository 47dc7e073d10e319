"""The review queue: one reviewer for each item, an audit of every decision, an export that adapt can read."""

import csv
import sqlite3
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

import pytest

from pipeline.errors import DataError, UsageError
from pipeline.evaluation.evaluation import load_truth
from pipeline.review.store import LEASE_SECONDS, LeaseLostError, ReviewStore
from pipeline.review.truth_folder import export_folder, export_zip

PICTURE = (Path(__file__).parents[3] / "examples" / "zeros.png").read_bytes()


def record(file: str = "a.png", text: str | None = "17") -> dict:
    return {"file": file, "text": text, "confidence": 0.4, "accepted": False, "digits": [], "alternatives": []}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def filled(path: Path, count: int, clock: Clock | None = None) -> ReviewStore:
    store = ReviewStore(path, clock=clock or Clock())
    for k in range(count):
        assert store.keep(PICTURE + bytes([k]), record(f"{k}.png")) == {None: k + 1}
    return store


def take_all(path: str) -> list[int]:
    store, found = ReviewStore(path), []
    while (item := store.next()) is not None:
        found.append(item.id)
    return found


@pytest.mark.slow
def test_two_reviewers_never_get_the_same_item(tmp_path: Path) -> None:
    filled(tmp_path / "review.db", 40)
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        first, second = pool.map(take_all, [str(tmp_path / "review.db")] * 2)
    assert sorted(first + second) == list(range(1, 41))


def test_the_same_picture_is_queued_once(tmp_path: Path) -> None:
    store = filled(tmp_path / "review.db", 2)
    assert store.keep(PICTURE + bytes([1]), record("again.png")) == {None: 2}
    assert store.progress().waiting == 2


def test_lease_that_ran_out_is_lost_to_whoever_takes_it(tmp_path: Path) -> None:
    clock = Clock()
    store = filled(tmp_path / "review.db", 1, clock)
    slow = store.next()
    assert slow is not None and store.next() is None
    clock.now += LEASE_SECONDS + 1
    quick = store.next()
    assert quick is not None and quick.id == slow.id
    with pytest.raises(LeaseLostError):
        store.decide(slow.id, slow.lease, "Ada", "17")
    assert store.decide(quick.id, quick.lease, "Bob", "18") == "corrected"
    with pytest.raises(LeaseLostError):
        store.decide(quick.id, quick.lease, "Bob", "19")


def test_what_is_put_off_comes_last_and_a_released_item_comes_back(tmp_path: Path) -> None:
    store = filled(tmp_path / "review.db", 2)
    first = store.next()
    assert first is not None and first.id == 1
    store.release(1, first.lease, skip=True)
    second = store.next()
    assert second is not None and second.id == 2
    third = store.next()
    assert third is not None and third.id == 1


def test_every_decision_and_what_was_before_stands_in_the_audit(tmp_path: Path) -> None:
    store = filled(tmp_path / "review.db", 3)
    for text in ("17", "42", None):
        item = store.next()
        assert item is not None
        store.decide(item.id, item.lease, " Ada ", text)
    again = store.reopen(2, "Bob")
    store.decide(again.id, again.lease, "Bob", "43")
    export_folder(store, tmp_path / "out")
    rows = list(csv.DictReader((tmp_path / "out" / "audit.csv").read_text(encoding="utf-8").splitlines()))
    assert [(row["item"], row["who"], row["action"], row["before"], row["after"]) for row in rows] == [
        ("1", "Ada", "confirmed", "17", "17"),
        ("2", "Ada", "corrected", "17", "42"),
        ("3", "Ada", "unusable", "17", ""),
        ("2", "Bob", "reopened", "42", ""),
        ("2", "Bob", "corrected", "17", "43"),
    ]
    assert all(row["at"].startswith("20") for row in rows)
    progress = store.progress()
    assert (progress.waiting, progress.done, progress.unusable) == (0, 2, 1)


def test_export_is_what_adapt_and_evaluate_read(tmp_path: Path) -> None:
    store = filled(tmp_path / "review.db", 2)
    item = store.next()
    assert item is not None
    store.decide(item.id, item.lease, "Ada", "380000")
    assert export_folder(store, tmp_path / "out") == 1
    (truth,) = load_truth(tmp_path / "out" / "truth.csv")
    assert truth.text == "380000" and Path(truth.path).read_bytes() == PICTURE + bytes([0])
    assert b"truth.csv" in b"".join(export_zip(store))
    with pytest.raises(UsageError, match="not an empty folder"):
        export_folder(store, tmp_path / "out")


@pytest.mark.parametrize(
    ("who", "text"), [("", "17"), ("Ada", "1a"), ("Ada", "1" * 101), ("a" * 101, "1"), ("\n", "1")]
)
def test_decisions_that_cannot_be_are_refused_and_change_nothing(tmp_path: Path, who: str, text: str) -> None:
    store = filled(tmp_path / "review.db", 1)
    item = store.next()
    assert item is not None
    with pytest.raises(UsageError):
        store.decide(item.id, item.lease, who, text)
    assert store.progress().waiting == 1


def test_other_databases_and_other_files_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE prices (id INTEGER)")
    with pytest.raises(DataError, match="no review file"):
        ReviewStore(other)
    (tmp_path / "text.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(DataError):
        ReviewStore(tmp_path / "text.db")
    with pytest.raises(DataError, match="no such review file"):
        ReviewStore(tmp_path / "missing.db", create=False)
