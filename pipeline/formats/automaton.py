"""Automata: sets of texts, as machines that take one digit after the other (Hopcroft and Ullman 1979, chapter 2)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UsageError

MOST_STATES = 5000  # while an automaton is built; formats that people mean need fewer
REFUSED = -1


@dataclass(frozen=True, eq=False)
class Arcs:
    """What takes an automaton from one state to the next: source, symbol and target, (A,) each, in G groups.

    Symbols 0..9 are the digits; symbol 10 skips, and stays in its state. first: (G,) where each group begins.
    """

    source: NDArray[np.intp]
    symbol: NDArray[np.intp]
    target: NDArray[np.intp]
    first: NDArray[np.intp]

    @classmethod
    def grouped(
        cls, source: NDArray[np.intp], symbol: NDArray[np.intp], target: NDArray[np.intp], key: NDArray[np.intp]
    ) -> Arcs:
        """Those of the same key (A,) together, keys rising."""
        order = np.argsort(key, kind="stable")
        first = np.flatnonzero(np.append(True, key[order][1:] != key[order][:-1]))
        return cls(source[order], symbol[order], target[order], first)


@dataclass(frozen=True, eq=False)
class Automaton:
    """A deterministic automaton over digits; it starts in state 0.

    step: (S, 10) the state after each digit, -1 where the digit cannot come. accepting: (S,) whether a text may end.
    """

    step: NDArray[np.intp]
    accepting: NDArray[np.bool_]

    def __post_init__(self) -> None:
        states = len(self.accepting)
        if self.step.shape != (states, 10) or not states:
            raise ValueError(f"steps of shape {self.step.shape} for {states} states")
        if self.step.min() < REFUSED or self.step.max() >= states:
            raise ValueError(f"steps lead outside the {states} states")

    @cached_property
    def arcs(self) -> Arcs:
        """Its arcs, one group for each symbol that there is."""
        symbol, source = np.nonzero(self.step.T != REFUSED)
        stay = np.arange(len(self.accepting))
        symbol, target = np.append(symbol, np.full(len(stay), 10)), np.append(self.step[source, symbol], stay)
        return Arcs.grouped(np.append(source, stay), symbol, target, symbol)

    @cached_property
    def arcs_into(self) -> Arcs:
        """Its arcs, one group for each state that they lead to."""
        arcs = self.arcs
        return Arcs.grouped(arcs.source, arcs.symbol, arcs.target, arcs.target)

    @cached_property
    def arcs_from(self) -> Arcs:
        """Its arcs turned round, one group for each state that they came from."""
        arcs = self.arcs
        return Arcs.grouped(arcs.target, arcs.symbol, arcs.source, arcs.source)

    @classmethod
    def explore(
        cls, start: Hashable, step: Callable[[Any, int], Hashable | None], accepts: Callable[[Any], bool]
    ) -> Automaton:
        """The least automaton of what is reached from `start`; `step` gives None where a digit cannot come.

        Raises UsageError when it has too many states to search with.
        """
        number: dict[Hashable, int] = {start: 0}
        states, table = [start], []
        for state in states:  # grows while it is walked
            row = []
            for digit in range(10):
                after = step(state, digit)
                if after is not None and after not in number:
                    number[after] = len(states)
                    states.append(after)
                row.append(REFUSED if after is None else number[after])
            table.append(row)
            if len(states) > MOST_STATES:
                raise UsageError("the format is too large to search with; allow fewer repetitions")
        return cls(np.array(table, dtype=np.intp), np.array([accepts(state) for state in states])).least()

    def least(self) -> Automaton:
        """The automaton of fewest states for the same texts: states that no continuation tells apart become one.

        Moore's refinement; states that lead nowhere are refused.
        """
        alive = self._alive()
        step = np.where(alive[self.step], self.step, len(alive) - 1)
        classes = np.append(self.accepting, False).astype(np.intp) - ~alive
        step = np.concatenate([step, np.full((1, 10), len(alive) - 1)])
        count = 0
        while count < (count := len(np.unique(classes))):
            _, classes = np.unique(np.column_stack([classes, classes[step]]), axis=0, return_inverse=True)
            classes = classes.reshape(-1)
        return self._merged(classes[:-1], classes[step[:-1]], int(classes[-1]))

    def _alive(self) -> NDArray[np.bool_]:
        """(S + 1,) whether a text can still be accepted from each state; the last stands for refusal."""
        alive = np.append(self.accepting, False)
        while True:
            more = alive.copy()
            more[:-1] |= alive[self.step].any(axis=1)
            if (more == alive).all():
                return alive
            alive = more

    def _merged(self, classes: NDArray[np.intp], step: NDArray[np.intp], dead: int) -> Automaton:
        """States of a class as one, that of state 0 first; the class `dead` becomes refusal."""
        kept = [int(classes[0]), *sorted(set(classes.tolist()) - {int(classes[0]), dead})]
        place = np.full(max(int(classes.max()), dead) + 1, REFUSED, dtype=np.intp)
        place[kept] = np.arange(len(kept))
        place[dead] = REFUSED
        first = np.array([int(np.flatnonzero(classes == one)[0]) for one in kept])
        return Automaton(place[step[first]], self.accepting[first])

    def accepts(self, text: str) -> bool:
        """Whether a text of digits is in the set."""
        state = 0
        for digit in text:
            state = int(self.step[state, int(digit)])
            if state == REFUSED:
                return False
        return bool(self.accepting[state])

    @property
    def has_no_number(self) -> bool:
        """Whether no text of one digit or more is accepted."""
        return not self._alive()[self.step[0]].any()

    def __and__(self, other: Automaton) -> Automaton:
        """The texts that both accept."""

        def step(pair: tuple[int, int], digit: int) -> tuple[int, int] | None:
            after = int(self.step[pair[0], digit]), int(other.step[pair[1], digit])
            return None if REFUSED in after else after

        return Automaton.explore((0, 0), step, lambda pair: bool(self.accepting[pair[0]] and other.accepting[pair[1]]))

    def __or__(self, other: Automaton) -> Automaton:
        """The texts that at least one accepts."""

        def after(one: Automaton, state: int, digit: int) -> int:
            return REFUSED if state == REFUSED else int(one.step[state, digit])

        def step(pair: tuple[int, int], digit: int) -> tuple[int, int] | None:
            found = after(self, pair[0], digit), after(other, pair[1], digit)
            return None if found == (REFUSED, REFUSED) else found

        def accepts(pair: tuple[int, int]) -> bool:
            return any(
                state != REFUSED and bool(one.accepting[state]) for one, state in zip((self, other), pair, strict=True)
            )

        return Automaton.explore((0, 0), step, accepts)

    def reversed(self) -> Automaton:
        """The same texts written backwards."""

        def step(states: frozenset[int], digit: int) -> frozenset[int] | None:
            found = np.flatnonzero(np.isin(self.step[:, digit], list(states)))
            return frozenset(found.tolist()) or None

        ends = frozenset(np.flatnonzero(self.accepting).tolist())
        return Automaton.explore(ends, step, lambda states: 0 in states)


def digit_counts(least: int, most: int | None = None) -> Automaton:
    """Any texts of `least` to `most` digits; without `most`, of `least` or more."""

    def step(count: int, digit: int) -> int | None:
        return None if count == most else count + 1 if most is not None else min(count + 1, least)

    return Automaton.explore(0, step, lambda count: count >= least)


def spelling(texts: Sequence[str]) -> tuple[Automaton, list[int]]:
    """The automaton of some texts of digits, a trie, and the state in which each ends."""
    step, ends = [[REFUSED] * 10], []
    for text in texts:
        state = 0
        for digit in map(int, text):
            if step[state][digit] == REFUSED:
                step[state][digit] = len(step)
                step.append([REFUSED] * 10)
            state = step[state][digit]
        ends.append(state)
    accepting = np.zeros(len(step), dtype=bool)
    accepting[ends] = True
    return Automaton(np.array(step, dtype=np.intp), accepting), ends


ANY = Automaton(np.zeros((1, 10), dtype=np.intp), np.array([True]))  # every text
NOTHING = Automaton(np.full((1, 10), REFUSED, dtype=np.intp), np.array([True]))  # only the empty text
