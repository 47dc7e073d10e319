r"""Patterns such as `\d{4}-\d{6}`: regular expressions of digits, whose other characters are ink to skip.

`\d`, digits, `[0-3]`, `(...)`, `|`, `?`, `*`, `+`, `{n}`, `{n,m}`, `{n,}`. Marks (`-`, `/`, `\.`, a space) say how
people read the pattern; a text consists of its digits only, so that they may stand in the picture or not.
The automaton is Glushkov's (1961): its states are sets of places in the pattern.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from pipeline.errors import UsageError
from pipeline.formats.automaton import Automaton

DIGITS = "0123456789"
SPECIAL = "{}[]()|?*+\\."
MOST_REPEATS = 100
MOST_PLACES = 600
LONGEST = 200  # characters; a parenthesis within another takes a few levels of the interpreter's stack


@dataclass(frozen=True)
class OneOf:
    """One digit of a set."""

    digits: frozenset[int]


@dataclass(frozen=True)
class Sequence:
    """One after the other; without parts, the empty text."""

    parts: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Choice:
    """One of several."""

    options: tuple[Node, ...]


@dataclass(frozen=True)
class Repeat:
    """`node` from `least` to `most` times, None: any number of times."""

    node: Node
    least: int
    most: int | None


Node = OneOf | Sequence | Choice | Repeat
EMPTY = Sequence()


def compile_pattern(pattern: str) -> Automaton:
    """The automaton of a pattern. Raises UsageError where it is none, or one with too many places to search with."""
    if len(pattern) > LONGEST:
        raise UsageError(f"a pattern has at most {LONGEST} characters, not {len(pattern)}")
    places = _Places()
    part = places.of(_Parser(pattern).whole())
    places.follow.append(part.first)
    start = len(places.follow) - 1

    @lru_cache(maxsize=1)  # asked for with ten digits, one after the other
    def reached(state: frozenset[int]) -> set[int]:
        return set().union(*(places.follow[before] for before in state))

    def step(state: frozenset[int], digit: int) -> frozenset[int] | None:
        return frozenset(place for place in reached(state) if digit in places.digits[place]) or None

    last = part.last | ({start} if part.nullable else set())
    return Automaton.explore(frozenset({start}), step, lambda state: not last.isdisjoint(state))


@dataclass
class _Part:
    """Of a part of the pattern: whether it may be empty, and the places where it may begin and end."""

    nullable: bool
    first: set[int]
    last: set[int]


@dataclass
class _Places:
    """Each place of a digit in the pattern, its repeats written out: which digits, and which places may follow."""

    digits: list[frozenset[int]] = field(default_factory=list)
    follow: list[set[int]] = field(default_factory=list)

    def of(self, node: Node) -> _Part:
        if isinstance(node, OneOf):
            if len(self.digits) == MOST_PLACES:
                raise UsageError("the format is too large to search with; allow fewer repetitions")
            self.digits.append(node.digits)
            self.follow.append(set())
            here = {len(self.digits) - 1}
            return _Part(False, here, here)
        if isinstance(node, Choice):
            parts = [self.of(option) for option in node.options]
            return _Part(
                any(part.nullable for part in parts),
                set().union(*(part.first for part in parts)),
                set().union(*(part.last for part in parts)),
            )
        return self._row([self.of(part) for part in node.parts] if isinstance(node, Sequence) else self._copies(node))

    def _row(self, parts: list[_Part]) -> _Part:
        whole = _Part(True, set(), set())
        for part in parts:
            for place in whole.last:
                self.follow[place] |= part.first
            whole = _Part(
                whole.nullable and part.nullable,
                whole.first | (part.first if whole.nullable else set()),
                part.last | (whole.last if part.nullable else set()),
            )
        return whole

    def _copies(self, node: Repeat) -> list[_Part]:
        before = len(self.digits)
        copies = [self.of(node.node)] if node.most != 0 else []
        if len(self.digits) == before:
            return copies  # marks, or nothing: however often, the empty text
        copies += [self.of(node.node) for _ in range(1, max(node.least, 1) if node.most is None else node.most)]
        for copy in copies[node.least :]:
            copy.nullable = True
        if node.most is None:
            for place in copies[-1].last:
                self.follow[place] |= copies[-1].first
        return copies


@dataclass
class _Parser:
    """Recursive descent; `place` is how far it has come."""

    pattern: str
    place: int = field(default=0)

    def whole(self) -> Node:
        node = self._either()
        if self.place < len(self.pattern):
            raise self._wrong("there is a ')' without '('")
        return node

    def _wrong(self, what: str) -> UsageError:
        return UsageError(f"the pattern {self.pattern!r} cannot be meant: {what} (at character {self.place + 1})")

    def _peek(self) -> str:
        return self.pattern[self.place : self.place + 1]

    def _take(self) -> str:
        character = self._peek()
        if not character:
            raise self._wrong("it ends too early")
        self.place += 1
        return character

    def _either(self) -> Node:
        options = [self._row()]
        while self._peek() == "|":
            self._take()
            options.append(self._row())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _row(self) -> Node:
        parts = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated(self._atom()))
        return Sequence(tuple(parts))

    def _atom(self) -> Node:
        character = self._take()
        if character in DIGITS:
            return OneOf(frozenset({int(character)}))
        if character == "\\":
            return self._escaped()
        if character == "[":
            return self._bracket()
        if character == "(":
            if self.pattern.startswith("?:", self.place):
                self.place += 2
            node = self._either()
            if self._take() != ")":
                raise self._wrong("a '(' is not closed")
            return node
        return self._mark(character)

    def _mark(self, character: str) -> Node:
        """A mark is skipped, wherever it stands."""
        if character in SPECIAL:
            hint = r"write \d for a digit and \. for a full stop" if character == "." else f"write \\{character}"
            raise self._wrong(f"{character!r} cannot stand there; {hint}")
        if character.isalnum():
            raise self._wrong(f"{character!r} is no digit, and only digits are read")
        return EMPTY

    def _escaped(self) -> Node:
        character = self._take()
        if character == "d":
            return OneOf(frozenset(range(10)))
        if character.isalnum():
            raise self._wrong(rf"only \d is known, not \{character}")
        return EMPTY

    def _bracket(self) -> Node:
        found = re.compile(r"((?:[^]\\]|\\.)*)\]").match(self.pattern, self.place)
        inside = found[1] if found else ""
        negated = inside.startswith("^")
        inside = inside[negated:].replace("\\d", "0-9")
        is_mark = re.fullmatch(r"(?:[^\w\\]|\\[^\w])+", inside) is not None
        if found is None or not (re.fullmatch(r"(?:\d-\d|\d)+", inside, re.ASCII) or (is_mark and not negated)):
            raise self._wrong("brackets hold digits, as [1-7], or marks, as [./-]")
        self.place = found.end()
        if is_mark:
            return EMPTY
        digits: set[int] = set()
        for low, high in re.findall(r"(\d)(?:-(\d))?", inside):
            digits |= set(range(int(low), int(high or low) + 1))
        allowed = set(range(10)) - digits if negated else digits
        if not allowed:
            raise self._wrong("the brackets leave no digit")
        return OneOf(frozenset(allowed))

    def _repeated(self, node: Node) -> Node:
        sign = self._peek()
        if not sign or sign not in "?*+{":
            return node
        self._take()
        least, most = {"?": (0, 1), "*": (0, None), "+": (1, None)}[sign] if sign != "{" else self._bounds()
        if self._peek() and self._peek() in "?*+{":
            raise self._wrong("what is repeated already is repeated again; put it in parentheses")
        return Repeat(node, least, most)

    def _bounds(self) -> tuple[int, int | None]:
        found = re.compile(r"(\d+)(,?)(\d*)\}", re.ASCII).match(self.pattern, self.place)
        if found is None:
            raise self._wrong("a count is written {4}, {2,5} or {2,}")
        least = int(found[1])
        most = int(found[3]) if found[3] else None if found[2] else least
        if max(least, most or 0) > MOST_REPEATS or (most is not None and most < least):
            raise self._wrong(f"a count rises from 0 to at most {MOST_REPEATS}")
        self.place = found.end()
        return least, most
