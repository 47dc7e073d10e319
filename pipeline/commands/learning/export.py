"""`digitstring export`: the networks as an ONNX model, for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.blas import start_with_one_thread
from pipeline.commands import options as o
from pipeline.commands.saying import tell


def export(
    out: Annotated[Path, typer.Argument(metavar="MODEL.onnx", help="The model to write.")],
    network: Annotated[
        list[str] | None,
        typer.Option(help="Only this network: first, second or line; may be repeated (default: all)."),
    ] = None,
    weights: o.Weights = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing model.")] = False,
) -> None:
    """Write the networks as one ONNX model; its metadata say what each takes and gives.

    A model of several networks takes the inputs of all; of one that is not wanted, a batch of none will do.
    """
    start_with_one_thread()
    from pipeline.exporting.model_file import write_model

    contract = write_model(weights, out, network or (), force)
    tell(f"{out}: holds the networks {', '.join(contract)}; its metadata 'contract' says what they take and give")
