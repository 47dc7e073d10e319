"""Pen strokes: characters and strings as the pen wrote them, one JSON object a line (docs/data.md)."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.data.downloads import data_folder
from pipeline.errors import DataError

STROKE_KINDS = ("digits", "strings", "others")
MORE_DIGITS = "more-digits"
"""Digits of other collections than UNIPEN, in the same form."""


@dataclass(frozen=True, eq=False)
class StrokeSample:
    """A character or string as it was written.

    writer: collection (three letters) and a number, "apa-001"; text: what was written, separators included;
    strokes: in writing order, each (n, 2) float32, n >= 1, columns x and y, y growing downward, any unit.
    """

    writer: str
    text: str
    strokes: tuple[np.ndarray, ...]

    def __post_init__(self) -> None:
        if not self.writer or not self.text:
            raise ValueError("writer and text must not be empty")
        if not self.strokes:
            raise ValueError("there must be at least one stroke")
        for stroke in self.strokes:
            if stroke.ndim != 2 or stroke.shape[1] != 2 or len(stroke) == 0 or stroke.dtype != np.float32:
                raise ValueError("a stroke must be (n, 2) float32 with n >= 1")

    @property
    def collection(self) -> str:
        """The UNIPEN collection the writer belongs to, "apa"."""
        return self.writer[:3]


def load_strokes(path: Path) -> list[StrokeSample]:
    """Reads a file of strokes, .jsonl or .jsonl.gz. Raises DataError naming file, line and problem."""
    path = Path(path)
    with np.errstate(over="ignore"):  # what overflows is refused as not finite
        samples = [_parse_line(path, number, line) for number, line in _lines(path)]
    if not samples:
        raise DataError(f"{path}: holds no strokes")
    return samples


def stroke_files(folder: Path | None = None) -> dict[str, Path]:
    """The stroke files there are: kind ("digits", "strings", "others", "more-digits") -> path, absent kinds left out.

    Looked for in ``folder`` (None: the one ``DIGITSTRING_DATA`` names) and its subfolder ``strokes``;
    empty when no folder is named. Raises DataError when the folder named does not exist.
    """
    place = data_folder(folder)
    if place is None:
        return {}
    candidates = (
        (kind, sub / f"{kind}{suffix}")
        for kind in (*STROKE_KINDS, MORE_DIGITS)
        for sub in (place, place / "strokes")
        for suffix in (".jsonl", ".jsonl.gz")
    )
    return {kind: path for kind, path in candidates if path.is_file()}


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Line number from 1 and its bytes; blank lines are passed over."""
    number = 0
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, line
    except EOFError as error:
        raise DataError(f"{path}: truncated after line {number}") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: damaged after line {number}, or not gzip data ({error})") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error


def _parse_line(path: Path, number: int, line: bytes) -> StrokeSample:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}, line {number}: not JSON ({error})") from error
    try:
        return _sample(entry)
    except ValueError as error:
        raise DataError(f"{path}, line {number}: {error}") from error


def _sample(entry: object) -> StrokeSample:
    if not isinstance(entry, dict) or not {"writer", "text", "strokes"} <= entry.keys():
        raise ValueError("must be an object with writer, text and strokes")
    writer, text, strokes = entry["writer"], entry["text"], entry["strokes"]
    if not (isinstance(writer, str) and isinstance(text, str) and isinstance(strokes, list)):
        raise ValueError("writer and text must be strings and strokes a list")
    return StrokeSample(writer, text, tuple(_stroke(points) for points in strokes))


def _stroke(points: list[Any]) -> np.ndarray:
    try:
        stroke = np.array(points, np.float32)
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError("a stroke must be a list of [x, y] numbers") from error
    if not np.isfinite(stroke).all():
        raise ValueError("coordinates must be finite numbers")
    stroke.flags.writeable = False  # samples are shared between everything that draws them
    return stroke
