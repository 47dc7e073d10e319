"""The README is short and says what is; the keys and exit codes of docs/reading.md are those of the code."""

import dataclasses
import re
import subprocess

import pytest

from pipeline.commands import codes
from pipeline.reading.result import Digit, Reading
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


def table_keys(heading):
    section = READING.split(heading, 1)[1].split("\n#", 1)[0]
    return [row.split("|")[1].strip().strip("`") for row in section.splitlines() if row.startswith("| ")][1:]


def test_json_keys():
    keys = [field.name for field in dataclasses.fields(Reading)]
    assert table_keys("## The JSON of a reading") == ["file", *keys]
    for field in dataclasses.fields(Digit):
        assert f"`{field.name}`" in READING


def test_exit_codes():
    known = [codes.ACCEPTED, codes.UNSURE, codes.USAGE, codes.UNREADABLE, codes.NO_WEIGHTS, codes.UNWRITABLE]
    assert table_keys("## Exit codes") == [str(code) for code in known] == ["0", "1", "2", "3", "4", "5"]
