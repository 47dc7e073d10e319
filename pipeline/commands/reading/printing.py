"""What `digitstring read` prints: a line a picture, or a field of a document, or JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.commands.codes import ACCEPTED, UNREADABLE, UNSURE, worst
from pipeline.commands.saying import detail, say, shown

if TYPE_CHECKING:
    from pipeline.batch.outcomes import Outcome, ReaderOptions, ReadsImages
    from pipeline.reading.result import Part, Reading, Result


ENGINE = "DIGITSTRING_ENGINE"
FEW = 20  # pictures: so few are not worth the start of ONNX Runtime, which costs what it gains over some 30


@dataclass(frozen=True)
class Style:
    """How readings are printed: as JSON, an object a line or all in one array, or in words, with alternatives or
    without."""

    as_json: bool = False
    json_array: bool = False
    alternatives: bool = False


def print_readings(images: Sequence[str], options: ReaderOptions, style: Style) -> int:
    """Read images, file names or globs or - for standard input, and print what stands there; the exit code. Raises
    UsageError, WeightsError."""
    from pipeline.batch.outcomes import expand_globs, read_outcome
    from pipeline.batch.records import make_record

    files = expand_globs(images)
    reader = _reader_of(options, len(files))
    codes = set()
    with _printer(style) as print_record:
        for file in files:
            outcome = read_outcome(reader, sys.stdin.buffer.read() if file == "-" else file, file, pipes=True)
            codes.add(_code(outcome))
            _say_of(outcome)
            if style.as_json or style.json_array:
                print_record(make_record(file, outcome.reading, outcome.error))
            elif outcome.reading is not None:
                names = [file] if len(files) > 1 else []
                sys.stdout.writelines(_plain_lines(names, outcome.reading, style.alternatives))
    return worst(codes)


def _reader_of(options: ReaderOptions, pictures: int) -> ReadsImages:
    """The reader for so many pictures: for few with numpy, unless the environment names an engine."""
    asked = os.environ.get(ENGINE)
    if pictures > FEW or asked:
        return options()
    os.environ[ENGINE] = "numpy"
    try:
        return options()
    finally:  # whoever calls this as a function, or is called by it, chooses for himself
        if asked is None:
            del os.environ[ENGINE]
        else:
            os.environ[ENGINE] = asked


@contextmanager
def _printer(style: Style) -> Iterator[Callable[[dict[str, Any]], None]]:
    """What prints a record: one a line, or all as an array, each on a line of its own."""
    if style.as_json and style.json_array:
        from pipeline.errors import UsageError

        raise UsageError("--json prints an object a line and --json-array one array; choose one")
    between, array = "[\n", style.json_array

    def print_record(record: dict[str, Any]) -> None:
        nonlocal between
        sys.stdout.write((between if array else "") + json.dumps(record) + ("" if array else "\n"))
        between = ",\n"

    yield print_record
    if array:
        sys.stdout.write("\n]\n" if between == ",\n" else "[]\n")


def _say_of(outcome: Outcome) -> None:
    """What there is to say of an outcome on standard error."""
    if outcome.reading is None:
        say(str(outcome.error))
        return
    for sentence in outcome.reading.errors:
        say(sentence)
    for note, names in _notes(outcome.reading).items():
        say(": ".join([outcome.file, *([", ".join(names)] if names else []), note]))
    detail(f"{outcome.file}: read in {outcome.cpu_seconds:.3f} s of CPU, {len(outcome.reading.parts())} fields")


def _notes(reading: Result) -> dict[str, list[str]]:
    """The notes there are, each once, with the names of the fields that have it."""
    notes: dict[str, list[str]] = {}
    if not reading.parts() and reading.note is not None:  # a document without fields
        notes[reading.note] = []
    for part in reading.parts():
        if part.reading.note is not None:
            notes.setdefault(part.reading.note, []).extend([part.name] if part.name else [])
    return notes


def _code(outcome: Outcome) -> int:
    if outcome.reading is None or outcome.reading.errors:
        return UNREADABLE
    return ACCEPTED if outcome.reading.accepted else UNSURE


def _plain_lines(names: list[str], reading: Result, with_alternatives: bool) -> Iterator[str]:
    """Tab-separated lines: the names there are, the text, and the confidence unless text stands alone. Of a document,
    a line for each field, with its name."""
    for part in reading.parts():
        yield from _part_lines([*names, part.name] if part.name else names, part, with_alternatives)


def _part_lines(names: list[str], part: Part, with_alternatives: bool) -> Iterator[str]:
    rows = [_best(part.reading)]
    if with_alternatives:
        from pipeline.reading.result_parts import with_marks

        written = part.reading.written
        rows += [(with_marks(other.text, written), other.confidence) for other in part.reading.alternatives]
    for text, confidence in rows:
        cells = [shown(name) for name in names]
        cells += [text, f"{confidence:.4f}"] if cells or with_alternatives else [text]
        yield "\t".join(cells) + "\n"


def _best(reading: Reading) -> tuple[str, float]:
    """What is written or, where no marks are known, the digits; its one unsure digit open, if it has a mask; and how
    sure that is."""
    mask = reading.mask
    if mask is None:
        return reading.written or reading.text or "", reading.confidence
    return mask.written or mask.text, mask.confidence
