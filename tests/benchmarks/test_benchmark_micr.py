"""The benchmark of MICR lines: what it draws has the check digits of its country, and is counted as read."""

import json

import numpy as np
import pytest

from benchmarks.accuracy import micr
from pipeline.documents.micr.line_formats import CMC7_FORMATS, E13B_FORMATS, recognise


@pytest.mark.parametrize(
    "country, formats, order",
    [
        ("_usa", E13B_FORMATS, 0),
        ("_india", E13B_FORMATS, 1),
        ("_france", CMC7_FORMATS, 0),
        ("_brazil", CMC7_FORMATS, 1),
    ],
)
def test_lines_are_as_their_country_has_them(country, formats, order):
    rng = np.random.default_rng(2)
    for _ in range(20):
        known = recognise(getattr(micr, country)(rng), formats)
        assert known is not None and known[0] is formats[order]
        assert all(known[0].fits(part, known[1]) for part in known[0].parts(known[1]))


def test_lines_are_drawn_read_and_counted(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(micr, "DOTS", (200,))
    micr.main(["--n", "3", "--out", str(tmp_path / "micr.json")])
    report = json.loads((tmp_path / "micr.json").read_text())
    assert [one["alphabet"] for one in report["results"]] == ["E-13B", "CMC-7"]
    lines = [line for one in report["results"] for line in one["lines"]]
    assert len(lines) == 6 and all(line["text"] == line["truth"] for line in lines)
    assert "| CMC-7 | 200 | 3 | 3 | 100.0%" in capsys.readouterr().out
