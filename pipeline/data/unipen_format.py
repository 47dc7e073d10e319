"""Reads files in the UNIPEN 1.0 format: pen components, and the labelled segments that refer to them.

After the format definition that the UNIPEN project distributes (I. Guyon, 1994), in our words:

- A statement starts with a dot and a keyword at the start of a line and reaches to the next such line.
- ``.PEN_DOWN`` and ``.PEN_UP`` hold one component each, points one after another with the coordinates that
  ``.COORD`` names (at least X and Y). Components are numbered from 0 in order of appearance, pen-up ones
  included, empty ones not; the count starts again at ``.START_SET`` and in each file.
- ``.SEGMENT level delineation quality "label"`` labels ink. A delineation is a list, with commas, of ``A``,
  ``A-B`` and ``A:M-B:N``: components A to B, from point M of A to point N of B, all inclusive and from 0.
  The delineation ``?`` means that it is plain which ink is meant: here, what follows up to the next segment
  of its level.
- ``.INCLUDE`` names a file to be read at this place, without saying in which folder it is.
- y grows upward; guidelines are measured from the bottom of the writing area.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pipeline.errors import DataError

_STATEMENT = re.compile(r"^[ \t]*\.(?=[A-Z])", re.MULTILINE)
_KEYWORD = re.compile(r"[A-Z_]+")
_SEGMENT = re.compile(r'\s*(\S+)\s+(\S+)\s+(?:([^\s"]+)\s+)?"((?:[^"\\]|\\.)*)"', re.DOTALL)
_RANGE = re.compile(r"(\d+)(?::(\d+))?(?:-(\d+)(?::(\d+))?)?")
_WRITER = re.compile(rb"^[ \t]*\.(WRITER_ID|INCLUDE)[ \t]+(\S+)", re.MULTILINE)
LARGEST = 1e7  # coordinates beyond it are damage; digitisers count to some 10,000

FindInclude = Callable[[str, Path], Path]  # (name as written, including file) -> file; raises DataError


class SegmentError(DataError):
    """A segment whose ink cannot be had; the message is the cause in a few words, without the place."""


@dataclass(frozen=True)
class Piece:
    """Part of a component: points ``first`` to ``last``, inclusive; last None: to the component's end."""

    component: int
    first: int = 0
    last: int | None = None

    def holds(self, other: Piece) -> bool:
        """Whether every point of ``other`` is a point of this piece."""
        ends = self.last is None or (other.last is not None and other.last <= self.last)
        return self.component == other.component and self.first <= other.first and ends


@dataclass(frozen=True)
class Component:
    """One stretch of the pen's path. numbers: its points as written; scale: makes x and y units equal."""

    pen_down: bool
    numbers: str
    axes: tuple[int, int, int]  # column of x, column of y, number of columns
    scale: tuple[float, float]
    writer: str

    def points(self) -> np.ndarray:
        """(n, 2) float64, columns x and y, y upward. Raises SegmentError."""
        x, y, columns = self.axes
        try:
            table = np.array(self.numbers.split(), float).reshape(-1, columns)
        except ValueError:
            raise SegmentError("damaged coordinates") from None
        if not (np.abs(table) < LARGEST).all():
            raise SegmentError("damaged coordinates")
        return table[:, (x, y)] * self.scale


@dataclass(frozen=True, eq=False)
class Segment:
    """A labelled stretch of ink. stated_writer: the ``.WRITER_ID`` in force at the statement, "" for none."""

    level: str
    delineation: str
    label: str
    stated_writer: str
    components: list[Component]  # those of the whole set, shared by its segments
    following: tuple[int, int]  # components between this segment and the next of its level: first, end

    def pieces(self) -> list[Piece]:
        """The ink meant, in the order given. Raises SegmentError."""
        if self.delineation == "?":
            pieces = [Piece(number) for number in range(*self.following)]
        else:
            pieces = parse_delineation(self.delineation)
        if not pieces or max(piece.component for piece in pieces) >= len(self.components):
            raise SegmentError("refers to ink that is not there")
        return pieces

    def writer(self) -> str:
        """Who wrote its first component, "" when the file does not say. Raises SegmentError."""
        return self.components[self.pieces()[0].component].writer or self.stated_writer

    def strokes(self) -> list[np.ndarray]:
        """The pen-down ink, each stroke (n, 2) float64, n >= 1, y upward. Raises SegmentError."""
        strokes = []
        for piece in self.pieces():
            component = self.components[piece.component]
            if not component.pen_down:
                continue
            points = component.points()
            if max(piece.first, piece.last or 0) >= len(points):
                raise SegmentError("refers to ink that is not there")
            points = points[piece.first : None if piece.last is None else piece.last + 1]
            if len(points):
                strokes.append(points)
        if not strokes:
            raise SegmentError("no ink")
        return strokes


def parse_delineation(text: str) -> list[Piece]:
    """ "1:40-3,5" -> point 40 to the end of component 1, all of 2, 3 and 5. Raises SegmentError."""
    pieces = []
    for part in text.split(","):
        match = _RANGE.fullmatch(part)
        if match is None:
            raise SegmentError("unreadable delineation")
        first, last = int(match[1]), int(match[3] or match[1])
        start, end = int(match[2] or 0), None if match[4] is None else int(match[4])
        if not first <= last <= first + 100_000:
            raise SegmentError("unreadable delineation")
        pieces += [
            Piece(number, start if number == first else 0, end if number == last else None)
            for number in range(first, last + 1)
        ]
    return pieces


