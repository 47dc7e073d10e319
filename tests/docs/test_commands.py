"""Every command line in the documentation is one that the program, a benchmark or a module takes."""

import argparse
import importlib
import re
import shlex
import sys
import tomllib

import pytest
import typer.main

from pipeline.commands.main import app
from scripts.cli_reference import PAGE, parameters, reference
from scripts.cli_reference import commands as registered
from tests.docs.pages import PAGES, ROOT, blocks, calls, inline, text_of

GROUP = typer.main.get_command(app)
COMMANDS = dict(registered())
ROOT_OPTIONS = {"--version", "--help", "--install-completion", "--show-completion"}


def split(words):
    """The path of the command that words name, and the words left."""
    return next(((words[:n], words[n:]) for n in (2, 1) if tuple(words[:n]) in COMMANDS), ([], words))


def parse(words):
    """Parses as the command line does: SystemExit or an error of usage where it would not be taken."""
    path, rest = split(words)
    if not path:
        assert words and set(words) <= ROOT_OPTIONS, f"no such command: {words}"
        return
    command = GROUP
    for word in path:
        command = command.commands[word]
    command.make_context(" ".join(path), list(rest))


def named(value):
    return value if isinstance(value, str) else " ".join(value)


FULL = [(page, words) for page in PAGES for words in calls(page, "digitstring") + calls(page, "python cli.py")]
MODULES = [
    (page, words[0], words[1:])
    for page in PAGES
    for words in calls(page, "python -m")
    if words[0] not in ("venv", "pip")
]
INLINE_MODULES = [(page, *code.split()[2:]) for page in PAGES for code in inline(page, "python -m ")]


@pytest.mark.parametrize(("page", "words"), FULL, ids=named)
def test_every_call_is_taken(page, words):
    parse(words)


@pytest.mark.parametrize("page", PAGES)
def test_commands_stand_in_shell_blocks(page):
    """Where they are tested: not in blocks of no language, nor in indented ones."""
    loose = [line for block in blocks(page, "") for line in block.splitlines()]
    loose += re.findall(r"^    (.*)$", text_of(page), re.MULTILINE)
    assert [line for line in loose if re.match(r"(python3?|pip|digitstring|npm) ", line)] == []


def test_there_are_calls_of_every_command():
    used = {tuple(split(words)[0]) for _, words in FULL}
    assert len(FULL) > 60 and set(COMMANDS) <= used


@pytest.mark.parametrize("page", PAGES)
def test_commands_named_in_sentences_exist_with_their_options(page):
    for code in inline(page, "digitstring "):
        path, rest = split(shlex.split(code)[1:])
        known = {each.name for each in parameters(COMMANDS[tuple(path)].callback)} if path else ROOT_OPTIONS
        assert path or set(rest) <= ROOT_OPTIONS or rest[0] in {"COMMAND", *GROUP.commands}, code
        assert {word for word in rest if word.startswith("--")} <= known | {"--help"}, code


def test_examples_of_the_help_are_taken():
    for path, command in COMMANDS.items():
        for example in command.epilog.removeprefix("Example: ").split("; "):
            words = shlex.split(example)[1:]
            assert tuple(split(words)[0]) == path
            parse(words)


class Parsed(Exception):
    """The command line was understood; nothing is to be run."""


def run_to_the_options(module, words, monkeypatch):
    parse_args = argparse.ArgumentParser.parse_args

    def stop(self, *given, **named):
        parse_args(self, *given, **named)
        raise Parsed

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", stop)
    monkeypatch.setattr(sys, "argv", [module, *words])
    with pytest.raises(Parsed):
        importlib.import_module(module).main()


@pytest.mark.parametrize(
    ("page", "module", "words"),
    [*MODULES, *((page, module, words) for page, module, *words in INLINE_MODULES)],
    ids=named,
)
def test_every_module_takes_its_options(page, module, words, monkeypatch):
    if not module.startswith(("benchmarks", "pipeline.")):
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file() or module in {"pytest", "pipeline"}
        return
    run_to_the_options(module, words, monkeypatch)


def test_every_extra_that_is_named_exists():
    extras = tomllib.loads(text_of("pyproject.toml"))["project"]["optional-dependencies"]
    named = {
        name for page in PAGES for names in re.findall(r"\[([a-z,]+)\]'", text_of(page)) for name in names.split(",")
    }
    assert len(named) >= 4 and named <= set(extras)


def test_the_reference_of_commands_is_what_the_commands_say():
    assert PAGE.read_text(encoding="utf-8") == reference(), "run: python -m scripts.cli_reference"


def test_python_examples_compile():
    for page in PAGES:
        for block in blocks(page, "python"):
            if ">>>" not in block:
                compile(block, page, "exec")
