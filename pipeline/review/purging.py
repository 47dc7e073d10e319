"""Forget what was reviewed: items with their images, decisions and pages, so that nothing of them stays in the file."""

from __future__ import annotations

from datetime import UTC, date, datetime

from pipeline.errors import UsageError
from pipeline.review.schema import opened, transaction
from pipeline.review.store import ReviewStore

DECIDED = (
    "SELECT id FROM items WHERE state != 'waiting' "
    "AND (SELECT max(at) FROM audit WHERE item = items.id AND action != 'reopened') < ?"
)
WAITING = "SELECT id FROM items WHERE state = 'waiting' AND added < ?"


def purge(store: ReviewStore, before: str, waiting: bool = False) -> int:
    """Delete the items decided before a moment, and with `waiting` those queued before it; how many there were.

    before: a date, which begins at midnight UTC, or a date with a time, of the machine's zone where it names none.
    Raises UsageError for what is no date; DataError.
    """
    moment = _moment(before)
    with transaction(store.path) as db:
        db.execute("CREATE TEMP TABLE gone AS " + DECIDED, (moment,))
        if waiting:
            db.execute("INSERT INTO gone " + WAITING, (moment,))
        db.execute("DELETE FROM audit WHERE item IN (SELECT id FROM gone)")
        count = db.execute("DELETE FROM items WHERE id IN (SELECT id FROM gone)").rowcount
        db.execute("DELETE FROM pages WHERE id NOT IN (SELECT around FROM items WHERE around IS NOT NULL)")
    with opened(store.path) as db:  # what was deleted still lies in the file and in its log until both are written anew
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return int(count)


def _moment(text: str) -> str:
    """The moment in the form of the audit, whose times are compared as texts."""
    try:
        if "T" in text or " " in text:
            moment = datetime.fromisoformat(text).astimezone(UTC)
        else:
            moment = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
    except ValueError:
        raise UsageError(f"{text!r} is no date such as 2026-01-31, and no date with a time after a T") from None
    return moment.isoformat(timespec="milliseconds")
