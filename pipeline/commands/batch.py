"""`digitstring batch`: a folder of images into a file of records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands import options as o
from pipeline.commands.codes import ACCEPTED, UNREADABLE, UNSURE
from pipeline.commands.terminal import progress_bar, say


def batch(
    folder: Annotated[str, typer.Argument(help="Folder with the images, or its URL (s3://..., gs://..., file://...).")],
    out: Annotated[Path, typer.Option(help="Output, .jsonl or .csv.")],
    recursive: Annotated[bool, typer.Option("--recursive", help="Also read the folders inside.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes (default: one a core, if there is work for them).")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Dask scheduler that reads in place of processes here, as tcp://host:8786.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue an interrupted output.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing output.")] = False,
    format: o.Format = None,
    threshold: o.Threshold = None,
    max_error: o.MaxError = None,
    alternatives: o.Alternatives = 3,
    profile: o.Profile = None,
    weights: o.Weights = None,
    review: o.Review = None,
) -> None:
    """Read a folder of images into a file, one record each; unreadable ones get a record with `error`."""
    options = o.reader_options(weights, threshold, max_error, format, alternatives, profile=profile)
    from pipeline.batch.run import run_batch

    with progress_bar("Reading") as progress:
        summary = run_batch(
            folder,
            out,
            options,
            recursive=recursive,
            workers=workers,
            scheduler=scheduler,
            resume=resume,
            force=force,
            progress=progress,
            review=review,
        )
    earlier = f" ({summary.earlier} by an earlier run)" if summary.earlier else ""
    say(
        f"{summary.images} images{earlier}: {summary.accepted} accepted, {summary.unsure} below the "
        f"threshold, {summary.unreadable} unreadable; {out}"
    )
    raise typer.Exit(UNREADABLE if summary.unreadable else UNSURE if summary.unsure else ACCEPTED)
