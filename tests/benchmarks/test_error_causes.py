"""The error breakdown finds the stage at which a digit was lost: scores are made wrong on purpose."""

import numpy as np
import pytest

from benchmarks.diagnosis.causes import judge
from benchmarks.diagnosis.span_truth import BoxTruth, OwnerTruth, source_boxes
from pipeline.reading.field_reader import Trace
from pipeline.reading.lattices.lattice import SKIP
from pipeline.reading.lattices.search import SearchConfig, search
from pipeline.reading.result import Reading
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.strings import draw_string
from pipeline.synthesis.style import StringStyle
from segmenter.cuts import DENSE, find_cuts
from segmenter.ink import extract_ink
from segmenter.pieces import cut_pieces
from segmenter.spans import find_spans

CLEAN = StringStyle(
    "clean",
    kinds=(("shapes", 1),),
    papers=(("white", 1),),
    separators=0,
    endings=0,
    prefixes=0,
    neighbours=0,
    intruders=0,
    touching=(0, 0),
    zero_chains=0,
    rules=0,
    boxes=0,
    inverted=0,
    binary=0,
    faded=0,
    margins=(0.2, 0.3),
    heights=(30, 32, 34),
)
TEXT = "4073"


@pytest.fixture(scope="module")
def field():
    string = draw_string(np.random.default_rng(3), Sources(), CLEAN, text=TEXT)
    grey = string.image.astype(np.float32) / 255
    ink = extract_ink(grey)
    return string, grey, cut_pieces(ink, find_cuts(ink))


def trace_of(field, spoil=lambda fits, scores: None):
    """What a reader sees whose network is right about every span, but for what `spoil` does to its scores."""
    string, grey, pieces = field
    truth = OwnerTruth(string)

    def score(pieces, spans):
        scores = np.full((len(spans), 11), -6, np.float32)
        fits = truth.fits(pieces, spans)
        for digit, fit in zip(string.text, fits, strict=True):
            scores[fit, int(digit)] = 6
        spoil(fits, scores)
        return scores

    rounds = search(pieces, score, SearchConfig(first_level=DENSE))
    return Trace(grey, pieces, tuple(rounds), (), rounds[-1].path, Reading.nothing()), truth


def test_a_right_reading_has_no_cause(field):
    verdict = judge(*trace_of(field))
    assert verdict.cause is None and verdict.extras == ""
    assert [digit.seen for digit in verdict.digits] == list(TEXT)
    assert all(digit.cause is None and digit.output > 0.9 for digit in verdict.digits)


def wrong_class(fits, scores):
    scores[fits[2]] = -6
    scores[fits[2], 9] = 6


def low_output(fits, scores):
    scores[fits[2]] = -6
    scores[fits[2], 7], scores[fits[2], SKIP] = -2, 3


def skipped(fits, scores):
    scores[fits[2], SKIP] = 9


def not_chosen(fits, scores):
    other = ~fits.any(axis=0)
    scores[other, 5] = 9  # debris looks like better digits


@pytest.mark.parametrize(
    "spoil, cause, seen",
    [
        (wrong_class, "c misread", "9"),
        (low_output, "c low", "7"),
        (skipped, "e skipped", "7"),
        (not_chosen, "d path", "7"),
    ],
)
def test_each_fault_is_found(field, spoil, cause, seen):
    verdict = judge(*trace_of(field, spoil))
    assert verdict.cause == cause
    assert (verdict.digits[2].cause, verdict.digits[2].seen) == (cause, seen)


def test_ink_that_is_missing_is_found(field):
    string, grey, pieces = field
    blank = grey.copy()
    owner = np.flatnonzero((string.owner == 1).any(axis=0))
    blank[:, owner[0] : owner[-1] + 1] = np.median(grey)
    ink = extract_ink(blank)
    faults = OwnerTruth(string).ink_faults(cut_pieces(ink, find_cuts(ink)))
    assert faults[1] == "a lost" and faults[0] is None and faults[2] is None
    assert OwnerTruth(string).ink_faults(pieces) == [None] * 4


def test_boxes_and_owners_agree(field):
    """Boxes drawn round each digit's pixels name the same spans as the pixels themselves."""
    string, _, pieces = field
    boxes = []
    for k, digit in enumerate(TEXT):
        rows, columns = np.nonzero(string.owner == k)
        left, top = columns.min(), rows.min()
        boxes.append([left, top, columns.max() + 1 - left, rows.max() + 1 - top, int(digit)])
    by_box, by_owner = BoxTruth.from_record(boxes[::-1]), OwnerTruth(string)
    assert by_box.text == TEXT and by_box.ink_faults(pieces) == [None] * 4
    spans = find_spans(pieces)
    for box_row, owner_row in zip(by_box.fits(pieces, spans), by_owner.fits(pieces, spans), strict=True):
        assert (box_row & owner_row).any()
        assert (owner_row & ~box_row).sum() <= 0.5 * owner_row.sum()


def test_source_boxes_hold_the_ink(field):
    _, grey, pieces = field
    spans = find_spans(pieces)
    whole = source_boxes(pieces, spans)[(spans.start == 0).argmax()]
    assert (whole[2:] > whole[:2]).all()
    assert whole[0] >= -1 and whole[2] <= grey.shape[1] + 1
