"""The CTC loss and its gradient in numpy (Graves et al. 2006, section 4.1): what a column's sums should have been."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from classifier.line.line_columns import CHARACTERS
from classifier.line.line_network import BLANK, log_softmax

Floats = NDArray[np.float64]


def ctc_gradient(sums: NDArray[np.float32], text: str, marks_known: bool = True) -> tuple[float, NDArray[np.float32]]:
    """-ln P(text) in nats, and its gradient (T, K) with respect to the weighted sums (T, K) of the outputs.

    The gradient is what the outputs say less what they say on the paths that spell the text. marks_known: if not, marks
    are as good as blanks. Infinite, and a gradient of 0, where the columns have no room for the text.
    """
    columns = log_softmax(sums).astype(np.float64)
    said = columns.copy()
    if not marks_known:
        said[:, BLANK] = np.logaddexp.reduce(columns[:, BLANK:], axis=1)
    states = np.full(2 * len(text) + 1, BLANK)
    states[1::2] = [CHARACTERS[character] for character in text]
    ahead, behind = _forward(said[:, states], states), _forward(said[::-1, states[::-1]], states[::-1])[::-1, ::-1]
    on_paths = ahead + behind - said[:, states]
    total = float(np.logaddexp.reduce(on_paths[0]))
    if total == -np.inf:
        return np.inf, np.zeros_like(sums)
    used = np.zeros_like(columns)
    np.add.at(used.T, states, np.exp(on_paths - total).T)
    if not marks_known:
        used[:, BLANK:] = used[:, BLANK, None] * np.exp(columns[:, BLANK:] - said[:, BLANK, None])
    return -total, (np.exp(columns) - used).astype(np.float32)


def _forward(emitted: Floats, states: NDArray[np.intp]) -> Floats:
    """(T, S) ln of the sum over all ways to be in a state at a column, what that column says included."""
    skips = np.zeros(len(states), dtype=bool)  # whether the blank before may be left out
    skips[2:] = (states[2:] != BLANK) & (states[2:] != states[:-2])
    found = np.full(emitted.shape, -np.inf)
    found[0, :2] = emitted[0, :2]
    for t in range(1, len(emitted)):
        before = found[t - 1]
        one, two = np.full_like(before, -np.inf), np.full_like(before, -np.inf)
        one[1:], two[2:] = before[:-1], before[:-2]
        two[~skips] = -np.inf
        found[t] = np.logaddexp(np.logaddexp(before, one), two) + emitted[t]
    return found
