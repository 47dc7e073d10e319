"""The pool of training strings: chunks drawn by worker processes, each from its own seed, replayed a few times."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from classifier.network import ConvolutionNetwork
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.strings import StringStyle, draw_string
from pipeline.training.examples import Example, make_example

_SOURCES: Sources | None = None  # of a worker process, handed over once
_STYLE: StringStyle | None = None
_FIRST: ConvolutionNetwork | None = None


@dataclass(frozen=True)
class PoolConfig:
    """chunk: strings in a chunk; kept: chunks that are trained on together, the newest and those before it."""

    chunk: int = 1500
    kept: int = 2
    workers: int = 1


def chunks(
    sources: Sources,
    style: StringStyle,
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
    with ProcessPoolExecutor(config.workers, initializer=_start_worker, initargs=(sources, style, network)) as pool:
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
    assert _SOURCES is not None and _STYLE is not None
    return draw_examples(np.random.default_rng([seed, number]), _SOURCES, _STYLE, count, _FIRST)


def draw_examples(
    rng: np.random.Generator, sources: Sources, style: StringStyle, count: int, first: ConvolutionNetwork | None = None
) -> list[Example]:
    """`count` examples; strings in which the segmenter finds nothing are drawn anew."""
    examples: list[Example] = []
    while len(examples) < count:
        example = make_example(draw_string(rng, sources, style), first)
        if example is not None and len(example.start) <= 600:
            examples.append(example)
    return examples


def _start_worker(sources: Sources, style: StringStyle, first: ConvolutionNetwork | None) -> None:
    global _SOURCES, _STYLE, _FIRST
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
    _SOURCES, _STYLE, _FIRST = sources, style, first
