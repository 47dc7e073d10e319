"""What synthetic strings are drawn from: digits, strings, marks and letters, each with its writer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from pipeline.synthesis.glyphs.font_digits import Font, draw_font, load_fonts

DIGITS = "0123456789"
IMAGE_COLLECTIONS = {"mnist": 0, "swiss": 1_000_000, "bhmsds": 2_000_000}
"""Collections of images of digits, and what is added to the numbers of each one's writers."""
IMAGE_SHARES = (("mnist", 0.55), ("swiss", 0.37), ("bhmsds", 0.08))
"""How often a writer of images is of which collection, where there are several: many hands, and of bhmsds few."""


class PenSample(Protocol):
    """A character or string as the pen wrote it; see pipeline.data.strokes.StrokeSample."""

    @property
    def writer(self) -> str:
        """Who wrote it, the collection's name first."""
        ...

    @property
    def text(self) -> str:
        """What was written."""
        ...

    @property
    def strokes(self) -> tuple[np.ndarray, ...]:
        """(n, 2) float32 x and y of each stroke, y downward."""
        ...


def collection_of(writer: str) -> str:
    """The collection of a writer: "apa" of "apa-001"."""
    return writer.rpartition("-")[0] or writer


def image_writer_name(writer: int) -> str:
    """The name of a writer of images: "mnist-2154" of 2154, "swiss-7" of 1000007."""
    name = max(
        (name for name, start in IMAGE_COLLECTIONS.items() if start <= writer), key=IMAGE_COLLECTIONS.__getitem__
    )
    return f"{name}-{writer - IMAGE_COLLECTIONS[name]}"


