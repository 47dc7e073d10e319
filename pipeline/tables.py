"""Cells of CSV files that any program may open: no formulas, no control characters, valid UTF-8, a row a line."""

from __future__ import annotations

import re
from collections.abc import Iterable

FORMULA = ("=", "+", "-", "@")  # what spreadsheets calculate
NUMBER = re.compile(r"[-+]?[0-9][0-9.,' ]*")  # with a sign, but nothing to calculate
UNSAFE = re.compile("[\\\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
BYTE_ESCAPES = range(0xDC80, 0xDD00)  # how Python holds bytes of a file name that are no UTF-8


def safe_cell(value: object) -> str:
    """The text of a cell; empty for None. What is escaped: control characters, bytes that are no UTF-8 and the
    backslash itself, as \\xNN; before what begins like a formula, an apostrophe."""
    text = UNSAFE.sub(_escaped, "" if value is None else str(value))
    return "'" + text if text.startswith(FORMULA) and not NUMBER.fullmatch(text) else text


def csv_line(cells: Iterable[str]) -> str:
    """A row in the way of RFC 4180, but with a plain newline at its end."""
    quoted = ['"' + cell.replace('"', '""') + '"' if set(cell) & set('",\r\n') else cell for cell in cells]
    return ",".join(quoted) + "\n"


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if found[0] == "\\":
        return "\\\\"
    if code in BYTE_ESCAPES:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
