"""What the shipped weights are trained on: MNIST, pen strokes, pictures and registers, split by writer and by page."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.digit_images import digit_image_files
from pipeline.data.downloads import cache_folder, data_folder, sha256_of
from pipeline.data.mislabelled import rightly_labelled
from pipeline.data.mnist import Mnist, load_mnist
from pipeline.data.real_strings import RealString, load_register_numbers, register_folder, split_registers
from pipeline.data.strokes import MORE_DIGITS, STROKE_KINDS, load_strokes, stroke_files
from pipeline.errors import DataError, Remedy
from pipeline.synthesis.sources import Sources
from pipeline.training.string_pool import StringData
from pipeline.training.wide_hands import smoothed, with_digit_images

if TYPE_CHECKING:
    from pipeline.training.recipe import Recipe

VALIDATION_DIGITS = 5_000  # the last of MNIST's training digits, never trained on
HELD_OUT_SHARE = 10  # one pen writer in so many is held out for evaluation strings
ATTRIBUTION = (
    "MNIST: Yann LeCun and Corinna Cortes, from NIST Special Databases 1 and 3; writers: QMNIST (Yadav and Bottou). "
    "Pen strokes: International Unipen Foundation, UNIPEN data set train_r01_v07 (1999), "
    "DOI 10.5281/zenodo.1195803, CC BY 4.0; Pen-Based Recognition of Handwritten Digits (E. Alpaydin and "
    "F. Alimoglu, 1998, UCI, DOI 10.24432/C5MG6K, CC BY 4.0); UJI Pen Characters (UCI, CC BY 4.0); "
    "handwritten-digits-corpus (S. Kahl, Apache 2.0); LipiTk (MIT). "
    "Pictures of digits: kensanata/numbers (CC0 1.0); bhmsds (W. Blachowski, MIT). "
    "Register numbers: Lectaurep, Archives nationales and Inria (HTR-United/lectaurep-repertoires, CC BY 4.0). "
    "Digits of fonts: see pipeline/synthesis/fonts/LICENCES.txt (OFL 1.1, Apache 2.0)."
)


@dataclass(frozen=True, eq=False)
class TrainingData:
    """mnist: all of it; training and held_out: sources of strings with no writer in common; registers: real numbers of
    pages that are trained on, and those that are not."""

    mnist: Mnist
    training: Sources
    held_out: Sources
    hashes: dict[str, str]
    registers: Sequence[RealString] = ()
    held_out_registers: Sequence[RealString] = ()

    @property
    def lone(self) -> tuple[np.ndarray, np.ndarray]:
        """MNIST's digits (N, 28, 28) that are trained on, and their labels (N,)."""
        return self.mnist.train_images[:-VALIDATION_DIGITS], self.mnist.train_labels[:-VALIDATION_DIGITS]

    @property
    def lone_held_out(self) -> tuple[np.ndarray, np.ndarray]:
        """The last of them, which are not."""
        return self.mnist.train_images[-VALIDATION_DIGITS:], self.mnist.train_labels[-VALIDATION_DIGITS:]

    @property
    def away(self) -> StringData:
        """What is never trained on, less what is plainly mislabelled: from it the reader learns how sure it may be."""
        pens = rightly_labelled(self.held_out.pen_digits)
        return StringData(replace(self.held_out, pen_digits=pens), self.held_out_registers)


def load_data(data: Path | None, recipe: Recipe) -> TrainingData:
    """MNIST, the pen strokes and further digits, split by writer into what is trained on and what is held out."""
    mnist = load_mnist(data)
    paths = stroke_files(data)
    if missing := [kind for kind in STROKE_KINDS if kind not in paths]:
        logging.getLogger(__name__).warning(
            "training without pen strokes of %s; the weights will read less well", " and ".join(missing)
        )
    strokes = {kind: load_strokes(path) for kind, path in paths.items()}
    pens = Sources(
        pen_digits=(*strokes.get("digits", ()), *smoothed(strokes.get(MORE_DIGITS, ()))),
        pen_strings=strokes.get("strings", ()),
        pen_others=strokes.get("others", ()),
    )
    pens = pens.without(collections=recipe.without)
    split = len(mnist.train_images) - VALIDATION_DIGITS
    if split < 1:
        raise DataError(
            f"{len(mnist.train_images)} training digits are too few: {VALIDATION_DIGITS} of them are kept "
            "for validation; the whole of MNIST is needed",
            Remedy.DATA,
        )
    writers = None if mnist.train_writers is None else mnist.train_writers[:split]
    kept = pens.keep(lambda writer: not is_held_out(writer))
    training = _with_images(
        replace(kept, pen_digits=rightly_labelled(kept.pen_digits)),
        mnist.train_images[:split],
        mnist.train_labels[:split],
        writers,
    )
    held_out = _with_images(pens.keep(is_held_out), mnist.test_images, mnist.test_labels, mnist.test_writers)
    training = with_digit_images(training, data)
    registers, hashes = load_registers(data)
    return TrainingData(
        mnist, training, held_out, _hashes(data, {**paths, **digit_image_files(data)}) | hashes, *registers
    )


def load_registers(data: Path | None) -> tuple[tuple[list[RealString], list[RealString]], dict[str, str]]:
    """Real register numbers, to train on and held out by page, and the hash of their list; else nothing."""
    folder = register_folder(data)
    if folder is None:
        logging.getLogger(__name__).warning("training without real register numbers; the weights will read less well")
        return ([], []), {}
    hashes = {"register-numbers/truth.csv": sha256_of(folder / "truth.csv")}
    return split_registers(load_register_numbers(folder)), hashes


def is_held_out(writer: str) -> bool:
    """Whether a pen writer is kept for evaluation; decided by the name alone, so that it never changes."""
    return zlib.crc32(writer.encode()) % HELD_OUT_SHARE == 0


def _with_images(pens: Sources, images: np.ndarray, labels: np.ndarray, writers: np.ndarray | None) -> Sources:
    return Sources(images, labels, writers, pens.pen_digits, pens.pen_strings, pens.pen_others)


def _hashes(data: Path | None, others: dict[str, Path]) -> dict[str, str]:
    folder = data_folder(data) or cache_folder()
    mnist = sorted((folder / "mnist" if (folder / "mnist").is_dir() else folder).glob("*ubyte*"))
    return {path.name: sha256_of(path) for path in [*mnist, *others.values()]}
