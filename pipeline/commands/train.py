"""`digitstring train`: the shipped weights, made again from the data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands import options as o
from pipeline.commands.terminal import epoch_lines, say

if TYPE_CHECKING:
    from pipeline.training.recipe import Recipe


def train(
    data: Annotated[Path | None, typer.Option(help="Folder with mnist/ and strokes/.")] = None,
    out: o.WeightsOut = Path("weights.npz"),
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs of each network (default: the recipe's).")] = None,
    seed: o.Seed = None,
    without: Annotated[str | None, typer.Option(help="Pen collections to leave out, such as sta,lex,cec.")] = None,
    first: Annotated[
        Path | None, typer.Option(help="Weights whose first network to keep; only the second is trained.")
    ] = None,
    resume: o.Resume = False,
    force: o.Replace = False,
) -> None:
    """Make the shipped weights again from the data. For the networks of Nielsen's book see `book train`."""
    o.one_thread()  # a second process draws the strings meanwhile
    from pipeline.training.recipe import train_shipped

    recipe = _recipe(epochs, seed, without)
    before = {"first": 0, "second": recipe.first.epochs if first is None else 0}
    with epoch_lines(before["second"] + recipe.second.epochs) as on_epoch:
        train_shipped(
            out,
            data,
            recipe,
            first=first,
            resume=resume,
            force=force,
            on_epoch=lambda report: on_epoch(report, before[report.stage] + report.epoch),
        )
    say(f"{out}: trained")


def _recipe(epochs: int | None, seed: int | None, without: str | None) -> Recipe:
    """The shipped weights' recipe, varied; epochs: of each of the two networks."""
    from pipeline.training import recipe as home

    left_out = None if without is None else tuple(name for name in without.split(",") if name)
    recipe = home.Recipe(**o.given(seed=seed, without=left_out))
    if epochs is None:
        return recipe
    return replace(recipe, first=replace(recipe.first, epochs=epochs), second=replace(recipe.second, epochs=epochs))
