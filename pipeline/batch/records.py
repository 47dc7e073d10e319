"""Records: one dict an image. `file` first, then the keys of its reading, or `error`; as a line of JSON."""

from __future__ import annotations

import json
from typing import Any

from pipeline.reading.result import Result

Record = dict[str, Any]


def make_record(file: str, reading: Result | None, error: str | None) -> Record:
    """The record of a file that was read, or of one that was not."""
    return {"file": file, "error": error} if reading is None else {"file": file, **reading.to_json()}


def status_of(record: Record) -> str:
    """The part of a summary that a record belongs to: accepted, unsure, or unreadable, also where only a page is."""
    return "unreadable" if "error" in record or record.get("errors") else "accepted" if record["accepted"] else "unsure"


def to_json_line(record: Record) -> str:
    """One object and a newline; ASCII, so that file names in any encoding survive."""
    return json.dumps(record) + "\n"
