"""The book's proposal for strings, random places to cut, against our search, at equal numbers of crops scored.

    python -m benchmarks.diagnosis.random_cuts

Nielsen, chapter 1: "a trial segmentation gets a high score if the individual digit classifier is confident of its
classification in all segments, and a low score if the classifier is having a lot of trouble in one or more
segments". Straight cuts at random columns, scored; accepted when every digit is sure, else drawn again until the
budget of crops is spent, when the attempt whose least sure digit is the surest stands. Ink, crops, measures and
network are ours in both; no segment is scored twice or counted twice. The strings hold nothing but digits, since
random cuts know no marks to skip. Where the number of digits is given, every attempt has that many, and of ours
the likeliest text of that length stands. The search's texts after each round are held against its crops so far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.accuracy.strings import held_out_sources
from benchmarks.common.scores import describe, left_out, open_reader, options, share, write_report
from benchmarks.common.tables import markdown
from classifier.sigmoid import sigmoid
from pipeline.evaluation.metrics import wilson
from pipeline.reading.lattices.search import SearchConfig, search
from pipeline.reading.lattices.texts import likely_texts
from pipeline.reading.text_finding import score_spans
from pipeline.synthesis.strings import EVALUATION, draw_string
from segmenter.cuts import DENSE, Cut, find_cuts
from segmenter.ink import LINE_HEIGHT, Ink, extract_ink
from segmenter.pieces import Pieces, cut_pieces
from segmenter.spans import Spans, measure_spans

DIGITS_ONLY = replace(
    EVALUATION, name="evaluation, digits only", separators=0.0, endings=0.0, prefixes=0.0, neighbours=0.0, intruders=0.0
)
BUDGETS = (10, 20, 50, 100, 200, 500, 1000)
LENGTHS = (2, 4, 6)
NARROWEST = 0.25 * LINE_HEIGHT  # width of a digit that the most digits follow from, where their number is not given
BATCH = 12  # attempts drawn before their crops are scored together

Score = Callable[[Pieces, Spans], NDArray[np.float32]]
Texts = list[tuple[int, str]]  # crops scored so far, and the text that then stands


@dataclass(eq=False)
class RandomCuts:
    """Attempts on one field: its ink cut at every column, and what is known of the segments scored so far."""

    pieces: Pieces
    score: Score
    known: dict[tuple[int, int], tuple[str, float]] = field(default_factory=dict)  # segment -> digit and output

    @classmethod
    def of(cls, ink: Ink, score: Score) -> RandomCuts:
        h, w = ink.pixels.shape
        crossed = [0.0, *(ink.pixels[:, 1:].sum(axis=0) / max(1.0, ink.stroke_width)), 0.0]
        return cls(
            cut_pieces(
                ink, tuple(Cut(np.full(h, x, np.int16), DENSE, float(crossed[x]), "random") for x in range(w + 1))
            ),
            score,
        )

    def read(self, rng: np.random.Generator, length: int | None, sure: float, budget: int) -> Texts:
        """The text that stands after each attempt that bettered it, until it is sure or the budget spent.

        There are at most `budget` attempts, since few segments are left to be scored when most are known.
        """
        texts: Texts = []
        best, counted = -1.0, set[tuple[int, int]]()
        for number in range(budget):
            if number % BATCH == 0:
                batch = [self.draw(rng, length) for _ in range(BATCH)]
                self.judge({segment for attempt in batch for segment in attempt})
            attempt = batch[number % BATCH]
            counted.update(attempt)
            digits, outputs = zip(*(self.known[segment] for segment in attempt), strict=True)
            if len(counted) > budget:
                break
            if min(outputs) > best:
                best = min(outputs)
                texts.append((len(counted), "".join(digits)))
            if best >= sure:
                break
        return texts

    def draw(self, rng: np.random.Generator, length: int | None) -> list[tuple[int, int]]:
        """Segments (left, right) between random columns, `length` of them or a random number."""
        width = len(self.pieces.cuts) - 1
        count = min(width, length or int(rng.integers(1, max(1, round(width / NARROWEST)) + 1)))
        inner = rng.choice(np.arange(1, width), count - 1, replace=False)
        return list(pairwise([0, *np.sort(inner).tolist(), width]))

    def judge(self, segments: set[tuple[int, int]]) -> None:
        """Scores the segments not known yet. An empty one is no digit at all."""
        fresh = sorted(segments - self.known.keys())
        if not fresh:
            return
        start, end = np.array(fresh, dtype=np.intp).T
        spans = measure_spans(self.pieces, start, end)
        sums = self.score(self.pieces, spans)[:, :10]
        outputs = np.where(spans.mass > 0, sigmoid(sums.max(axis=1)), 0.0)
        self.known |= {
            segment: (str(digit), float(output))
            for segment, digit, output in zip(fresh, sums.argmax(axis=1), outputs, strict=True)
        }


def search_texts(ink: Ink, score: Score, length: int | None) -> Texts:
    """The search's text after each round."""
    texts: Texts = []
    for one in search(cut_pieces(ink, find_cuts(ink)), score, SearchConfig()):
        likely = [text for text, _ in likely_texts(one.lattice, 10)] or [one.path.text]
        texts.append((len(one.spans), next((text for text in likely if len(text) == length), likely[0])))
    return texts


