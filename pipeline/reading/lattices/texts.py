"""Texts: the likeliest that the paths of a lattice spell, of those that an automaton or a format accepts."""

from collections.abc import Sequence

import numpy as np

from classifier.arrays import Scores
from pipeline.formats.automaton import ANY, NOTHING, REFUSED, Automaton, spelling
from pipeline.formats.format import Format
from pipeline.reading.lattices.lattice import SKIP, Lattice, Path
from pipeline.reading.lattices.paths import PROBABILITY, Fit, best_path, sweep

PRUNE = 1e-5  # readings of a span less likely than this take no part in the search for texts
BEAM = 12  # texts kept at each cut
# A number fits when at least this share of the paths does. Of 120 held-out strings none had less than 1e-3 in its true
# format, while formats of two digits too many had less than this in a tenth of them.
LEAST_FIT = 1e-6


def likely_texts(
    lattice: Lattice, count: int, automaton: Automaton = ANY, prune: float = PRUNE, beam: int = BEAM
) -> list[tuple[str, float]]:
    """The `count` likeliest texts that fit, with their posterior among the paths that fit, likeliest first; the empty
    text may be among them.

    Exact when prune is 0 and the beam wider than the number of texts; with the defaults, readings of spans with next to
    no posterior are left out of the search, and the sums of the texts found are exact.
    """
    return _likely(Fit.of(lattice, automaton), count, prune, beam)


def _likely(fit: Fit, count: int, prune: float, beam: int) -> list[tuple[str, float]]:
    if fit.share <= 0:
        return []
    texts = _beam(fit, np.where(fit.used >= prune * fit.share, fit.chain, 0.0), beam)[: count + 2]
    texts = texts or [best_path(fit.lattice, fit.automaton).text]
    shares = [min(1.0, share / fit.share) for share in text_shares(fit.lattice, fit.chain, texts)]
    return sorted(zip(texts, shares, strict=True), key=lambda pair: -pair[1])[:count]


def likely_fitting(
    lattice: Lattice, format: Format | None, count: int, prune: float = PRUNE, beam: int = BEAM
) -> list[tuple[str, float]]:
    """As `likely_texts`, of those that have a format, if one is given, or are empty: a field may have been left empty.

    None where next to nothing fits: then a sure reading would only be the least wrong one.
    """
    if format is None:
        return likely_texts(lattice, count, ANY, prune, beam)
    side = lattice.mirrored()[0] if format.mirrored else lattice
    fit = Fit.of(side, format.or_nothing)
    if _number_share(fit) < LEAST_FIT:
        return []
    texts = _likely(fit, count, prune, beam)
    return [(text[::-1], share) for text, share in texts] if format.mirrored else texts


def shares_of(lattice: Lattice, format: Format | None, count: int, others: Sequence[str]) -> tuple[list[str], Scores]:
    """About `count` of the likeliest texts that fit, and `others` that do, each once; and ln of the probability (N,) of
    each among the texts that fit, -inf where next to nothing does."""
    if format is not None and format.mirrored:
        lattice, others = lattice.mirrored()[0], [text[::-1] for text in others]
    fit = Fit.of(lattice, ANY if format is None else format.or_nothing)
    kept = np.where(fit.used >= PRUNE * fit.share, fit.chain, 0.0)
    fits = fit.share > 0 and (format is None or _number_share(fit) >= LEAST_FIT)
    texts = list(dict.fromkeys([*(_beam(fit, kept, max(BEAM, count))[:count] if fits else []), *others]))
    with np.errstate(divide="ignore"):
        logs = (
            np.log(text_shares(lattice, fit.chain, texts)) - np.log(fit.share) if fits else np.full(len(texts), -np.inf)
        )
    texts = [text[::-1] for text in texts] if format is not None and format.mirrored else texts
    return texts, np.minimum(logs, 0.0)


def _number_share(fit: Fit) -> float:
    """The probability that a path drawn by its score fits and is not empty."""
    return fit.share - float(sweep(fit.lattice, NOTHING, PROBABILITY, fit.chain)[-1, 0])


def text_shares(lattice: Lattice, chain: Scores, texts: Sequence[str]) -> list[float]:
    """The probability, for each text, that a path drawn by its score spells it. chain: (N, 11) as of
    `markov_chain`."""
    trie, ends = spelling(texts)
    sums = sweep(lattice, trie, PROBABILITY, chain)[-1]
    return [float(sums[state]) for state in ends]


def best_path_of(lattice: Lattice, text: str) -> Path:
    """The path of highest score among those that spell the text. ValueError when there is none."""
    return best_path(lattice, spelling([text])[0])


def _beam(fit: Fit, chain: Scores, beam: int) -> list[str]:
    """Texts by the probability of their paths, likeliest first, at most `beam` kept at each cut: what a prefix has so
    far, times what may follow it and fits. chain: (N, 11) of the fit, 0 where a reading is left out."""
    accepting, step = fit.automaton.accepting.tolist(), [[*row, k] for k, row in enumerate(fit.automaton.step.tolist())]
    state = {"": 0}  # in which a text leaves the automaton
    found: list[list[tuple[str, float]]] = [[("", 1.0)]]
    for arriving, behind in zip(_arriving(fit.lattice, chain), fit.behind[1:].tolist(), strict=True):
        sums: dict[str, float] = {}
        for start, symbol, digit, chance in arriving:
            for text, share in found[start]:
                after = step[state[text]][symbol]
                if after != REFUSED:
                    text += digit
                    state[text] = after
                    sums[text] = sums.get(text, 0.0) + share * chance
        ranked = sorted([(-share * behind[state[text]], text) for text, share in sums.items()])[:beam]
        found.append([(text, sums[text]) for worth, text in ranked if worth < 0])
    return [text for text, _ in found[-1] if accepting[state[text]]]


def _arriving(lattice: Lattice, chain: Scores) -> list[list[tuple[int, int, str, float]]]:
    """For each cut but the first, the readings that end there: where they begin, symbol, digit, and chance (not 0)."""
    arriving: list[list[tuple[int, int, str, float]]] = [[] for _ in range(lattice.nodes - 1)]
    spans, symbols = np.nonzero(chain)
    ends = zip(*(each.tolist() for each in (lattice.end[spans], lattice.start[spans])), strict=True)
    for (end, start), symbol, chance in zip(ends, symbols.tolist(), chain[spans, symbols].tolist(), strict=True):
        arriving[end - 1].append((start, symbol, "" if symbol == SKIP else str(symbol), chance))
    return arriving
