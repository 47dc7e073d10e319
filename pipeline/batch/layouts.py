"""How records lie in an output file, JSON Lines or CSV; and what is whole of one that was interrupted.

CSV has a row for each field of a document (or its main field only), one for a picture of a single field, one for what
could not be read. The last document of an interrupted CSV may lack rows, so it is read again.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.batch.records import Record, to_json_line
from pipeline.errors import DataError, Remedy, UsageError
from pipeline.reading.result import FIELD
from pipeline.tables import csv_line, safe_cell

COLUMNS = (
    "file", "page", "field", "kind", "text", "confidence", "accepted", "written", "value", "value_note", "note", "error"
)  # fmt: skip
BLANK = "blank"  # the note of what holds no ink; without text, other fields hold ink that is no number
OPENED = {"text", "written"}  # with the unsure digit open, where a mask has them
AS_TEXT = {"field", "text", "written"}  # that a spreadsheet must not take for numbers: leading zeros would go
JSON, CSV = ".jsonl", ".csv"


@dataclass(frozen=True)
class FileLayout:
    """suffix: .jsonl or .csv. Of CSV: main, a row a file, of its main field; excel, for spreadsheets: a mark that it is
    UTF-8, and digits as text."""

    suffix: str
    main: bool = False
    excel: bool = False

    @classmethod
    def of(cls, path: Path, main: bool = False, excel: bool = False) -> FileLayout:
        """The layout that a name chooses. Raises UsageError for another ending than .jsonl or .csv."""
        suffix = path.suffix.lower()
        if suffix not in (JSON, CSV):
            raise UsageError(f"{path}: the name must end in .jsonl or .csv, which chooses the format")
        if suffix == JSON and (main or excel):
            raise UsageError(f"{path}: a row a file and columns for spreadsheets are of CSV; let the name end in .csv")
        return cls(suffix, main, excel)

    @property
    def header(self) -> bytes:
        """What the file opens with."""
        if self.suffix == JSON:
            return b""
        return ("\ufeff" * self.excel + csv_line(COLUMNS)).encode()

    def file_key(self, name: str) -> str:
        """How a file's name stands in the records of `whole_records`."""
        return name if self.suffix == JSON else safe_cell(name)

    def to_bytes(self, record: Record) -> bytes:
        """The lines of a record."""
        if self.suffix == JSON:
            return to_json_line(record).encode()
        return "".join(csv_line(self._cells(row)) for row in rows_of(record, self.main)).encode()

    def _cells(self, row: Record) -> Iterator[str]:
        for column in COLUMNS:
            value = _value(row, column)
            text = ("true" if value else "false") if isinstance(value, bool) else safe_cell(value)
            is_text = self.excel and column in AS_TEXT and text and not text.startswith("'")
            yield '="' + text.replace('"', '""') + '"' if is_text else text


def _value(row: Record, column: str) -> Any:
    """What stands in a column of a row."""
    if column in OPENED:
        return row.get("mask", {}).get(column, row.get(column))
    return row.get("note") or BLANK if column == "note" and row.get("blank") else row.get(column)


def rows_of(record: Record, main: bool = False) -> list[Record]:
    """The rows of a record, their keys among COLUMNS."""
    file = record["file"]
    if "error" in record:
        return [record]
    if "fields" not in record:
        return [{**record, "page": 1, "kind": FIELD}]
    fields = sorted(record["fields"], key=_rank)[:1] if main else record["fields"]
    rows = [{**field, "file": file, "field": field["name"]} for field in fields] or [{**record, "kind": "document"}]
    return rows + [{"file": file, "kind": "page", "error": error} for error in record.get("errors", [])]


def _rank(field: dict[str, Any]) -> tuple[bool, bool]:
    """The main field first: see DocumentReading.main."""
    return field["name"] != "amount", field["text"] is None


def whole_records(path: Path, layout: FileLayout) -> tuple[list[Record], int]:
    """The records of an output file that may have been interrupted, and the bytes they take.

    What follows those bytes is half-written. The records hold at least `file` (as in `file_key`) and either `accepted`
    or `error`. Raises DataError when the damage is not at the end: then it is no interrupted output of ours.
    """
    data = path.read_bytes()
    lines = [line + b"\n" for line in data.split(b"\n")[:-1]]
    opening = layout.header or b'{"file": '
    if data[: len(opening)] != opening[: len(data)]:
        raise _not_ours(path, 1)
    first = 1 if layout.header else 0
    records: list[Record] = []
    for number, line in enumerate(lines[first:], first + 1):
        try:
            records.append(_parse_json(line) if layout.suffix == JSON else _parse_row(line))
        except (ValueError, TypeError, KeyError, csv.Error):
            if number < len(lines):
                raise _not_ours(path, number) from None
            break
    groups = _grouped(records)
    if groups and groups[-1][-1].get("kind") not in (None, FIELD):
        groups.pop()
    taken = first + sum(len(group) for group in groups)
    return [_merged(group) for group in groups], sum(len(line) for line in lines[:taken])


def _not_ours(path: Path, line: int) -> DataError:
    return DataError(f"{path}: line {line} is not a record of ours", Remedy.OTHER_OUTPUT, Remedy.REPLACE)


def _parse_json(line: bytes) -> Record:
    record: Record = json.loads(line)
    if not isinstance(record["file"], str) or not ("error" in record or "accepted" in record):
        raise ValueError("keys are missing")
    return record


def _parse_row(line: bytes) -> Record:
    [cells] = csv.reader([line.decode()], strict=True)
    if len(cells) != len(COLUMNS):
        raise ValueError("cells are missing")
    row = dict(zip(COLUMNS, cells, strict=True))
    kept: Record = {"file": row["file"], "kind": row["kind"] or None}
    return kept | ({"error": row["error"]} if row["error"] else {"accepted": row["accepted"] == "true"})


def _grouped(records: list[Record]) -> list[list[Record]]:
    """Records of the same document together: they follow each other, and are of no single field."""
    groups: list[list[Record]] = []
    for record in records:
        known = groups[-1][-1] if groups else None
        same = known is not None and known["file"] == record["file"] and known.get("kind") not in (None, FIELD)
        if same:
            groups[-1].append(record)
        else:
            groups.append([record])
    return groups


def _merged(group: list[Record]) -> Record:
    """One record for the rows of a document."""
    errors = [record["error"] for record in group if "error" in record]
    if len(group) == 1 or errors:
        return group[0] if len(group) == 1 else {"file": group[0]["file"], "error": errors[0]}
    return {"file": group[0]["file"], "accepted": all(record["accepted"] for record in group)}
