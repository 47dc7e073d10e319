"""`digitstring read`: the numbers in images."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands import options as o
from pipeline.commands.reading.printing import Style, print_readings


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
    raise typer.Exit(print_readings(images, options, Style(as_json, json_array, bool(alternatives))))
