"""The review queue in an SQLite file: items, leases and decisions, safe between threads, processes and machines' users.

An item goes to one reviewer at a time: taking one writes a lease, a secret that only its taker knows and that runs out,
inside a transaction that no other writer shares. Whoever decides shows the lease.
"""

from __future__ import annotations

import hashlib
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
from pipeline.errors import PipelineError, UsageError
from pipeline.review.schema import opened, prepare, transaction

LEASE_SECONDS = 120.0
MOST_WAITING = 100_000  # items; whoever can send images must not be able to fill the disk
MOST_DIGITS = 100
MOST_NAME = 100  # characters of a reviewer's name


class LeaseLostError(PipelineError):
    """The item was decided meanwhile, or its lease ran out and another reviewer has it."""


@dataclass(frozen=True)
class Item:
    """An item as its reviewer gets it. record: as of `read --json`. lease: the secret that deciding needs."""

    id: int
    file: str
    record: Record
    lease: str


@dataclass(frozen=True)
class Progress:
    """How many items there are in each state."""

    waiting: int
    done: int
    unusable: int


class ReviewStore:
    """The queue in `path`, made where it is missing unless `create` is False. Raises DataError.

    clock: seconds, for the leases. Every method may raise DataError when the file cannot be used.
    """

    def __init__(self, path: str | Path, *, create: bool = True, clock: Callable[[], float] = time.time):
        self.path, self._clock = Path(path), clock
        prepare(self.path, create)

    def add(self, image: bytes, record: Record) -> int | None:
        """Queue an image and what was read there; its number, also where the same bytes were queued before.

        None when the queue is full.
        """
        digest = hashlib.sha256(image).hexdigest()
        with transaction(self.path) as db:
            known = db.execute("SELECT id FROM items WHERE sha256 = ?", (digest,)).fetchone()
            if known:
                return int(known[0])
            if _count(db, "waiting") >= MOST_WAITING:
                return None
            file = str(record["file"]).encode("utf-8", "replace").decode()
            kept = {key: value for key, value in record.items() if key != "explanation"} | {"file": file}
            row = db.execute(
                "INSERT INTO items (sha256, file, image, record, added) VALUES (?, ?, ?, ?, ?)",
                (digest, file, image, json.dumps(kept), _now()),
            )
            return int(row.lastrowid or 0)

    def next(self) -> Item | None:
        """The next item that nobody has, leased to the caller; None when there is none."""
        with transaction(self.path) as db:
            row = db.execute(
                "SELECT id, file, record FROM items WHERE state = 'waiting' "
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
        """Write down what stands in an item's picture: digits, "" for no number, None where nobody can tell.

        Returns what the audit calls it: confirmed, corrected or unusable. Raises LeaseLostError, UsageError.
        """
        who = _checked(who, text)
        with transaction(self.path) as db:
            row = db.execute(
                "SELECT record FROM items WHERE id = ? AND state = 'waiting' AND lease = ?", (item, lease)
            ).fetchone()
            if row is None:
                raise LeaseLostError(f"item {item} was decided meanwhile, or another reviewer has it now")
            before = json.loads(row[0])["text"] or ""
            action = "unusable" if text is None else "confirmed" if text == before else "corrected"
            db.execute(
                "UPDATE items SET state = ?, truth = ?, lease = NULL, lease_until = NULL WHERE id = ?",
                ("unusable" if text is None else "done", text, item),
            )
            _audit(db, item, who, action, before, text)
            return action

    def reopen(self, item: int, who: str) -> Item:
        """Take back the decision on an item; it is leased to the caller. Raises LeaseLostError when it has none."""
        who = _checked(who, None)
        with transaction(self.path) as db:
            row = db.execute(
                "SELECT id, file, record, truth FROM items WHERE id = ? AND state != 'waiting'", (item,)
            ).fetchone()
            if row is None:
                raise LeaseLostError(f"item {item} has no decision that could be taken back")
            db.execute("UPDATE items SET state = 'waiting', truth = NULL WHERE id = ?", (item,))
            _audit(db, item, who, "reopened", row[3], None)
            return self._leased(db, row)

    def image(self, item: int) -> tuple[bytes, Record] | None:
        """The image of an item, as it was sent, and its record; None when there is no such item."""
        with opened(self.path) as db:
            row = db.execute("SELECT image, record FROM items WHERE id = ?", (item,)).fetchone()
        return None if row is None else (bytes(row[0]), json.loads(row[1]))

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
        return Item(row[0], row[1], json.loads(row[2]), lease)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _count(db: sqlite3.Connection, state: str) -> int:
    return int(db.execute("SELECT count(*) FROM items WHERE state = ?", (state,)).fetchone()[0])


def _audit(db: sqlite3.Connection, item: int, who: str, action: str, before: str | None, after: str | None) -> None:
    db.execute(
        "INSERT INTO audit (item, at, who, action, before, after) VALUES (?, ?, ?, ?, ?, ?)",
        (item, _now(), who, action, before, after),
    )


def _checked(who: str, text: str | None) -> str:
    """The reviewer's name without blanks around it. Raises UsageError for none, or for a text that is no number."""
    who = who.strip()
    if not who or len(who) > MOST_NAME or not who.isprintable():
        raise UsageError(f"a reviewer's name has 1 to {MOST_NAME} printable characters")
    if text is not None and (text.strip("0123456789") or len(text) > MOST_DIGITS):
        raise UsageError(f"what stands there is written with the digits 0-9, at most {MOST_DIGITS}, not {text[:200]!r}")
    return who
