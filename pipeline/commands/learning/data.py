"""`digitstring data`: fetches and converts what training needs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.saying import say, tell
from pipeline.commands.terminal import progress_bar


class StrokeKind(StrEnum):
    """The stroke files that training reads."""

    DIGITS = "digits"
    STRINGS = "strings"
    OTHERS = "others"


class Collection(StrEnum):
    """The further collections that training reads."""

    SWISS_NUMBERS = "swiss-numbers"
    BHMSDS = "bhmsds"
    MORE_DIGITS = "more-digits"
    REGISTER_NUMBERS = "register-numbers"


def unipen(
    folder: Annotated[Path, typer.Argument(help="The unpacked UNIPEN collection train_r01_v07.")],
    out: Annotated[Path, typer.Option(help="Stroke file to write, .jsonl.gz.")],
    kind: Annotated[
        StrokeKind, typer.Option(help="Isolated digits, strings of digits, or other characters.")
    ] = StrokeKind.DIGITS,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Convert pen strokes of the original UNIPEN files."""
    from pipeline.data.unipen import convert_unipen
    from pipeline.files import check_new

    check_new(out, force)
    with progress_bar("Converting") as progress:
        report = convert_unipen(folder, out, kind.value, progress)
    for sentence in report.damaged:
        say(sentence)
    left_out = sum(report.skipped.values())
    tell(f"{out}: {report.written} samples by {report.writers} writers; {left_out} segments left out")


def mnist(
    data: Annotated[Path | None, typer.Option(help="Folder to put it in (default: the cache).")] = None,
) -> None:
    """Download MNIST, checked by SHA-256, unless it is there already; prints the folder."""
    from pipeline.data.mnist import fetch_mnist

    typer.echo(str(fetch_mnist(data)))


def collection(
    name: Annotated[Collection, typer.Argument(help="Which collection; docs/data.md tells of each.")],
    data: Annotated[Path, typer.Option(help="The data folder to put it in.")],
    archive: Annotated[
        Path | None, typer.Option(help="What its public home gives, a zip or folder, instead of a download.")
    ] = None,
) -> None:
    """Fetch a further collection from its public home, checked by SHA-256; prints its file."""
    from pipeline.data.homes import fetch_collection

    typer.echo(str(fetch_collection(name.value, data, archive)))
