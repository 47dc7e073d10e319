"""The benchmarks of cost: stages that add up to all, ratios to a peer, growth against the first row."""

import csv
import json
import os
import sys
import time
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from benchmarks.common import peer
from benchmarks.common.growth_plot import drawn_plot
from benchmarks.cost import epoch, growth, large_pictures, rounds, scaling, versus
from benchmarks.robustness import load

PEER = """
import json, sys
for name in sys.stdin.read().splitlines():
    print(json.dumps({"file": name, "text": "12", "confidence": 0.5, "cpu_ms": 2.0}))
"""


def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_a_stage_has_its_own_time_alone(monkeypatch):
    clock = iter(range(0, 1000, 10))  # ten seconds pass between two looks
    monkeypatch.setattr(versus.time, "process_time", lambda: next(clock))
    stages = versus.Stages()
    with stages.within("outer"), stages.within("inner"):
        stages.turn()
    assert stages.seconds == {versus.REST: 10, "outer": 20, "inner": 20}


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


def test_a_plot_shows_linear_growth_along_its_diagonal():
    picture = drawn_plot({"digits": [(1, 5.0), (10, 50.0), (100, 500.0)]})
    points = [tuple(map(float, each.split(","))) for each in picture.split('points="')[1].split('"')[0].split()]
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(points)]
    dashed = picture.split('stroke="#888"')[0].rsplit("<line ", 1)[1]
    x1, y1, x2, y2 = (float(part.split('"')[1]) for part in dashed.split()[:4])
    assert slopes == pytest.approx([(y2 - y1) / (x2 - x1)] * 2, rel=0.01) and points[0] == (x1, y1)


def test_efficiency_is_what_two_do_by_twice_what_one_does():
    runs = {
        "1 thread": [{"wall": 2.0, "cpu": 2.0, "read": 10}, {"wall": 1.0, "cpu": 1.0, "read": 10}],
        "2 threads": [{"wall": 2.0, "cpu": 2.2, "read": 20}],
        "1 process": [{"wall": 1.0, "cpu": 1.0, "read": 10}],
        "2 processes": [{"wall": 1.25, "cpu": 2.0, "read": 20}],
    }
    assert scaling.speed_rows(runs) == [
        ["1 thread", "10.0", "100.0", ""],
        ["2 threads", "10.0", "110.0", "50%"],
        ["1 process", "10.0", "100.0", ""],
        ["2 processes", "16.0", "100.0", "80%"],
    ]
    one = {"Rss": 90.4, "Pss": 70.0, "Shared_Clean": 20.0, "Shared_Dirty": 1.0}
    assert scaling.memory_rows({"alone": one, "nothing known": {}}) == [["alone", "90", "70", "21"]]


def test_the_parts_of_an_epoch_are_shares_of_all_but_what_is_told_apart():
    split = {"drawing": 6.0, "examples": 3.0, "network": 1.0, "Adam": 0.5}
    assert epoch.rows_of({"crop": split}) == [["crop", "6.0 (60%)", "3.0 (30%)", "1.0 (10%)", "0.5", "10.0"]]


def test_a_door_is_told_by_the_means_of_fields():
    assert large_pictures.field_row("any", [(10.0, 12.0), (30.0, 36.0)]) == ["any", "2", "20.0", "24.0", "1.20"]


def test_pictures_of_one_kind(tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "truth.csv").write_text("file,text,kind\na.png,1,x\nb.png,2,y\n")
    assert [path.name for path in versus.pictures_of(tmp_path / "truth.csv", "y")] == ["b.png"]
    assert len(versus.pictures_of(tmp_path / "truth.csv")) == 2


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="Linux tells it there")
def test_the_cpu_of_a_process_is_what_it_says_itself():
    burn(0.05)
    before, found, after = time.process_time(), load.cpu_seconds(os.getpid()), time.process_time()
    assert before - 0.05 <= found <= after + 0.05  # it is told in hundredths
    assert np.isnan(load.cpu_seconds(2**22 + 1))
