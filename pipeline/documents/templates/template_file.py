"""Templates: the fields of a form, named once, in a TOML file; registered to each scan by the form's own lines.

    version = 1
    [page]
    size = [2560, 3300]                  # pixels of the scan that it was drawn up from
    landmarks = [[0.17, 0.26, 0.23, 0.03], ...]  # middle x, y, width, height of printed boxes and rules
    [[field]]
    name = "amount"
    box = [0.55, 0.20, 0.70, 0.25]       # left, top, right, bottom
    format = "amount"                    # may be left out: any digits
    required = true                      # may be left out: true
    [[check]]                            # may be left out; see cross_checks.py
    sum = ["goods", "tax"]
    total = "total"

All but the size are shares of the page's width and height.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.documents.templates.cross_checks import Check, year_in_full
from pipeline.errors import UsageError
from pipeline.files import write_whole
from pipeline.formats.format import parse_format

Landmarks = NDArray[np.float64]  # (n, 4) middle x, middle y, width, height of a printed box or rule
VERSION = 1
FIELD_KEYS = {"name", "box", "format", "required"}


@dataclass(frozen=True)
class TemplateField:
    """box: left, top, right, bottom as shares of the page."""

    name: str
    box: tuple[float, float, float, float]
    format: str | None = None
    required: bool = True


@dataclass(frozen=True, eq=False)
class Template:
    """size: (width, height) in pixels. landmarks: (n, 4) middle x, y, width and height, as shares of the page."""

    size: tuple[int, int]
    landmarks: Landmarks
    fields: tuple[TemplateField, ...]
    checks: tuple[Check, ...] = ()

    def scaled(self, values: Landmarks) -> Landmarks:
        """Shares of the page, (n, 4), in pixels of its size."""
        return values * np.array([*self.size, *self.size])


def load_template(path: Path) -> Template:
    """The template in a file. Raises UsageError for one that is missing, damaged, or says what cannot be meant."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: the template cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not a TOML file ({error})") from None
    if content.get("version") != VERSION:
        raise UsageError(f"{path}: version {content.get('version')!r} of a template is not known; there is {VERSION}")
    try:
        page = content["page"]
        width, height = (int(side) for side in page["size"])
        landmarks = np.array(page["landmarks"], dtype=np.float64).reshape(-1, 4)
        fields = tuple(_field(path, number, entry) for number, entry in enumerate(content["field"], 1))
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path}: a template needs [page] with size and landmarks, and [[field]] ({error})") from None
    names = [field.name for field in fields]
    doubled = [name for name in names if names.count(name) > 1]
    if doubled or min(width, height) < 1:
        trouble = f"two fields are named {doubled[0]!r}" if doubled else f"a page of {width} x {height} pixels"
        raise UsageError(f"{path}: {trouble}")
    checks = tuple(_check(path, number, entry, fields) for number, entry in enumerate(content.get("check", []), 1))
    return Template((width, height), landmarks, fields, checks)


def _check(path: Path, number: int, entry: dict[str, Any], fields: Sequence[TemplateField]) -> Check:
    formats = {field.name: field.format for field in fields}
    kinds = {frozenset(("sum", "total")): "sum", frozenset(("same",)): "same", frozenset(("past",)): "past"}
    kind = kinds.get(frozenset(entry))
    if kind is None:
        raise UsageError(
            f"{path}: check {number} has {', '.join(entry) or 'nothing'}; it is sum and total, same, or past"
        )
    named = entry[kind] if isinstance(entry[kind], list) else [entry[kind]]
    named = [*named, entry["total"]] if kind == "sum" else named
    unknown = [str(name) for name in named if name not in formats]
    if unknown:
        raise UsageError(f"{path}: check {number} names {unknown[0]!r}, which is no field")
    if not {"sum": len(named) >= 3, "same": len(named) >= 2, "past": len(named) == 1}[kind]:
        raise UsageError(f"{path}: check {number}: sum is of two fields at least, same of two, past of one")
    if kind == "past" and not year_in_full(formats[named[0]]):
        raise UsageError(
            f"{path}: check {number}: past is of a field whose format is a date with a year of four digits, such as "
            "date:DDMMYYYY"
        )
    return Check(kind, tuple(named))


def _field(path: Path, number: int, entry: dict[str, Any]) -> TemplateField:
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        raise UsageError(f"{path}: field {number} has no name")
    unknown = sorted(set(entry) - FIELD_KEYS)
    if unknown:
        raise UsageError(
            f"{path}: the field {name!r} has {unknown[0]!r}, which is not known; "
            f"there are {', '.join(sorted(FIELD_KEYS))}"
        )
    try:
        left, top, right, bottom = (float(edge) for edge in entry["box"])
    except (KeyError, TypeError, ValueError):
        raise UsageError(f"{path}: the box of the field {name!r} is [left, top, right, bottom]") from None
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise UsageError(
            f"{path}: the box of the field {name!r} is in shares of the page, 0 to 1, left before right "
            "and top above bottom"
        )
    format, required = entry.get("format"), entry.get("required", True)
    if format is not None:
        try:
            parse_format(format)
        except (UsageError, TypeError) as error:
            raise UsageError(f"{path}: the field {name!r}: {error}") from None
    if not isinstance(required, bool):
        raise UsageError(f"{path}: the field {name!r}: required is true or false, not {required!r}")
    return TemplateField(name, (left, top, right, bottom), format, required)


def to_toml(template: Template) -> str:
    """The text of a template's file."""
    lines = [
        "# Fields of a form: name them, set their format, strike what is none.",
        f"version = {VERSION}",
        "",
        "[page]",
        f"size = [{template.size[0]}, {template.size[1]}]",
        "landmarks = [",
    ]
    lines += [f"  {_numbers(row)}," for row in template.landmarks]
    lines.append("]")
    for field in template.fields:
        lines += ["", "[[field]]", f"name = {json.dumps(field.name)}", f"box = {_numbers(np.array(field.box))}"]
        lines += [] if field.format is None else [f"format = {json.dumps(field.format)}"]
        lines.append(f"required = {'true' if field.required else 'false'}")
    for check in template.checks:
        parts, *total = (check.fields[:-1], check.fields[-1]) if check.kind == "sum" else (check.fields,)
        said = json.dumps(parts[0] if check.kind == "past" else list(parts))
        lines += ["", "[[check]]", f"{check.kind} = {said}", *(f"total = {json.dumps(name)}" for name in total)]
    return "\n".join(lines) + "\n"


def _numbers(values: Landmarks) -> str:
    return "[" + ", ".join(f"{value:.5f}" for value in values) + "]"


def write_template(template: Template, out: Path) -> None:
    """Write a template's file. Raises UsageError, OutputError."""
    write_whole(out, to_toml(template))
