"""`digitstring explain`: a picture of how an image was read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands import options as o
from pipeline.commands.codes import ACCEPTED, UNSURE
from pipeline.commands.saying import tell

STANDARD_INPUT = Path("-")


def explain(
    image: Annotated[Path, typer.Argument(help="Image file, or - for standard input.")],
    out: Annotated[Path, typer.Option(help="The picture to draw, .png.")],
    force: Annotated[bool, typer.Option("--force", help="Replace an existing picture.")] = False,
    format: o.Format = None,
    threshold: o.Threshold = None,
    max_error: o.MaxError = None,
    weights: o.Weights = None,
) -> None:
    """Draw how an image was read: source, ink, cuts, winning spans, rounds of the search; or a document's fields."""
    options = o.reader_options(weights, threshold, max_error, format)
    from pipeline.explaining.explanation import write_explanation

    source = sys.stdin.buffer.read() if image == STANDARD_INPUT else image
    reading = write_explanation(source, out, options(), force=force)
    tell(f"{out}: shows how {image} was read as {reading.text or 'nothing'} ({reading.confidence:.1%})")
    raise typer.Exit(ACCEPTED if reading.accepted else UNSURE)
