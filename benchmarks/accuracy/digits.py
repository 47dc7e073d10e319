"""Lone digits: MNIST's test digits, two collections that were never trained on, and writers left out of two others.

    python -m benchmarks.accuracy.digits
    python -m benchmarks.accuracy.digits --pictures 1000    # the first so many of each also by the whole reader

What the crop networks together say of each picture is the highest of the ten digit outputs; whether it is a digit at
all is not asked, and they are told no measures of size and place. MNIST is read twice: its 28 x 28 pixels as they are,
and through the reader's crop function (classifier.crops), as all other digits are. Semeion: 1,593 Italian digits of
16 x 16 black or white pixels, each stretched to a square by its makers (so that a 1 is as wide as a 0), which nothing
here undoes. optdigits: the 1,797 digits of the writer-independent part, 32 x 32 black or white pixels (Kaynak 1995).
Swiss digits: scans by the two writers who are never trained on. Pen digits: those of docs/data.md's second file of
further pens, drawn without distortion by a round pen a tenth of their height wide.

--pictures: each digit as a picture, dark on light with a margin, read with the format `digits:1` by all that reads
fields: ink, cuts, lattice and line network.
"""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.common.scores import describe, find_data, open_reader, options, share, write_report
from benchmarks.common.tables import markdown
from classifier.crops import crop_images
from classifier.network import DIGITS
from classifier.weights import Networks
from pipeline.data.digit_images import SWISS_EVALUATION, SWISS_NUMBERS, load_swiss_numbers
from pipeline.data.mnist import load_mnist
from pipeline.data.strokes import load_strokes
from pipeline.errors import DataError
from pipeline.evaluation.metrics import wilson
from pipeline.reading.field_reader import FieldReader
from pipeline.synthesis.glyphs.pens import draw_strokes, fit_strokes
from pipeline.training.crop.trainer import lone_sums
from pipeline.training.wide_hands import smoothed

Float = NDArray[np.float32]
CONFUSIONS = 10
MARGIN = 0.25  # paper around a picture, in sides of it: MNIST's digits have about as much above and below
NOTHING = 10  # what is counted where no digit was read
SEMEION_SIDE, OPTDIGITS_SIDE = 16, 32
PEN_HEIGHT, PEN_WIDTH, PEN_SIDE = 40, 4.0, 80  # pixels of a pen digit, its line, and its picture


@dataclass(frozen=True, eq=False)
class LoneDigits:
    """n pictures of one digit each.

    images: (n, side, side) float32 in [0, 1], 1 = ink; labels: (n,) in 0..9; cropped: whether they are 28 x 28
    crops already.
    """

    name: str
    images: Float
    labels: NDArray[np.uint8]
    cropped: bool = False

    def __post_init__(self) -> None:
        if len(self.images) != len(self.labels) or not len(self.labels):
            raise ValueError("one label for each of at least one picture is needed")

    def first(self, count: int | None) -> LoneDigits:
        return LoneDigits(self.name, self.images[:count], self.labels[:count], self.cropped)

    def crops(self) -> Float:
        """(n, 2, 28, 28), nothing around the digit."""
        if not self.cropped:
            return crop_images(list(self.images))
        return np.stack([self.images, np.zeros_like(self.images)], axis=1)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options(__doc__, "digits.json")
    parser.add_argument("--limit", type=int, help="only the first so many of each")
    parser.add_argument("--pictures", type=int, help="read the first so many of each by the whole reader, too")
    given = parser.parse_args(arguments)
    reader, folder = open_reader(given.weights), find_data(given.data)
    report: dict[str, Any] = {"weights": describe(given.weights, reader), "digits": {}}
    rows = []
    with threadpool_limits(1):
        for digits in (digits.first(given.limit) for digits in load_all(folder)):
            ways = {digits.name: (digits, read_digits(reader.networks, digits.crops()))}
            if given.pictures and not digits.cropped:
                some = digits.first(given.pictures)
                ways[f"{digits.name}, as pictures, by the whole reader"] = some, read_pictures(reader, some)
            for name, (read, seen) in ways.items():
                report["digits"][name] = result = summary(read.labels, seen)
                common = ", ".join(f"{pair} {count}" for pair, count in result["confusions"].items())
                rows.append([name, str(result["n"]), share(result["right"], result["n"]), common])
    print()
    print(markdown(["digits", "n", "right (95 % interval)", "most frequent mistakes, true>read"], rows))
    write_report(given.out, report)


