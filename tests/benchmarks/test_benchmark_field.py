"""The benchmark of field pictures: what it counts by kind, beside a peer, and the sheets of what fails."""

import csv
import json
import sys

import numpy as np
import pytest
from PIL import Image

from benchmarks.accuracy import field
from benchmarks.common import peer
from benchmarks.common.peer import PeerReading

PEER = """
import json, sys
for name in sys.stdin.read().splitlines():
    print(json.dumps({"file": name, "text": "1-2.", "confidence": 0.5, "cpu_ms": 1.0}))
"""


def case(kind, truth, text, confidence=0.5, accepted=False, peer_text=None):
    other = None if peer_text is None else PeerReading(peer_text, 0.25)
    return field.Case(kind, field.Path(f"{truth}.png"), truth, text, confidence, accepted, other)


def test_kinds_are_counted_apart():
    cases = [
        case("cell", "12", "12", 0.9, True, "12"),
        case("cell", "3", "7", 0.8, True, ""),
        case("blank", "", "", 0.0, False, ""),
        case("blank", "", "5", 0.1, False, "5"),
    ]
    header, rows = field.tabulate(cases)
    counts = {row[0]: (row[1], row[2].split()[0], *row[3:]) for row in rows}
    assert len(header) == len(rows[0])
    assert counts["cell"] == ("2", "50.0%", "2", "1", "0", "50.0%")
    assert counts["blank"] == ("2", "50.0%", "0", "0", "1", "50.0%")
    assert counts["all"] == ("4", "50.0%", "2", "1", "1", "50.0%")
    assert field.rate(cases) == 0.25 and field.to_json(cases)["right"] == 2
    assert [row[0] for row in field.tabulate(cases[:2])[1]] == ["all"]


def test_a_table_is_read_by_kind_with_its_sheets_and_a_peer(random_weights, tmp_path, monkeypatch, capsys):
    rng = np.random.default_rng(3)
    with open(tmp_path / "truth.csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file", "text", "kind"])
        for name, text, kind in (("a.png", "12", "pen"), ("b.png", "", "empty"), ("c.png", "12", "pen")):
            Image.fromarray(rng.integers(0, 255, (40, 60), np.uint8)).save(tmp_path / name)
            table.writerow([name, text, kind])
    script = tmp_path / "peer.py"
    script.write_text(PEER)
    monkeypatch.setattr(peer, "SCRIPT", script)
    common = ["--weights", str(random_weights), "--out", str(tmp_path / "field.json")]
    more = ["--sheet", str(tmp_path / "sheets"), "--peer", sys.executable]
    field.main([str(tmp_path / "truth.csv"), *common, *more])
    printed = capsys.readouterr().out
    assert "| pen | 2 |" in printed and "| all | 3 |" in printed and "peer right" in printed
    cases = json.loads((tmp_path / "field.json").read_text())[tmp_path.name]["cases"]
    assert [one["path"] for one in cases] == ["a.png", "b.png", "c.png"]
    assert all(one["peer"] == {"text": "12", "confidence": 0.5} for one in cases)
    failed = {one["kind"] for one in cases if one["text"] != one["truth"]}
    drawn = {path.name for path in (tmp_path / "sheets" / tmp_path.name).glob("*.png")}
    assert drawn == {f"fails-{kind}-1.png" for kind in failed}


def test_a_peer_that_fails_is_one_sentence(tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match="cannot be run"):
        peer.read_with_peer(tmp_path / "python", [tmp_path / "a.png"])
    script = tmp_path / "peer.py"
    script.write_text("raise RuntimeError('no such model')")
    monkeypatch.setattr(peer, "SCRIPT", script)
    with pytest.raises(SystemExit, match="the peer failed: RuntimeError: no such model"):
        peer.read_with_peer(sys.executable, [tmp_path / "a.png"])


def test_tables_that_are_not_there_are_one_sentence(tmp_path):
    with pytest.raises(SystemExit, match="holds none of field, drawn"):
        field.default_tables(tmp_path)
