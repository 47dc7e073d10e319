"""`digitstring batch`: a folder of images into a file of records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands import options as o
from pipeline.commands.codes import ACCEPTED, UNREADABLE, UNSURE
from pipeline.commands.saying import tell
from pipeline.commands.terminal import progress_bar

if TYPE_CHECKING:
    from pipeline.batch.run import BatchSummary


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
    main: Annotated[bool, typer.Option("--main", help="CSV: of documents the main field only, a row a file.")] = False,
    excel: Annotated[
        bool, typer.Option("--excel", help="CSV for spreadsheets: digits as text, so that leading zeros stay.")
    ] = False,
    format: o.Format = None,
    threshold: o.Threshold = None,
    max_error: o.MaxError = None,
    mask: o.Mask = None,
    pages: o.Pages = None,
    profile: o.Profile = None,
    alternatives: o.Alternatives = 3,
    document: o.Document = False,
    field: o.Fields = None,
    template: o.Template = None,
    weights: o.Weights = None,
    review: o.Review = None,
    review_blank: o.ReviewBlank = False,
) -> None:
    """Read a folder of images into a file, one record each; unreadable ones get a record with `error`.

    What is read is what `read` reads, PDFs too. A CSV has a row for each field of a document. Ctrl-C ends after the
    record at hand, and --resume continues; a second one ends at once.
    """
    options = o.reader_options(
        weights, threshold, max_error, format, alternatives, document, field, template, profile, mask, pages=pages
    )
    from pipeline.batch.interrupts import stoppable
    from pipeline.batch.run import run_batch

    with stoppable() as stop, progress_bar("Reading") as progress:
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
            review_blank=review_blank,
            main=main,
            excel=excel,
            settings={**options.settings(), "main": main, "excel": excel},
            stop=stop,
        )
    tell(f"{_told(summary)}; {out}")
    raise typer.Exit(UNREADABLE if summary.unreadable else UNSURE if summary.unsure else ACCEPTED)


def _told(summary: BatchSummary) -> str:
    """The closing line."""
    earlier = f" ({summary.earlier} by an earlier run)" if summary.earlier else ""
    left_out = [
        f"{count} {what}"
        for count, what in ((summary.hidden, "hidden"), (summary.others, "not named like images"))
        if count
    ]
    return (
        f"{summary.images} images{earlier}: {summary.accepted} accepted, {summary.unsure} below the "
        f"threshold, {summary.unreadable} unreadable" + (f"; left out: {', '.join(left_out)}" if left_out else "")
    )
