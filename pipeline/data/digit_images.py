"""Pictures of lone digits by other hands than MNIST's, brought to MNIST's form: Swiss writers, and photographs.

Both come as a zip of PNG files (docs/data.md): `swiss-numbers.zip` of WRITER/DIGIT/*.png, `bhmsds.zip` of
SYMBOL-NNNN.png.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from pipeline.data.downloads import data_folder
from pipeline.data.mnist import SIDE
from pipeline.errors import DataError
from segmenter.components import Components

SWISS_NUMBERS, BHMSDS = "swiss-numbers.zip", "bhmsds.zip"
DIGIT_IMAGES_SHA256 = {
    SWISS_NUMBERS: "e847e22b3c9894f54a5a9c5381b56ef8963052b93be522540c23e6e968ed5728",
    BHMSDS: "c9e521879b95505b630e104cff3ee8f59bc65261a0c9aad30561031fe70246ea",
}
"""Of the files that the shipped weights were trained on."""
SWISS_EVALUATION = (20, 21)
"""Swiss writers that are never trained on."""
LARGEST = 20
"""Pixels that the longer side of a digit takes in a picture of MNIST's form."""


@dataclass(frozen=True, eq=False)
class DigitImages:
    """Lone digits in MNIST's form.

    images: (N, 28, 28) uint8, 255 = ink; labels: (N,) uint8 in 0..9; writers: (N,) int32, each collection's own
    numbers, 0 where nobody knows.
    """

    images: np.ndarray
    labels: np.ndarray
    writers: np.ndarray

    def __post_init__(self) -> None:
        if self.images.shape[1:] != (SIDE, SIDE) or self.images.dtype != np.uint8:
            raise ValueError(f"images must be (N, {SIDE}, {SIDE}) uint8, got {self.images.shape}")
        if not self.labels.shape == self.writers.shape == self.images.shape[:1]:
            raise ValueError("images, labels and writers differ in number")

    def only(self, writers: Collection[int]) -> DigitImages:
        """The digits of those writers."""
        chosen = np.isin(self.writers, list(writers))
        return DigitImages(self.images[chosen], self.labels[chosen], self.writers[chosen])

    def without(self, writers: Collection[int]) -> DigitImages:
        """The digits of all writers but those."""
        return self.only(set(self.writers.tolist()) - set(writers))


def digit_image_files(folder: Path | None = None) -> dict[str, Path]:
    """Those zips that there are, by name: in ``folder`` (None: the one ``DIGITSTRING_DATA`` names) or its subfolder
    ``digits``. Raises DataError when the folder named does not exist."""
    place = data_folder(folder)
    if place is None:
        return {}
    candidates = ((name, sub / name) for name in DIGIT_IMAGES_SHA256 for sub in (place, place / "digits"))
    return {name: path for name, path in candidates if path.is_file()}


def load_swiss_numbers(path: Path) -> DigitImages:
    """Grey scans of ballpoint digits, WRITER/DIGIT/NAME.png, all writers. Raises DataError."""
    return _load(Path(path), re.compile(r"(?:.*/)?(\d{4})(?:_\w+)?/([0-9])/[^/]+\.png"), _scanned)


def load_bhmsds(path: Path) -> DigitImages:
    """Digits from photographs, DIGIT-NNNN.png, dark on light, 28 x 28; letters and marks are passed over. Raises
    DataError."""
    return _load(Path(path), re.compile(r"(?:.*/)?()([0-9])-\d+\.png"), _framed)


def _load(path: Path, names: re.Pattern[str], convert: Callable[[np.ndarray], np.ndarray | None]) -> DigitImages:
    images, labels, writers = [], [], []
    for found, grey in _pictures(path, names):
        image = convert(grey)
        if image is not None:
            images.append(image)
            labels.append(int(found[2]))
            writers.append(int(found[1] or 0))
    if not images:
        raise DataError(f"{path}: holds no digits; see docs/data.md for how its pictures are named")
    return DigitImages(np.stack(images), np.array(labels, np.uint8), np.array(writers, np.int32))


def _pictures(path: Path, names: re.Pattern[str]) -> Iterator[tuple[re.Match[str], np.ndarray]]:
    """Each picture whose name is of that form, in order of names: (the match, (H, W) uint8, 255 = white)."""
    from PIL import Image

    try:
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                found = names.fullmatch(name)
                if found:
                    with Image.open(io.BytesIO(archive.read(name)), formats=("PNG",)) as picture:
                        yield found, np.asarray(picture.convert("L"))
    except (OSError, zipfile.BadZipFile, ValueError, SyntaxError) as error:
        raise DataError(f"{path}: not a zip of PNG pictures, or damaged ({error})") from error


def _scanned(grey: np.ndarray) -> np.ndarray | None:
    """A scan of a digit, of any size and faintness, in MNIST's form; None where there is no ink.

    Pieces of neighbours at the edges are left out: what touches the border, unless most of the ink does.
    """
    paper = float(np.percentile(grey, 80))
    ink = np.clip((paper - grey.astype(np.float32) - 12) / max(paper - float(grey.min()) - 12, 20), 0, 1)
    parts = Components.of(ink > 0.25)
    if parts.count == 0:
        return None
    border = np.ones(ink.shape, dtype=bool)
    border[1:-1, 1:-1] = False
    keep = (parts.areas > 0.06 * parts.areas.max()) & ~parts.holding(border & (ink > 0.25))
    keep[parts.areas.argmax()] = True
    wanted = ndimage.binary_dilation(parts.mask(keep), iterations=2)
    return _framed(np.round(255 * (1 - np.minimum(1, 1.4 * ink * wanted))).astype(np.uint8))


def _framed(grey: np.ndarray) -> np.ndarray | None:
    """Dark ink on white, cut out and laid into the middle of 28 x 28 pixels, its longer side LARGEST long."""
    from PIL import Image

    ink = 255 - grey
    rows, columns = np.flatnonzero((ink > 64).any(axis=1)), np.flatnonzero((ink > 64).any(axis=0))
    if len(rows) == 0:
        return None
    part = Image.fromarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    scale = LARGEST / max(part.size)
    w, h = (max(1, round(side * scale)) for side in part.size)
    small = np.asarray(part.resize((w, h), Image.Resampling.BILINEAR), np.float32)
    # Thin lines grow pale when they shrink: the darkest becomes black again.
    small *= 255 / max(64.0, float(np.percentile(small, 97)))
    image = np.zeros((SIDE, SIDE), np.uint8)
    top, left = (SIDE - h) // 2, (SIDE - w) // 2
    image[top : top + h, left : left + w] = np.minimum(255, small).astype(np.uint8)
    return image
