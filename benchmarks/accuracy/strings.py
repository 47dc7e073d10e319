"""Strings by writers that were never trained on: synthetic ones, and real pen strings.

    python -m benchmarks.accuracy.strings           # synthetic, of 2, 4, 6, 8 and 10 digits
    python -m benchmarks.accuracy.strings --pen     # real pen strings of the collections sta, lex and cec

Synthetic strings are drawn by the evaluation style (style.EVALUATION, settled before anything was tuned)
from MNIST's test digits and from the pen digits of the writers that the recipe holds out; our own allographs take
no part. The two constants of the calibration were fitted on other strings by these writers, the weights were not.
--pen draws each real pen string once, in that style's pens, sizes, slants and papers. Whether these collections
were left out of training is what the weights' card says; where they were not, the figures are not of unseen
handwriting, and the output says so.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.common.scores import HEADER, Scores, describe, find_data, left_out, open_reader, options, write_report
from benchmarks.common.tables import markdown
from pipeline.data.strokes import StrokeSample, load_strokes, stroke_files
from pipeline.errors import DataError
from pipeline.reading.field_reader import FieldReader
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.strings import EVALUATION, SyntheticString, draw_string, touching_neighbours
from pipeline.training.recipe import Recipe
from pipeline.training.training_data import load_data

LENGTHS = (2, 4, 6, 8, 10)
PEN_COLLECTIONS = ("sta", "lex", "cec")
PEN_STYLE = replace(EVALUATION, name="evaluation of pen strings", kinds=(("string", 1.0),))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options(__doc__, "strings.json", seed=2014)
    parser.add_argument("--n", type=int, default=400, help="synthetic strings of each length")
    parser.add_argument("--lengths", type=int, nargs="+", default=LENGTHS)
    parser.add_argument("--pen", action="store_true", help="real pen strings instead")
    parser.add_argument("--collections", nargs="+", default=PEN_COLLECTIONS, help="of the pen strings")
    parser.add_argument("--limit", type=int, help="only so many pen strings, evenly picked")
    given = parser.parse_args(arguments)
    if given.pen and given.out == parser.get_default("out"):
        given.out = given.out.with_name("pen_strings.json")
    reader = open_reader(given.weights)
    report: dict[str, Any] = {"weights": describe(given.weights, reader), "seed": given.seed}
    with threadpool_limits(1):
        report |= run_pen(reader, given) if given.pen else run_synthetic(reader, given)
    write_report(given.out, report)


def run_synthetic(reader: FieldReader, given: argparse.Namespace) -> dict[str, Any]:
    """Prints the table of lengths; the report."""
    sources = held_out_sources(given.data, left_out(reader.card))
    print(f"synthetic strings, style {EVALUATION.name}, {given.n} of each length, seed {given.seed}\n")
    results = {str(length): read_synthetic(reader, sources, length, given.n, given.seed) for length in given.lengths}
    rows = [[length, *scores.cells(), f"{touching:.1%}"] for length, (scores, touching) in results.items()]
    every = Scores.joined(scores for scores, _ in results.values())
    print(markdown(["digits", *HEADER, "neighbours touching"], [*rows, ["all", *every.cells(), ""]]))
    return {
        "style": EVALUATION.name,
        "all": every.to_json(),
        "lengths": {
            length: {**scores.to_json(), "touching": touching} for length, (scores, touching) in results.items()
        },
    }


def held_out_sources(folder: Path | None, without: tuple[str, ...] | None) -> Sources:
    """What the recipe holds out, less our own allographs, which are trained on."""
    recipe = Recipe() if without is None else Recipe(without=without)
    try:
        sources = load_data(find_data(folder), recipe).held_out
    except DataError as error:
        raise SystemExit(str(error)) from error
    if not sources.pen_digits:
        raise SystemExit("the data folder holds no pen strokes (docs/data.md): the evaluation strings need them")
    return replace(sources, shapes=False)


def read_synthetic(reader: FieldReader, sources: Sources, length: int, n: int, seed: int) -> tuple[Scores, float]:
    """Scores of n strings of that many digits, and the share of neighbouring digits whose ink is connected.

    Each length has a seed of its own, so that its strings do not depend on which others are asked for.
    """
    rng = np.random.default_rng([seed, length])
    touching = np.zeros(2, dtype=int)

    def strings() -> Iterator[SyntheticString]:
        for _ in range(n):
            string = draw_string(rng, sources, EVALUATION, length)
            touching[:] += touching_neighbours(string)
            yield string

    scores = read_all(reader, strings())
    return scores, touching[0] / max(1, touching[1])


def read_all(reader: FieldReader, strings: Iterable[SyntheticString]) -> Scores:
    return Scores.of((reader.read(string.image), string.text) for string in strings)


def run_pen(reader: FieldReader, given: argparse.Namespace) -> dict[str, Any]:
    """Prints the table of collections; the report."""
    samples = pen_strings(find_data(given.data), tuple(given.collections), given.limit)
    seen = seen_collections(left_out(reader.card), given.collections)
    print(f"{len(samples)} pen strings, style {PEN_STYLE.name}, seed {given.seed}: {seen}\n")
    results, rows = {}, []
    for name in given.collections:
        own = [(number, sample) for number, sample in samples if sample.collection == name]
        if own:
            results[name] = read_all(reader, (draw_pen(sample, given.seed, number) for number, sample in own))
            rows.append([name, str(len({sample.writer for _, sample in own})), *results[name].cells()])
    writers = len({sample.writer for _, sample in samples})
    results["all"] = Scores.joined(results.values())
    rows.append(["all", str(writers), *results["all"].cells()])
    print(markdown(["collection", "writers", *HEADER], rows))
    print("\nThe intervals take strings as independent; those by one writer are not, so that they are too narrow.")
    return {
        "style": PEN_STYLE.name,
        "unseen": seen,
        "writers": writers,
        "collections": {name: scores.to_json() for name, scores in results.items()},
    }


def seen_collections(without: tuple[str, ...] | None, collections: Iterable[str]) -> str:
    """A sentence on whether the weights were trained on any of the collections."""
    if without is None:
        return "whether these collections were trained on is not known"
    seen = [name for name in collections if name not in without]
    if not seen:
        return "none of these collections was trained on"
    return f"NOT unseen handwriting: {', '.join(seen)} took part in training"


def pen_strings(folder: Path, collections: tuple[str, ...], limit: int | None) -> list[tuple[int, StrokeSample]]:
    """The pen strings of these collections that hold digits, each with its number in the file."""
    path = stroke_files(folder).get("strings")
    if path is None:
        raise SystemExit(f"{folder}: holds no pen strings (strokes/strings.jsonl.gz, see docs/data.md)")
    found = [
        (number, sample)
        for number, sample in enumerate(load_strokes(path))
        if sample.collection in collections and any("0" <= label <= "9" for label in sample.text)
    ]
    if not found:
        raise SystemExit(f"{path}: holds no strings of the collections {', '.join(collections)}")
    count = min(len(found), limit or len(found))
    return [found[k * len(found) // count] for k in range(count)]


def draw_pen(sample: StrokeSample, seed: int, number: int) -> SyntheticString:
    """The pen string as it looks on a paper of its own, by a seed of its own."""
    return draw_string(np.random.default_rng([seed, number]), Sources(pen_strings=(sample,)), PEN_STYLE)


if __name__ == "__main__":
    main()
