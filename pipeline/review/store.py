"""The review queue in an SQLite file: items, leases and decisions, safe between threads, processes and machines' users.

An item goes to one reviewer at a time: taking one writes a lease, a secret that only its taker knows and that runs out,
inside a transaction that no other writer shares. Whoever decides shows the lease.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.batch.records import Record
from pipeline.errors import PipelineError
from pipeline.review.decisions import Decision, checked_name
from pipeline.review.pictures import Around
from pipeline.review.schema import opened, prepare, transaction
from pipeline.review.submitting import Submission, submissions
from segmenter.arrays import Box

LEASE_SECONDS = 120.0
MOST_WAITING = 100_000  # items; whoever can send images must not be able to fill the disk


class LeaseLostError(PipelineError):
    """The item was decided meanwhile, or its lease ran out and another reviewer has it."""


@dataclass(frozen=True)
class Item:
    """An item as its reviewer gets it. record: as of `read --json`. lease: the secret that deciding needs. field, page:
    of a document's field, with its page to be seen; None of any other picture."""

    id: int
    file: str
    record: Record
    lease: str
    field: str | None = None
    page: int = 1


@dataclass(frozen=True)
class ItemPicture:
    """What a reviewer looks at. image: as it was sent, or, is_cut, out of a page. record: what was read there."""

    image: bytes
    record: Record
    is_cut: bool


@dataclass(frozen=True)
class Progress:
    """How many items there are in each state."""

    waiting: int
    done: int
    unusable: int