def read_segments(path: Path, find_include: FindInclude) -> list[Segment]:
    """All labelled segments of a file with the files it includes. Raises DataError naming the file."""
    reader = _Reader()
    try:
        for keyword, arguments in _statements(path, find_include, (path,)):
            reader.take(keyword, arguments)
    except ValueError as error:
        raise DataError(f"{path}: {error}") from error
    reader.end_set()
    return reader.segments


def writers_named(path: Path, find_include: FindInclude, seen: dict[Path, tuple[str, ...]]) -> tuple[str, ...]:
    """The ``.WRITER_ID``s of a file and of those it includes, in order, by a quick scan kept in ``seen``.

    Raises DataError.
    """
    if path not in seen:
        seen[path] = ()  # a file that includes itself adds nothing
        names: dict[str, None] = {}
        for keyword, argument in _WRITER.findall(_read(path)):
            name = argument.decode("latin-1")
            if keyword == b"WRITER_ID":
                names[name] = None
            else:
                names.update(dict.fromkeys(writers_named(find_include(name, path), find_include, seen)))
        seen[path] = tuple(names)
    return seen[path]


def _statements(path: Path, find_include: FindInclude, stack: tuple[Path, ...]) -> Iterator[tuple[str, str]]:
    text = _read(path).decode("latin-1").replace("\r\n", "\n").replace("\r", "\n")
    for statement in _STATEMENT.split(text)[1:]:
        keyword = _KEYWORD.match(statement)[0]  # type: ignore[index]  # _STATEMENT saw its first letter
        arguments = statement[len(keyword) :]
        if keyword == "INCLUDE" and arguments.split():
            included = _checked_include(find_include(arguments.split()[0], path), stack)
            yield from _statements(included, find_include, (*stack, included))
        else:
            yield keyword, arguments


def _checked_include(path: Path, stack: tuple[Path, ...]) -> Path:
    if path in stack:
        raise DataError(f"{path}: includes itself")
    return path


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error


@dataclass
class _Reader:
    """What holds at the place reached in a file, and the segments found so far."""

    segments: list[Segment] = field(default_factory=list)
    components: list[Component] = field(default_factory=list)
    pending: list[tuple[str, str, str, str, int]] = field(default_factory=list)  # of the set under way
    axes: tuple[int, int, int] = (0, 1, 2)
    resolution: dict[str, float] = field(default_factory=dict)
    writer: str = ""

    def take(self, keyword: str, arguments: str) -> None:
        words = arguments.split(maxsplit=1)
        if keyword in ("PEN_DOWN", "PEN_UP"):
            if words:
                self.components.append(
                    Component(keyword == "PEN_DOWN", arguments, self.axes, self._scale(), self.writer)
                )
        elif keyword == "SEGMENT":
            self._take_segment(arguments)
        elif keyword == "START_SET":
            if self.components:  # some files list their segments before the set that they are about
                self.end_set()
        elif keyword == "COORD":
            self._take_coord([word.upper() for word in arguments.split()])
        elif keyword == "WRITER_ID" and words:
            self.writer = words[0]
        elif keyword[:9] in ("X_POINTS_", "Y_POINTS_") and words:
            self._take_resolution(keyword, words[0])

    def end_set(self) -> None:
        """Resolves the set's segments, whose ink may stand before or after them, and starts the next set."""
        for index, (level, delineation, label, writer, first) in enumerate(self.pending):
            later = (start for other, *_, start in self.pending[index + 1 :] if other == level)
            end = next(later, len(self.components))
            self.segments.append(Segment(level, delineation, label, writer, self.components, (first, end)))
        self.components, self.pending = [], []

    def _take_segment(self, arguments: str) -> None:
        match = _SEGMENT.match(arguments)
        if match:  # unlabelled segments teach nothing
            label = re.sub(r"\\(.)", lambda escape: {"n": " ", "t": " "}.get(escape[1], escape[1]), match[4])
            label = " ".join(label.split()) or label[:1]
            self.pending.append((match[1], match[2], label, self.writer, len(self.components)))

    def _take_coord(self, names: list[str]) -> None:
        if "X" not in names or "Y" not in names:
            raise ValueError("a .COORD without X and Y")
        self.axes = (names.index("X"), names.index("Y"), len(names))

    def _take_resolution(self, keyword: str, value: str) -> None:
        try:
            self.resolution[keyword[0]] = float(value) * (25.4 if keyword.endswith("_MM") else 1.0)
        except ValueError:
            raise ValueError(f"a .{keyword} that is no number: {value[:20]}") from None

    def _scale(self) -> tuple[float, float]:
        """Brings the coarser axis to the finer one's unit, so that circles are round."""
        x, y = self.resolution.get("X", 0.0), self.resolution.get("Y", 0.0)
        finer, coarser = max(x, y), min(x, y)
        if not 0 < coarser <= finer <= 10 * coarser:  # not stated, or not to be believed
            return 1.0, 1.0
        return finer / x, finer / y
