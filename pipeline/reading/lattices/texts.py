"""Texts: the likeliest that the paths of a lattice spell, of those that an automaton or a format accepts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from classifier.arrays import Scores
from pipeline.formats.automaton import ANY, NOTHING, Automaton, spelling
from pipeline.reading.lattices.lattice import Lattice, Path
from pipeline.reading.lattices.likeliest import likeliest_texts
from pipeline.reading.lattices.paths import PROBABILITY, Fit, best_path, sweep

if TYPE_CHECKING:
    from pipeline.formats.format import Format

PRUNE = 1e-5  # readings of a span less likely than this take no part in the search for texts
BEAM = 100  # beginnings of texts that wait to be continued
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
    texts = likeliest_texts(fit, count + 2, beam, prune)
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
    fits = fit.share > 0 and (format is None or _number_share(fit) >= LEAST_FIT)
    texts = list(dict.fromkeys([*(likeliest_texts(fit, count, BEAM, PRUNE) if fits else []), *others]))
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
