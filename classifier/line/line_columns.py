"""What is read from columns of log-probabilities: connectionist temporal classification (Graves et al. 2006).

A path names one symbol for each column; repeated symbols count once, unless a blank stands between them, and blanks
are left out. The probability of a text is the sum over all paths that come down to it. Columns are over all symbols of
the line network, or over digits and blank alone (`without_marks`); texts are of the characters in CHARACTERS.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classifier.arrays import Columns
from classifier.line.line_network import ALPHABET, BLANK, FIRST_MARK, MARKS, OTHER

CHARACTERS = {
    **{character: symbol for symbol, character in enumerate(ALPHABET)},
    **{character: FIRST_MARK + place for place, character in enumerate(MARKS + OTHER)},
}
"""character of a text -> its symbol (column of `Columns`)."""
SPELT = {symbol: character for character, symbol in CHARACTERS.items()}
LEAST = 1e-4  # a symbol less likely than this in a column begins no further text of the beam
FAINTEST = 1e-9  # a prefix less likely than this, of all that are kept, is dropped
RESCALED = 8  # columns after which the sums of texts are scaled anew: far from where double precision ends


def text_log_probabilities(columns: Columns, texts: Sequence[str]) -> NDArray[np.float64]:
    """ln P (N,) of each text, summed over all its paths: the forward variable (Graves et al. 2006, section 4.1).

    columns: (T, K) log-probabilities. -inf for texts that need more columns than there are, and where 300 orders of
    magnitude lie between a text and the likeliest way to begin it. Raises KeyError for other characters, and
    IndexError for marks where the columns have none.
    """
    return texts_in_views([columns], texts)[0]


def texts_in_views(views: Sequence[Columns], texts: Sequence[str]) -> NDArray[np.float64]:
    """ln P (V, N) of each text in each of V views, as `text_log_probabilities`, in one recursion for all."""
    if not len(texts):
        return np.zeros((len(views), 0))
    by_text, skipping = _states(texts)
    states, skips = by_text.T, np.repeat(skipping.T[:, None], len(views), axis=1)
    probabilities = _as_long(views)
    # States first, then views and texts: what is added up is then one run of memory. Two places nothing comes from.
    forward = np.zeros((len(states) + 2, len(views), len(texts)))
    here, before, skipped = forward[2:], forward[1:-1], forward[:-2]
    here[0] = 1.0  # before the first column: as if a blank had been read
    moved, scale = np.empty_like(here), np.zeros((len(views), len(texts)))
    with np.errstate(divide="ignore"):
        for first in range(0, len(probabilities), RESCALED):
            for emitted in probabilities[first : first + RESCALED, :, states].transpose(0, 2, 1, 3):
                np.multiply(skips, skipped, out=moved)
                moved += before
                moved += here
                np.multiply(moved, emitted, out=here)
            total = here.sum(axis=0)
            here /= np.where(total > 0, total, 1.0)
            scale += np.log(total)
        last, row = 2 * np.array([len(text) for text in texts]), np.arange(len(texts))
        found = here[last, :, row] + before[last, :, row]
        return scale + np.log(found.T)


def _as_long(views: Sequence[Columns]) -> NDArray[np.float64]:
    """(T, V, K) probabilities of the columns of views; the shorter ones end in blanks that are certain, which no text
    is the less likely for."""
    together = np.zeros((max(map(len, views)), len(views), views[0].shape[1]))
    together[:, :, BLANK] = 1.0
    for k, columns in enumerate(views):
        np.exp(columns, out=together[: len(columns), k], dtype=np.float64)
    return together


def likeliest_path(columns: Columns) -> str:
    """The text of the likeliest symbol of each column: quick, and seldom other than the likeliest text."""
    symbols = columns.argmax(axis=1)
    starts = np.flatnonzero(np.diff(symbols, prepend=BLANK))
    return "".join(SPELT[symbol] for symbol in symbols[starts].tolist() if symbol != BLANK)


def beam_texts(columns: Columns, count: int) -> list[tuple[str, float]]:
    """The `count` likeliest texts that a beam over prefixes finds, and ln P of each, the likeliest first.

    The beam (Hannun et al. 2014, "First-pass large vocabulary continuous speech recognition") keeps `count` prefixes,
    at least 8, so that a likely text may be missing; what is returned has its exact probability. Fewer where there are
    no more texts.
    """
    texts = likely_prefixes(columns, count)
    found = zip(texts, text_log_probabilities(columns, texts).tolist(), strict=True)
    return sorted(found, key=lambda item: -item[1])[:count]


def likely_prefixes(columns: Columns, count: int) -> list[str]:
    """The texts, at least one, that `beam_texts` finds, about `count`, in about the order of their probability."""
    if count < 1:
        raise ValueError(f"a beam holds at least one text, got {count}")
    kept: dict[str, tuple[float, float]] = {"": (1.0, 0.0)}
    count = max(count, 8)
    probabilities = np.exp(columns.astype(np.float64))
    for column in probabilities[certain_runs(probabilities, LEAST)]:
        kept = _extended(kept, column)
        kept = kept if len(kept) <= count else _largest(kept, count)
    found = [(paused + spoken, text) for text, (paused, spoken) in kept.items() if paused + spoken > 0]
    return [text for _, text in sorted(found, reverse=True)] or [""]


def certain_runs(probabilities: NDArray[np.float64], least: float) -> NDArray[np.intp]:
    """Where each run begins of columns (T, K) that say the same symbol for certain, all others being likely `least` at
    most: to a beam it is no more than its first column. Other columns are runs of their own."""
    symbols = probabilities.argmax(axis=1)
    certain = (probabilities > least).sum(axis=1) == 1
    again = certain[1:] & certain[:-1] & (symbols[1:] == symbols[:-1])
    return np.flatnonzero(np.append(True, ~again))


def align(columns: Columns, text: str) -> list[tuple[int, int]]:
    """The columns (first, last), both included, that spell each character of the text on its likeliest path (Viterbi).

    Raises ValueError where no path of these columns spells the text.
    """
    states, skips = _states([text])
    emitted = columns.astype(np.float64)[:, states[0]]  # (T, S)
    best = np.full(states.shape[1], -np.inf)
    best[0] = 0.0
    came = np.zeros(emitted.shape, np.intp)
    for column, back in zip(emitted, came, strict=True):
        choices = np.full((3, len(best)), -np.inf)
        choices[0], choices[1, 1:] = best, best[:-1]
        choices[2, 2:] = np.where(skips[0, 2:] > 0, best[:-2], -np.inf)
        back[:] = choices.argmax(axis=0)
        best = choices.max(axis=0) + column
    end = len(best) - 1 if len(best) == 1 or best[-1] >= best[-2] else len(best) - 2
    if best[end] == -np.inf:
        raise ValueError(f"{len(columns)} columns cannot spell {text!r}")
    return _spans(came, end, len(text))


def _spans(came: NDArray[np.intp], state: int, characters: int) -> list[tuple[int, int]]:
    """First and last column of each character on the path that ends in `state`."""
    spans = [(len(came), -1)] * characters
    for place in range(len(came) - 1, -1, -1):
        if state % 2:
            first, last = spans[state // 2]
            spans[state // 2] = (min(first, place), max(last, place))
        state -= int(came[place, state])
    return spans


def _states(texts: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Symbols (N, S) of the states of each text, blanks before, between and after its characters; and whether (N, S)
    the blank between a state and the one two before may be left out: not between equal characters."""
    states = np.full((len(texts), 2 * max(map(len, texts)) + 1), BLANK)
    for row, text in zip(states, texts, strict=True):
        row[1 : 2 * len(text) : 2] = [CHARACTERS[character] for character in text]
    skips = np.zeros(states.shape)
    skips[:, 2:] = (states[:, 2:] != BLANK) & (states[:, 2:] != states[:, :-2])
    return states, skips


