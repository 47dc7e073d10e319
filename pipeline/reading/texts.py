"""Texts: the sum over all paths that spell one text, and the likeliest texts of a lattice."""

import numpy as np
from numpy.typing import NDArray

from pipeline.reading.lattice import SKIP, Lattice, Path, log_sum, span_posteriors

Float = NDArray[np.float64]

PRUNE = 1e-5  # readings of a span less likely than this take no part in the search for texts
BEAM = 12  # texts kept at each cut


def text_sums(lattice: Lattice, text: str) -> tuple[Float, Float]:
    """Forward and backward log-sums (nodes, len(text) + 1) over paths that spell the text.

    forward[j, l]: partial paths from the first cut to cut j that spell the first l digits; backward[j, l]: from cut
    j to the last that spell the rest.
    """
    digits = np.array([int(digit) for digit in text], dtype=np.intp)
    spelled = lattice.scores[:, digits]
    skipped = lattice.scores[:, SKIP]
    length = len(digits) + 1
    ahead = np.full((lattice.nodes, length), -np.inf)
    ahead[0, 0] = 0.0
    bounds = np.searchsorted(lattice.end, np.arange(lattice.nodes + 1))
    for node in range(1, lattice.nodes):
        here = slice(bounds[node], bounds[node + 1])
        ahead[node] = _join(ahead[lattice.start[here]], skipped[here], spelled[here], 1)
    behind = np.full((lattice.nodes, length), -np.inf)
    behind[-1, -1] = 0.0
    order = np.argsort(lattice.start, kind="stable")
    bounds = np.searchsorted(lattice.start[order], np.arange(lattice.nodes + 1))
    for node in range(lattice.nodes - 2, -1, -1):
        here_spans = order[bounds[node]:bounds[node + 1]]
        behind[node] = _join(behind[lattice.end[here_spans]], skipped[here_spans], spelled[here_spans], -1)
    return ahead, behind


def _join(sums: Float, skipped: Float, spelled: Float, step: int) -> Float:
    """Log-sums (L + 1,) after one more span: skipped from sums (S, L + 1), or spelling one more digit."""
    stay = sums + skipped[:, None]
    move = np.full_like(sums, -np.inf)
    if step > 0:
        move[:, 1:] = sums[:, :-1] + spelled
    else:
        move[:, :-1] = sums[:, 1:] + spelled
    return log_sum(np.concatenate([stay, move]), axis=0)


def text_score(lattice: Lattice, text: str) -> float:
    """Log-sum of the scores of all paths that spell the text."""
    return float(text_sums(lattice, text)[0][-1, -1])


def text_posteriors(lattice: Lattice, text: str) -> tuple[Float, float]:
    """(N, 11) probability of each span's symbols on the paths that spell the text, and the log-sum of those."""
    ahead, behind = text_sums(lattice, text)
    total = float(ahead[-1, -1])
    result = np.zeros_like(lattice.scores)
    if total == -np.inf:
        return result, total
    before, after = ahead[lattice.start], behind[lattice.end]
    result[:, SKIP] = np.exp(log_sum(before + after, axis=1) + lattice.scores[:, SKIP] - total)
    for place, digit in enumerate(text):
        symbol = int(digit)
        result[:, symbol] += np.exp(before[:, place] + lattice.scores[:, symbol] + after[:, place + 1] - total)
    return result, total


def likely_texts(lattice: Lattice, count: int, prune: float = PRUNE, beam: int = BEAM) -> list[tuple[str, float]]:
    """The `count` likeliest texts with their posterior, likeliest first; the empty text may be among them.

    Exact when prune is 0 and the beam wider than the number of texts; with the defaults, readings of spans with
    next to no posterior are left out of the search, and the sums of the texts found are exact again.
    """
    posteriors, total = span_posteriors(lattice)
    if total == -np.inf:
        return []
    candidates = _beam(lattice, posteriors >= prune, beam)[: count + 2]
    scored = [(text, float(np.exp(min(0.0, text_score(lattice, text) - total)))) for text in candidates]
    return sorted(scored, key=lambda pair: -pair[1])[:count]


def _beam(lattice: Lattice, allowed: NDArray[np.bool_], beam: int) -> list[str]:
    """Texts in order of the summed score of their allowed paths, at most `beam` kept at each cut."""
    arriving: list[list[tuple[int, list[tuple[str, float]]]]] = [[] for _ in range(lattice.nodes)]
    for s in np.flatnonzero(allowed.any(axis=1)):
        readings = [("" if k == SKIP else str(k), float(lattice.scores[s, k])) for k in np.flatnonzero(allowed[s])]
        arriving[lattice.end[s]].append((int(lattice.start[s]), readings))
    found: list[list[tuple[str, float]]] = [[("", 0.0)]] + [[] for _ in range(lattice.nodes - 1)]
    for node in range(1, lattice.nodes):
        sums: dict[str, float] = {}
        for start, readings in arriving[node]:
            for prefix, score in found[start]:
                for symbol, value in readings:
                    text = prefix + symbol
                    sums[text] = float(np.logaddexp(sums[text], score + value)) if text in sums else score + value
        found[node] = sorted(sums.items(), key=lambda pair: -pair[1])[:beam]
    return [text for text, _ in found[-1]]




def best_path_of(lattice: Lattice, text: str) -> Path:
    """The path of highest score among those that spell the text. ValueError when there is none."""
    length = len(text)
    best = np.full((lattice.nodes, length + 1), -np.inf)
    best[0, 0] = 0.0
    came: dict[tuple[int, int], tuple[int, int]] = {}
    for s in range(len(lattice.start)):
        start, end, scores = int(lattice.start[s]), int(lattice.end[s]), lattice.scores[s]
        for place in np.flatnonzero(best[start] > -np.inf).tolist():
            options = [(SKIP, place)] + ([(int(text[place]), place + 1)] if place < length else [])
            for symbol, after in options:
                score = best[start, place] + scores[symbol]
                if score > best[end, after]:
                    best[end, after] = score
                    came[end, after] = (s, symbol)
    node, place, steps = lattice.nodes - 1, length, []
    while node > 0:
        if (node, place) not in came:
            raise ValueError(f"no path spells {text!r}")
        s, symbol = came[node, place]
        steps.append((s, symbol))
        node, place = int(lattice.start[s]), place - (symbol != SKIP)
    steps.reverse()
    return Path(tuple(s for s, _ in steps), tuple(k for _, k in steps), float(best[-1, -1]))
