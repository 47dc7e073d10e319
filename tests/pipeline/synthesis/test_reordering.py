"""Real strings with their digits in another order: what stays, and what is new."""

from itertools import pairwise

import numpy as np
import pytest

from pipeline.data.strokes import StrokeSample
from pipeline.synthesis.handwriting.reordering import reordered


def string(text: str, *edges: tuple[float, float]) -> StrokeSample:
    """A stroke for each pair of edges, as high as its number in the row says."""
    strokes = [np.array([[a, 0], [b, 10 + k]], np.float32) for k, (a, b) in enumerate(edges)]
    return StrokeSample("abc-001", text, tuple(strokes))


@pytest.mark.parametrize("seed", range(8))
def test_digits_change_places_and_marks_and_gaps_do_not(seed: int) -> None:
    sample = string("12,3 4", (0, 4), (5, 11), (12, 13), (16, 17), (20, 28))
    found = reordered(np.random.default_rng(seed), sample)
    assert sorted(found.text) == sorted(sample.text) and (found.text[2], found.text[4]) == (",", " ")
    edges = [(float(s[:, 0].min()), float(s[:, 0].max())) for s in found.strokes]
    assert [b - a for (_, a), (b, _) in pairwise(edges)] == pytest.approx([1, 1, 3, 3])
    assert (edges[0][0], edges[-1][1]) == pytest.approx((0, 28))
    drawn_as = {"1": 10, "2": 11, ",": 12, "3": 13, "4": 14}
    assert [float(s[1, 1]) for s in found.strokes] == [drawn_as[label] for label in found.text if label != " "]


def test_some_order_is_another() -> None:
    sample = string("123", (0, 1), (2, 3), (4, 5))
    texts = {reordered(np.random.default_rng(seed), sample).text for seed in range(30)}
    assert len(texts) == 6


def test_characters_that_touch_stay() -> None:
    """Nobody knows which stroke is whose; nor where a digit has two strokes apart."""
    for edges in (((0, 3), (2, 5), (6, 7)), ((0, 1), (2, 3), (4, 5), (6, 7))):
        sample = string("123", *edges)
        assert reordered(np.random.default_rng(1), sample) is sample


def test_strokes_of_one_character_stay_together() -> None:
    sample = string("57", (0, 4), (2, 5), (8, 9))
    found = next(f for f in (reordered(np.random.default_rng(s), sample) for s in range(20)) if f.text == "75")
    assert [float(s[:, 0].min()) for s in found.strokes] == [0, 4, 6]
