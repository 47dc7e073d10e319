"""Names of files on the command line; nothing that is there is replaced unasked, and what a command reads never."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from pipeline.commands.main import app
from pipeline.commands.saying import say

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"
WRITTEN = {"out", "readings"}  # parameters that name what is written
FOLDERS = {"review export"}  # writes a new folder, or fills an empty one, and no other


def leaves(command, path=()):
    for name, inner in getattr(command, "commands", {}).items():
        yield from leaves(inner, (*path, name))
    if not hasattr(command, "commands"):
        yield " ".join(path), {parameter.name for parameter in command.params}


def test_every_command_that_writes_a_file_asks_before_it_replaces_one():
    writing = {name: options for name, options in leaves(typer.main.get_command(app)) if WRITTEN & options}
    assert {"batch", "evaluate", "explain", "export", "threshold", "train", "adapt"} < writing.keys()
    assert {name for name, options in writing.items() if "force" not in options} == FOLDERS


def told(*arguments):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert "Traceback" not in result.output and result.stderr.count("\n") == 1
    return result.exit_code, result.stderr


@pytest.mark.parametrize("words", [("", "an empty name"), ("https://example.com/truth.csv", "is a URL, and no file")])
@pytest.mark.parametrize(
    "command",
    [
        ["explain", "NAME", "--out", "picture.png"],
        ["explain", "a.png", "--out", "NAME"],
        ["batch", "scans", "--out", "NAME"],
        ["evaluate", "NAME"],
        ["evaluate", "truth.csv", "--images=NAME"],
        ["read", "a.png", "--template", "NAME"],
        ["read", "a.png", "--weights", "NAME"],
        ["serve", "--templates", "NAME"],
        ["review", "purge", "NAME", "--before", "2026-01-31"],
        ["template", "new", "NAME", "--out", "form.toml"],
    ],
)
def test_names_that_are_no_files_are_no_folders_either(command, words):
    """Path would take an empty name for the current folder, and a slash away from a URL."""
    name, said = words
    code, sentence = told(*(word.replace("NAME", name) for word in command))
    assert code == 2 and said in sentence and f"{name or repr(name)}: " in sentence


def test_an_empty_name_of_a_folder_is_not_the_current_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(EXAMPLES / "date.png", tmp_path)
    assert told("batch", "", "--out", "out.csv")[0] == 2
    assert [path.name for path in tmp_path.iterdir()] == ["date.png"]


def test_names_change_no_terminal_and_look_like_no_other_line(capsys):
    say("a\x1b[31m\nb\x9b.png: is none")
    assert capsys.readouterr().err == "digitstring: a\\x1b[31m\\nb\\x9b.png: is none\n"


@pytest.fixture
def folder(tmp_path):
    for path in EXAMPLES.iterdir():
        shutil.copy(path, tmp_path)
    shutil.copy(ROOT / "pipeline" / "weights" / "shipped.npz", tmp_path / "w.npz")
    shutil.copy(ROOT / "pipeline" / "weights" / "shipped.json", tmp_path / "w.json")
    os.symlink(tmp_path / "truth.csv", tmp_path / "link.csv")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        "explain - --out date.png",  # from date.png
        "template new date.png --out date.png",
        "evaluate truth.csv --readings truth.csv",
        "evaluate truth.csv --readings link.csv",
        "threshold truth.csv --out truth.csv",
        "export w.npz --weights w.npz",
        "export w.json --weights w.npz",
    ],
)
def test_what_a_command_reads_is_never_replaced(folder, command):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with (folder / "date.png").open("rb") as given:
        ended = subprocess.run(
            [sys.executable, ROOT / "cli.py", *command.split(), "--force"],
            cwd=folder, stdin=given, capture_output=True, text=True,
        )  # fmt: skip
    assert ended.returncode == 2 and "is what is read here" in ended.stderr and ended.stderr.count("\n") == 1
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    ["evaluate truth.csv --readings mine", "threshold truth.csv --out mine", "template new date.png --out mine"],
)
def test_what_is_there_is_replaced_only_where_that_is_asked_for(folder, command):
    (folder / "mine").write_text("mine")
    ended = subprocess.run(
        [sys.executable, ROOT / "cli.py", *command.split()], cwd=folder, capture_output=True, text=True
    )
    assert ended.returncode == 2 and "--force" in ended.stderr
    assert (folder / "mine").read_text() == "mine"
