"""The benchmark of `adapt`: its parts and their report, on a tiny scale."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from benchmarks.common.scores import Scores
from benchmarks.learning import adapt as benchmark
from benchmarks.learning import adapt_check
from benchmarks.learning.adapt import file_number, split
from pipeline.adapting.adapt_recipe import AdaptReport
from pipeline.adapting.check import Answers
from pipeline.adapting.parent import Parent
from pipeline.adapting.unlabelled import UnlabelledReport
from pipeline.evaluation.evaluation import Truth
from pipeline.synthesis.sources import Sources
from pipeline.synthesis.strings import EVALUATION, draw_string
from pipeline.training import training_data as loading

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("cheques"), np.random.default_rng(4)
    lines = ["file,text"]
    for k in range(10):
        string = draw_string(rng, Sources(fonts=False), EVALUATION, length=2)
        Image.fromarray(string.image).save(folder / f"car_{k}.png")
        lines.append(f"car_{k}.png,{string.text}")
    (folder / "truth.csv").write_text("\n".join(lines) + "\n")
    return folder / "truth.csv"


def rows(count):
    return [Truth(f"car_{k}.png", None, "1") for k in range(count)]


def test_folds_are_in_file_order_and_apart():
    assert sorted(rows(12)[::-1], key=file_number) == rows(12)
    seen = []
    for fold in range(5):
        name, learned, tested = split(rows(12), fold, None)
        assert name == f"fold-{fold}" and not set(learned) & set(tested) and len(learned) + len(tested) == 12
        seen += tested
    assert seen == rows(12)
    assert split(rows(12), None, 3) == ("size-3", rows(3), rows(12)[10:])
    with pytest.raises(SystemExit):
        split(rows(12), None, 11)


def test_parts_are_measured_and_joined(table, random_weights, training_data, tmp_path, monkeypatch, capsys):
    def copied(truth, out, *, weights, **_):
        for ending in (".npz", ".json"):
            out.with_suffix(ending).write_bytes(weights.with_suffix(ending).read_bytes())
        return AdaptReport(8, (), None, 0)

    monkeypatch.setattr(loading, "VALIDATION_DIGITS", 20)
    monkeypatch.setattr(benchmark, "adapt", copied)
    out = tmp_path / "adapt.json"
    common = [
        "--weights",
        str(random_weights),
        "--data",
        str(training_data),
        "--out",
        str(out),
        "--truth",
        str(table),
        "--forgotten",
        "2",
    ]

    def blindly(images, out, *, weights, on_round, **_):
        copied(images, out, weights=weights)
        assert len(list(images.iterdir())) == 8
        return UnlabelledReport(8, (), (5, 5), None, None, 0)

    monkeypatch.setattr(benchmark, "adapt_unlabelled", blindly)
    for part in (["--fold", "0"], ["--fold", "0", "--unlabelled"], ["--fold", "1"], ["--size", "0"], ["--size", "4"]):
        benchmark.main([*common, *part])
    printed = capsys.readouterr().out
    assert "adapted to 8 strings (parent kept), seed 1" in printed and "MNIST test digits" in printed
    benchmark.main([*common, "--report"])
    printed = capsys.readouterr().out
    assert printed.count("| unlabelled-fold-") == 1 and printed.count("| all |") == 2
    assert printed.count("| fold-") == 2 and printed.count("| size-") == 2 and "| all |" in printed
    joined = json.loads(out.read_text())
    assert joined["folds"]["before"] == joined["folds"]["after"] and joined["folds"]["before"]["n"] == 4
    assert "each" not in json.dumps(joined)
    with Image.open(out.with_suffix(".png")) as picture:
        assert picture.size[0] > 100


def test_the_check_of_a_table_calibrates_each_part_by_the_others(random_weights):
    """Readings that promise little and are all right: what the other parts show makes them surer."""
    n = 200
    before = Answers(np.zeros(n, bool), np.full(n, 0.6), np.full(n, 0.2))
    after = Answers(np.ones(n, bool), np.full(n, 0.6), np.full(n, 0.6))
    found = adapt_check.summary(before, after, Parent.load(random_weights))
    assert found["before"]["right"] == 0 and found["after"]["right"] == n and "200 fixed" in found["comparison"]
    assert found["after"]["calibration_error"] < 0.1 < found["before"]["calibration_error"]
    assert [row[0] for row in found["rows"]] == ["before", "after"]


def test_nothing_measured_is_one_sentence(tmp_path):
    with pytest.raises(SystemExit, match="holds no parts"):
        benchmark.main(["--report", "--out", str(tmp_path / "adapt.json")])


def test_register_numbers_of_new_pages(tmp_path):
    """Pages 1 and 6 of 7 are every fifth one: those that are never trained on."""
    lines = [f"car_{k}.png,1,{k + 1}" for k in range(7)]
    (tmp_path / "truth.csv").write_text("\n".join(["file,text,page", *lines]) + "\n")
    found = benchmark.of_new_pages(rows(7), tmp_path / "truth.csv")
    assert [row.file for row in found] == ["car_0.png", "car_5.png"]


def test_rounds_of_all_folds_together():
    from benchmarks.learning.adapt_report import _right_in_rounds

    folds = [{"rounds": [{"right": 3}, {"right": 4}]}, {"rounds": [{"right": 5}, {"right": 5}]}]
    assert _right_in_rounds(folds) == [8, 9] and _right_in_rounds([{}, {}]) == []


def test_scores_come_back_from_a_part():
    from benchmarks.learning.adapt_report import _changes, _scores

    scores = Scores((True, False), (0.5, 0.25))
    part = {"strings": {"after": {"each": [list(scores.right), list(scores.confidences)]}}}
    assert _scores(part, "after") == scores
    assert _changes((True, False, False), (False, True, True)) == (2, 1)
    assert replace(scores, right=(False, False)).accuracy == 0
