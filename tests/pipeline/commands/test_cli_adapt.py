"""The command `adapt`: what its options mean, what it prints, and how mistakes end."""

import os

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from pipeline.adapting import adaptation as adapting
from pipeline.adapting import unlabelled
from pipeline.adapting.adapt_recipe import AdaptRecipe, AdaptReport
from pipeline.adapting.unlabelled import UnlabelledReport
from pipeline.commands.main import app


@pytest.fixture(autouse=True)
def own_surroundings(monkeypatch, tmp_path):
    monkeypatch.delenv("DIGITSTRING_DATA", raising=False)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", os.environ.get("OPENBLAS_NUM_THREADS", "1"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def table(tmp_path):
    """Three pictures, one of them missing."""
    for name in "ab":
        Image.fromarray(np.full((20, 40), 255, np.uint8)).save(tmp_path / f"{name}.png")
    (tmp_path / "truth.csv").write_text("file,text\na.png,1\nb.png,\nnone.png,3\n")
    return tmp_path / "truth.csv"


def adapt(*arguments):
    return CliRunner().invoke(app, ["adapt", *map(str, arguments)])


def test_few_pictures_end_with_the_parent_and_a_warning(table, random_weights, tmp_path):
    result = adapt(table, "--out", "mine.npz", "--weights", random_weights)
    assert result.exit_code == 0 and result.stdout == ""
    assert "none.png" in result.stderr and "1 of 3 rows skipped" in result.stderr and "warning" in result.stderr
    assert (tmp_path / "mine.npz").exists() and (tmp_path / "mine.json").exists()
    again = adapt(table, "--out", "mine.npz", "--weights", random_weights)
    assert again.exit_code == 2 and "--force" in again.stderr
    assert adapt(table, "--out", "mine.npz", "--weights", random_weights, "--force").exit_code == 0


def test_options_reach_the_adaptation(table, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(
        adapting, "adapt", lambda *given, **options: asked.append((given, options)) or AdaptReport(430, (), None, 4)
    )
    result = adapt(
        table, "--out", "m.npz", "--images", tmp_path, "--weights", "w.npz", "--data", tmp_path, "--seed", 7, "--resume"
    )
    assert result.exit_code == 0 and "m.npz: adapted to 430 pictures" in result.stderr
    ((given, options),) = asked
    assert [path.name for path in given] == ["truth.csv", "m.npz"] and options["recipe"] == AdaptRecipe(seed=7)
    assert options["images"] == options["data"] == tmp_path and options["weights"].name == "w.npz"
    assert options["resume"] and not options["force"]


def test_a_folder_without_right_answers(table, tmp_path, monkeypatch):
    asked = []
    report = UnlabelledReport(9, (), (5, 6, 7), None, None, 4)
    monkeypatch.setattr(
        unlabelled, "adapt_unlabelled", lambda *given, **options: asked.append((given, options)) or report
    )
    result = adapt(tmp_path, "--unlabelled", "--out", "m.npz", "--seed", 3)
    assert result.exit_code == 0 and "adapted to 7 of 9 pictures, without right answers" in result.stderr
    assert "labelled sample" in result.stderr and asked[0][1]["recipe"] == AdaptRecipe.without_answers(seed=3)
    refused = adapt(tmp_path, "--unlabelled", "--out", "m.npz", "--images", tmp_path)
    assert refused.exit_code == 2 and "--images" in refused.stderr


@pytest.mark.parametrize(
    "arguments, code, sentence",
    [
        (["none.csv", "--out", "m.npz"], 3, "no such file"),
        (["truth.csv", "--out", "m.bin"], 2, ".npz"),
        (["truth.csv"], 2, "--out"),
        (["truth.csv", "--out", "no/such/m.npz"], 2, "no folder"),
        (["truth.csv", "--out", "m.npz", "--images", "nowhere"], 3, "none of its 3 rows"),
        (["truth.csv", "--out", "m.npz", "--seed", "-1"], 2, "seed"),
        ([".", "--unlabelled", "--out", "m.npz"], 2, "one reader only"),
    ],
)
def test_mistakes_are_one_sentence(table, random_weights, tmp_path, arguments, code, sentence):
    before = sorted(tmp_path.iterdir())
    result = adapt(*arguments, "--weights", random_weights)
    assert result.exit_code == code and sentence in result.stderr and "Traceback" not in result.output
    assert sorted(tmp_path.iterdir()) == before


def test_missing_weights_are_exit_code_4(table):
    result = adapt(table, "--out", "m.npz", "--weights", "none.npz")
    assert result.exit_code == 4 and "no such weights file" in result.stderr
