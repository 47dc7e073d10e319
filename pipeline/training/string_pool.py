"""The pool of training strings: chunks drawn by worker processes, each from its own seed, replayed a few times."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from classifier.network import ConvolutionNetwork
from pipeline.data.real_strings import RealString
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.strings import StringStyle, SyntheticString, draw_string
from pipeline.synthesis.style import AMOUNTS, PRINTED, SURROUNDED
from pipeline.training.crop.examples import Example, make_example
from pipeline.training.line.line_distortions import SET_LOOSELY, distorted
from segmenter.arrays import Grey


@dataclass(frozen=True)
class StringMixture:
    """Where the strings of a pool come from.

    styles: presets of the synthesis, each with its share of all strings that are drawn. registers: share of real
    numbers out of registers, set loosely: real ink on real paper, but ten hands and 1 to 4 digits.
    """

    styles: tuple[tuple[StringStyle, float], ...] = ((AMOUNTS, 0.44), (SURROUNDED, 0.42), (PRINTED, 0.14))
    registers: float = 0.1

    def __post_init__(self) -> None:
        check_shares([share for _, share in self.styles], self.registers)


def alone(style: StringStyle) -> StringMixture:
    """The mixture of nothing but strings of one style."""
    return StringMixture(((style, 1.0),), registers=0.0)


@dataclass(frozen=True, eq=False)
class StringData:
    """Sources of drawn strings, and real register numbers."""

    sources: Sources
    registers: Sequence[RealString] = field(default=())


_DATA: StringData | None = None  # of a worker process, handed over once
_MIXTURE: StringMixture | None = None
_FIRST: ConvolutionNetwork | None = None

MOST_SPANS = 600  # of a string; what has more is debris, and would take a step's time for itself


@dataclass(frozen=True)
class PoolConfig:
    """chunk: strings in a chunk; kept: chunks that are trained on together, the newest and those before it."""

    chunk: int = 1500
    kept: int = 2
    workers: int = 1


def chunks(
    data: StringData,
    mixture: StringMixture,
    seed: int,
    first: int,
    last: int,
    config: PoolConfig,
    network: ConvolutionNetwork | None = None,
) -> Iterator[list[Example]]:
    """The training strings of chunks first..last - 1: at each step the newest chunk with those kept before it.

    network: the first network, for training a second. The same seed gives the same strings whatever the number of
    workers.
    """
    begin = max(0, first - config.kept + 1)
    waiting: deque[Future[list[Example]]] = deque()
    kept: deque[list[Example]] = deque(maxlen=config.kept)
    with ProcessPoolExecutor(config.workers, initializer=_start_worker, initargs=(data, mixture, network)) as pool:
        number = begin
        for chunk in range(begin, last):
            while number < last and number <= chunk + config.workers:
                waiting.append(pool.submit(draw_chunk, seed, number, config.chunk))
                number += 1
            kept.append(waiting.popleft().result())
            if chunk >= first:
                yield [example for part in kept for example in part]


def draw_chunk(seed: int, number: int, count: int) -> list[Example]:
    """`count` examples from the seed (seed, number), in a process prepared by `_start_worker`."""
    assert _DATA is not None and _MIXTURE is not None
    return draw_examples(np.random.default_rng([seed, number]), _DATA, _MIXTURE, count, _FIRST)


def draw_examples(
    rng: np.random.Generator,
    data: StringData,
    mixture: StringMixture,
    count: int,
    first: ConvolutionNetwork | None = None,
) -> list[Example]:
    """`count` examples; strings in which the segmenter finds nothing are drawn anew."""
    examples: list[Example] = []
    while len(examples) < count:
        example = make_example(draw_of(rng, data, mixture), first)
        if example is not None and len(example.start) <= MOST_SPANS:
            examples.append(example)
    return examples


def draw_of(rng: np.random.Generator, data: StringData, mixture: StringMixture) -> SyntheticString | RealString:
    """One string, drawn in one of the styles, or real and set loosely."""
    if data.registers and rng.random() < mixture.registers:
        chosen = data.registers[int(rng.integers(len(data.registers)))]
        grey = distorted(rng, grey_of(chosen.image), SET_LOOSELY)
        return RealString(np.round(grey * 255).astype(np.uint8), chosen.text, chosen.page)
    style, _ = mixture.styles[pick_share(rng, [share for _, share in mixture.styles])]
    return draw_string(rng, data.sources, style)


def check_shares(styles: Sequence[float], registers: float) -> None:
    """Raise ValueError for what cannot be shares of styles, and of real numbers beside them."""
    if not styles or min(styles) < 0 or sum(styles) <= 0 or not 0 <= registers <= 1:
        raise ValueError(
            f"shares of styles are at least 0 and not all 0, that of registers is at most 1: {styles}, {registers}"
        )


def pick_share(rng: np.random.Generator, shares: Sequence[float]) -> int:
    """A place among shares, each as often as its share of their sum."""
    weights = np.array(shares)
    return int(rng.choice(len(weights), p=weights / weights.sum()))


def grey_of(image: NDArray[np.uint8]) -> Grey:
    """A picture (H, W) uint8, 255 = white, as the readers take it."""
    return np.divide(image, np.float32(255), dtype=np.float32)


def _start_worker(data: StringData, mixture: StringMixture, first: ConvolutionNetwork | None) -> None:
    global _DATA, _MIXTURE, _FIRST
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
    _DATA, _MIXTURE, _FIRST = data, mixture, first