def text_at(texts: Texts, budget: int) -> str | None:
    """What stands when the budget is spent: the last text that cost no more."""
    return next((text for cost, text in reversed(texts) if cost <= budget), None)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options(__doc__, "random_cuts.json", seed=1)
    parser.add_argument("--n", type=int, default=200, help="strings of each length")
    parser.add_argument("--lengths", type=int, nargs="+", default=LENGTHS)
    parser.add_argument("--budgets", type=int, nargs="+", default=BUDGETS, help="crops scored")
    parser.add_argument("--sure", type=float, default=SearchConfig().sure, help="output that makes a digit sure")
    given = parser.parse_args(arguments)
    reader = open_reader(given.weights)
    report: dict[str, Any] = {
        "weights": describe(given.weights, reader),
        "seed": given.seed,
        "n": given.n,
        "sure": given.sure,
        "style": DIGITS_ONLY.name,
        "results": [],
    }
    sources = held_out_sources(given.data, left_out(reader.card))

    def score(pieces: Pieces, spans: Spans) -> NDArray[np.float32]:
        return score_spans(reader.networks.first, pieces, spans)

    print(
        f"strings of digits only, style {DIGITS_ONLY.name}, {given.n} of each length, seed {given.seed}; "
        f"a digit is sure from {given.sure}"
    )
    with threadpool_limits(1):
        for length in given.lengths:
            fields = list(draw_fields(sources, length, given.n, given.seed))
            for told in (length, None):
                found = [
                    (
                        truth,
                        RandomCuts.of(ink, score).read(
                            np.random.default_rng([given.seed, length, k]), told, given.sure, max(given.budgets)
                        ),
                        search_texts(ink, score, told),
                    )
                    for k, (ink, truth) in enumerate(fields)
                ]
                report["results"].append(tabulate(length, told is not None, found, given.budgets))
    write_report(given.out, report)


def draw_fields(sources: Any, length: int, n: int, seed: int) -> Iterator[tuple[Ink, str]]:
    """The ink of n strings and what they say."""
    rng = np.random.default_rng([seed, length])
    while n:
        string = draw_string(rng, sources, DIGITS_ONLY, length)
        ink = extract_ink(string.image.astype(np.float32) / np.float32(255))
        if not ink.blank:
            n -= 1
            yield ink, string.text


def tabulate(length: int, told: bool, found: list[tuple[str, Texts, Texts]], budgets: Sequence[int]) -> dict[str, Any]:
    """Prints accuracy against budget for both; the same as a record."""
    n, rows, record = len(found), [], {}
    for budget in budgets:
        right = [
            sum(text_at(texts, budget) == truth for truth, *both in found for texts in both[which : which + 1])
            for which in (0, 1)
        ]
        rows.append([str(budget), *(share(count, n) for count in right)])
        record[str(budget)] = {
            "random": right[0],
            "search": right[1],
            "random_wilson95": wilson(right[0], n),
            "search_wilson95": wilson(right[1], n),
        }
    crops = float(np.mean([texts[-1][0] for _, _, texts in found]))
    print(
        f"\n{length} digits, their number {'given' if told else 'not given'}; n = {n}; our search ends after "
        f"{crops:.0f} crops on average\n"
    )
    print(markdown(["crops scored, at most", "random cuts (95 % interval)", "our search (95 % interval)"], rows))
    return {"length": length, "number_given": told, "n": n, "search_crops": crops, "budgets": record}


if __name__ == "__main__":
    main()
