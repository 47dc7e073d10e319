"""The search on fields of random strokes, its scores drawn from a table: nothing here knows a digit."""

import itertools
import zlib
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.reading.lattices.lattice import SKIP, SYMBOLS, lattice_scores
from pipeline.reading.lattices.search import SearchConfig, search
from segmenter.cuts import DENSE, GAP, find_cuts
from segmenter.ink import Ink
from segmenter.pieces import cut_pieces
from segmenter.spans import find_spans

SURE, NEVER = 20.0, -20.0  # weighted sums of outputs that are as good as 1 and 0


@cache
def pieces_of(seed):
    """The pieces of a field of a few random strokes: some apart, some across each other."""
    rng = np.random.default_rng(seed)
    pixels = np.zeros((40, int(rng.integers(24, 110))), dtype=np.float32)
    for _ in range(rng.integers(1, 7)):
        ends = rng.uniform([4, 3], [36, pixels.shape[1] - 3], (2, 2))
        for y, x in np.linspace(*ends, 80).astype(int):
            pixels[y - 1 : y + 2, x - 1 : x + 2] = 1
    ink = Ink(pixels, np.array([[1.0, 0, 0], [0, 1, 0]]), line=(4.0, 36.0), stroke_width=3.0, slant=0.0)
    return cut_pieces(ink, find_cuts(ink))


def keys(spans):
    """What tells spans apart: their cuts and the ink they hold."""
    rows = zip(spans.start, spans.end, spans.holds, strict=True)
    return [(int(start), int(end), holds.tobytes()) for start, end, holds in rows]


@dataclass
class Table:
    """A scorer that draws the weighted sums of each span from its key, and notes which spans it was asked about."""

    seed: int
    spread: float = 6.0
    asked: list = field(default_factory=list)

    def __call__(self, pieces, spans):
        self.asked += keys(spans)
        rows = [
            np.random.default_rng([self.seed, zlib.crc32(repr(key).encode())]).normal(-2, self.spread, SYMBOLS)
            for key in keys(spans)
        ]
        return np.array(rows, dtype=np.float32).reshape(-1, SYMBOLS)


def best_score(pieces, spans, sums):
    """The best path's score, from the last cut back, by the definition."""
    scores = lattice_scores(sums, spans.mass <= 0).max(axis=1)

    @cache
    def best(node):
        arriving = [best(int(spans.start[s])) + scores[s] for s in np.flatnonzero(spans.end == node)]
        return 0.0 if node == 0 else max(arriving, default=-np.inf)

    return best(len(pieces.cuts) - 1)


configs = st.builds(
    SearchConfig, st.sampled_from([0.3, 0.7, 0.95, 1.0]), st.integers(GAP, DENSE), st.sampled_from([1, 20, 60, 2000])
)
fields = st.integers(0, 40).map(pieces_of)
tables = st.builds(Table, st.integers(0, 1000), st.sampled_from([2.0, 6.0, 12.0]))
quick = settings(max_examples=60, deadline=None)


@quick
@given(fields, tables, configs)
def test_more_rounds_never_lower_the_best_score_and_keep_all_spans(pieces, table, config):
    rounds = search(pieces, table, config)
    for before, after in itertools.pairwise(rounds):
        assert after.path.score >= before.path.score
        assert set(keys(before.spans)) <= set(keys(after.spans))
        assert (after.active >= before.active).all() and (after.active > before.active).any()


@quick
@given(fields, tables, configs)
def test_each_round_has_the_spans_between_its_cuts_and_each_is_scored_once(pieces, table, config):
    rounds = search(pieces, table, config)
    expected = set()
    for each in rounds:
        expected |= set(keys(find_spans(pieces, each.active)))
        assert sorted(keys(each.spans)) == sorted(expected)
    assert sorted(table.asked) == sorted(expected)


@quick
@given(fields, tables, configs)
def test_a_round_is_consistent(pieces, table, config):
    for each in search(pieces, table, config):
        lattice, path, spans = each.lattice, each.path, np.array(each.path.spans)
        assert each.active[0] and each.active[-1] and len(each.active) == len(pieces.cuts) == lattice.nodes
        assert (lattice.start == each.spans.start).all() and (lattice.end == each.spans.end).all()
        np.testing.assert_array_equal(
            lattice.scores, lattice_scores(Table(table.seed, table.spread)(pieces, each.spans), each.spans.mass <= 0)
        )
        assert each.active[each.spans.start].all() and each.active[each.spans.end].all()
        assert [0, *each.spans.end[spans]] == [*each.spans.start[spans], len(pieces.cuts) - 1]
        assert len(each.unsure) == len(path.spans) == len(path.symbols)
        assert path.score == pytest.approx(lattice.scores[spans, list(path.symbols)].sum())


@quick
@given(fields, tables, st.integers(GAP, DENSE))
@pytest.mark.slow
def test_with_nothing_sure_the_end_is_as_good_as_the_full_lattice(pieces, table, level):
    last = search(pieces, table, SearchConfig(sure=1.0, first_level=level))[-1]
    if not last.active.all():  # the last path passes over spans that hold no ink
        return
    full = find_spans(pieces)
    assert set(keys(full)) <= set(keys(last.spans))
    assert last.path.score >= best_score(pieces, full, table(pieces, full)) - 1e-9
    assert last.path.score == pytest.approx(best_score(pieces, last.spans, table(pieces, last.spans)))


