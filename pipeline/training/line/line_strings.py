"""What the line network is trained on: drawn and real strings, their line pictures, batches of like width.

Strings come in blocks, each drawn from its own seed (seed, number) by worker processes while the network trains on the
block before; no string comes twice, except that each is set into `views` different surroundings.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from classifier.arrays import LinePicture
from classifier.line.line_columns import CHARACTERS
from classifier.line.line_network import OTHER, STRIDE, column_count, framed
from classifier.line.line_picture import ROWS, line_picture, scaled
from pipeline.synthesis.strings import StringStyle, SyntheticString, draw_string
from pipeline.synthesis.style import AMOUNTS, PRINTED, SURROUNDED, VALUES
from pipeline.training.line.line_distortions import CUT_TIGHTLY, SCANNED_AGAIN, SET_LOOSELY, LineDistortion, distorted
from pipeline.training.string_pool import StringData, check_shares, grey_of, pick_share

Drawn = tuple[NDArray[np.float32], str, LineDistortion]  # a grey picture, what is written, how to vary the picture
OTHER_SIGNS = "#*=+()"  # written on purpose; letters, currencies and strokes beside a number are blank


@dataclass(frozen=True)
class LineMixture:
    """Where strings come from and how they are varied.

    styles: presets of the synthesis, each with its share of all strings that are drawn and how its pictures are varied
    further: amounts on patterned paper stay tightly cut, what has its surroundings is scanned again.
    registers: share of real numbers out of registers: real ink on real paper, but ten hands and 1 to 4 digits, so not
    too many. joined: of those, the share of two or three set side by side, so that real strings are as long as
    others. flipped: share of pictures shown in the wrong polarity, as where `line_picture` is misled.
    strings: drawn for a block; views: surroundings each of them is set into: drawing costs more than surrounding.
    """

    styles: tuple[tuple[StringStyle, float, LineDistortion], ...] = (
        (SURROUNDED, 0.36, SCANNED_AGAIN),
        (VALUES, 0.06, SCANNED_AGAIN),
        (PRINTED, 0.12, SCANNED_AGAIN),
        (AMOUNTS, 0.46, CUT_TIGHTLY),
    )
    registers: float = 0.1
    joined: float = 0.3
    real: LineDistortion = SET_LOOSELY
    flipped: float = 0.02
    strings: int = 640
    views: int = 2
    batch: int = 32
    workers: int = 2

    def __post_init__(self) -> None:
        check_shares([share for _, share, _ in self.styles], self.registers)
        if min(self.strings, self.views, self.batch, self.workers) < 1 or self.strings * self.views < self.batch:
            raise ValueError(f"blocks must hold a batch, drawn by a worker: {self}")


@dataclass(frozen=True, eq=False)
class LineString:
    """A picture and what is written in it. written: digits and marks; marks_known: whether marks are in `written`."""

    picture: LinePicture
    written: str
    marks_known: bool


@dataclass(frozen=True, eq=False)
class LineBatch:
    """pictures: (N, ROWS, W) float16, framed, paper to the right; columns: (N,) that each string fills."""

    pictures: NDArray[np.float16]
    columns: NDArray[np.int64]
    written: tuple[str, ...]
    marks_known: NDArray[np.bool_]


def blocks(data: StringData, mixture: LineMixture, seed: int, first: int = 0) -> Iterator[list[LineBatch]]:
    """Blocks of batches without end, from number `first` on: the same seed and number, the same strings."""
    waiting: deque[Future[list[LineBatch]]] = deque()
    number = first
    with ProcessPoolExecutor(mixture.workers, initializer=_start_worker, initargs=(data, mixture)) as pool:
        try:
            while True:
                while len(waiting) <= mixture.workers:
                    waiting.append(pool.submit(_draw_block, seed, number))
                    number += 1
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def draw_block(data: StringData, mixture: LineMixture, seed: int, number: int) -> list[LineBatch]:
    """Batches of one block in random order, strings of like width together."""
    rng = np.random.default_rng([seed, number])
    strings = [each for _ in range(mixture.strings) for each in draw_views(rng, data, mixture)]
    strings.sort(key=lambda string: string.picture.shape[1])
    batches = [make_batch(strings[k : k + mixture.batch]) for k in range(0, len(strings), mixture.batch)]
    return [batches[k] for k in rng.permutation(len(batches))]


def draw_views(rng: np.random.Generator, data: StringData, mixture: LineMixture) -> list[LineString]:
    """One string, drawn or real, in `views` surroundings; views whose columns cannot hold the text are left out."""
    real = bool(data.registers) and rng.random() < mixture.registers
    grey, written, config = _draw_real(rng, data, mixture) if real else _draw_synthetic(rng, data, mixture)
    views = (_view(rng, grey, config, mixture.flipped) for _ in range(mixture.views))
    return [LineString(picture, written, not real) for picture in views if fits(picture, written)]


def _view(rng: np.random.Generator, grey: NDArray[np.float32], config: LineDistortion, flipped: float) -> LinePicture:
    stretch = float(np.exp(config.widened + config.stretch * rng.standard_normal()))
    picture = line_picture(distorted(rng, grey, config), stretch)
    return 1 - picture if rng.random() < flipped else picture


def fits(picture: LinePicture, written: str) -> bool:
    """Whether the picture has columns enough to spell the text: one a character, and a blank between equal ones."""
    equal = sum(a == b for a, b in pairwise(written))
    return column_count(picture.shape[1]) >= len(written) + equal


def _draw_synthetic(rng: np.random.Generator, data: StringData, mixture: LineMixture) -> Drawn:
    style, _, config = mixture.styles[pick_share(rng, [share for _, share, _ in mixture.styles])]
    string = draw_string(rng, data.sources, style)
    return grey_of(string.image), written_of(string), config


def written_of(string: SyntheticString) -> str:
    """The digits and the marks among them in the alphabet of the line network; other characters are blank."""
    signs = (OTHER if label in OTHER_SIGNS else label for label in string.written or string.text)
    return "".join(sign for sign in signs if sign in CHARACTERS)


def _draw_real(rng: np.random.Generator, data: StringData, mixture: LineMixture) -> Drawn:
    """A number out of a register, or two or three of one page side by side."""
    chosen = data.registers[int(rng.integers(len(data.registers)))]
    grey = grey_of(chosen.image)
    if rng.random() >= mixture.joined:
        return grey, chosen.text, mixture.real
    page = [each for each in data.registers if each.page == chosen.page]
    more = [page[int(k)] for k in rng.integers(len(page), size=int(rng.integers(1, 3)))]
    parts = [scaled(grey), *(scaled(grey_of(each.image)) for each in more)]
    level = float(np.quantile(parts[0], 0.7))
    parts = [part + np.float32(level - np.quantile(part, 0.7)) for part in parts]
    return np.concatenate(parts, axis=1), "".join(each.text for each in (chosen, *more)), mixture.real


def make_batch(strings: Sequence[LineString]) -> LineBatch:
    """Strings as one array, as wide as the widest of them."""
    pictures = [framed(string.picture) for string in strings]
    widest = -(-max(picture.shape[1] for picture in pictures) // STRIDE) * STRIDE
    batch = np.zeros((len(strings), ROWS, widest), np.float16)
    for place, picture in zip(batch, pictures, strict=True):
        place[:, : picture.shape[1]] = picture
    return LineBatch(
        batch,
        np.array([column_count(string.picture.shape[1]) for string in strings]),
        tuple(string.written for string in strings),
        np.array([string.marks_known for string in strings]),
    )


def symbols_of(written: str) -> list[int]:
    """The symbols of a text."""
    return [CHARACTERS[character] for character in written]


_DATA: StringData | None = None  # of a worker process, handed over once
_MIXTURE: LineMixture | None = None


def _start_worker(data: StringData, mixture: LineMixture) -> None:
    global _DATA, _MIXTURE
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
    _DATA, _MIXTURE = data, mixture


def _draw_block(seed: int, number: int) -> list[LineBatch]:
    assert _DATA is not None and _MIXTURE is not None
    return draw_block(_DATA, _MIXTURE, seed, number)
