"""The benchmarks of cost: stages that add up to all, ratios to a peer, growth against the first row."""

import csv
import json
import sys
import time

import numpy as np
import pytest
from PIL import Image

from benchmarks.common import peer
from benchmarks.cost import growth, rounds, versus

PEER = """
import json, sys
for name in sys.stdin.read().splitlines():
    print(json.dumps({"file": name, "text": "12", "confidence": 0.5, "cpu_ms": 2.0}))
"""


def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_a_stage_has_its_own_time_alone():
    stages = versus.Stages()
    with stages.within("outer"):
        burn(0.02)
        with stages.within("inner"):
            burn(0.06)
        burn(0.02)
    assert stages.seconds["inner"] > stages.seconds["outer"] > 0.03 and stages.seconds["inner"] < 0.09


def test_stages_are_where_they_are_said_to_be_and_left_as_they_were():
    places = [versus._place(module, name) for _, module, name in versus.STAGES]
    before = [getattr(home, key) for home, key in places]
    with versus.Stages().watched():
        assert all(getattr(home, key) is not old for (home, key), old in zip(places, before, strict=True))
    assert [getattr(home, key) for home, key in places] == before


def test_ratios_are_to_the_mean_of_the_peers_runs():
    rows = versus.ratio_rows({"numpy": [3.0, 5.0]}, [[1.0, 1.0], [3.0, 3.0]])
    assert [(row[0], row[-1]) for row in rows] == [
        ("numpy", "2.00"),
        ("rapidocr, run 1", "0.50"),
        ("rapidocr, run 2", "1.50"),
    ]
    assert versus.ratio_rows({"numpy": [3.0]}, [])[0][-1] == ""
    table = versus.stage_rows({"a": {"ink": 3.0, "cuts": 1.0}, "b": {"ink": 1.0}})
    assert table == [["ink", "3.00", "1.00", "75%"], ["cuts", "1.00", "0.00", "25%"], ["all", "4.00", "1.00", "100%"]]


@pytest.mark.slow
def test_pictures_are_read_beside_a_peer(tmp_path, monkeypatch, capsys):
    rng = np.random.default_rng(3)
    with open(tmp_path / "truth.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "text"])
        for k in range(5):
            Image.fromarray(rng.integers(0, 255, (30, 40), np.uint8)).save(tmp_path / f"{k}.png")
            rows.writerow([f"{k}.png", "12"])
    script = tmp_path / "peer.py"
    script.write_text(PEER)
    monkeypatch.setattr(peer, "SCRIPT", script)
    out = tmp_path / "versus.json"
    versus.main([str(tmp_path / "truth.csv"), "--peer", sys.executable, "--out", str(out)])
    printed = capsys.readouterr().out
    assert (
        "| numpy | 2 |" in printed and "| rapidocr, run 2 | 2 | 2.0 | 2.0 | 1.00 |" in printed and "| ink |" in printed
    )
    assert json.loads(out.read_text())["rapidocr"] == [[2.0, 2.0], [2.0, 2.0]]
    with pytest.raises(SystemExit, match="too few"):
        versus.main([str(tmp_path / "truth.csv"), "--every", "5"])


def test_easy_pictures_are_counted_and_stopping_saves_spans(tmp_path, capsys):
    from pipeline.synthesis.sources import Sources
    from pipeline.synthesis.strings import EVALUATION, draw_string

    strings = [draw_string(np.random.default_rng(seed), Sources(), EVALUATION, length=2) for seed in range(3)]
    for k, string in enumerate(strings):
        Image.fromarray(string.image).save(tmp_path / f"{k}.png")
    lines = ["file,text", *(f"{k}.png,{string.text}" for k, string in enumerate(strings))]
    (tmp_path / "truth.csv").write_text("\n".join(lines))
    out = tmp_path / "rounds.json"
    rounds.main([str(tmp_path / "truth.csv"), "--out", str(out)])
    as_it_is, patient = json.loads(out.read_text()).values()
    assert as_it_is["n"] == patient["n"] == 3 and as_it_is["easy"] >= patient["easy"]
    assert as_it_is["spans"] <= patient["spans"] and as_it_is["rounds"] <= patient["rounds"]
    assert f"| 3 | never stopped | {patient['easy'] / 3:.1%} |" in capsys.readouterr().out


def test_growth_is_told_against_the_first_row():
    rows = growth.rows_of([(1, {"cpu_ms": 10.0, "peak_mib": 80.0}), (4, {"cpu_ms": 20.0, "peak_mib": 90.0})])
    assert rows == [["1", "10.0", "1.00", "80"], ["4", "20.0", "0.50", "90"]]


def test_the_peak_is_at_least_what_is_held():
    before, held = growth.peak_bytes(), np.ones(2**26, np.uint8)
    assert growth.peak_bytes() >= max(before, held.nbytes)


def test_pages_and_pictures_are_as_large_as_told():
    page, boxes = growth.page_of(7)
    assert len(boxes) == 7 and page.shape == (120, 1100) and boxes["field6"] == (220, 60, 440, 120)
    assert growth.picture_of(0.1).size == pytest.approx(1e5, rel=0.02)
