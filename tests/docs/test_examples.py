"""The example pictures: whole, small, listed with their texts, and drawn the same every time."""

from pathlib import Path

import numpy as np
import pytest

from examples.draw import EXAMPLES, MARKS, draw_example
from pipeline.evaluation.evaluation import load_truth
from pipeline.images import load_grey
from pipeline.synthesis.glyphs.allographs import ALLOGRAPHS

FOLDER = Path(__file__).resolve().parents[2] / "examples"


def test_every_example_is_listed_with_its_text():
    rows = load_truth(FOLDER / "truth.csv")
    assert {row.file: row.text for row in rows} == {example.file: example.text for example in EXAMPLES}
    assert {path.name for path in FOLDER.glob("*.png")} == {row.file for row in rows}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.file)
def test_the_picture_is_small_and_as_drawn(example):
    path = FOLDER / example.file
    assert path.stat().st_size < 150_000
    drawn = draw_example(example)
    assert drawn.tobytes() == draw_example(example).tobytes()
    grey = load_grey(path)
    assert min(grey.shape) >= 60 and np.ptp(grey) > 0.5  # writing that stands out


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.file)
def test_it_is_written_in_shapes_of_our_own(example):
    assert set(example.written) <= set(ALLOGRAPHS) | set(MARKS) | set("~+ ")
    assert all(name in ALLOGRAPHS[digit] for digit, name in example.habits.items())
