"""`digitstring review`: what people said of unsure readings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.terminal import tell


def export(
    review: Annotated[Path, typer.Argument(help="The review file.")],
    out: Annotated[Path, typer.Option(help="Folder to make.")],
) -> None:
    """Write what reviewers said as truth.csv with images/ beside it, for adapt and evaluate; and audit.csv."""
    from pipeline.review.export import export_folder
    from pipeline.review.store import ReviewStore

    count = export_folder(ReviewStore(review, create=False), out)
    tell(f"{out}: {count} images")
