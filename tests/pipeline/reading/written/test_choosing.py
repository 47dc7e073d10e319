"""Ways to write a number: their probabilities against every product, and values summed over them."""

import itertools
import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.formats.values import value_of
from pipeline.reading.written.choosing import Way, choose, decide, likeliest_products, ways_to_write
from pipeline.reading.written.mark_model import MarkModel

GAP = st.dictionaries(st.sampled_from(["", ".", ",", "-", "/"]), st.floats(0.01, 1.0), min_size=1)
SEEN = {
    "between": {"": {"": 500}, ".": {".": 90, "": 10}, ",": {",": 90, ".": 10}},
    "before": {"": {"": 95}, "-": {"-": 5}},
    "behind": {"": {"": 95}, "-": {"-": 5}},
}


@given(st.lists(GAP, min_size=1, max_size=4))
def test_products_come_the_largest_first_and_each_once(gaps) -> None:
    found = list(likeliest_products(gaps))
    expected = {
        marks: math.prod(gap[mark] for gap, mark in zip(gaps, marks, strict=True)) for marks in itertools.product(*gaps)
    }
    assert len(found) == len(expected) and dict(found) == pytest.approx(expected)
    shares = [share for _, share in found]
    assert all(a >= b * (1 - 1e-12) for a, b in itertools.pairwise(shares))


def said(**marks) -> list[dict[str, float]]:
    """Of 1250: nothing anywhere but in the gaps that are named, g1 for that behind the first digit."""
    return [marks.get(f"g{gap}", {"": 1.0}) for gap in range(5)]


def test_a_sure_mark_gives_a_value() -> None:
    marked = choose(MarkModel(seen=SEEN, least=0.9), "1250", said(g2={".": 0.999, "": 0.001}), ("", "", ".", "", ""))
    assert (marked.written, marked.amount, marked.doubt) == ("12.50", Decimal("12.50"), None)
    assert 0.9 <= marked.amount_share <= 1 and marked.share <= marked.amount_share + 1e-9


def test_ways_of_the_same_value_are_summed() -> None:
    model = MarkModel(line=1, shapes=0, sense=0, seen=SEEN, least=0.9)
    marked = choose(model, "1250", said(g2={".": 0.5, ",": 0.5}), None)
    assert marked.amount == Decimal("12.50") and marked.share < 0.6 < 0.9 <= marked.amount_share


def test_a_doubtful_mark_gives_none_and_says_between_what() -> None:
    model = MarkModel(line=1, shapes=0, sense=0, seen=SEEN, least=0.9)
    marked = choose(model, "1250", said(g2={".": 0.6, "": 0.4}), None)
    assert marked.amount is None and marked.doubt == "it may be written 12.50 or 1250"
    assert (marked.written, marked.amount_share) == ("12.50", 0.0)


def test_what_is_never_written_so_is_less_likely() -> None:
    text, gaps = "1250", said(g2={".": 0.45, "": 0.55}, g3={".": 0.55, "": 0.45})
    ways = ways_to_write(MarkModel(line=1, shapes=0, sense=5, seen=SEEN), text, gaps, None)
    malformed = next(way for way in ways if way.written == "12.5.0")
    assert value_of("12.5.0").malformed and malformed.share < 0.01
    assert sum(way.share for way in ways) <= 1 + 1e-9


def test_a_way_without_a_value_says_why() -> None:
    ways = [Way("1250-", 0.97, value_of("1250-")), Way("1250", 0.03, value_of("1250"))]
    marked = decide(MarkModel(least=0.9), ways)
    assert marked.amount is None and marked.doubt == value_of("1250-").reason and marked.written == "1250-"
