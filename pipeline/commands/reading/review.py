"""`digitstring review`: what people said of unsure readings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.saying import tell


def purge(
    review: Annotated[Path, typer.Argument(help="The review file.")],
    before: Annotated[str, typer.Option(help="A date such as 2026-01-31, or a date and time.")],
    waiting: Annotated[bool, typer.Option("--waiting", help="Also what waits and was queued before.")] = False,
) -> None:
    """Delete what was decided before a date, with images and audit; nothing of it stays in the file."""
    from pipeline.review.purging import purge as forget
    from pipeline.review.store import ReviewStore

    count = forget(ReviewStore(review, create=False), before, waiting)
    tell(f"{review}: {count} items deleted")


def export(
    review: Annotated[Path, typer.Argument(help="The review file.")],
    out: Annotated[Path, typer.Option(help="Folder to make.")],
) -> None:
    """Write what reviewers said as truth.csv with images/ beside it, for adapt and evaluate; and audit.csv."""
    from pipeline.review.store import ReviewStore
    from pipeline.review.truth_folder import export_folder

    count = export_folder(ReviewStore(review, create=False), out)
    tell(f"{out}: {count} images")