class ReviewStore:
    """The queue in `path`, made where it is missing unless `create` is False. Raises DataError.

    clock: seconds, for the leases. Every method may raise DataError when the file cannot be used, OutputError where its
    disk is full.
    """

    def __init__(self, path: str | Path, *, create: bool = True, clock: Callable[[], float] = time.time):
        self.path, self._clock = Path(path), clock
        prepare(self.path, create)

    def add(self, submission: Submission) -> int | None:
        """Queue an item; its number, also where the same was queued before. None when the queue is full."""
        record = submission.record
        file = _storable(str(record["file"]))
        kept = {key: value for key, value in record.items() if key != "explanation"} | {"file": file}
        with transaction(self.path) as db:
            known = db.execute("SELECT id FROM items WHERE sha256 = ?", (submission.digest,)).fetchone()
            if known:
                return int(known[0])
            if _count(db, "waiting") >= MOST_WAITING:
                return None
            around, box = _page(db, submission.around)
            row = db.execute(
                "INSERT INTO items (sha256, file, image, record, added, field, page, around, box) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    submission.digest,
                    file,
                    submission.image,
                    json.dumps(kept),
                    _now(),
                    None if submission.field is None else _storable(submission.field),
                    submission.page,
                    around,
                    box,
                ),
            )
            return int(row.lastrowid or 0)

    def keep(self, image: bytes, record: Record, blank: bool = False) -> dict[str | None, int | None]:
        """Queue what of an image a person should look at: the numbers of its items by the names of its fields, None for
        a picture that is no document; None for a number where the queue is full. blank: also what holds no ink.
        Raises ImageError for a document that cannot be opened any more."""
        return {each.field: self.add(each) for each in submissions(image, record, blank)}

    def next(self) -> Item | None:
        """The next item that nobody has, leased to the caller; None when there is none."""
        with transaction(self.path) as db:
            row = db.execute(
                "SELECT id, file, record, field, page FROM items WHERE state = 'waiting' "
                "AND (lease IS NULL OR lease_until <= ?) ORDER BY skips, id LIMIT 1",
                (self._clock(),),
            ).fetchone()
            return None if row is None else self._leased(db, row)

    def release(self, item: int, lease: str, skip: bool = False) -> None:
        """Give an item back; `skip`: it comes after those that were not skipped. Not having it is no mistake."""
        with transaction(self.path) as db:
            db.execute(
                "UPDATE items SET lease = NULL, lease_until = NULL, skips = skips + ? WHERE id = ? AND lease = ?",
                (int(skip), item, lease),
            )

    def decide(self, item: int, lease: str, who: str, text: str | None) -> str:
        """Write down what stands in an item's picture: digits, also with the marks between them as they are written, ""
        for no number, None where nobody can tell.

        Returns what the audit calls it: confirmed, corrected or unusable. Raises LeaseLostError, UsageError.
        """
        who, said = checked_name(who), Decision.of(text)
        with transaction(self.path) as db:
            row = db.execute(
                "SELECT record FROM items WHERE id = ? AND state = 'waiting' AND lease = ?", (item, lease)
            ).fetchone()
            if row is None:
                raise LeaseLostError(f"item {item} was decided meanwhile, or another reviewer has it now")
            record = json.loads(row[0])
            action = said.action(record)
            db.execute(
                "UPDATE items SET state = ?, truth = ?, written = ?, lease = NULL, lease_until = NULL WHERE id = ?",
                ("unusable" if said.text is None else "done", said.text, said.written, item),
            )
            _audit(db, item, who, action, record.get("written") or record["text"] or "", said.written or said.text)
            return action

    def reopen(self, item: int, who: str) -> Item:
        """Take back the decision on an item; it is leased to the caller. Raises LeaseLostError when it has none."""
        who = checked_name(who)
        with transaction(self.path) as db:
            row = db.execute(
                "SELECT id, file, record, field, page, coalesce(written, truth) FROM items "
                "WHERE id = ? AND state != 'waiting'",
                (item,),
            ).fetchone()
            if row is None:
                raise LeaseLostError(f"item {item} has no decision that could be taken back")
            db.execute("UPDATE items SET state = 'waiting', truth = NULL, written = NULL WHERE id = ?", (item,))
            _audit(db, item, who, "reopened", row[5], None)
            return self._leased(db, row)

    def picture(self, item: int) -> ItemPicture | None:
        """The picture of an item; None when there is no such item."""
        with opened(self.path) as db:
            row = db.execute("SELECT image, record, field FROM items WHERE id = ?", (item,)).fetchone()
        return None if row is None else ItemPicture(bytes(row[0]), json.loads(row[1]), row[2] is not None)

    def page(self, item: int) -> tuple[bytes, Box] | None:
        """The picture of the page around an item, and where the item is on it; None where it has no page."""
        with opened(self.path) as db:
            row = db.execute(
                "SELECT picture, box FROM items JOIN pages ON pages.id = around WHERE items.id = ?", (item,)
            ).fetchone()
        return None if row is None else (bytes(row[0]), tuple(json.loads(row[1])))

    def progress(self) -> Progress:
        """How many items wait, are done, or are unusable."""
        with opened(self.path) as db:
            counts = dict(db.execute("SELECT state, count(*) FROM items GROUP BY state").fetchall())
        return Progress(*(counts.get(state, 0) for state in ("waiting", "done", "unusable")))

    def _leased(self, db: sqlite3.Connection, row: Any) -> Item:
        lease = secrets.token_urlsafe(16)
        db.execute(
            "UPDATE items SET lease = ?, lease_until = ? WHERE id = ?", (lease, self._clock() + LEASE_SECONDS, row[0])
        )
        return Item(row[0], row[1], json.loads(row[2]), lease, row[3], row[4])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _count(db: sqlite3.Connection, state: str) -> int:
    return int(db.execute("SELECT count(*) FROM items WHERE state = ?", (state,)).fetchone()[0])


def _audit(db: sqlite3.Connection, item: int, who: str, action: str, before: str | None, after: str | None) -> None:
    db.execute(
        "INSERT INTO audit (item, at, who, action, before, after) VALUES (?, ?, ?, ?, ?, ?)",
        (item, _now(), who, action, before, after),
    )


def _page(db: sqlite3.Connection, around: Around | None) -> tuple[int | None, str | None]:
    """The number of a page, kept once, and the place on it."""
    if around is None:
        return None, None
    db.execute("INSERT OR IGNORE INTO pages (digest, picture) VALUES (?, ?)", (around.digest, around.picture))
    (number,) = db.execute("SELECT id FROM pages WHERE digest = ?", (around.digest,)).fetchone()
    return int(number), json.dumps(around.box)


def _storable(name: str) -> str:
    """A name without what UTF-8 has no bytes for."""
    return name.encode("utf-8", "replace").decode()
