"""Texts: the sum over all paths that spell one text, and the likeliest texts of a lattice."""

import numpy as np
from numpy.typing import NDArray

from pipeline.reading.lattice import SKIP, Lattice, Path, log_sum, transitions

Float = NDArray[np.float64]

PRUNE = 1e-5  # readings of a span less likely than this take no part in the search for texts
BEAM = 12  # texts kept at each cut


def text_sums(lattice: Lattice, text: str) -> tuple[Float, Float]:
    """Forward and backward log-sums (nodes, len(text) + 1) over paths that spell the text.

    forward[j, l]: partial paths from the first cut to cut j that spell the first l digits; backward[j, l]: from cut
    j to the last that spell the rest.
    """
    spelled = lattice.scores[:, _symbols(text)]
    # Backwards the paths are the same, with cuts, spans and text in reverse.
    order = np.argsort(-lattice.start, kind="stable")
    last = lattice.nodes - 1
    behind = _text_sweep(
        lattice.nodes,
        last - lattice.end[order],
        last - lattice.start[order],
        lattice.scores[order, SKIP],
        spelled[order, ::-1],
    )
    return _text_sweep(lattice.nodes, lattice.start, lattice.end, lattice.scores[:, SKIP], spelled), behind[::-1, ::-1]


def _symbols(text: str) -> NDArray[np.intp]:
    return np.array([int(digit) for digit in text], dtype=np.intp)


def _text_sweep(
    nodes: int, source: NDArray[np.intp], target: NDArray[np.intp], skipped: Float, spelled: Float
) -> Float:
    """(nodes, L + 1) log-sums over paths that arrive at each node with the first l digits; spans ordered by target."""
    sums = np.full((nodes, spelled.shape[1] + 1), -np.inf)
    sums[0, 0] = 0.0
    bounds = np.searchsorted(target, np.arange(nodes + 1))
    for node in range(1, nodes):
        here = slice(bounds[node], bounds[node + 1])
        before = sums[source[here]]
        arrive = before + skipped[here, None]
        np.logaddexp(arrive[:, 1:], before[:, :-1] + spelled[here], out=arrive[:, 1:])
        np.logaddexp.reduce(arrive, axis=0, out=sums[node])
    return sums


def text_score(lattice: Lattice, text: str) -> float:
    """Log-sum of the scores of all paths that spell the text."""
    sums = _text_sweep(
        lattice.nodes, lattice.start, lattice.end, lattice.scores[:, SKIP], lattice.scores[:, _symbols(text)]
    )
    return float(sums[-1, -1])


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
    steps, total = transitions(lattice)
    if total == -np.inf:
        return []
    posteriors = steps * _visits(lattice, steps)[lattice.start, None]
    candidates = _beam(lattice, np.where(posteriors >= prune, steps, 0.0), beam)[: count + 2]
    scored = zip(candidates, path_shares(lattice, steps, candidates), strict=True)
    return sorted(scored, key=lambda pair: -pair[1])[:count]


def _visits(lattice: Lattice, steps: Float) -> Float:
    """(nodes,) probability that a path drawn by its score comes through each cut."""
    visits = [1.0] + [0.0] * (lattice.nodes - 1)
    for start, end, step in zip(lattice.start.tolist(), lattice.end.tolist(), steps.sum(axis=1).tolist(), strict=True):
        visits[end] += visits[start] * step
    return np.array(visits)


def _beam(lattice: Lattice, steps: Float, beam: int) -> list[str]:
    """Texts by the probability of all their paths, likeliest first, at most `beam` kept at each cut.

    steps: (N, 11) as of `transitions`, 0 where a reading is left out.
    """
    arriving: list[list[tuple[int, str, float]]] = [[] for _ in range(lattice.nodes)]
    for s, symbol in zip(*(index.tolist() for index in np.nonzero(steps)), strict=True):
        digit = "" if symbol == SKIP else str(symbol)
        arriving[lattice.end[s]].append((int(lattice.start[s]), digit, float(steps[s, symbol])))
    found: list[list[tuple[str, float]]] = [[("", 1.0)]]
    for node in range(1, lattice.nodes):
        sums: dict[str, float] = {}
        for start, digit, step in arriving[node]:
            for prefix, share in found[start]:
                text = prefix + digit
                sums[text] = sums.get(text, 0.0) + share * step
        found.append(sorted(sums.items(), key=lambda pair: -pair[1])[:beam])
    return [text for text, _ in found[-1]]


def path_shares(lattice: Lattice, steps: Float, texts: list[str]) -> list[float]:
    """The posterior of each of C texts: the probability that a path drawn by its score spells it."""
    longest = max(map(len, texts), default=0)
    never = SKIP + 1
    symbols = np.array([[*map(int, text)] + [never] * (longest - len(text)) for text in texts], dtype=np.intp)
    spelled = np.pad(steps, ((0, 0), (0, 1)))[:, symbols.reshape(len(texts), longest)]
    shares = np.zeros((lattice.nodes, len(texts), longest + 1))
    shares[0, :, 0] = 1.0
    bounds = np.searchsorted(lattice.end, np.arange(lattice.nodes + 1))
    for node in range(1, lattice.nodes):
        here = slice(bounds[node], bounds[node + 1])
        before = shares[lattice.start[here]]
        shares[node] = (steps[here, SKIP] @ before.reshape(len(before), shares[0].size)).reshape(shares[0].shape)
        shares[node, :, 1:] += (before[:, :, :-1] * spelled[here]).sum(axis=0)
    return [min(1.0, float(shares[-1, k, len(text)])) for k, text in enumerate(texts)]


def best_path_of(lattice: Lattice, text: str) -> Path:
    """The path of highest score among those that spell the text. ValueError when there is none."""
    symbols = [int(digit) for digit in text]
    best = [[-np.inf] * (len(text) + 1) for _ in range(lattice.nodes)]
    best[0][0] = 0.0
    came: dict[tuple[int, int], tuple[int, int]] = {}
    spans = zip(lattice.start.tolist(), lattice.end.tolist(), lattice.scores.tolist(), strict=True)
    for s, (start, end, scores) in enumerate(spans):
        arrive = best[end]
        for place, before in enumerate(best[start]):
            if before == -np.inf:
                continue
            for symbol, after in ((SKIP, place), *((digit, place + 1) for digit in symbols[place : place + 1])):
                if before + scores[symbol] > arrive[after]:
                    arrive[after] = before + scores[symbol]
                    came[end, after] = (s, symbol)
    if best[-1][-1] == -np.inf:
        raise ValueError(f"no path spells {text!r}")
    node, place, steps = lattice.nodes - 1, len(text), []
    while node > 0:
        s, symbol = came[node, place]
        steps.append((s, symbol))
        node, place = int(lattice.start[s]), place - (symbol != SKIP)
    steps.reverse()
    return Path(tuple(s for s, _ in steps), tuple(k for _, k in steps), best[-1][-1])
