"""Lines of output: what a CSV holds, that any program may open it, and what is whole of an interrupted one."""

import csv
import io
import re
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline.batch.layouts import COLUMNS, FileLayout, whole_records
from pipeline.batch.records import make_record, status_of
from pipeline.documents.fields import DocumentReading, FieldReading
from pipeline.errors import UsageError
from pipeline.reading.result import Reading
from pipeline.reading.result_parts import Digit
from pipeline.tables import csv_line, safe_cell

NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)
JSON, CSV = FileLayout(".jsonl"), FileLayout(".csv")
READING = Reading("1", 0.5, True, (Digit("1", 0.5, (0, 0, 1, 1)),))


def amount(text, written, value=None, note=None, accepted=True):
    digits = tuple(Digit(digit, 0.9, (k, 0, k + 1, 1)) for k, digit in enumerate(text))
    return Reading(text, 0.9, accepted, digits, (), 1, "amount", None, written, value, note)


def document(*names, errors=(), accepted=True):
    reading = amount("007", "0.07", Decimal("0.07"), accepted=accepted)
    fields = [FieldReading(name, "box", 2, (0, 0, 9, 9), reading) for name in names]
    return make_record("form.pdf", DocumentReading(tuple(fields), 2, errors), None)


def rows_of(data):
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def table(layout, *records):
    return rows_of(layout.header + b"".join(layout.to_bytes(record) for record in records))


def test_a_row_for_each_field_and_for_each_bad_page():
    [a, b, bad] = table(CSV, document("a", "b", errors=("form.pdf: page 3 is damaged",)))
    assert (a["file"], a["page"], a["field"], a["kind"], a["text"]) == ("form.pdf", "2", "a", "box", "007")
    assert (a["written"], a["value"], a["value_note"], a["accepted"], a["error"]) == ("0.07", "0.07", "", "true", "")
    assert b["field"] == "b" and (bad["kind"], bad["error"]) == ("page", "form.pdf: page 3 is damaged")


def test_the_main_field_only():
    [row] = table(FileLayout(".csv", main=True), document("a", "amount", "b"))
    assert row["field"] == "amount"


def test_rows_of_what_is_no_document():
    doubtful = make_record("a.png", amount("125", "1.25.", None, "digits with single points"), None)
    one, doubt, bad, empty = table(
        CSV, make_record("1.png", READING, None), doubtful, make_record("b.png", None, "b.png: no"), document()
    )
    assert (one["page"], one["field"], one["kind"], one["text"], one["written"]) == ("1", "", "field", "1", "")
    assert (doubt["written"], doubt["value"], doubt["value_note"]) == ("1.25.", "", "digits with single points")
    assert (bad["text"], bad["error"]) == ("", "b.png: no")
    assert (empty["kind"], empty["text"], empty["accepted"]) == ("document", "", "false")


def test_what_is_blank_and_what_is_no_number_are_two_things():
    blank, unreadable = table(
        CSV, *(make_record("a.png", Reading.nothing(blank=is_blank), None) for is_blank in (True, False))
    )
    assert blank["text"] == unreadable["text"] == "" and (blank["note"], unreadable["note"]) == ("blank", "")


def test_spreadsheets_keep_leading_zeros_and_know_the_encoding():
    layout = FileLayout(".csv", excel=True)
    assert layout.header.startswith(b"\xef\xbb\xbf")
    [row] = table(layout, document("01"))
    assert (row["text"], row["field"], row["value"]) == ('="007"', '="01"', "0.07")


@pytest.mark.parametrize("name", ["=1+1.png", "@a.png", "-a.png", "+a.png", "\ta.png", "a\nb.png", "a\x00\x1b[2J.png"])
def test_names_are_neither_formulas_nor_control_characters(name):
    cell = table(CSV, make_record(name, READING, None))[0]["file"]
    assert not cell.startswith(("=", "+", "-", "@")) and cell.isprintable()
    assert CSV.to_bytes(make_record(name, READING, None)).count(b"\n") == 1


def test_numbers_with_a_sign_are_no_formulas():
    assert [safe_cell(text) for text in ("-125.00", "+1 250", "-1+1", "-A1")] == ["-125.00", "+1 250", "'-1+1", "'-A1"]


def test_names_that_are_not_utf8_leave_the_file_valid():
    name = b"5\xff\xfe.png".decode("utf-8", "surrogateescape")
    assert safe_cell(name) == r"5\xff\xfe.png" and safe_cell("a\\xff") == r"a\\xff"
    CSV.to_bytes(make_record(name, READING, None)).decode("utf-8")


@given(st.lists(st.text(st.characters(), max_size=8), min_size=2, max_size=5))
@example(["\r", "\u2028", "\ud800", '"', ","])
def test_cells_are_one_line_and_come_back(cells):
    safe = [safe_cell(cell) for cell in cells]
    line = csv_line(safe)
    assert line.splitlines() == [line[:-1]] and next(csv.reader([line], strict=True)) == safe
    assert len(set(map(safe_cell, set(cells)))) >= len({cell.lstrip("'") for cell in cells})


def test_other_endings_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"\.jsonl or \.csv"):
        FileLayout.of(tmp_path / "a.xls")
    with pytest.raises(UsageError, match=r"\.csv"):
        FileLayout.of(tmp_path / "a.jsonl", excel=True)


@pytest.mark.parametrize("layout", [JSON, CSV, FileLayout(".csv", excel=True)])
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8"), min_size=1, max_size=6), st.sampled_from(["one", "bad", "two"])
        ),
        max_size=6,
        unique_by=lambda pair: pair[0],
    ),
    st.floats(0, 1),
)
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_whole_records_come_back_from_any_cut(tmp_path, layout, names, cut):
    """A document of a CSV is whole only when another record follows it."""
    records = [
        {**document("a", "b"), "file": name}
        if kind == "two"
        else make_record(name, None if kind == "bad" else READING, "bad" if kind == "bad" else None)
        for name, kind in names
    ]
    lines = [layout.header, *(layout.to_bytes(record) for record in records)]
    data = b"".join(lines)
    path = tmp_path / f"out{layout.suffix}"
    path.write_bytes(data[: int(cut * len(data))])
    back, size = whole_records(path, layout)
    assert size in {sum(map(len, lines[:k])) for k in range(len(lines) + 1)} and size <= len(path.read_bytes())
    assert [record["file"] for record in back] == [layout.file_key(name) for name, _ in names[: len(back)]]
    path.write_bytes(data)
    back, size = whole_records(path, layout)
    lacking = layout.suffix == ".csv" and bool(names) and names[-1][1] == "two"
    assert len(back) == len(names) - lacking
    assert [status_of(record) for record in back] == [status_of(record) for record in records[: len(back)]]


def test_the_columns_are_documented(request):
    page = (request.config.rootpath / "docs" / "batch.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == list(COLUMNS)
