"""What reviewers said, as a folder for `adapt`: truth.csv, images/ beside it, and the audit."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.errors import UsageError
from pipeline.files import whole_folder
from pipeline.review.schema import opened
from pipeline.review.store import ReviewStore

SIGNATURES = (
    (b"\x89PNG", ".png"),
    (b"\xff\xd8", ".jpg"),
    (b"GIF8", ".gif"),
    (b"BM", ".bmp"),
    (b"II*\0", ".tif"),
    (b"MM\0*", ".tif"),
    (b"RIFF", ".webp"),
    (b"\0\0\0\x0cjP", ".jp2"),
    (b"\xff\x4f\xff\x51", ".jp2"),
)
AUDIT_COLUMNS = ("item", "at", "who", "action", "before", "after", "file", "page", "field")
TRUTH_COLUMNS = ("file", "text", "written", "source", "page", "field")
DONE = "SELECT id, image, truth, written, file, page, field FROM items WHERE state = 'done' ORDER BY id"


def exported_files(store: ReviewStore) -> Iterator[tuple[str, bytes]]:
    """Names and contents: for each item that is done images/000017.png, the picture as it was sent or the field cut out
    of its page; then truth.csv, which `adapt` and `evaluate` read, and audit.csv. Raises DataError."""
    rows = []
    with opened(store.path) as db:
        db.execute("BEGIN")  # one state of the file, however long this takes
        for number, image, *row in db.execute(DONE):
            name = f"{number:06d}{_suffix(image)}"
            rows.append((name, *row))
            yield f"images/{name}", bytes(image)
        audit = db.execute(
            "SELECT item, at, who, action, before, after, file, page, field FROM audit JOIN items ON items.id = item "
            "ORDER BY audit.id"
        ).fetchall()
        db.execute("COMMIT")
    yield "truth.csv", _table(TRUTH_COLUMNS, rows)
    yield "audit.csv", _table(AUDIT_COLUMNS, audit)


def export_folder(store: ReviewStore, out: Path) -> int:
    """Write the files into a new or empty folder; how many images there are.

    Raises UsageError when the folder has something in it; OutputError; DataError.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out}: is there already and not an empty folder; name a new one")
    count = 0
    with whole_folder(out) as folder:
        (folder / "images").mkdir()
        for name, data in exported_files(store):
            (folder / name).write_bytes(data)
            count += name.startswith("images/")
    return count


def export_zip(store: ReviewStore) -> Iterator[bytes]:
    """The files as the chunks of a ZIP archive, no more than one image in memory."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for name, data in exported_files(store):
            archive.writestr(name, data)
            yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """What a ZipFile writes to, taken away chunk by chunk."""

    def __init__(self) -> None:
        self._chunks = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:  # type: ignore[no-untyped-def]
        self._chunks += data
        return len(data)

    def taken(self) -> bytes:
        """What was written since the last time."""
        chunk, self._chunks = bytes(self._chunks), bytearray()
        return chunk


def _suffix(image: bytes) -> str:
    return next((suffix for signature, suffix in SIGNATURES if image.startswith(signature)), ".pnm")


def _table(columns: tuple[str, ...], rows: list[Any]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([[_cell(value) for value in row] for row in rows])
    return text.getvalue().encode()


def _cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
