"""Spans: cells, snapping, and measures against a slow oracle that looks at every pixel."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmenter.cuts import find_cuts
from segmenter.ink import INK_LEVEL
from segmenter.pieces import MAX_WIDTH, cut_pieces
from segmenter.spans import find_spans, join_spans, measure_spans, pick_spans
from tests.segmenter.test_cuts import blots, ink_of, ring, row


def pieces_of(picture):
    ink = ink_of(picture)
    return cut_pieces(ink, find_cuts(ink))


@given(blots.filter(lambda picture: picture.any()))
@settings(max_examples=40, deadline=None)
def test_every_pixel_of_ink_is_in_one_cell_between_its_cuts(picture):
    pieces = pieces_of(picture)
    count = len(pieces.mass)
    assert ((pieces.cell_of < count) == (pieces.ink.pixels > 0)).all()
    assert pieces.mass.sum() == pytest.approx(pieces.ink.pixels.sum(), rel=1e-4)
    rows, columns = np.nonzero(pieces.ink.pixels)
    piece = pieces.piece[pieces.cell_of[rows, columns]]
    paths = np.stack([cut.path for cut in pieces.cuts])
    assert (paths[piece, rows] <= columns).all() and (columns < paths[piece + 1, rows]).all()


@given(blots.filter(lambda picture: picture.any()), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_measures_are_those_of_the_pixels_held(picture, seed):
    pieces = pieces_of(picture)
    spans = find_spans(pieces)
    pixels = pieces.ink.pixels
    for k in np.random.default_rng(seed).permutation(len(spans))[:5]:
        held = np.append(spans.holds[k], False)[pieces.cell_of] * pixels
        solid_rows, solid_columns = np.nonzero(held >= INK_LEVEL)
        if not len(solid_rows):
            assert spans.mass[k] == 0
            continue
        assert spans.mass[k] == pytest.approx(held.sum(), rel=1e-3)
        rows, columns = np.nonzero(held)
        mass = held[rows, columns]
        centre = (mass * (columns + 0.5)).sum() / mass.sum(), (mass * (rows + 0.5)).sum() / mass.sum()
        assert spans.centre[k] == pytest.approx(centre, abs=0.02)
        assert tuple(spans.box[k]) == (
            solid_columns.min(),
            solid_rows.min(),
            solid_columns.max() + 1,
            solid_rows.max() + 1,
        )


@given(blots.filter(lambda picture: picture.any()), st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_every_path_gets_across_whatever_cuts_are_active(picture, level):
    pieces = pieces_of(picture)
    active = np.array([cut.level <= level for cut in pieces.cuts])
    spans = find_spans(pieces, active)
    pairs = set(zip(spans.start.tolist(), spans.end.tolist(), strict=True))
    numbers = np.flatnonzero(active)
    assert {(int(a), int(b)) for a, b in pairwise(numbers)} <= pairs
    assert all(active[start] and active[end] and start < end for start, end in pairs)


def held_of(pieces, spans, mask):
    """(N,) share of the ink under a mask that each span holds."""
    weight = pieces.ink.pixels * mask
    by_cell = np.bincount(pieces.cell_of[mask], weight[mask], len(pieces.mass) + 1)[:-1]
    return spans.holds @ by_cell / by_cell.sum()


def test_an_overhanging_stroke_snaps_whole_to_its_digit():
    picture = row(ring(), ring())
    bar = np.zeros_like(picture, dtype=bool)
    bar[8:24, 60:63] = True  # the stem of a third digit,
    bar[2:4, 46:63] = True  # and its bar over the second
    picture = np.maximum(np.pad(picture, ((0, 0), (0, 30))), np.pad(bar.astype(np.float32), ((0, 0), (0, 30))))
    mask = np.pad(bar, ((0, 0), (0, 30)))
    pieces = pieces_of(picture)
    share = held_of(pieces, find_spans(pieces), mask)
    assert (share > 0.99).any()


def test_a_digit_of_two_components_stays_joinable():
    body = ring(18, 18)
    picture = np.zeros((36, 40), np.float32)
    picture[12 : 12 + body.shape[0], 8 : 8 + body.shape[1]] = body
    picture[3:6, 14:32] = 1  # a loose bar above and to the right
    pieces = pieces_of(picture)
    spans = find_spans(pieces)
    assert (spans.mass > 0.999 * picture.sum()).any()


def test_no_digit_of_a_chain_is_passed_over_for_nothing():
    """The middle of a long component is not the overhang of a neighbour: its span holds its ink."""
    pieces = pieces_of(row(*[ring() for _ in range(7)], gap=-2))
    spans = find_spans(pieces)
    width = np.array(
        [
            pieces.cuts[end].path.mean() - pieces.cuts[start].path.mean()
            for start, end in zip(spans.start, spans.end, strict=True)
        ]
    )
    assert (spans.mass[width > 12] > 0).all()


def test_spans_are_limited_by_width_not_by_number_of_pieces():
    pieces = pieces_of(row(*[ring() for _ in range(5)], gap=-2))
    spans = find_spans(pieces)
    joined = spans.end - spans.start > 1
    assert (spans.box[joined, 2] - spans.box[joined, 0] <= 1.2 * MAX_WIDTH).all() and joined.any()


def test_pick_and_join():
    pieces = pieces_of(row(ring(), ring()))
    spans = find_spans(pieces)
    both = join_spans(pick_spans(spans, np.array([1])), pick_spans(spans, np.array([0])))
    again = measure_spans(pieces, both.start, both.end)
    assert both.start.tolist() == [spans.start[1], spans.start[0]]
    assert np.allclose(again.mass, both.mass) and np.allclose(again.box, both.box)
