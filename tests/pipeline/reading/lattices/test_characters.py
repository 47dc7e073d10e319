"""Crops and measures of spans against the definition, pixel by pixel, and whatever the batch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from classifier.crops import crop_images, make_crops
from pipeline.reading.lattices.characters import BLOCK, KNOWN, MEASURES, draw_crops, measure
from segmenter.cuts import find_cuts
from segmenter.ink import INK_LEVEL, LINE_HEIGHT, Ink
from segmenter.pieces import Pieces, cut_pieces
from segmenter.spans import Spans, find_spans, pick_spans

seeds = st.integers(0, 2**32 - 1)


def scribble(seed: int, strokes: int = 6, width: int = 120) -> tuple[Pieces, Spans]:
    """The pieces and spans of a field of random soft strokes, some of which touch."""
    rng = np.random.default_rng(seed)
    dark = np.zeros((LINE_HEIGHT + 10, width), np.float32)
    for _ in range(strokes):
        start, end = rng.uniform((6, 4), (LINE_HEIGHT + 4, width - 4), (2, 2))
        end = np.clip(end, start - 30, start + 30)
        rows, columns = np.rint(np.linspace(start, end, 80)).astype(int).T
        dark[rows, columns] = rng.uniform(0.5, 1)
    pixels = np.minimum(2.5 * ndimage.gaussian_filter(dark, 0.8), 1)
    pixels[pixels < 0.02] = 0
    ink = Ink(pixels, np.array([[1.0, 0, 0], [0, 1.0, 0]]), (5.0, 37.0), 3.0, 0.1)
    pieces = cut_pieces(ink, find_cuts(ink))
    return pieces, find_spans(pieces)


def held(pieces: Pieces, spans: Spans, k: int) -> np.ndarray:
    """(h, w) ink of the k-th span, pixel by pixel."""
    return np.where(np.append(spans.holds[k], False)[pieces.cell_of], pieces.ink.pixels, 0).astype(np.float32)


@given(seeds)
@settings(max_examples=20, deadline=None)
@pytest.mark.slow
def test_crops_are_of_the_ink_that_each_span_holds(seed):
    pieces, spans = scribble(seed)
    crops = draw_crops(pieces, spans)
    assert crops.shape == (len(spans), 2, 28, 28) and crops.dtype == np.float32
    own = np.stack([held(pieces, spans, k) for k in range(len(spans))])
    whole = make_crops(own, np.zeros(len(spans), np.intp), pieces.ink.pixels, spans.box, spans.centre)
    np.testing.assert_allclose(crops, whole, atol=3e-5)


@given(seeds)
@settings(max_examples=20, deadline=None)
@pytest.mark.slow
def test_neither_order_nor_batch_matters(seed):
    """A span scored in a late round of the search looks as it did among all the others."""
    pieces, spans = scribble(seed, strokes=12, width=200)
    crops, measures = draw_crops(pieces, spans), measure(pieces, spans)
    picks = np.random.default_rng(seed).permutation(len(spans))[:5]
    np.testing.assert_allclose(draw_crops(pieces, pick_spans(spans, picks)), crops[picks], atol=3e-5)
    np.testing.assert_allclose(measure(pieces, pick_spans(spans, picks)), measures[picks], atol=1e-6)


def test_more_spans_than_a_block():
    pieces, spans = scribble(3, strokes=20, width=400)
    assert len(spans) > BLOCK
    last = draw_crops(pieces, pick_spans(spans, np.arange(BLOCK, len(spans))))
    np.testing.assert_allclose(draw_crops(pieces, spans)[BLOCK:], last, atol=3e-5)


def test_no_spans():
    pieces, spans = scribble(0)
    none = pick_spans(spans, np.zeros(0, np.intp))
    assert draw_crops(pieces, none).shape == (0, 2, 28, 28)
    assert measure(pieces, none).shape == (0, MEASURES)


def test_a_span_of_everything_is_the_picture_of_the_whole_field():
    """The reader's crops and those of single pictures of digits are the same."""
    bar = np.zeros((42, 30), np.float32)
    bar[6:36, 10:16], bar[30:36, 10:25] = 1.0, 0.8
    ink = Ink(bar, np.array([[1.0, 0, 0], [0, 1.0, 0]]), (5.0, 37.0), 5.0, 0.0)
    pieces = cut_pieces(ink, find_cuts(ink))
    spans = find_spans(pieces)
    whole = np.flatnonzero((spans.start == 0) & (spans.end == len(pieces.cuts) - 1) & spans.holds.all(axis=1))
    assert len(whole) == 1
    np.testing.assert_allclose(draw_crops(pieces, spans)[whole], crop_images([bar]), atol=1e-5)


@given(seeds)
@settings(max_examples=20, deadline=None)
@pytest.mark.slow
def test_measures_follow_from_the_pixels(seed):
    pieces, spans = scribble(seed)
    measures = measure(pieces, spans)
    assert measures.shape == (len(spans), MEASURES) and measures.dtype == np.float32
    ink, last = pieces.ink, len(pieces.cuts) - 1
    left_of = np.append(pieces.piece, last)[pieces.cell_of]
    solid = ink.pixels >= INK_LEVEL
    for k in range(len(spans)):
        own = held(pieces, spans, k)
        rows, columns = np.nonzero(own >= INK_LEVEL)
        if not len(rows):
            continue
        before = np.flatnonzero((solid & (left_of < spans.start[k])).any(axis=0))
        after = np.flatnonzero((solid & (left_of >= spans.end[k])).any(axis=0))
        top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
        expected = (
            np.array(
                [
                    bottom - top,
                    right - left,
                    top - ink.line[0],
                    bottom - ink.line[1],
                    LINE_HEIGHT * (right - left) / (bottom - top),
                    own.sum() / ink.stroke_width / 3,
                    left - before.max() - 1 if len(before) else 1e4,
                    after.min() - right if len(after) else 1e4,
                    LINE_HEIGHT * pieces.cuts[spans.start[k]].crossed / 3,
                    LINE_HEIGHT * pieces.cuts[spans.end[k]].crossed / 3,
                    LINE_HEIGHT * (spans.start[k] == 0),
                    LINE_HEIGHT * (spans.end[k] == last),
                    LINE_HEIGHT * ink.stroke_width / 4,
                    LINE_HEIGHT * ink.slant,
                    max(bottom - top, right - left) - LINE_HEIGHT,
                    LINE_HEIGHT,
                ]
            )
            / LINE_HEIGHT
        )
        np.testing.assert_allclose(measures[k], np.clip(expected, -2, 2), atol=1e-4)
    assert (measures[:, KNOWN] == 1).all()


def test_spans_without_ink_are_measured_too():
    """The ink between two cuts may all belong to neighbours; then the crop is empty and the measures finite."""
    pieces, spans = scribble(0)
    nothing = Spans(
        spans.start[:1],
        spans.end[:1],
        np.zeros_like(spans.holds[:1]),
        np.zeros(1, np.float32),
        np.zeros((1, 2), np.float32),
        np.zeros((1, 4), np.float32),
    )
    assert not draw_crops(pieces, nothing)[0, 0].any()
    assert np.isfinite(measure(pieces, nothing)).all()
