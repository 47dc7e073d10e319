"""What changes of a picture that leave the number legible cost: cheque amounts altered, against the originals.

    python -m benchmarks.robustness.invariance [TRUTH.csv]

Each picture is inverted, rescaled, padded and rotated (what is added has the median colour of the picture's
border), and saved as JPEG of quality 40, each change by itself. Strings are compared one by one with the reading
of the original: points lost with a paired 95 % interval (Agresti and Min 2005), how many became wrong and how many
right, and the exact McNemar test (1947). Files are counted in two halves, numbers up to 423 and above; constants
may be chosen on the first only.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps
from threadpoolctl import threadpool_limits

from benchmarks.common.scores import describe, find_data, open_reader, options, share, write_report
from benchmarks.common.tables import markdown
from pipeline.errors import DataError, ImageError
from pipeline.evaluation.evaluation import Truth, load_truth
from pipeline.reading.field_reader import FieldReader

FIRST_HALF = 423  # file numbers up to this one: constants may be chosen on them
HALVES = (f"up to {FIRST_HALF}", f"above {FIRST_HALF}")
JPEG_QUALITY = 40
PADDING = 0.5  # on each side, in heights of the picture
DEGREES = 5

Change = Callable[[Image.Image], Image.Image]


def rescaled(factor: float) -> Change:
    """Shrunk without aliasing, or enlarged by cubic interpolation."""

    def change(image: Image.Image) -> Image.Image:
        size = max(1, round(image.width * factor)), max(1, round(image.height * factor))
        return image.resize(size, Image.Resampling.BICUBIC)

    return change


def padded(image: Image.Image) -> Image.Image:
    return ImageOps.expand(image, round(PADDING * image.height), border_colour(image))


def compressed(image: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return Image.open(buffer).convert("RGB")


def rotated(degrees: float) -> Change:
    """Counter-clockwise, the canvas grown so that nothing is lost."""

    def change(image: Image.Image) -> Image.Image:
        return image.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=border_colour(image))

    return change


def border_colour(image: Image.Image) -> tuple[int, ...]:
    """The median of each channel along the border of an RGB image."""
    pixels = np.asarray(image)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return tuple(int(value) for value in np.median(border, axis=0))


CHANGES: dict[str, Change] = {
    "inverted": ImageOps.invert,
    "rescaled x 0.5": rescaled(0.5),
    "rescaled x 2": rescaled(2),
    "rescaled x 4": rescaled(4),
    "padded": padded,
    f"JPEG quality {JPEG_QUALITY}": compressed,
    f"rotated by +{DEGREES} degrees": rotated(DEGREES),
    f"rotated by -{DEGREES} degrees": rotated(-DEGREES),
}


@dataclass(frozen=True)
class Alteration:
    """n strings read twice: right before and after a change; of these became_wrong and became_right."""

    n: int
    before: int
    after: int
    became_wrong: int
    became_right: int

    @classmethod
    def of(cls, before: np.ndarray, after: np.ndarray) -> Alteration:
        """before, after: (n,) bool, whether each was right."""
        return cls(
            len(before), int(before.sum()), int(after.sum()), int((before & ~after).sum()), int((after & ~before).sum())
        )

    @property
    def lost(self) -> float:
        """The share lost; negative where the change helped."""
        return (self.became_wrong - self.became_right) / self.n if self.n else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Of the share lost, 95 %: Wald's for paired shares after half a string is added to each of the four cells
        (Agresti and Min 2005), so that it has a width where no reading changed."""
        wrong, right, n = self.became_wrong + 0.5, self.became_right + 0.5, self.n + 2
        middle = (wrong - right) / n
        half = 1.96 * math.sqrt(((wrong + right) / n - middle**2) / n)
        return max(-1.0, middle - half), min(1.0, middle + half)

    @property
    def mcnemar(self) -> float:
        """Chance of a split at least as uneven if the change made no difference (two-sided, exact)."""
        changed, fewer = self.became_wrong + self.became_right, min(self.became_wrong, self.became_right)
        return min(1.0, 2 * sum(math.comb(changed, k) for k in range(fewer + 1)) / 2**changed)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "lost": self.lost, "interval": self.interval, "mcnemar": self.mcnemar}

    def cells(self) -> list[str]:
        """What `HEADER` names after the change."""
        low, high = self.interval
        return [
            share(self.after, self.n),
            f"{100 * self.lost:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})",
            f"{self.became_wrong} / {self.became_right}",
            f"{self.mcnemar:.2g}",
        ]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options(__doc__, "invariance.json")
    parser.add_argument("truth", type=Path, nargs="?", help="truth table (default: the cheque amounts of the data)")
    parser.add_argument("--limit", type=int, help="only so many pictures, evenly picked")
    parser.add_argument("--only", nargs="+", choices=CHANGES, default=list(CHANGES), metavar="CHANGE")
    given = parser.parse_args(arguments)
    reader = open_reader(given.weights)
    table = given.truth or find_data(given.data) / "strings" / "cheque-amounts" / "truth.csv"
    about = describe(given.weights, reader)
    try:
        truths = load_truth(table)
        count = min(len(truths), given.limit or len(truths))
        truths = [truths[k * len(truths) // count] for k in range(count)]
        with threadpool_limits(1):
            right = {name: read_all(reader, truths, CHANGES.get(name)) for name in ("original", *given.only)}
    except (DataError, ImageError) as error:
        raise SystemExit(str(error)) from error
    report: dict[str, Any] = {"weights": about, "table": table.name, "halves": {}}
    for name, rows in zip((*HALVES, "all"), halves(truths), strict=True):
        before, n = right["original"][rows], int(rows.sum())
        print(f"\n{name}: {n} strings, originals right {share(int(before.sum()), n)}\n")
        compared = {change: Alteration.of(before, right[change][rows]) for change in given.only}
        print(markdown(HEADER, [[change, *result.cells()] for change, result in compared.items()]))
        report["halves"][name] = {change: result.to_json() for change, result in compared.items()}
    write_report(given.out, report)


HEADER = ("change", "right (95 % interval)", "points lost (95 % interval)", "became wrong / right", "McNemar p")


def read_all(reader: FieldReader, truths: Sequence[Truth], change: Change | None) -> np.ndarray:
    """(n,) bool, whether each picture is read right, changed or as it is."""
    found = np.zeros(len(truths), dtype=bool)
    for k, truth in enumerate(truths):
        with Image.open(truth.path) as file:
            image = file.convert("RGB")
        found[k] = (reader.read(image if change is None else change(image)).text or "") == truth.text
    return found


def halves(truths: Sequence[Truth]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(n,) bool: which strings are of the first half, of the second, of both."""
    numbers = np.array([int("".join(filter(str.isdigit, Path(truth.file).stem)) or 0) for truth in truths])
    first = numbers <= FIRST_HALF
    return first, ~first, np.ones(len(first), dtype=bool)


if __name__ == "__main__":
    main()
