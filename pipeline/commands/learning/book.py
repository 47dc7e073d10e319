"""`digitstring book`: the networks of Nielsen's book, trained on MNIST, and what they say of a picture of a digit."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipeline.blas import start_with_one_thread
from pipeline.commands import options as o
from pipeline.commands.codes import UNREADABLE, code_of, worst
from pipeline.commands.saying import say, tell
from pipeline.commands.terminal import epoch_lines


class NetworkEncoding(StrEnum):
    """What the outputs of a network of the book stand for."""

    TEN = "ten"
    SINGLE = "single"
    BINARY = "binary"


def train(
    data: Annotated[Path | None, typer.Option(help="Folder with MNIST (default: the cache).")] = None,
    out: o.WeightsOut = Path("book.npz"),
    encoding: Annotated[
        NetworkEncoding, typer.Option(help="Ten outputs, a single one (9 or not), or four bits.")
    ] = NetworkEncoding.TEN,
    sizes: Annotated[str | None, typer.Option(help="Neurons a layer, as 784,30,10.")] = None,
    cost: Annotated[str | None, typer.Option(help="quadratic or cross-entropy (default: quadratic).")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Learning rate (default: 3.0).")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Digits in a mini-batch (default: 10).")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs (default: 30).")] = None,
    seed: o.Seed = None,
    resume: o.Resume = False,
    force: o.Replace = False,
) -> None:
    """Train a network of the book: sigmoid neurons, gradient descent, MNIST digits."""
    start_with_one_thread()
    from pipeline.training.book.book_networks import BookTraining, train_book

    choices = o.given(
        sizes=None if sizes is None else _layer_sizes(sizes),
        cost=cost,
        learning_rate=learning_rate,
        batch_size=batch_size,
        epochs=epochs,
        seed=seed,
    )
    settings = BookTraining(encoding=encoding.value, **choices)
    with epoch_lines(settings.epochs) as on_epoch:
        train_book(
            settings, lambda report: on_epoch(report, report.epoch), data=data, out=out, resume=resume, force=force
        )
    tell(f"{out}: trained")


def read(
    images: Annotated[list[str], typer.Argument(help="Pictures of one digit each; globs; - for standard input.")],
    weights: Annotated[Path, typer.Option(help="Weights file of `book train`.")],
    as_json: o.Json = False,
) -> None:
    """Print the digit that a network of the book sees in each picture, or an empty line for "not a digit".

    Several pictures: a line each with file, digit and highest output, separated by tabs. --json: an object a line, with
    all outputs. The picture's ink is framed as MNIST's digits were; there is no cutting, no format and no calibration.
    """
    start_with_one_thread()
    from pipeline.batch.outcomes import expand_globs
    from pipeline.training.book.book_reader import BookReader

    reader, files, codes = BookReader(weights), expand_globs(images), set[int]()
    for file in files:
        try:
            seen = reader.read(sys.stdin.buffer.read() if file == "-" else Path(file))
        except Exception as error:
            code = code_of(error)
            if code != UNREADABLE:
                raise
            say(str(error))
            codes.add(code)
            continue
        digit = "" if seen.digit is None else str(seen.digit)
        if as_json:
            typer.echo(json.dumps({"file": file, "digit": seen.digit, "outputs": list(seen.outputs)}))
        else:
            typer.echo("\t".join([file, digit, f"{max(seen.outputs):.4f}"] if len(files) > 1 else [digit]))
    raise typer.Exit(worst(codes))


def _layer_sizes(text: str) -> tuple[int, ...]:
    """(784, 30, 10) of "784,30,10". Raises UsageError."""
    from pipeline.errors import UsageError

    try:
        return tuple(int(size) for size in text.split(","))
    except ValueError:
        raise UsageError(f"--sizes must be numbers separated by commas, as 784,30,10; not {text!r}") from None
