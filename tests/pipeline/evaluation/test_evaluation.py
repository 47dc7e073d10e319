"""The figures: against brute force, against the judge's script where it is there, and on bad tables."""

import csv
import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.batch.outcomes import Outcome
from pipeline.errors import DataError
from pipeline.evaluation.evaluation import Truth, compare, load_truth, write_readings
from pipeline.evaluation.metrics import (
    calibration_error,
    calibration_noise,
    edit_distance,
    read_rate,
    wilson,
)
from pipeline.reading.result import Reading
from pipeline.reading.result_parts import Digit

SCORE = os.environ.get("DIGITSTRING_SCORE")

confidences = st.lists(
    st.tuples(st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.7, 1.0])), st.booleans()),
    min_size=1,
    max_size=30,
)


def reading(text, confidence):
    if not text:
        return Reading.nothing()
    return Reading(text, confidence, confidence >= 0.5, tuple(Digit(c, 0.5, (0, 0, 1, 1)) for c in text))


def arrays(pairs):
    return np.array([c for c, _ in pairs]), np.array([ok for _, ok in pairs])


@given(confidences, st.sampled_from([0.0, 0.05, 0.2, 0.5]))
def test_read_rate_against_brute_force(pairs, bound):
    """Every threshold that there is, tried out."""
    best = 0
    for threshold in {c for c, _ in pairs}:
        accepted = [ok for c, ok in pairs if c >= threshold]
        if accepted.count(False) <= bound * len(accepted):
            best = max(best, len(accepted))
    assert read_rate(*arrays(pairs), bound) == best / len(pairs)


@given(confidences)
def test_calibration_error_against_a_loop(pairs):
    total = 0.0
    for k in range(10):
        inside = [(c, ok) for c, ok in pairs if min(int(c * 10), 9) == k]
        total += abs(sum(c for c, _ in inside) - sum(ok for _, ok in inside))
    assert calibration_error(*arrays(pairs)) == pytest.approx(total / len(pairs))


@given(st.text("012", max_size=6), st.text("012", max_size=6), st.text("012", max_size=6))
def test_edit_distance_is_a_metric(a, b, c):
    assert (edit_distance(a, b) == 0) == (a == b)
    assert edit_distance(a, b) == edit_distance(b, a)
    assert edit_distance(a, c) <= edit_distance(a, b) + edit_distance(b, c)
    assert abs(len(a) - len(b)) <= edit_distance(a, b) <= max(len(a), len(b))


def test_edit_distance_of_known_pairs():
    assert [edit_distance(*pair) for pair in [("123", "123"), ("123", "13"), ("123", "1923"), ("12", "21")]] == [
        0,
        1,
        1,
        2,
    ]


@given(st.integers(0, 50), st.integers(0, 50))
def test_wilson_interval_holds_the_share_and_mirrors(right, wrong):
    n = right + wrong
    low, high = wilson(right, n)
    assert 0 <= low <= high <= 1
    if n:
        assert low - 1e-12 <= right / n <= high + 1e-12
        assert wilson(wrong, n) == pytest.approx((1 - high, 1 - low))


def test_wilson_of_a_textbook_example():
    assert wilson(8, 10) == pytest.approx((0.4901, 0.9433), abs=2e-4)


def test_calibration_noise_is_what_a_calibrated_reader_shows():
    rng = np.random.default_rng(0)
    sample = rng.random(400)
    mean, most = calibration_noise(sample, np.random.default_rng(1))
    errors = [calibration_error(sample, rng.random(400) < sample) for _ in range(300)]
    assert np.mean(errors) == pytest.approx(mean, rel=0.1) and 0.9 < np.mean(np.array(errors) < most) < 0.99
    assert calibration_noise(sample, np.random.default_rng(1)) == (mean, most)
    assert calibration_error(sample, np.ones(400)) > most  # an underconfident reader stands out
    assert calibration_noise(np.array([0.0, 1.0]), rng) == (0, 0)


rows = st.lists(
    st.tuples(
        st.text("0123456789", max_size=5),
        st.one_of(st.none(), st.tuples(st.text("0123456789", max_size=5), st.floats(0, 1))),
        st.booleans(),
    ),
    min_size=1,
    max_size=25,
)


def truths_and_outcomes(cases):
    truths, outcomes = [], []
    for k, (text, read, agrees) in enumerate(cases):
        truths.append(Truth(f"{k}.png", Path(f"{k}.png"), text))
        got = None if read is None else reading(text if agrees else read[0], read[1])
        outcomes.append(Outcome(f"{k}.png", got, None if got else "is damaged", 0.002))
    return truths, outcomes


