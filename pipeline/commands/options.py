"""Options that several commands have, and the reader that they ask for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.blas import start_with_one_thread
from pipeline.commands.saying import say

if TYPE_CHECKING:
    from pipeline.batch.outcomes import ReaderOptions

Threshold = Annotated[float | None, typer.Option(min=0, max=1, help="Accept readings with at least this confidence.")]
MaxError = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=1,
        help="Accept so that at most this share of the accepted is wrong: 0.05, 0.01 (default) or 0.001, as the card "
        "of the weights knows; for another the next smaller one is taken, and below the smallest there is none.",
    ),
]
Profile = Annotated[
    Path | None,
    typer.Option(help="Profile of `threshold`: its threshold and format, for the weights it was made with."),
]
Weights = Annotated[Path | None, typer.Option(help="Weights file to use instead of the shipped one.")]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="What the number looks like: digits:8, digits:3-6, amount, date:DDMMYYYY, a pattern such as "
        r"'\d{4}-\d{6}', luhn, mod11, ean13, aba, iban:DE, or one with a check behind: digits:16,luhn.",
    ),
]
Second = Annotated[
    str | None,
    typer.Option(help="A third party's reader in the place of the weights' second one: rapidocr."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Review = Annotated[
    Path | None, typer.Option(help="Review file (SQLite) that keeps what is below the threshold, for people.")
]
ReviewBlank = Annotated[bool, typer.Option("--review-blank", help="Also keep what is blank for review.")]
Alternatives = Annotated[int, typer.Option(min=0, help="How many other texts to name in each record.")]
Mask = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=1,
        help="Of what is not accepted, leave the one unsure digit open (12?4) where the others are right with at least "
        "this probability.",
    ),
]
Document = Annotated[bool, typer.Option("--document", help="The images are whole documents (default: found out).")]
Template = Annotated[Path | None, typer.Option(help="Fields by a template (see `template new`).")]
Fields = Annotated[
    list[str] | None,
    typer.Option(
        "--field",
        metavar="NAME=LEFT,TOP,RIGHT,BOTTOM",
        help="A field of the document, in pixels; may be repeated. Without: fields are found.",
    ),
]
Pages = Annotated[
    int | None, typer.Option(min=1, help="Read so many pages of a document at most (default: 500); more are named.")
]
Seed = Annotated[int | None, typer.Option(min=0, help="Seed of everything random.")]
Resume = Annotated[bool, typer.Option("--resume", help="Continue from the last checkpoint.")]
Replace = Annotated[bool, typer.Option("--force", help="Replace existing weights.")]
WeightsOut = Annotated[Path, typer.Option("--out", help="Weights file to write; its card lies beside it.")]


def reader_options(
    weights: Path | None = None,
    threshold: float | None = None,
    max_error: float | None = None,
    format: str | None = None,
    alternatives: int = 3,
    document: bool = False,
    fields: list[str] | None = None,
    template: Path | None = None,
    profile: Path | None = None,
    mask: float | None = None,
    second: str | None = None,
    pages: int | None = None,
) -> ReaderOptions:
    """The reader that the options of a command ask for. Raises UsageError."""
    import pipeline

    if threshold is not None and max_error is not None:
        raise pipeline.UsageError("--threshold and --max-error both set what is accepted; choose one")
    start_with_one_thread()
    if fields and template is not None:
        raise pipeline.UsageError("--field and --template both name the fields; choose one")
    from pipeline.batch.outcomes import DocumentOptions, ReaderOptions

    documents = DocumentOptions(document, tuple(fields or ()), None if template is None else str(template), pages)
    if threshold is not None:
        _say_if_nothing_is_so_sure(threshold, weights)
    named = str(weights) if weights else None
    options = ReaderOptions(named, threshold, max_error, alternatives, format, documents, mask, second=second)
    return options if profile is None else _with_profile(options, profile)


def _say_if_nothing_is_so_sure(threshold: float, weights: Path | None) -> None:
    """A sentence where the threshold lies above every confidence that the weights give; that is no mistake."""
    from pipeline.reading.field_reader import SHIPPED

    try:
        ceiling = float(json.loads((weights or SHIPPED).with_suffix(".json").read_bytes())["calibration"]["ceiling"])
    except (OSError, ValueError, KeyError, TypeError):
        return  # whoever loads the weights says what is wrong with them
    if threshold > ceiling:
        say(f"nothing will be accepted: the confidence of these weights is at most {ceiling:.4f}")


def _with_profile(options: ReaderOptions, path: Path) -> ReaderOptions:
    """With the threshold and the format of a profile. Raises UsageError where other options say otherwise."""
    import pipeline
    from pipeline.reading.confidence.profile import load_profile

    profile = load_profile(path)
    if options.threshold is not None or options.max_error is not None:
        raise pipeline.UsageError("--profile sets what is accepted; leave out --threshold and --max-error")
    if options.format not in (None, profile.format):
        made = "any digits" if profile.format is None else profile.format
        raise pipeline.UsageError(f"{path}: was made for {made}, and promises nothing for {options.format}")
    return replace(options, threshold=profile.threshold, format=profile.format, profile=profile)


def given(**options: Any) -> dict[str, Any]:
    """Those that are not None; the others keep their defaults."""
    return {name: value for name, value in options.items() if value is not None}
