"""Errors carry facts: what is wrong, and what may be done about it; a library names no option of the commands."""

import ast
import pickle
import re
from pathlib import Path

import pytest

from pipeline.commands.words import OPTIONS, sentence_of
from pipeline.errors import DataError, Remedy, UsageError

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = [
    path
    for package in ("segmenter", "classifier", "pipeline")
    for path in sorted((ROOT / package).rglob("*.py"))
    if "commands" not in path.parts
]


def test_an_error_is_one_sentence_for_a_program_and_for_a_command():
    error = UsageError("a.npz: is there already", Remedy.OTHER_OUTPUT, Remedy.REPLACE)
    assert str(error) == "a.npz: is there already; name another output or let it be replaced"
    assert sentence_of(error) == "a.npz: is there already; --out names another or --force replaces it"
    assert str(DataError("x: is empty")) == sentence_of(DataError("x: is empty")) == "x: is empty"


def test_every_remedy_has_words_with_an_option_at_the_edge():
    assert set(OPTIONS) == set(Remedy)
    assert all(re.search(r"--[a-z]+", words) for words in OPTIONS.values())
    assert not any("--" in remedy.value for remedy in Remedy)


def test_what_a_worker_process_sends_is_the_same_error():
    error = pickle.loads(pickle.dumps(DataError("x: is empty", Remedy.DATA)))
    assert (error.problem, error.remedies, error.exit_code) == ("x: is empty", (Remedy.DATA,), 3)


def texts(source):
    """The strings of a module that are no docstrings."""
    tree = ast.parse(source)
    said = [node for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
    docs = {id(node.value) for node in said}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


# answers.py describes the keys of JSON for docs/reading.md, by the option that asks for them.
@pytest.mark.parametrize(
    "path",
    [path for path in LIBRARY if path.name != "answers.py"],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
@pytest.mark.slow
def test_messages_of_the_library_name_no_option(path):
    source = path.read_text(encoding="utf-8")
    if "argparse" not in source:  # else a program of its own, with options of its own
        assert [text for text in texts(source) if re.search(r"(?<![\w-])--[a-z]", text)] == []
