"""The model of marks, fitted on strings whose marks are known: it learns which source to trust, and keeps its bound."""

import numpy as np
import pytest

from pipeline.formats.values import value_of
from pipeline.reading.written.choosing import ways_to_write
from pipeline.training.calibrating.calibrate_marks import (
    WRONG,
    MarkedString,
    counted,
    fit_model,
    in_known_marks,
    judge,
    least_share,
)


def strings(n: int, line: float, ink: float, seed: int = 3) -> list[MarkedString]:
    """Amounts with and without a point; line, ink: how often the one and the other source is right."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(n):
        marks = ["", "", ".", "", ""] if rng.random() < 0.5 else [""] * 5
        heard = [mark if rng.random() < line else "." if mark == "" else "" for mark in marks[1:4]]
        seen = [mark if rng.random() < ink else "." if mark == "" else "" for mark in marks[1:4]]
        said = [{"": 1.0}, *({mark: 0.9, "." if mark == "" else "": 0.1} for mark in heard), {"": 1.0}]
        written = "".join(mark + digit for mark, digit in zip(marks, [*"1250", ""], strict=True))
        made.append(MarkedString("", written, "1250", tuple(said), ("", *seen, "")))
    return made


def test_the_better_source_is_trusted_more() -> None:
    by_line, by_ink = fit_model(strings(240, 0.97, 0.7)), fit_model(strings(240, 0.7, 0.97))
    assert by_line.line > 2 * by_ink.line
    assert by_ink.shapes > 0.5


def test_of_the_values_given_few_are_wrong() -> None:
    model = fit_model(strings(400, 0.95, 0.97))
    fresh = strings(400, 0.95, 0.97, seed=4)
    judged = [judge(each, ways_to_write(model, each.text, each.said, each.shapes)) for each in fresh]
    given_ones = [right for share, right in judged if share >= model.least]
    assert len(given_ones) > 100 and np.mean(given_ones) > 0.97


def test_the_least_share_keeps_the_bound() -> None:
    rng = np.random.default_rng(0)
    judged = [(float(share), bool(rng.random() < share)) for share in rng.uniform(0.5, 1, 2000)]
    least = least_share(judged)
    assert sum(share >= least and not right for share, right in judged) <= WRONG * len(judged)
    assert least_share([(0.2, True)] * 9) == 0.5 and least_share([(0.99, False)] * 9) == 0.999


def test_few_strings_are_counted_only() -> None:
    few = strings(10, 1.0, 1.0)
    assert fit_model(few) == counted(few) and fit_model([]).seen == {}


@pytest.mark.parametrize(
    ("written", "known"), [("$12.50CR", "¤12.50?"), ("20·5", "20.5"), ("#5#", "*5*"), ("12 50/100", "1250/100")]
)
def test_marks_that_are_not_told_apart(written: str, known: str) -> None:
    assert in_known_marks(written) == known
    assert (value_of(known).amount is None) == ("CR" in written)
