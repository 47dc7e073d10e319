"""Finding the texts of a field: ink, cuts, the search for spans, a second look, and what the line says beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from classifier.arrays import Logits
from classifier.network import ConvolutionNetwork, forward_blocks
from classifier.weights import Networks
from pipeline.reading.lattices.characters import comma_costs, draw_crops, measure, skip_costs
from pipeline.reading.lattices.lattice import SKIP, Lattice
from pipeline.reading.lattices.rescoring import look_again
from pipeline.reading.lattices.search import Round, SearchConfig, search
from pipeline.reading.lattices.texts import likely_fitting
from pipeline.reading.line.reading import read_line
from pipeline.reading.together import LineSide, Opinions, Together
from segmenter.arrays import Grey
from segmenter.cuts import find_cuts
from segmenter.ink import Ink, extract_ink
from segmenter.pieces import Pieces, cut_pieces
from segmenter.spans import Spans

if TYPE_CHECKING:
    from pipeline.formats.format import Format

FEW = 5  # texts that are always compared


@dataclass(frozen=True, eq=False)
class Found:
    """What was found in a field. pieces: None where no ink was; rounds: of the search, none without ink. texts: the
    likeliest with their posteriors; none where a format is given and nothing fits it. opinions, together: what each
    reader says of the texts, and both; None where one reader read alone."""

    ink: Ink
    pieces: Pieces | None = None
    rounds: tuple[Round, ...] = ()
    texts: tuple[tuple[str, float], ...] = ()
    opinions: Opinions | None = None
    together: Together | None = None

    @property
    def best(self) -> tuple[str, float]:
        """The likeliest text and its posterior; empty where there is none."""
        return self.texts[0] if self.texts else ("", 0.0)

    @property
    def lattice(self) -> Lattice | None:
        """The lattice of the last round."""
        return self.rounds[-1].lattice if self.rounds else None


def find_texts(
    grey: Grey,
    networks: Networks,
    config: SearchConfig,
    count: int,
    format: Format | None = None,
    line: LineSide | None = None,
) -> Found:
    """The texts of a field, (H, W), about `count`, in a format if one is given, by the lattice and, with `line`, by
    both readers."""
    ink = extract_ink(grey)
    cuts = find_cuts(ink)
    together = None
    if line is not None:
        together = Together(read_line(grey, ink, line.reader, format), line.joint, format, config.agreed)
    if not cuts:
        return _told(Found(ink), together)
    pieces = cut_pieces(ink, cuts)
    rounds = _search(pieces, networks, config, format, together)
    found = Found(ink, pieces, tuple(rounds))
    if together is not None:
        return _told(found, together)
    return replace(found, texts=tuple(_best_texts(rounds[-1].lattice, count, format)))


def _told(found: Found, together: Together | None) -> Found:
    """With the texts of both readers."""
    if together is None:
        return found
    opinions = (found.rounds[-1].opinions if found.rounds else None) or together.opinions(found.lattice)
    return replace(found, texts=opinions.texts, opinions=opinions, together=together)


def _search(
    pieces: Pieces, networks: Networks, config: SearchConfig, format: Format | None, together: Together | None
) -> Sequence[Round]:
    """The rounds of the search and, unless both readers are sure of the same text, of the second look."""
    amount = format is not None and format.is_amount
    score = lambda pieces, spans: score_spans(networks.first, pieces, spans, amount)  # noqa: E731
    judges = [] if together is None else [together.judge]
    rounds = search(pieces, score, config, format, *judges)
    if networks.second is not None and not rounds[-1].agreed:
        rounds.append(look_again(pieces, rounds[-1], networks.second, config, format))
    return rounds


def _best_texts(lattice: Lattice, count: int, format: Format | None) -> list[tuple[str, float]]:
    """The likeliest texts and their posteriors, about `count`; the first is the same however many are asked for."""
    return likely_fitting(lattice, format, max(count, FEW))[:count]


def score_spans(network: ConvolutionNetwork, pieces: Pieces, spans: Spans, amount: bool = False) -> Logits:
    """Scores (N, 11) of spans: the network's weighted sums, less what skipping costs; in an amount also less what a
    digit costs that stands like a comma."""
    measures = measure(pieces, spans)
    scores = forward_blocks(network, draw_crops(pieces, spans), measures)
    scores[:, SKIP] -= skip_costs(measures)
    if amount:
        scores[:, :SKIP] -= comma_costs(measures)[:, None]
    return scores
