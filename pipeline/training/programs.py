"""What `train` does with its options: the shipped weights, or with an encoding a network of the book."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.training.recipe import Recipe

OnEpoch = Callable[[Any, int], None]  # the report, and how many epochs are done


def train(
    out: Path,
    data: Path | None,
    *,
    encoding: str | None,
    without: str | None,
    first: Path | None,
    sizes: str | None,
    options: dict[str, Any],
    book_options: dict[str, Any],
    resume: bool,
    force: bool,
    reporting: Callable[[int], AbstractContextManager[OnEpoch]],
) -> None:
    """Train what the options mean and write it to `out`. Options that are None keep their defaults.

    options: epochs, seed; book_options: cost, learning_rate, batch_size, for networks of the book only. reporting:
    from the number of epochs to a context that gives what to call after each.
    Raises UsageError, DataError, WeightsError.
    """
    if encoding is not None:
        if without is not None or first is not None:
            raise UsageError(
                "--without and --first go with the shipped weights only; networks of the book are trained "
                "on MNIST, from the beginning"
            )
        from pipeline.training.book_networks import BookTraining, train_book

        layers = None if sizes is None else layer_sizes(sizes)
        book = BookTraining(encoding=encoding, **_given({**options, **book_options, "sizes": layers}))
        with reporting(book.epochs) as on_epoch:
            train_book(
                book, lambda report: on_epoch(report, report.epoch), data=data, out=out, resume=resume, force=force
            )
        return
    if _given({**book_options, "sizes": sizes}):
        raise UsageError("--sizes, --cost, --learning-rate and --batch-size go with --encoding only")
    from pipeline.training.recipe import train_shipped

    recipe = _recipe(options["epochs"], options["seed"], without)
    before = {"first": 0, "second": recipe.first.epochs if first is None else 0}
    with reporting(before["second"] + recipe.second.epochs) as on_epoch:
        train_shipped(
            out,
            data,
            recipe,
            first=first,
            resume=resume,
            force=force,
            on_epoch=lambda report: on_epoch(report, before[report.stage] + report.epoch),
        )


def _recipe(epochs: int | None, seed: int | None, without: str | None) -> Recipe:
    """The shipped weights' recipe, varied; epochs: of each of the two networks."""
    from pipeline.training.recipe import Recipe

    left_out = None if without is None else tuple(name for name in without.split(",") if name)
    recipe = Recipe(**_given({"seed": seed, "without": left_out}))
    if epochs is None:
        return recipe
    return replace(recipe, first=replace(recipe.first, epochs=epochs), second=replace(recipe.second, epochs=epochs))


def layer_sizes(text: str) -> tuple[int, ...]:
    """(784, 30, 10) of "784,30,10". Raises UsageError."""
    try:
        return tuple(int(size) for size in text.split(","))
    except ValueError:
        raise UsageError(f"--sizes must be numbers separated by commas, as 784,30,10; not {text!r}") from None


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