@pytest.mark.slow
@given(rows)
@settings(deadline=None, max_examples=50)
def test_the_figures_are_consistent(cases):
    evaluation = compare(*truths_and_outcomes(cases), seconds=2.0)
    figures = evaluation.to_json()
    json.dumps(figures)
    assert sum(result.images for result in evaluation.by_length) == len(cases) == figures["images"]
    assert sum(result.right for result in evaluation.by_length) == evaluation.right
    assert all(one >= other for one, other in pairwise(evaluation.read_rates))
    assert figures["unreadable"] == sum(read is None for _, read, _ in cases)
    assert figures["images_per_second"] == len(cases) / 2 and figures["cpu_ms_per_image"] == pytest.approx(2)
    assert f"images                 {len(cases)}" in evaluation.to_text()


@pytest.mark.skipif(not SCORE, reason="needs the judge's script: DIGITSTRING_SCORE is not set")
@pytest.mark.parametrize("seed", range(4))
def test_the_figures_agree_with_the_judge(tmp_path, seed):
    rng = np.random.default_rng(seed)
    cases = []
    for _ in range(200):
        text = "".join(rng.choice(list("0123456789"), rng.integers(0, 7)))
        other = "".join(rng.choice(list("0123456789"), rng.integers(0, 7)))
        confidence = round(float(rng.beta(3, 1)), int(rng.integers(1, 5)))
        cases.append((text, (other, confidence) if rng.random() < 0.95 else None, rng.random() < confidence))
    truths, outcomes = truths_and_outcomes(cases)
    with (tmp_path / "truth.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "text"), *((truth.file, truth.text) for truth in truths)])
    write_readings(tmp_path / "readings.jsonl", truths, outcomes)
    command = [sys.executable, SCORE, tmp_path / "truth.csv", tmp_path / "readings.jsonl", "--json"]
    judged = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    ours = compare(truths, outcomes, 1.0).to_json()
    assert judged.pop("missing") == 0 and set(judged) <= set(ours)
    assert {key: ours[key] for key in judged} == {key: pytest.approx(judged[key]) for key in judged}


@pytest.mark.parametrize("place", [".", "images"])
def test_files_beside_the_table_or_in_images(tmp_path, place):
    (tmp_path / place).mkdir(exist_ok=True)
    (tmp_path / place / "a.png").touch()
    (tmp_path / "truth.csv").write_text("\ufefftext,file,note\r\n012,a.png,first\r\n", encoding="utf-8")
    assert load_truth(tmp_path / "truth.csv") == [Truth("a.png", tmp_path / place / "a.png", "012")]


def test_a_given_folder_is_the_only_one(tmp_path):
    (tmp_path / "a.png").touch()
    (tmp_path / "other").mkdir()
    (tmp_path / "truth.csv").write_text("file,text\na.png,1\n")
    with pytest.raises(DataError, match=r"1 of its 1 files are not in .*other: a\.png"):
        load_truth(tmp_path / "truth.csv", tmp_path / "other")


@pytest.mark.parametrize(
    "content, words",
    [
        (None, "no such file"),
        ("", "file,text"),
        ("name,text\na.png,1\n", "file,text"),
        ("file,text\n", "no rows"),
        ("file,text\na.png,1\na.png,2\n", "line 3: a.png is there twice"),
        ("file,text\na.png,1\n./a.png,1\n", "twice"),
        ("file,text\na.png\n", "line 2: the text is missing"),
        ("text,file\n1\n", "no file name"),
        ('file,text\na.png,"1,250"\n', "'1,250' has other characters"),
        ("file,text\na.png,1\nb.png,1\nc.png,2\n", "2 of its 3 files"),
        ("file,text\n.,1\n", "not in"),
        (b"\xff\xfe\x00f", "not a CSV"),
        (b"file,text\na\0b.png,1\n", ""),
    ],
)
def test_bad_tables(tmp_path, content, words):
    (tmp_path / "a.png").touch()
    if content is not None:
        (tmp_path / "t.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError) as caught:
        load_truth(tmp_path / "t.csv")
    assert words in str(caught.value) and "t.csv" in str(caught.value)


def test_a_folder_is_no_table(tmp_path):
    with pytest.raises(DataError):
        load_truth(tmp_path)


def test_readings_replace_a_file_whole(tmp_path):
    out = tmp_path / "r.jsonl"
    out.write_text("old")
    truths, outcomes = truths_and_outcomes([("1", ("1", 0.5), True), ("2", None, False)])
    write_readings(out, truths, outcomes)
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["file"] for line in lines] == ["0.png", "1.png"] and lines[1]["error"] == "is damaged"
    assert list(tmp_path.iterdir()) == [out]
