"""`digitstring adapt`: weights for your kind of picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands import options as o
from pipeline.commands.terminal import progress_bar, say, tell


def adapt(
    truth: Annotated[Path, typer.Argument(metavar="TRUTH.csv", help="Table with the columns file,text.")],
    out: o.WeightsOut,
    images: Annotated[
        Path | None, typer.Option(help="Folder of the files (default: beside the table, or images/ there).")
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="Weights to start from (default: the shipped ones).")] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder with mnist/ and strokes/, so that nothing is forgotten.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 1,
    resume: o.Resume = False,
    force: o.Replace = False,
) -> None:
    """Make weights that read your kind of picture better, from pictures and their digits; no boxes needed.

    Rows are held out and read before and after; where adapting does not help, the parent's weights are kept.
    """
    o.one_thread()
    from pipeline.adapting import adaptation

    with progress_bar("Adapting") as progress:
        report = adaptation.adapt(
            truth,
            out,
            images=images,
            weights=weights,
            data=data,
            recipe=adaptation.AdaptRecipe(seed=seed),
            resume=resume,
            force=force,
            say=say,
            progress=progress or (lambda done, total: None),
        )
    if report.skipped:
        say(f"{len(report.skipped)} of {len(report.skipped) + report.rows} rows skipped")
    warning = report.warning()
    if warning is not None:
        say(warning)
    else:
        tell(f"{out}: adapted to {report.rows} pictures")
