"""Drawn amounts: what they are worth, and that they are written as they say."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.formats.values import value_of
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.strings import draw_written
from pipeline.synthesis.style import CALIBRATION, SURROUNDED
from pipeline.synthesis.written_amounts import AMOUNTS, draw_amount
from pipeline.training.calibrating.calibrate_marks import in_known_marks

NONE = {"one mark of thousands", "minus behind", "CR", "date"}  # kinds that leave a doubt
NEGATIVE = {"minus", "brackets"}


@pytest.mark.parametrize("kind", AMOUNTS)
def test_kinds_mean_what_they_are_called(kind: str) -> None:
    rng = np.random.default_rng(5)
    values = [value_of(in_known_marks(draw_amount(rng, kind))).amount for _ in range(200)]
    if kind in NONE:
        assert not any(values)
    elif kind == "ended":
        assert 0.5 < np.mean([value is not None for value in values]) < 1  # 1.990= may be either
    else:
        assert all(value is not None and (value < 0) == (kind in NEGATIVE and value != 0) for value in values)


@pytest.mark.slow
@pytest.mark.parametrize("style", [CALIBRATION, SURROUNDED], ids=lambda style: style.name)
@pytest.mark.parametrize("written", ["-264.27", "12 50/100", "20·5", "4,60,000/-"])
def test_what_is_asked_for_is_written(style, written: str) -> None:
    sources = Sources(shapes=True, fonts=True)
    style = replace(style, kinds=(("shapes", 1.0),))
    drawn = [draw_written(np.random.default_rng(seed), sources, style, written) for seed in (1, 1, 2)]
    assert {string.text for string in drawn} == {"".join(filter(str.isdigit, written))}
    assert np.array_equal(drawn[0].image, drawn[1].image) and drawn[0].owner.max() >= 3
    whole = written.replace(" ", "")
    assert all(set(string.written) <= set(whole) for string in drawn)
    if style.surroundings is None:
        assert all(string.written == "".join(string.characters) == whole for string in drawn)
        for string in drawn:
            for index in range(len(string.characters)):
                assert (string.owner == index).any()


def test_a_number_without_digits_is_refused() -> None:
    with pytest.raises(ValueError, match="has none"):
        draw_written(np.random.default_rng(0), Sources(shapes=True), CALIBRATION, "--")
