"""Marks fitted anew, all else of the weights as it was."""

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import UsageError
from pipeline.reading.field_reader import SHIPPED
from pipeline.reading.written.mark_model import MarkModel
from pipeline.synthesis.sources import Sources
from pipeline.training import training_data as loading
from pipeline.training.calibrating.calibrate import calibrate_weights
from pipeline.training.recipe import Recipe
from pipeline.training.string_pool import StringData


@pytest.mark.slow
def test_only_the_marks_of_the_card_change(training_data: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(loading, "VALIDATION_DIGITS", 20)
    out = tmp_path / "weights.npz"
    calibrate_weights(SHIPPED, out, loading.load_data(training_data, Recipe()).away, 6, marks_alone=True)
    before, after = (json.loads(path.with_suffix(".json").read_text()) for path in (SHIPPED, out))
    changed = {key for key in before | after if before.get(key) != after.get(key)}
    assert changed <= {"marks", "weights_sha256"} and "marks" in changed
    assert 0 < len(MarkModel.from_json(after["marks"]).seen) <= 3
    with np.load(SHIPPED) as one, np.load(out) as other:
        assert one.files == other.files and all(np.array_equal(one[name], other[name]) for name in one.files)


def test_weights_without_a_line_network_have_no_marks(random_weights: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no line network"):
        calibrate_weights(
            random_weights, tmp_path / "weights.npz", StringData(Sources(shapes=True)), 6, marks_alone=True
        )
    assert not (tmp_path / "weights.npz").exists()
