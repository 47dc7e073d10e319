"""`digitstring adapt`: weights for your kind of picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.blas import start_with_one_thread
from pipeline.commands import options as o
from pipeline.commands.saying import say, tell
from pipeline.commands.terminal import progress_bar
from pipeline.errors import UsageError


def adapt(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="TRUTH.csv|FOLDER", help="Table with the columns file,text; or, with --unlabelled, pictures."
        ),
    ],
    out: o.WeightsOut,
    unlabelled: Annotated[
        bool, typer.Option("--unlabelled", help="Learn from a folder of pictures whose right answers nobody knows.")
    ] = False,
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

    Rows are held out and read before and after; where adapting does not help, the parent's weights are kept. All of the
    line network learns where digitstring[train] is installed. With --unlabelled, what both readers read alike and
    surely is taken for right; whether that helped only a labelled sample can tell.
    """
    start_with_one_thread()
    if unlabelled and images is not None:
        raise UsageError("--images belongs to a table; with --unlabelled the folder itself is given")
    with progress_bar("Adapting") as progress:
        options: dict[str, Any] = {
            "weights": weights,
            "data": data,
            "resume": resume,
            "force": force,
            "say": say,
            "progress": progress or (lambda done, total: None),
        }
        told = _unlabelled(source, out, seed, options) if unlabelled else _labelled(source, out, images, seed, options)
    if told is not None:
        tell(told)


def _labelled(table: Path, out: Path, images: Path | None, seed: int, options: dict[str, Any]) -> str | None:
    """Adapts to a table; what is told in the end, where anything was learned."""
    from pipeline.adapting import adaptation
    from pipeline.adapting.adapt_recipe import AdaptRecipe

    report = adaptation.adapt(table, out, images=images, recipe=AdaptRecipe(seed=seed), **options)
    if report.skipped:
        say(f"{len(report.skipped)} of {len(report.skipped) + report.rows} rows skipped")
    warning = report.warning()
    if warning is not None:
        say(warning)
        return None
    return f"{out}: adapted to {report.rows} pictures"


def _unlabelled(folder: Path, out: Path, seed: int, options: dict[str, Any]) -> str | None:
    """The same for a folder without right answers."""
    from pipeline.adapting import unlabelled
    from pipeline.adapting.adapt_recipe import AdaptRecipe

    report = unlabelled.adapt_unlabelled(folder, out, recipe=AdaptRecipe.without_answers(seed=seed), **options)
    say(report.warning())
    if report.kept_parent:
        return None
    return f"{out}: adapted to {report.labels[-1]} of {report.pictures} pictures, without right answers"
