"""Lines of output: one record an image, as JSON Lines or CSV, and what is whole of an interrupted file.

A record is a dict: `file` first, then either the fields of a Reading or `error`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.errors import DataError, UsageError
from pipeline.reading.result import Result

Record = dict[str, Any]
CSV_COLUMNS = ("file", "text", "confidence", "accepted", "error")
FORMATS = (".jsonl", ".csv")


def make_record(file: str, reading: Result | None, error: str | None) -> Record:
    """The record of a file that was read, or of one that was not."""
    return {"file": file, "error": error} if reading is None else {"file": file, **reading.to_json()}


def format_of(path: Path) -> str:
    """`.jsonl` or `.csv`. Raises UsageError for any other ending."""
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise UsageError(f"{path}: the name must end in .jsonl or .csv, which chooses the format")
    return suffix


def to_json_line(record: Record) -> str:
    """One object and a newline; ASCII, so that file names in any encoding survive."""
    return json.dumps(record) + "\n"


def to_csv_line(record: Record) -> str:
    """One CSV row and a newline; nothing read is an empty text."""
    row = ["" if record.get(column) is None else record[column] for column in CSV_COLUMNS]
    if "accepted" in record:
        row[CSV_COLUMNS.index("accepted")] = "true" if record["accepted"] else "false"
    return _csv_row(row)


def _csv_row(row: list[Any]) -> str:
    """RFC 4180, but with plain newlines; csv.writer leaves a carriage return in a field unquoted."""
    cells = [str(cell) for cell in row]
    quoted = ['"' + cell.replace('"', '""') + '"' if set(cell) & set('",\r\n') else cell for cell in cells]
    return ",".join(quoted) + "\n"


def to_line(record: Record, suffix: str) -> bytes:
    """The record in the format of `.jsonl` or `.csv`."""
    line = to_csv_line(record) if suffix == ".csv" else to_json_line(record)
    return line.encode("utf-8", "surrogateescape")


def header(suffix: str) -> bytes:
    """What the file opens with."""
    return _csv_row(list(CSV_COLUMNS)).encode() if suffix == ".csv" else b""


def whole_records(path: Path) -> tuple[list[Record], int]:
    """The records of an output file that may have been interrupted, and the bytes they take.

    What follows those bytes is the half-written line of an interrupted run. The records hold at least
    `file` and either `accepted` or `error`.
    Raises DataError when the damage is not at the end: then it is no interrupted output of ours.
    """
    suffix, data = format_of(path), path.read_bytes()
    lines = [line + b"\n" for line in data.split(b"\n")[:-1]]
    records: list[Record] = []
    taken = 0
    try:
        for record, end in (_parse_csv if suffix == ".csv" else _parse_json)(lines):
            taken = end
            records += [record] if record else []
    except _DamagedLine as damage:
        if damage.line < len(lines):
            raise _not_ours(path, damage.line) from None
    opening = header(suffix) or b'{"file": '
    if data[: len(opening)] != opening[: len(data)]:
        raise _not_ours(path, 1)
    return records, sum(len(line) for line in lines[:taken])


def _not_ours(path: Path, line: int) -> DataError:
    return DataError(f"{path}: line {line} is not a record of ours; name another output, or use --force")


class _DamagedLine(Exception):
    """The line with this number, counted from 1, is or ends something that is no record."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def _parse_json(lines: list[bytes]) -> Iterator[tuple[Record, int]]:
    """Each record with the number of lines read so far."""
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
            if not isinstance(record["file"], str) or not ("error" in record or "accepted" in record):
                raise ValueError("keys are missing")
        except (ValueError, TypeError, KeyError):
            raise _DamagedLine(number) from None
        yield record, number


def _parse_csv(lines: list[bytes]) -> Iterator[tuple[Record | None, int]]:
    """Each record, None for the header, with the number of lines read so far."""
    rows = csv.reader((line.decode("utf-8", "surrogateescape") for line in lines), strict=True)
    try:
        for number, row in enumerate(rows):
            if len(row) != len(CSV_COLUMNS):
                raise _DamagedLine(rows.line_num)
            file, accepted, error = row[0], row[3] == "true", row[4]
            record = {"file": file, "error": error} if error else {"file": file, "accepted": accepted}
            yield (record if number else None), rows.line_num
    except csv.Error:
        raise _DamagedLine(rows.line_num) from None