def test_with_nothing_sure_all_cuts_are_nearly_always_added():
    """Or the test above would test nothing."""
    ends = [search(pieces_of(seed), Table(seed), SearchConfig(sure=1.0))[-1].active.all() for seed in range(30)]
    assert sum(ends) >= 20


@quick
@given(fields)
def test_a_field_of_sure_digits_takes_one_round(pieces):
    levels = np.array([cut.level for cut in pieces.cuts])
    coarse = np.flatnonzero(levels <= GAP)
    wanted = list(itertools.pairwise(coarse))

    def score(pieces, spans):
        sums = np.full((len(spans), SYMBOLS), NEVER, dtype=np.float32)
        seen = set()
        for k, pair in enumerate(zip(spans.start, spans.end, strict=True)):
            if pair in wanted and pair not in seen:  # not its twin without marks
                sums[k, pair[0] % 10] = SURE
                seen.add(pair)
        return sums

    rounds = search(pieces, score)
    inked = [
        start
        for start, end in wanted
        if rounds[0].spans.mass[(rounds[0].spans.start == start) & (rounds[0].spans.end == end)].max() > 0
    ]
    assert len(rounds) == 1 and not rounds[0].unsure.any()
    assert rounds[0].path.text == "".join(str(start % 10) for start in inked)


def test_a_span_is_unsure_when_its_output_or_its_posterior_is_low():
    """Output 9 in 10 with no rival; and output 1 with a rival that is as good."""
    pieces = pieces_of(3)

    def unsure(*row):
        sums = np.full((1, SYMBOLS), NEVER, dtype=np.float32)
        sums[0, : len(row)] = row

        def score(pieces, spans):
            whole = (spans.start == 0) & (spans.end == len(pieces.cuts) - 1)
            return np.where(whole[:, None], sums, np.float32(NEVER))

        return search(one_piece(pieces), score, SearchConfig(sure=0.95))[0].unsure.tolist()

    assert unsure(SURE) == [False]
    assert unsure(np.log(9.0)) == [True]
    assert unsure(SURE, SURE) == [True]


def one_piece(pieces):
    return cut_pieces(pieces.ink, (pieces.cuts[0], pieces.cuts[-1]))


@quick
@given(fields, tables, configs)
def test_finer_cuts_come_inside_unsure_spans_only_and_the_coarsest_first(pieces, table, config):
    levels = np.array([cut.level for cut in pieces.cuts])
    rounds = search(pieces, table, config)
    for before, after in itertools.pairwise(rounds):
        expected = np.zeros_like(before.active)
        for span in np.array(before.path.spans)[before.unsure]:
            start, end = before.spans.start[span], before.spans.end[span]
            waiting = [cut for cut in range(start + 1, end) if not before.active[cut]]
            coarsest = min((levels[cut] for cut in waiting), default=DENSE)
            expected[[cut for cut in waiting if levels[cut] == coarsest]] = True
        np.testing.assert_array_equal(after.active & ~before.active, expected)


@quick
@given(fields, tables, configs)
def test_the_search_ends_when_nothing_is_left_to_do_or_the_budget_is_spent(pieces, table, config):
    rounds = search(pieces, table, config)
    assert all(len(each.spans) < config.most_spans for each in rounds[:-1])
    last = rounds[-1]
    waiting = [
        cut
        for span in np.array(last.path.spans)[last.unsure]
        for cut in range(last.spans.start[span] + 1, last.spans.end[span])
        if not last.active[cut]
    ]
    assert not waiting or len(last.spans) >= config.most_spans


def test_a_smaller_budget_ends_the_same_search_earlier():
    pieces, table = pieces_of(7), Table(1)
    full = search(pieces, table, SearchConfig(sure=1.0))
    assert len(full) >= 3
    for most in (1, 30, 100):
        some = search(pieces, table, SearchConfig(sure=1.0, most_spans=most))
        assert len(some) <= len(full)
        assert all(keys(a.spans) == keys(b.spans) and a.path == b.path for a, b in zip(some, full, strict=False))
    assert len(search(pieces, table, SearchConfig(sure=1.0, most_spans=1))) == 1


def test_ink_that_snapped_elsewhere_is_passed_over_for_nothing():
    """An empty span is neither a digit, however high its outputs, nor a reason to look closer."""
    found = 0
    for seed in range(40):
        pieces = pieces_of(seed)
        for each in search(pieces, Table(seed, 12.0), SearchConfig(sure=1.0)):
            empty = each.spans.mass[list(each.path.spans)] <= 0
            found += int(empty.sum())
            assert not each.unsure[empty].any()
            assert (np.array(each.path.symbols)[empty] == SKIP).all()
    assert found


@pytest.mark.parametrize(
    "wrong", [{"sure": 1.1}, {"sure": -0.1}, {"first_level": GAP - 1}, {"first_level": DENSE + 1}, {"most_spans": 0}]
)
def test_configurations_that_cannot_be_meant_are_refused(wrong):
    with pytest.raises(ValueError, match="not a search configuration"):
        SearchConfig(**wrong)