def _extended(kept: dict[str, tuple[float, float]], column: NDArray[np.float64]) -> dict[str, tuple[float, float]]:
    """Prefixes after one more column: (probability of ending in a blank, in their last character)."""
    chances: list[float] = column.tolist()
    blank = chances[BLANK]
    likely = [(SPELT[k], chance) for k, chance in enumerate(chances) if chance > LEAST and k != BLANK]
    ending: dict[str, float] = {}  # in their last character
    for text, (paused, spoken) in kept.items():
        last = text[-1:]
        if last and spoken > 0:
            ending[text] = ending.get(text, 0.0) + spoken * chances[CHARACTERS[last]]
        for character, chance in likely:
            before = paused if last == character else paused + spoken
            if before > 0:
                longer = text + character
                ending[longer] = ending.get(longer, 0.0) + before * chance
    found = {text: ((paused + spoken) * blank, ending.pop(text, 0.0)) for text, (paused, spoken) in kept.items()}
    found.update((text, (0.0, spoken)) for text, spoken in ending.items())
    return found


def _largest(prefixes: dict[str, tuple[float, float]], count: int) -> dict[str, tuple[float, float]]:
    """The likeliest prefixes, their probabilities divided by their sum."""
    best = sorted([(paused + spoken, text) for text, (paused, spoken) in prefixes.items()], reverse=True)[:count]
    total = sum([probability for probability, _ in best]) or 1.0
    least = FAINTEST * total
    kept = {text: prefixes[text] for probability, text in best if probability >= least}
    return {text: (paused / total, spoken / total) for text, (paused, spoken) in kept.items()}
