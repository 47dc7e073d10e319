"""A third party's reader in the place of the line network; where it is installed."""

import importlib.util

import numpy as np
import pytest

from pipeline.errors import UsageError
from pipeline.images import load_grey
from pipeline.reading.field_reader import FieldReader
from pipeline.reading.line.fitting import likely_line_texts
from pipeline.reading.line.readers import digit_columns
from pipeline.reading.together import third_party

HERE = importlib.util.find_spec("rapidocr") is not None


def test_a_reader_that_nobody_knows_is_refused():
    with pytest.raises(UsageError, match="there is no second reader 'tesseract'"):
        third_party("tesseract")


def test_weights_that_were_never_joined_to_it_are_refused(random_weights):
    with pytest.raises(UsageError, match="never joined to rapidocr" if HERE else r"install digitstring\[rapidocr\]"):
        FieldReader(random_weights, second="rapidocr")


@pytest.mark.slow
@pytest.mark.skipif(not HERE, reason="rapidocr is not installed")
def test_it_reads_our_examples():
    reader = third_party("rapidocr")
    for name, text in (("account", None), ("amount", "1250"), ("zeros", None)):
        grey = load_grey(f"examples/{name}.png")
        read = reader.read_columns(grey)
        columns = digit_columns(read)
        assert columns.shape[1] == 11 and np.exp(columns).sum(axis=1) == pytest.approx(1, abs=1e-3)
        assert read.first + read.step * len(columns) >= grey.shape[1] - read.step
        best = likely_line_texts(columns, None, 5)[0][0]
        assert best.isdigit() and text in (None, best)
    assert reader.read_columns(np.ones((2, 3), dtype=np.float32)).columns.shape[1] == len(reader.alphabet)
