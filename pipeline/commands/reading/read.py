"""`digitstring read`: the numbers in images."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.commands import options as o
from pipeline.commands.codes import ACCEPTED, UNREADABLE, UNSURE, worst
from pipeline.commands.terminal import detail, say

if TYPE_CHECKING:
    from pipeline.batch.outcomes import Outcome
    from pipeline.reading.result import Part, Result


def read(
    images: Annotated[list[str], typer.Argument(help="Image files, globs, or - for standard input.")],
    as_json: o.Json = False,
    json_array: Annotated[bool, typer.Option("--json-array", help="Print one JSON array of all objects.")] = False,
    format: o.Format = None,
    threshold: o.Threshold = None,
    max_error: o.MaxError = None,
    alternatives: Annotated[
        int | None, typer.Option(min=0, help="How many other texts to give; without --json a line each.")
    ] = None,
    document: o.Document = False,
    field: o.Fields = None,
    template: o.Template = None,
    mask: o.Mask = None,
    pages: o.Pages = None,
    profile: o.Profile = None,
    weights: o.Weights = None,
    second: o.Second = None,
) -> None:
    """Print the number in each image.

    One image: its text (of an amount what is written), an empty line when there is none. Several: a line each with
    file, text and confidence, separated by tabs. --json: one object a line, with digits, boxes and alternatives.
    --format: only numbers of that format are looked for; where none fits, there is no text, and a message says so.

    A whole document, such as a cheque, a form or a PDF: a line for each field that is found, with its name.
    """
    options = o.reader_options(
        weights,
        threshold,
        max_error,
        format,
        3 if alternatives is None else alternatives,
        document,
        field,
        template,
        profile,
        mask,
        second,
        pages,
    )
    from pipeline.batch.outcomes import expand_globs, read_outcome
    from pipeline.batch.records import make_record

    files = expand_globs(images)
    reader = options()
    codes = set()
    with _printer(as_json, json_array) as print_record:
        for file in files:
            outcome = read_outcome(reader, sys.stdin.buffer.read() if file == "-" else file, file, pipes=True)
            codes.add(_code(outcome))
            _say_of(outcome)
            if as_json or json_array:
                print_record(make_record(file, outcome.reading, outcome.error))
            elif outcome.reading is not None:
                names = [file] if len(files) > 1 else []
                sys.stdout.writelines(_plain_lines(names, outcome.reading, bool(alternatives)))
    raise typer.Exit(worst(codes))


@contextmanager
def _printer(as_json: bool, array: bool) -> Iterator[Callable[[dict[str, Any]], None]]:
    """What prints a record: one a line, or all as an array, each on a line of its own."""
    if as_json and array:
        from pipeline.errors import UsageError

        raise UsageError("--json prints an object a line and --json-array one array; choose one")
    between = "[\n"

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
    if outcome.reading.note is not None:
        say(f"{outcome.file}: {outcome.reading.note}")
    detail(f"{outcome.file}: read in {outcome.cpu_seconds:.3f} s of CPU, {len(outcome.reading.parts())} fields")


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
    best = part.reading if part.reading.mask is None else part.reading.mask
    plain = part.reading.written if part.reading.mask is None else None
    rows = [(plain or best.text or "", best.confidence)]
    if with_alternatives:
        rows += [(other.text, other.confidence) for other in part.reading.alternatives]
    for text, confidence in rows:
        cells = [name.replace("\t", "\\t").replace("\n", "\\n") for name in names]
        cells += [text, f"{confidence:.4f}"] if cells or with_alternatives else [text]
        yield "\t".join(cells) + "\n"
