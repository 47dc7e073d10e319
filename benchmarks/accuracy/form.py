"""The 28 fields of NIST's handwriting sample form, cut out by the boxes that are given.

    python -m benchmarks.accuracy.form

Prints how many of its numbers are read exactly right, and each that is not. All are by one writer, and MNIST was
made from forms of this kind: whether this writer's digits are among MNIST's is not known.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.common.scores import describe, find_data, open_reader, options, share, write_report
from benchmarks.common.tables import markdown
from pipeline.errors import ImageError
from pipeline.evaluation.metrics import wilson
from pipeline.images import load_grey
from pipeline.reading.field_reader import FieldReader

FORM = "nist-hsf-form.png"


@dataclass(frozen=True)
class FormField:
    """A field's name, what stands in it, what was read ("" for nothing) and with what confidence."""

    field: str
    truth: str
    text: str
    confidence: float
    accepted: bool

    @property
    def right(self) -> bool:
        return self.text == self.truth


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options(__doc__, "form.json")
    parser.add_argument("--image", default=FORM, help="the picture in the data folder's documents/")
    given = parser.parse_args(arguments)
    reader, folder = open_reader(given.weights), find_data(given.data) / "documents"
    about = describe(given.weights, reader)
    with threadpool_limits(1):
        readings = [read_field(reader, *field) for field in fields(folder, given.image)]
    right, accepted = sum(one.right for one in readings), [one for one in readings if one.accepted]
    wrong = [one for one in readings if not one.right]
    print(
        f"{right} of {len(readings)} fields right: {share(right, len(readings))}; "
        f"{len(accepted)} accepted, {sum(not one.right for one in accepted)} of them wrong\n"
    )
    if wrong:
        print(
            markdown(
                ["field", "truth", "read", "confidence", "accepted"],
                [
                    [
                        one.field,
                        one.truth,
                        one.text or "nothing",
                        f"{one.confidence:.3f}",
                        "yes" if one.accepted else "no",
                    ]
                    for one in wrong
                ],
            )
        )
    write_report(
        given.out,
        {
            "weights": about,
            "n": len(readings),
            "right": right,
            "wilson95": wilson(right, len(readings)),
            "fields": [asdict(one) for one in readings],
        },
    )


def fields(folder: Path, name: str) -> Iterator[tuple[str, str, np.ndarray]]:
    """(name, text, grey pixels (h, w) float32) of each field of a document that holds a number."""
    try:
        grey = load_grey(folder / name)
        for field in json.loads((folder / "truth.json").read_text())[name]["fields"]:
            left, top, right, bottom = field["box"]
            yield field["name"], field["text"], grey[top:bottom, left:right]
    except (ImageError, OSError, ValueError, KeyError) as error:
        raise SystemExit(f"{folder}: {name} and its fields in truth.json cannot be had ({error})") from error


def read_field(reader: FieldReader, name: str, truth: str, grey: np.ndarray) -> FormField:
    reading = reader.read(grey)
    return FormField(name, truth, reading.text or "", reading.confidence, reading.accepted)


if __name__ == "__main__":
    main()
