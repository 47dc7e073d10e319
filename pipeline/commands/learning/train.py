"""`digitstring train`: the shipped weights, made again from the data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.blas import start_with_one_thread
from pipeline.commands import options as o
from pipeline.commands.saying import tell
from pipeline.commands.terminal import epoch_lines
from pipeline.errors import UsageError

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
    start: Annotated[
        Path | None, typer.Option(help="Weights with whose first network the training of the first begins.")
    ] = None,
    line: Annotated[
        Path | None,
        typer.Option(help="Weights whose crop networks to keep; only the line network is trained, with PyTorch."),
    ] = None,
    strings: Annotated[int | None, typer.Option(min=1, help="Strings that the line network sees in all.")] = None,
    calibrate: Annotated[
        Path | None, typer.Option(help="Weights to calibrate again: how the readers are joined, and how sure they are.")
    ] = None,
    second: Annotated[
        str | None, typer.Option(help="With --calibrate: how they are joined to a third party's reader, rapidocr.")
    ] = None,
    first_alone: Annotated[
        bool, typer.Option("--first-alone", help="Train no second crop network; with --calibrate: leave it out.")
    ] = False,
    marks_alone: Annotated[
        bool, typer.Option("--marks-alone", help="With --calibrate: only how marks about digits are known.")
    ] = False,
    mean: Annotated[
        list[str] | None,
        typer.Option(
            help="Weights and their share, as a.npz:0.7; again for others: the mean of one training's stages."
        ),
    ] = None,
    resume: o.Resume = False,
    force: o.Replace = False,
) -> None:
    """Make the shipped weights again from the data. For the networks of Nielsen's book see `book train`."""
    start_with_one_thread()  # a second process draws the strings meanwhile
    if line is not None:
        _train_line(out, line, data, resume, force, o.given(seed=seed, strings=strings, without=_names(without)))
        return
    if calibrate is not None:
        _calibrate(calibrate, out, data, second, first_alone, marks_alone)
        return
    if mean:
        _average(mean, out, data, force)
        return
    from pipeline.training.recipe import train_shipped

    recipe = _recipe(epochs, seed, without)
    before = {"first": 0, "second": recipe.first.epochs if first is None else 0}
    with epoch_lines(before["second"] + (0 if first_alone else recipe.second.epochs)) as on_epoch:
        train_shipped(
            out,
            data,
            recipe,
            first=first,
            start=start,
            first_alone=first_alone,
            resume=resume,
            force=force,
            on_epoch=lambda report: on_epoch(report, before[report.stage] + report.epoch),
        )
    tell(f"{out}: trained")


def _train_line(out: Path, base: Path, data: Path | None, resume: bool, force: bool, settings: dict[str, Any]) -> None:
    """The line network beside the crop networks of `base`."""
    try:
        from pipeline.training.line.line_trainer import LineRecipe
        from pipeline.training.line.line_training import train_line
    except ImportError as error:
        raise UsageError("training the line network needs PyTorch; install digitstring[train]") from error
    train_line(
        out, base, data, LineRecipe(**settings), resume=resume, force=force, on_report=lambda report: tell(str(report))
    )
    tell(f"{out}: trained")
    _calibrate(out, out, data, first_alone=True)


def _calibrate(
    weights: Path,
    out: Path,
    data: Path | None,
    second: str | None = None,
    first_alone: bool = False,
    marks_alone: bool = False,
) -> None:
    """On strings by writers that the weights' networks never saw."""
    from pipeline.training.recipe import recalibrate

    recalibrate(weights, out, data, second=second, first_alone=first_alone, marks_alone=marks_alone)
    tell(f"{out}: calibrated")


def _average(parts: list[str], out: Path, data: Path | None, force: bool) -> None:
    """The mean of weights, calibrated."""
    from pipeline.training.averaging import average_weights

    average_weights([_part(part) for part in parts], out, force=force)
    tell(f"{out}: averaged")
    _calibrate(out, out, data)


def _part(text: str) -> tuple[Path, float]:
    """A weights file and its share, as a.npz:0.7."""
    name, _, share = text.rpartition(":")
    try:
        return Path(name), float(share)
    except ValueError:
        raise UsageError(f"{text}: weights and their share are given as a.npz:0.7") from None


def _names(without: str | None) -> tuple[str, ...] | None:
    """The collections of a list with commas."""
    return None if without is None else tuple(name for name in without.split(",") if name)


def _recipe(epochs: int | None, seed: int | None, without: str | None) -> Recipe:
    """The shipped weights' recipe, varied; epochs: of each of the two networks."""
    from pipeline.training import recipe as home

    recipe = home.Recipe(**o.given(seed=seed, without=_names(without)))
    if epochs is None:
        return recipe
    return replace(recipe, first=replace(recipe.first, epochs=epochs), second=replace(recipe.second, epochs=epochs))
