"""MNIST (LeCun and Cortes), read from its idx files, and QMNIST's writers for the same images.

The idx format: a big-endian magic number 0x00000800 + (number of axes), here with type byte 0x08 (unsigned
bytes), then one 32-bit length per axis, then the bytes in C order.
"""

from __future__ import annotations

import gzip
import logging
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.data.downloads import cache_folder, data_folder, fetch_files, mirrors_or
from pipeline.errors import DataError, Remedy

MNIST_SHA256 = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
MNIST_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
)
QMNIST_SHA256 = {
    "qmnist-train-labels.tsv.gz": "063229afb535986df50a905c6fa03b716f503bd859d2d9bc8a9b4e2c6a2ccee4",
    "qmnist-test-labels.tsv.gz": "fe2001449c9580376e16fad7a14cc4f525644b6ffeadc47dc249938529002904",
}
QMNIST_MIRRORS = (
    "https://raw.githubusercontent.com/facebookresearch/qmnist/master",
    "https://raw.githubusercontent.com/facebookresearch/qmnist/main",
)
SIDE = 28


@dataclass(frozen=True, eq=False)
class Mnist:
    """MNIST's two parts.

    train_images: (N, 28, 28) uint8, 255 = ink, N = 60,000; train_labels: (N,) uint8 in 0..9;
    test_images, test_labels: the same for the 10,000 test digits;
    train_writers, test_writers: (N,) int32, NIST's number of the writer of each digit, or None where QMNIST's
    tables are absent. No writer of the test digits wrote a training digit.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    train_writers: np.ndarray | None = None
    test_writers: np.ndarray | None = None

    def __post_init__(self) -> None:
        for part in ("train", "test"):
            images, labels = getattr(self, f"{part}_images"), getattr(self, f"{part}_labels")
            writers = getattr(self, f"{part}_writers")
            if images.shape[1:] != (SIDE, SIDE) or images.dtype != np.uint8:
                raise ValueError(f"{part}_images must be (N, {SIDE}, {SIDE}) uint8, got {images.shape}")
            if labels.shape != images.shape[:1] or (writers is not None and writers.shape != labels.shape):
                raise ValueError(f"{part}: images, labels and writers differ in number")


def load_mnist(folder: Path | None = None) -> Mnist:
    """Reads MNIST from ``folder``, else from ``DIGITSTRING_DATA``, else from the cache, which it fills.

    ``folder`` holds the idx files (gzipped or not) or has a subfolder ``mnist`` that does. Raises DataError,
    one sentence, when files are missing, damaged or do not belong together.
    """
    given = data_folder(folder)
    place = _cached_mnist() if given is None else _mnist_folder(given)
    train_images, train_labels = _read_part(place, "train")
    test_images, test_labels = _read_part(place, "t10k")
    return Mnist(
        train_images,
        train_labels,
        test_images,
        test_labels,
        read_writers(place / "qmnist-train-labels.tsv.gz", train_labels),
        read_writers(place / "qmnist-test-labels.tsv.gz", test_labels),
    )


def fetch_mnist(folder: Path | None = None, mirrors: Iterable[str] | None = None) -> Path:
    """Downloads what is missing of MNIST into ``folder`` (None: the cache) and checks all of it by SHA-256.

    ``mirrors`` are base URLs; None takes ``DIGITSTRING_MIRRORS`` (separated by spaces), else the public ones.
    QMNIST's tables of writers come along where they can be had; without them a warning is logged.
    Returns the folder. Raises DataError.
    """
    place = _cache() if folder is None else Path(folder).expanduser()
    mirrors = None if mirrors is None else tuple(mirrors)
    fetch_files(MNIST_SHA256, place, mirrors or mirrors_or(MNIST_MIRRORS))
    try:
        fetch_files(QMNIST_SHA256, place, mirrors or mirrors_or(QMNIST_MIRRORS))
    except DataError as error:
        logging.getLogger(__name__).warning("MNIST without its writers: %s", error)
    return place


def read_idx(path: Path, axes: int) -> np.ndarray:
    """An idx file of unsigned bytes with that many axes, gzipped or not, as uint8. Raises DataError."""
    data = _read_bytes(path)
    magic, start = 0x0800 + axes, 4 + 4 * axes
    if len(data) < start:
        raise DataError(f"{path}: truncated, {len(data)} bytes are less than an idx header")
    if int.from_bytes(data[:4], "big") != magic:
        raise DataError(f"{path}: no idx file of {axes} axes (starts 0x{data[:4].hex()}, not 0x{magic:08x})")
    shape = tuple(int(length) for length in np.frombuffer(data, ">u4", axes, offset=4))
    size = int(np.prod(shape, dtype=object))
    if len(data) - start != size:
        what = "truncated" if len(data) - start < size else "too long"
        raise DataError(f"{path}: {what}, {len(data) - start} bytes where the header promises {size}")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def read_writers(path: Path, labels: np.ndarray) -> np.ndarray | None:
    """Writers of the images with these labels, (N,) int32, from a QMNIST table; None if it is absent.

    The table has a line for each image, tab-separated: class, NIST partition, writer, and more; QMNIST's test
    table goes on after MNIST's images. Raises DataError when it is damaged or its classes are not ``labels``.
    """
    if not path.is_file():
        return None
    lines = _read_bytes(path).splitlines()[: len(labels)]
    try:
        table = np.loadtxt(lines, np.int32, delimiter="\t", usecols=(0, 2), ndmin=2, comments=None)
    except (ValueError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a QMNIST label table ({str(error).splitlines()[0]})") from error
    if len(table) < len(labels) or not np.array_equal(table[:, 0], labels):
        raise DataError(f"{path}: its classes are not the labels of the MNIST images beside it")
    return table[:, 1].copy()


def _read_part(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    image_path, label_path = (_idx_path(folder, f"{part}-{name}") for name in ("images-idx3", "labels-idx1"))
    images, labels = read_idx(image_path, 3), read_idx(label_path, 1)
    if images.shape[1:] != (SIDE, SIDE):
        sides = " x ".join(map(str, images.shape[1:]))
        raise DataError(f"{image_path}: images of {sides} pixels, not {SIDE} x {SIDE}")
    if len(images) != len(labels):
        raise DataError(f"{label_path}: {len(labels)} labels for {len(images)} images in {image_path.name}")
    if len(labels) == 0 or labels.max() > 9:
        raise DataError(f"{label_path}: labels must be digits 0 to 9, at least one")
    return images, labels


def _cache() -> Path:
    return cache_folder() / "mnist"


def _cached_mnist() -> Path:
    """The cache, filled when it is not: what lies there was verified before it was given its name."""
    return _cache() if all((_cache() / name).is_file() for name in MNIST_SHA256) else fetch_mnist()


def _mnist_folder(folder: Path) -> Path:
    for place in (folder / "mnist", folder):
        if any(place.glob("train-images*idx3-ubyte*")):
            return place
    raise DataError(
        f"{folder}: no MNIST files here or in its subfolder mnist ({', '.join(MNIST_SHA256)}); without a folder they "
        "are downloaded",
        Remedy.DATA,
    )


def _idx_path(folder: Path, stem: str) -> Path:
    """The file, gzipped or not, spelt `-idx3-ubyte` as published or `.idx3-ubyte` as some unpackers do."""
    for name in (f"{stem}-ubyte", stem.replace("-idx", ".idx") + "-ubyte"):
        for path in (folder / f"{name}.gz", folder / name):
            if path.is_file():
                return path
    raise DataError(f"{folder}: {stem}-ubyte.gz is missing; all four MNIST files are needed", Remedy.DATA)


def _read_bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if data[:2] == b"\x1f\x8b" or path.suffix == ".gz" else data
    except EOFError as error:
        raise DataError(f"{path}: truncated, the compressed data ends too early") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: damaged or not gzip data ({error})") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
