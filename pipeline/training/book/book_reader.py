"""What a network of the book says of a picture of one digit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from classifier.book.encodings import NOT_A_DIGIT
from classifier.crops import crop_images
from pipeline.images import load_grey
from pipeline.training.book.book_networks import load_book
from segmenter.ink import extract_ink


@dataclass(frozen=True)
class BookReading:
    """digit: None for "not a digit" (with the single output: "not that digit"). outputs: of the output neurons, in
    [0, 1]."""

    digit: int | None
    outputs: tuple[float, ...]


class BookReader:
    """Reads pictures of one digit with weights of `train_book`. Raises WeightsError."""

    def __init__(self, weights: Path) -> None:
        self.network, self.encoding, self.card = load_book(weights)

    def read(self, image: Any) -> BookReading:
        """The digit in a picture: a path, bytes, a Pillow image or an array. Its ink is framed as MNIST's digits were
        (28 x 28, the centre of mass in the middle). Raises ImageError."""
        ink = np.asarray(extract_ink(load_grey(image)).pixels, dtype=np.float32)
        crop = crop_images([ink])[:, 0].reshape(1, -1)  # the character alone, without what stands around it
        outputs = self.network.forward(crop)
        [label] = self.encoding.decode(outputs)
        return BookReading(None if label == NOT_A_DIGIT else int(label), tuple(map(float, outputs[0])))
