"""The tables of a review file, and how it is opened."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import DataError, OutputError

VERSION = 2
APPLICATION = 0x64677473  # "dgts", so that another program's database is not taken for one of ours
BUSY_SECONDS = 20.0
DISK = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)  # primary result codes: the disk is full, or fails
PRIMARY = 0xFF  # of a result code, the bits of the primary one

# items.state: waiting, done (truth tells the digits, "" for none; written the same with its marks, where there are
# any), unusable (nobody can read it). items.sha256: of what the item is. field, page, around, box: of a field that is
# cut out of a document's page.
PAGES = """
CREATE TABLE pages (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    picture BLOB NOT NULL
)"""
TABLES = f"""{PAGES};
CREATE TABLE items (
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE,
    file TEXT NOT NULL,
    image BLOB NOT NULL,
    record TEXT NOT NULL,
    added TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'unusable')),
    truth TEXT CHECK ((truth IS NOT NULL) = (state = 'done')),
    written TEXT,
    field TEXT,
    page INTEGER NOT NULL DEFAULT 1,
    around INTEGER REFERENCES pages (id),
    box TEXT,
    skips INTEGER NOT NULL DEFAULT 0,
    lease TEXT,
    lease_until REAL
);
CREATE INDEX waiting ON items (state, skips, id);
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    item INTEGER NOT NULL REFERENCES items (id),
    at TEXT NOT NULL,
    who TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('confirmed', 'corrected', 'unusable', 'reopened')),
    before TEXT,
    after TEXT
);
CREATE INDEX audit_of ON audit (item);
"""
# How a file of the version before becomes one of this.
FROM_VERSION_1 = (
    PAGES,
    "ALTER TABLE items ADD COLUMN written TEXT",
    "ALTER TABLE items ADD COLUMN field TEXT",
    "ALTER TABLE items ADD COLUMN page INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE items ADD COLUMN around INTEGER REFERENCES pages (id)",
    "ALTER TABLE items ADD COLUMN box TEXT",
)


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection for one piece of work, its transactions begun by hand; errors of SQLite become DataError,
    those of the disk OutputError."""
    try:
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    except sqlite3.Error as error:
        raise DataError(f"{path}: cannot be opened as a review file ({error})") from None
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")
        yield connection
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & PRIMARY in DISK:
            raise OutputError(f"{path}: the review file cannot be written ({error}); make room") from None
        raise DataError(f"{path}: the review file cannot be used ({error})") from None
    finally:
        connection.close()


@contextmanager
def transaction(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that nobody else writes beside; what was done is kept only when nothing is raised."""
    with opened(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            if connection.in_transaction:  # SQLite itself takes back what a full disk has ended
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def prepare(path: Path, create: bool) -> None:
    """Make the file, for its owner's eyes only, where it is missing and may be made; check it where it is there.

    Raises DataError: missing, another program's, or of another version.
    """
    if not path.exists():
        if not create:
            raise DataError(f"{path}: no such review file")
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:  # another process was faster
            pass
        except OSError as error:
            raise DataError(f"{path}: cannot be written ({error.strerror}); name another review file") from None
    with opened(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    with transaction(path) as connection:
        application, version, tables = (
            connection.execute(query).fetchone()[0]
            for query in ("PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_master")
        )
        if (application, version) == (APPLICATION, VERSION):
            return
        if (application, version) == (APPLICATION, 1):
            _run(connection, FROM_VERSION_1)
            return
        if application or version or tables:
            raise DataError(f"{path}: is a database, but no review file of this version; name another")
        _run(connection, TABLES.split(";"))


def _run(connection: sqlite3.Connection, statements: Iterable[str]) -> None:
    """Statements that make a file of this version."""
    for statement in statements:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
