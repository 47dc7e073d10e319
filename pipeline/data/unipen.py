"""Converts the UNIPEN collection train_r01_v07 into the project's stroke files (docs/data.md).

The collection is laid out as ``data/CATEGORY/COLLECTION/...`` with files that label ink, and ``include/...``
with the ink they include. Categories: 1a isolated digits, 1b and 1c capitals and small letters, 1d symbols,
6 to 8 words and free text.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pipeline.data.strokes import STROKE_KINDS
from pipeline.data.unipen_format import Segment, SegmentError, read_segments, writers_named
from pipeline.errors import DataError, UsageError
from pipeline.files import write_whole

CATEGORIES = {"digits": ("1a",), "others": ("1b", "1c", "1d"), "strings": ("6", "7", "8")}
NUMBERING_ORDER = ("1a", "1b", "1c", "1d")  # writers of isolated characters get the low numbers
LABELS = {
    "digits": re.compile(r"[0-9]"),
    "others": re.compile(r"[^0-9\s]"),
    "strings": re.compile(r"(?=(.*[0-9]){2})[-0-9.,/:$% ]+"),
}
MOST_PER_LETTER, MOST_PER_MARK = 150, 400

Progress = Callable[[int, int], None]  # files done, files in all


@dataclass(frozen=True)
class ConversionReport:
    """What a conversion wrote and what it left out: ``skipped`` counts segments by cause, ``damaged`` has one
    sentence for each file that could not be read to the end."""

    written: int
    writers: int
    files: int
    skipped: dict[str, int] = field(default_factory=dict)
    damaged: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Sample:
    writer: str
    text: str
    strokes: list[list[list[int]]]

    def line(self) -> str:
        entry = {"writer": self.writer, "text": self.text, "strokes": self.strokes}
        return json.dumps(entry, separators=(",", ":")) + "\n"


def convert_unipen(folder: Path, out: Path, kind: str = "digits", progress: Progress | None = None) -> ConversionReport:
    """Writes the ``kind`` ("digits", "strings" or "others") of samples found under ``folder`` to ``out``.

    ``out`` (.jsonl.gz or .jsonl) appears whole or not at all, the same byte for byte for the same source.
    Damaged source files and segments are left out and reported. Of "others" at most 150 of a letter and 400
    of a mark are taken, spread over the writers. Raises UsageError for another kind, DataError when there is
    no source, nothing of that kind in it, or ``out`` cannot be written.
    """
    if kind not in STROKE_KINDS:
        raise UsageError(f"{kind!r} is no kind of strokes; choose one of {', '.join(STROKE_KINDS)}")
    out = Path(out).expanduser()
    if out.is_dir() or not out.parent.is_dir():
        raise DataError(f"{out}: cannot be written, it must be a file in a folder that exists")
    source = _Source.open(Path(folder).expanduser())
    skipped: Counter[str] = Counter()
    damaged: dict[str, None] = {}
    files = source.files_of(kind)
    samples: list[_Sample] = []
    numbers = _WriterNumbers(source, damaged)
    for done, path in enumerate(files, start=1):
        samples += _samples(path, kind, source, numbers, skipped, damaged)
        if progress:
            progress(done, len(files))
    if kind == "others":
        samples = _thinned(samples, skipped)
    if not samples:
        raise DataError(f"{folder}: no {kind} in {len(files)} data files; give the unpacked train_r01_v07")
    _write(out, samples)
    writers = len({sample.writer for sample in samples})
    causes = {cause: count for cause, count in sorted(skipped.items()) if count}
    return ConversionReport(len(samples), writers, len(files), causes, tuple(damaged))


@dataclass(frozen=True)
class _Source:
    """The files of an unpacked collection."""

    folder: Path
    data: tuple[Path, ...]  # files that label ink, in order of category and path
    includes: dict[str, Path]  # path below an include folder, in small letters -> file

    @classmethod
    def open(cls, folder: Path) -> _Source:
        if not folder.is_dir():
            raise DataError(f"{folder}: no such folder; give the folder of the unpacked UNIPEN collection")
        data, includes = [], {}
        for place, folders, names in os.walk(folder):
            folders.sort()
            parts = [part.lower() for part in Path(place).relative_to(folder).parts]
            inside = len(parts) - parts[::-1].index("include") if "include" in parts else None
            for name in sorted(names):
                if inside is not None:
                    includes["/".join([*parts[inside:], name.lower()])] = Path(place, name)
                elif name.lower().endswith(".dat"):
                    data.append(Path(place, name))
        source = cls(folder, (), includes)
        return cls(folder, tuple(sorted(data, key=source._order)), includes)

    def find_include(self, name: str, including: Path) -> Path:
        """The file an ``.INCLUDE`` means: below an include folder, or beside the file that includes it."""
        wanted = name.replace("\\", "/").lower().lstrip("./")
        if wanted in self.includes:
            return self.includes[wanted]
        try:
            beside = (including.parent / name).resolve()
            if beside.is_file() and beside.is_relative_to(self.folder.resolve()):
                return beside
        except OSError:  # no name that a file could have
            pass
        raise DataError(f"{including}: includes {name[:100]}, which is not there")

    def category_and_collection(self, path: Path) -> tuple[str, str]:
        """("1a", "apa") for data/1a/apa/...; the category is "" where the layout is another."""
        folders = [part.lower() for part in path.relative_to(self.folder).parts[:-1]]
        for index, name in enumerate(folders):
            if re.fullmatch("1[abcd]|[2-8]", name):
                folders = folders[index:]
                break
        else:
            folders = ["", *folders]
        name = folders[1] if len(folders) > 1 else path.stem.lower()
        return folders[0], (re.sub("[^a-z]", "", name) + "xxx")[:3]

    def files_of(self, kind: str) -> list[Path]:
        """Data files of the kind's categories; all of them if folders tell none."""
        categories = [self.category_and_collection(path)[0] for path in self.data]
        wanted = CATEGORIES[kind] if any(categories) else ("",)
        return [path for path, category in zip(self.data, categories, strict=True) if category in wanted]

    def _order(self, path: Path) -> tuple[int, str]:
        category = self.category_and_collection(path)[0]
        rank = NUMBERING_ORDER.index(category) if category in NUMBERING_ORDER else len(NUMBERING_ORDER)
        return rank, path.relative_to(self.folder).as_posix().lower()


