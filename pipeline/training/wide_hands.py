"""Further hands than MNIST's and UNIPEN's to draw strings from, where the data folder has them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from pipeline.data.digit_images import (
    BHMSDS,
    SWISS_EVALUATION,
    SWISS_NUMBERS,
    DigitImages,
    digit_image_files,
    load_bhmsds,
    load_swiss_numbers,
)
from pipeline.data.strokes import StrokeSample
from pipeline.synthesis.glyphs.allographs import spline
from pipeline.synthesis.sources import IMAGE_COLLECTIONS, Sources

LOADERS = {SWISS_NUMBERS: ("swiss", load_swiss_numbers), BHMSDS: ("bhmsds", load_bhmsds)}


def with_digit_images(sources: Sources, data: Path | None) -> Sources:
    """The sources and the digits of the zips in the data folder (None: the one ``DIGITSTRING_DATA`` names), less the
    writers that are for evaluation only. Raises DataError."""
    for name, path in digit_image_files(data).items():
        collection, load = LOADERS[name]
        sources = add_images(sources, collection, _for_training(collection, load(path)))
    return sources


def add_images(sources: Sources, collection: str, digits: DigitImages) -> Sources:
    """The sources and the digits of another collection of images."""
    before = np.zeros(len(sources.labels), np.int64) if sources.image_writers is None else sources.image_writers
    writers = np.concatenate([before, digits.writers + np.int64(IMAGE_COLLECTIONS[collection])])
    return Sources(
        np.concatenate([sources.images, digits.images]),
        np.concatenate([sources.labels, digits.labels]),
        writers,
        sources.pen_digits,
        sources.pen_strings,
        sources.pen_others,
        sources.shapes,
        sources.fonts,
    )


def smoothed(samples: Iterable[StrokeSample]) -> tuple[StrokeSample, ...]:
    """The samples with curves through their points: some pens tell where they are ten times a second only."""
    return tuple(
        StrokeSample(
            sample.writer,
            sample.text,
            tuple(spline(stroke, 3) if len(stroke) > 2 else stroke for stroke in sample.strokes),
        )
        for sample in samples
    )


def _for_training(collection: str, digits: DigitImages) -> DigitImages:
    return digits.without(SWISS_EVALUATION) if collection == "swiss" else digits
