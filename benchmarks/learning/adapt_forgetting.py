"""What adapted weights may have forgotten: digits, drawn strings and field pictures, read before and after."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.accuracy.digits import LoneDigits, read_pictures
from benchmarks.accuracy.strings import held_out_sources, read_all
from benchmarks.common.scores import find_data, left_out
from pipeline.data.mnist import load_mnist
from pipeline.evaluation.evaluation import load_truth
from pipeline.reading.field_reader import FieldReader
from pipeline.synthesis.strings import EVALUATION, draw_string

SYNTHETIC_SEED = 2015
KINDS = {"digits": "MNIST test digits", "strings": "synthetic strings", "field": "field pictures"}
FIELD = Path("strings") / "field" / "truth.csv"


def forgotten(before: FieldReader, after: FieldReader, data: Path | None, count: int) -> dict[str, Any]:
    """Counts right of MNIST's first test digits as pictures, of synthetic strings by unseen writers and of field
    pictures, `count` of each (field: all); for kinds without data nothing."""
    result: dict[str, Any] = {"strings_seed": SYNTHETIC_SEED}
    for when, reader in (("before", before), ("after", after)):
        for kind, n, right in _counts(reader, data, count):
            result |= {f"{kind}_n": n, f"{kind}_{when}": right}
    return result


def _counts(reader: FieldReader, data: Path | None, count: int) -> Iterator[tuple[str, int, int]]:
    """Kind, n, and how many are read right."""
    folder = find_data(data)
    mnist = load_mnist(folder)
    images = mnist.test_images.astype(np.float32) / np.float32(255)
    digits = LoneDigits("MNIST", images, mnist.test_labels).first(count)
    yield "digits", len(digits.labels), int((read_pictures(reader, digits) == digits.labels).sum())
    sources, rng = held_out_sources(data, left_out(reader.card)), np.random.default_rng(SYNTHETIC_SEED)
    yield "strings", count, sum(read_all(reader, [draw_string(rng, sources, EVALUATION) for _ in range(count)]).right)
    if (folder / FIELD).is_file():
        rows = load_truth(folder / FIELD)
        yield "field", len(rows), sum((reader.read(row.path).text or "") == row.text for row in rows)
