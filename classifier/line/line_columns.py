"""What is read from columns of log-probabilities: connectionist temporal classification (Graves et al. 2006).

A path names one symbol for each column; repeated symbols count once, unless a blank stands between them, and blanks
are left out. The probability of a text is the sum over all paths that come down to it. Columns are over all symbols of
the line network, or over digits and blank alone (`digit_columns`); texts are of the characters in CHARACTERS.
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


def text_log_probabilities(columns: Columns, texts: Sequence[str]) -> NDArray[np.float64]:
    """ln P (N,) of each text, summed over all its paths: the forward variable (Graves et al. 2006, section 4.1).

    columns: (T, K) log-probabilities. -inf for texts that need more columns than there are, and where 300 orders of
    magnitude lie between a text and the likeliest way to begin it. Raises KeyError for other characters, and
    IndexError for marks where the columns have none.
    """
    if not len(texts):
        return np.zeros(0)
    states, skips = _states(texts)
    probabilities = np.exp(columns.astype(np.float64))[:, states]  # (T, N, S)
    last = 2 * np.array([len(text) for text in texts])
    forward = np.zeros(states.shape)
    forward[:, :1] = 1.0  # before the first column: as if a blank had been read
    scale = np.zeros(len(texts))
    for column in probabilities:
        moved = forward.copy()
        moved[:, 1:] += forward[:, :-1]
        moved[:, 2:] += skips * forward[:, :-2]
        forward = moved * column
        total = forward.sum(axis=1, keepdims=True)
        forward /= np.where(total > 0, total, 1.0)
        with np.errstate(divide="ignore"):
            scale += np.log(total[:, 0])
    row = np.arange(len(texts))
    found = forward[row, last] + np.where(last > 0, forward[row, np.maximum(last - 1, 0)], 0.0)
    with np.errstate(divide="ignore"):
        return scale + np.log(found)


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
    if count < 1:
        raise ValueError(f"a beam holds at least one text, got {count}")
    kept: dict[str, tuple[float, float]] = {"": (1.0, 0.0)}
    for column in np.exp(columns.astype(np.float64)):
        kept = _largest(_extended(kept, column), max(count, 8))
    texts = [text for text, sums in kept.items() if sum(sums) > 0] or [""]
    found = zip(texts, text_log_probabilities(columns, texts).tolist(), strict=True)
    return sorted(found, key=lambda item: -item[1])[:count]


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
        choices[2, 2:] = np.where(skips[0] > 0, best[:-2], -np.inf)
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
    """Symbols (N, S) of the states of each text, blanks before, between and after its characters; and whether
    (N, S - 2) the blank between a state and the one two before may be left out: not between equal characters."""
    states = np.full((len(texts), 2 * max(map(len, texts)) + 1), BLANK)
    for row, text in zip(states, texts, strict=True):
        row[1 : 2 * len(text) : 2] = [CHARACTERS[character] for character in text]
    skips = (states[:, 2:] != BLANK) & (states[:, 2:] != states[:, :-2])
    return states, skips.astype(np.float64)


def _extended(kept: dict[str, tuple[float, float]], column: NDArray[np.float64]) -> dict[str, tuple[float, float]]:
    """Prefixes after one more column: (probability of ending in a blank, in their last character)."""
    blank = float(column[BLANK])
    likely = [(SPELT[k], float(column[k])) for k in np.flatnonzero(column > LEAST).tolist() if k != BLANK]
    found: dict[str, list[float]] = {}
    for text, (paused, spoken) in kept.items():
        same = found.setdefault(text, [0.0, 0.0])
        same[0] += (paused + spoken) * blank
        if text:
            same[1] += spoken * float(column[CHARACTERS[text[-1]]])
        for character, probability in likely:
            before = paused if text.endswith(character) else paused + spoken
            if before > 0:
                found.setdefault(text + character, [0.0, 0.0])[1] += before * probability
    return {text: (paused, spoken) for text, (paused, spoken) in found.items()}


def _largest(prefixes: dict[str, tuple[float, float]], count: int) -> dict[str, tuple[float, float]]:
    """The likeliest prefixes, their probabilities divided by their sum."""
    best = sorted(((paused + spoken, text) for text, (paused, spoken) in prefixes.items()), reverse=True)[:count]
    total = sum(probability for probability, _ in best) or 1.0
    kept = (text for probability, text in best if probability >= FAINTEST * total)
    return {text: (prefixes[text][0] / total, prefixes[text][1] / total) for text in kept}