class _WriterNumbers:
    """Numbers each collection's writers by first appearance in the whole source: one number in all kinds."""

    def __init__(self, source: _Source, damaged: dict[str, None]) -> None:
        self._source = source
        self._numbers: dict[str, dict[str, int]] = defaultdict(dict)
        seen: dict[Path, tuple[str, ...]] = {}
        for path in source.data:
            try:
                names = writers_named(path, source.find_include, seen)
            except DataError as error:
                damaged[str(error)] = None
                names = ()
            for name in names:
                self.name(path, name)

    def name(self, path: Path, writer: str) -> str:
        """ "apa-001". Where a file names no writer, those of its folder that name none count as one."""
        collection = self._source.category_and_collection(path)[1]
        numbers = self._numbers[collection]
        number = numbers.setdefault(writer or f"\n{path.parent}", len(numbers) + 1)
        return f"{collection}-{number:03d}"


def _samples(
    path: Path,
    kind: str,
    source: _Source,
    numbers: _WriterNumbers,
    skipped: Counter[str],
    damaged: dict[str, None],
) -> Iterator[_Sample]:
    try:
        segments = read_segments(path, source.find_include)
    except DataError as error:
        damaged[str(error)] = None
        return
    chosen = [segment for segment in segments if LABELS[kind].fullmatch(segment.label)]
    skipped["another label"] += len(segments) - len(chosen)
    if kind == "strings":  # a line and the words in it may both be labelled: the longest is kept
        chosen.sort(key=lambda segment: -len(segment.label))
    taken: list[Segment] = []
    for segment in chosen:
        try:
            if any(_holds(other, segment) for other in taken):
                skipped["part of another segment"] += 1
                continue
            strokes = _page_strokes(segment.strokes())
        except SegmentError as error:
            skipped[str(error)] += 1
            continue
        if kind == "strings":
            taken.append(segment)
        yield _Sample(numbers.name(path, segment.writer()), segment.label, strokes)


def _holds(outer: Segment, inner: Segment) -> bool:
    """Whether all ink of ``inner`` is ink of ``outer``; both belong to one file."""
    if outer.components is not inner.components:
        return False
    pieces = outer.pieces()
    return all(any(piece.holds(part) for piece in pieces) for part in inner.pieces())


def _page_strokes(strokes: list[np.ndarray]) -> list[list[list[int]]]:
    """Strokes with y upward -> y downward, least x and y at 0, whole numbers."""
    points = np.concatenate(strokes)
    corner = np.array([points[:, 0].min(), points[:, 1].max()])
    return [np.rint((stroke - corner) * (1, -1)).astype(int).tolist() for stroke in strokes]


def _thinned(samples: list[_Sample], skipped: Counter[str]) -> list[_Sample]:
    """At most so many of each label: every writer's first, then every writer's second, and so on."""
    turns: Counter[tuple[str, str]] = Counter()
    by_text: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for index, sample in enumerate(samples):
        by_text[sample.text].append((turns[sample.text, sample.writer], index))
        turns[sample.text, sample.writer] += 1
    kept: list[_Sample] = []
    for text, places in sorted(by_text.items()):
        most = MOST_PER_LETTER if text.isalpha() else MOST_PER_MARK
        kept += [samples[index] for index in sorted(index for _, index in sorted(places)[:most])]
    if len(samples) > len(kept):
        skipped["enough of its label"] += len(samples) - len(kept)
    return kept


def _write(out: Path, samples: Iterable[_Sample]) -> None:
    """No time stamp nor name inside the gzip data."""
    data = "".join(sample.line() for sample in samples).encode("ascii")
    if out.suffix == ".gz":
        packed = io.BytesIO()
        with gzip.GzipFile("", "wb", 9, packed, mtime=0) as file:
            file.write(data)
        data = packed.getvalue()
    write_whole(out, data)
