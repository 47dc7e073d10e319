"""Samples whose label is known to be wrong, by writer and place."""

import numpy as np
import pytest

from pipeline.data.mislabelled import MISLABELLED, REGISTER_NUMBERS, rightly_labelled, what_is_written
from pipeline.data.strokes import MORE_DIGITS, StrokeSample, load_strokes, stroke_files


def sample(writer: str, text: str) -> StrokeSample:
    return StrokeSample(writer, text, (np.zeros((2, 2), np.float32),))


def test_only_the_named_samples_of_a_writer_go() -> None:
    samples = [sample(writer, str(k)) for k in range(10) for writer in ("aga-003", "new-001")]
    kept = rightly_labelled(samples)
    assert [each.text for each in kept if each.writer == "new-001"] == list("0123456789")
    assert [each.text for each in kept if each.writer == "aga-003"] == list("012345689")


def test_only_the_label_that_is_wrong_is_mended() -> None:
    for file, (labelled, written) in REGISTER_NUMBERS.items():
        assert what_is_written(file, labelled) == written and what_is_written(file, "77") == "77"
    assert what_is_written("another.jpg", "589") == "589"


@pytest.mark.slow
def test_each_is_there() -> None:
    """Counted as in the files that the data's homes serve."""
    paths = stroke_files()
    if not {"digits", MORE_DIGITS} <= set(paths):
        pytest.skip("needs the pen digits")
    samples = [*load_strokes(paths["digits"]), *load_strokes(paths[MORE_DIGITS])]
    assert len(samples) - len(rightly_labelled(samples)) == sum(map(len, MISLABELLED.values()))
