"""The README is short and says what is; the keys and exit codes of docs/reading.md are those of the code."""

import json
import re
import subprocess

import pytest

from pipeline import answers
from pipeline.commands import codes
from pipeline.reading.field_reader import SHIPPED
from tests.docs.pages import ROOT, blocks, text_of

README = text_of("README.md")
READING = text_of("docs/reading.md")


def test_the_readme_is_short():
    assert README.count("\n") <= 150


@pytest.mark.parametrize("name", ["use", "test"])
def test_the_lines_to_paste_are_one_line_each(name):
    block = re.search(rf"<!-- paste: {name} -->\n```sh\n(.*?)```", README, re.DOTALL)
    assert block and block[1].count("\n") == 1
    subprocess.run(["bash", "-n", "-c", block[1]], check=True)


def test_the_example_of_the_library_runs_and_reads_what_the_example_says(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    [block] = blocks("README.md", "python")
    exec(compile(block, "README.md", "exec"), {})
    text, confidence, accepted = capsys.readouterr().out.split()
    assert text == "1250" and 0 < float(confidence) < 1 and accepted in ("True", "False")


def table(heading):
    """The cells of the table below a heading of docs/reading.md."""
    section = READING.split(heading, 1)[1].split("\n#", 1)[0]
    rows = [row.strip("| ").split(" | ") for row in section.splitlines() if row.startswith("| ")]
    return {key.strip("`"): meaning for key, meaning in rows[1:]}


def test_json_keys():
    """Links aside, the page says of each key what the description of the service says."""
    page = table("## The JSON of a reading").items()
    said = {key: re.sub(r" \(\[.*?\]\(.*?\)\)", "", words) for key, words in page}
    assert said == answers.FILE | answers.READING


def test_exit_codes():
    assert list(table("## Exit codes")) == [str(code) for code in sorted(codes.PRIORITY)]
    assert sorted(codes.PRIORITY) == list(range(7))


def test_the_ceiling_is_that_of_the_shipped_card():
    ceiling = json.loads(SHIPPED.with_suffix(".json").read_text())["calibration"]["ceiling"]
    assert f"{ceiling:.3f} as shipped" in README and f"{ceiling:.3f} in the shipped weights" in READING