def load_all(folder: Path) -> list[LoneDigits]:
    """MNIST's test digits as they are and to be cropped, Semeion and optdigits where they are."""
    try:
        mnist = load_mnist(folder)
    except DataError as error:
        raise SystemExit(str(error)) from error
    images = mnist.test_images.astype(np.float32) / np.float32(255)
    found = [
        LoneDigits("MNIST test, as they are", images, mnist.test_labels, cropped=True),
        LoneDigits("MNIST test, cropped", images, mnist.test_labels),
    ]
    for load, path in (
        (load_semeion, folder / "digits" / "semeion.data"),
        (load_optdigits, folder / "digits" / "optdigits-orig.windep.gz"),
        (load_swiss, folder / "digits" / SWISS_NUMBERS),
        (load_pens, folder / "strokes" / "more-digits-test.jsonl.gz"),
    ):
        if path.is_file():
            found.append(load(path))
        else:
            print(f"{path.name} is not in {path.parent}: left out")
    return found


def load_semeion(path: Path) -> LoneDigits:
    """A line for each digit: 256 pixels row by row, 1 = ink, and ten columns of which the digit's is 1."""
    try:
        table = np.loadtxt(path, dtype=np.float32, ndmin=2)
        pixels, flags = table[:, : SEMEION_SIDE**2], table[:, SEMEION_SIDE**2 :]
        if flags.shape[1] != DIGITS or (flags.sum(axis=1) != 1).any():
            raise ValueError("each line must have 256 pixels and ten columns, one of them 1")
    except (OSError, ValueError) as error:
        raise SystemExit(f"{path}: not Semeion's digits ({error})") from error
    return LoneDigits("Semeion", pixels.reshape(-1, SEMEION_SIDE, SEMEION_SIDE), flags.argmax(axis=1).astype(np.uint8))


def load_swiss(path: Path) -> LoneDigits:
    """The digits of the writers who are never trained on."""
    digits = load_swiss_numbers(path).only(SWISS_EVALUATION)
    return LoneDigits("Swiss writers 20 and 21", digits.images.astype(np.float32) / np.float32(255), digits.labels)


def load_pens(path: Path) -> LoneDigits:
    """Pen digits drawn in the middle of pictures."""
    samples = smoothed(load_strokes(path))
    images = np.zeros((len(samples), PEN_SIDE, PEN_SIDE), np.float32)
    for image, sample in zip(images, samples, strict=True):
        glyph = draw_strokes(fit_strokes([np.asarray(s, np.float32) for s in sample.strokes], PEN_HEIGHT), PEN_WIDTH)
        assert glyph is not None, "a digit leaves a trace"
        h, w = (min(side, PEN_SIDE) for side in glyph.ink.shape)
        top, left = (PEN_SIDE - h) // 2, (PEN_SIDE - w) // 2
        image[top : top + h, left : left + w] = glyph.ink[:h, :w]
    return LoneDigits("pen digits of further writers", images, np.array([int(s.text) for s in samples], np.uint8))


def load_optdigits(path: Path) -> LoneDigits:
    """After a header, 32 lines of 0 and 1 (1 = ink) for each digit and a line with its label."""
    try:
        lines = [line.strip() for line in gzip.decompress(path.read_bytes()).decode("ascii").splitlines()]
        rows = [line for line in lines if len(line) == OPTDIGITS_SIDE and set(line) <= {"0", "1"}]
        labels = [int(line) for line in lines if len(line) == 1]
        pixels = np.array([[int(bit) for bit in row] for row in rows], dtype=np.float32)
        images = pixels.reshape(len(labels), OPTDIGITS_SIDE, OPTDIGITS_SIDE)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise SystemExit(f"{path}: not the bitmaps of optdigits ({error})") from error
    return LoneDigits("optdigits", images, np.array(labels, dtype=np.uint8))


def read_digits(networks: Networks, crops: Float) -> NDArray[np.intp]:
    """The likeliest digit (n,) of crops (n, 2, 28, 28) whose field nobody knows."""
    return lone_sums(networks, crops)[:, :DIGITS].argmax(axis=1)


def read_pictures(reader: FieldReader, digits: LoneDigits) -> NDArray[np.intp]:
    """The digit (n,) that the whole reader finds in each picture; NOTHING where it finds none."""
    around = round(MARGIN * digits.images.shape[1])
    pictures = 1 - np.pad(digits.images, ((0, 0), (around, around), (around, around)))
    texts = [reader.read(picture, format="digits:1").text for picture in pictures]
    return np.array([NOTHING if text is None else int(text) for text in texts])


def summary(labels: NDArray[np.uint8], seen: NDArray[np.intp]) -> dict[str, Any]:
    """Counts, interval and the most frequent mistakes."""
    wrong = Counter(f"{label}>{digit}" for label, digit in zip(labels, seen, strict=True) if label != digit)
    right = int((labels == seen).sum())
    return {
        "n": len(labels),
        "right": right,
        "wilson95": wilson(right, len(labels)),
        "confusions": dict(wrong.most_common(CONFUSIONS)),
    }


if __name__ == "__main__":
    main()