@dataclass(frozen=True, eq=False)
class Sources:
    """Everything a string may be made of, with the writer of each piece.

    images: (N, 28, 28) uint8, 255 = ink; labels: (N,) uint8 in 0..9; image_writers: (N,) int, any numbers
    (None: all of one unnamed writer), each collection's from its own start in
    IMAGE_COLLECTIONS. In ``without`` and ``only`` the writer 2154 of images is
    "mnist-2154". pen_digits: isolated digits; pen_strings: real strings of several digits, with separators;
    pen_others: marks and letters; shapes, fonts: whether allographs of our own (glyphs.allographs) and digits of fonts
    (glyphs.font_digits) join in.
    """

    images: np.ndarray = field(default_factory=lambda: np.zeros((0, 28, 28), np.uint8))
    labels: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint8))
    image_writers: np.ndarray | None = None
    pen_digits: Sequence[PenSample] = ()
    pen_strings: Sequence[PenSample] = ()
    pen_others: Sequence[PenSample] = ()
    shapes: bool = True
    fonts: bool = True
    _index: dict[str, Any] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        if self.images.ndim != 3 or self.images.shape[1:] != (28, 28) or self.images.dtype != np.uint8:
            raise ValueError(f"images must be (N, 28, 28) uint8, got {self.images.shape} {self.images.dtype}")
        if self.labels.shape != self.images.shape[:1]:
            raise ValueError(f"{len(self.images)} images but labels of shape {self.labels.shape}")
        if self.image_writers is not None and self.image_writers.shape != self.labels.shape:
            raise ValueError("one writer per image is needed, or None")
        if any(len(sample.text) != 1 or sample.text not in DIGITS for sample in self.pen_digits):
            raise ValueError("pen_digits must be single digits")
        self._index.update(
            image_writers=_group(self._image_writer_ids(), self.labels),
            image_labels=[np.flatnonzero(self.labels == digit) for digit in range(10)],
            pen_writers=_group_samples(self.pen_digits, lambda sample: sample.writer),
            pen_collections=_group_samples(self.pen_digits, lambda sample: collection_of(sample.writer)),
            pen_labels=_group_samples(self.pen_digits, lambda _: "all").get("all", {}),
            string_writers=_group_samples(self.pen_strings, lambda sample: sample.writer, lambda _: "all"),
            others=_group_samples(self.pen_others, lambda sample: sample.text, lambda s: s.writer),
        )
        self._index["image_keys"] = _by_collection(self._index["image_writers"])
        self._index["pen_keys"] = tuple(self._index["pen_writers"])
        self._index["string_keys"] = tuple(self._index["string_writers"])

    def _image_writer_ids(self) -> np.ndarray:
        return np.zeros(len(self.labels), np.int64) if self.image_writers is None else self.image_writers

    @property
    def has_images(self) -> bool:
        """Whether there are pictures of digits."""
        return len(self.images) > 0

    def keep(self, wanted: Callable[[str], bool]) -> Sources:
        """The sources of those writers only for whom ``wanted(writer)`` is true."""
        writers, inverse = np.unique(self._image_writer_ids(), return_inverse=True)
        chosen = np.array([wanted(image_writer_name(int(writer))) for writer in writers], bool)[inverse]
        return replace(
            self,
            images=self.images[chosen],
            labels=self.labels[chosen],
            image_writers=None if self.image_writers is None else self.image_writers[chosen],
            pen_digits=tuple(sample for sample in self.pen_digits if wanted(sample.writer)),
            pen_strings=tuple(sample for sample in self.pen_strings if wanted(sample.writer)),
            pen_others=tuple(sample for sample in self.pen_others if wanted(sample.writer)),
        )

    def without(self, *, writers: Iterable[str] = (), collections: Iterable[str] = ()) -> Sources:
        """The sources less these writers and all writers of these collections (leave-collections-out)."""
        names, groups = frozenset(writers), frozenset(collections)
        return self.keep(lambda writer: writer not in names and collection_of(writer) not in groups)

    def only(self, *, writers: Iterable[str] = (), collections: Iterable[str] = ()) -> Sources:
        """The sources of these writers and of all writers of these collections."""
        names, groups = frozenset(writers), frozenset(collections)
        return self.keep(lambda writer: writer in names or collection_of(writer) in groups)

    def draw_image_writer(self, rng: np.random.Generator) -> int:
        """A writer of images; within a collection each is as likely as any other."""
        keys = self._index["image_keys"]
        if len(keys) == 1:
            return _pick(rng, *keys.values())
        place = rng.random() * sum(share for name, share in IMAGE_SHARES if name in keys)
        for name, share in IMAGE_SHARES:
            if name in keys:
                chosen, place = name, place - share
                if place < 0:
                    break
        return _pick(rng, keys[chosen])

    def draw_image(self, rng: np.random.Generator, digit: int, writer: int | None) -> np.ndarray:
        """A (28, 28) uint8 picture of ``digit`` by ``writer``, or by anybody where the writer has none."""
        own = self._index["image_writers"].get(writer, {}).get(digit)
        pool = self._index["image_labels"][digit] if own is None else own
        if len(pool) == 0:
            raise ValueError(f"the sources have no image of the digit {digit}")
        return self.images[_pick(rng, pool)]

    def draw_pen_writer(self, rng: np.random.Generator) -> str:
        """A writer of pen digits; each is as likely as any other, however many digits they left."""
        return _pick(rng, self._index["pen_keys"])

    def draw_pen_digit(self, rng: np.random.Generator, digit: str, writer: str | None) -> PenSample:
        """A pen digit by ``writer``, else by another of the same collection, else by anybody."""
        index = self._index
        pool = index["pen_writers"].get(writer, {}).get(digit)
        if pool is None and writer is not None:
            pool = index["pen_collections"].get(collection_of(writer), {}).get(digit)
        pool = index["pen_labels"].get(digit) if pool is None else pool
        if pool is None:
            raise ValueError(f"the sources have no pen strokes of the digit {digit}")
        return _pick(rng, pool)

    def draw_pen_string(self, rng: np.random.Generator) -> PenSample:
        """A real string; writers are as likely as one another."""
        return _pick(rng, self._index["string_writers"][_pick(rng, self._index["string_keys"])]["all"])

    def draw_font(self, rng: np.random.Generator) -> Font:
        """A font, with the shares that its module gives to handwriting and print."""
        return draw_font(rng, load_fonts())

    def draw_print_font(self, rng: np.random.Generator) -> Font:
        """A font of print; each is as likely as any other."""
        return _pick(rng, tuple(font for font in load_fonts() if font.style == "print"))

    def draw_other(self, rng: np.random.Generator, text: str) -> PenSample | None:
        """A mark or letter as somebody wrote it, or None where there is none of that kind."""
        writers = self._index["others"].get(text)
        return None if writers is None else _pick(rng, _pick(rng, tuple(writers.values())))


def _pick(rng: np.random.Generator, pool: Any) -> Any:
    # Generator.choice costs tens of microseconds a call.
    return pool[int(rng.random() * len(pool))]


def _by_collection(writers: Iterable[int]) -> dict[str, tuple[int, ...]]:
    """The numbers of the writers of each collection."""
    groups: dict[str, list[int]] = {}
    for writer in writers:
        groups.setdefault(collection_of(image_writer_name(writer)), []).append(writer)
    return {name: tuple(group) for name, group in groups.items()}


def _group(writers: np.ndarray, labels: np.ndarray) -> dict[int, dict[int, np.ndarray]]:
    """writer -> label -> indices."""
    order = np.lexsort((labels, writers))
    keys = writers[order].astype(np.int64) * 10 + labels[order]
    groups: dict[int, dict[int, np.ndarray]] = {}
    for run in np.split(order, np.flatnonzero(np.diff(keys)) + 1) if len(order) else []:
        groups.setdefault(int(writers[run[0]]), {})[int(labels[run[0]])] = run
    return groups


def _group_samples(
    samples: Sequence[PenSample],
    first: Callable[[PenSample], str],
    second: Callable[[PenSample], str] = lambda sample: sample.text,
) -> dict[str, dict[str, list[PenSample]]]:
    groups: dict[str, dict[str, list[PenSample]]] = {}
    for sample in samples:
        groups.setdefault(first(sample), {}).setdefault(second(sample), []).append(sample)
    return groups
