"""The README says what is: commands, options, keys, exit codes and files that it names exist, and none is left out."""

import dataclasses
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import typer.main

from pipeline.commands import codes
from pipeline.commands.main import app
from pipeline.reading.result import Digit, Reading

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
SHIPPED = (ROOT / "pipeline" / "weights" / "shipped.npz").exists()
GROUP = typer.main.get_command(app)


def all_commands(group=GROUP, path=()):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from all_commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(all_commands())


def options_of(command):
    return {option for parameter in command.params for option in parameter.opts if option.startswith("--")}


def find_command(words):
    """The command that a list of words after `digitstring` names, and the words left."""
    for path, command in COMMANDS.items():
        if tuple(words[: len(path)]) == path:
            return path, command, words[len(path) :]
    return (), GROUP, words


def code_blocks():
    return re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def readme_calls():
    """The words after each `digitstring` in the README's code."""
    code = "\n".join(code_blocks()) + "\n" + "\n".join(re.findall(r"`(digitstring [^`]+)`", README))
    for line in code.splitlines():
        words = shlex.split(line, comments=True)
        for k, word in enumerate(words):
            if word.rsplit("/", 1)[-1] == "digitstring":
                yield words[k + 1 :]


@pytest.mark.parametrize("words", readme_calls_list := list(readme_calls()), ids=" ".join)
def test_commands_and_options_in_the_readme_exist(words):
    path, command, rest = find_command(words)
    named = {word for word in rest if word.startswith("--")}
    assert path or named or words == ["evaluate"], f"no such command: {words}"
    assert named <= options_of(command) | {"--help", "--install-completion", "--show-completion"}


def test_every_command_and_option_is_in_the_readme():
    assert len(readme_calls_list) > 20
    used = {}
    for words in readme_calls_list:
        path, _, rest = find_command(words)
        used.setdefault(path, set()).update(rest)
    used[("batch",)] |= set(re.findall(r"`(--[a-z-]+)`", re.search("`batch` also takes.*?\n\n", README, re.S)[0]))
    for path, command in COMMANDS.items():
        assert path in used, f"the README does not show {' '.join(path)}"
        assert options_of(command) - {"--help"} - used[path] == set(), f"{' '.join(path)}: options not shown"


def test_help_examples_name_options_that_exist():
    for path, command in COMMANDS.items():
        for example in command.epilog.split(": ", 1)[1].split("; "):
            _, found, rest = find_command(shlex.split(example)[1:])
            assert found is command, path
            assert {word for word in rest if word.startswith("--")} <= options_of(command), path


def table_keys(heading):
    section = README.split(heading, 1)[1].split("\n#", 1)[0]
    return [row.split("|")[1].strip().strip("`") for row in section.splitlines() if row.startswith("| ")][1:]


def test_json_keys():
    keys = [field.name for field in dataclasses.fields(Reading)]
    assert table_keys("### The JSON of a reading") == ["file", *keys]
    for field in dataclasses.fields(Digit):
        assert f"`{field.name}`" in README


def test_exit_codes():
    known = [codes.ACCEPTED, codes.UNSURE, codes.USAGE, codes.UNREADABLE, codes.NO_WEIGHTS]
    assert table_keys("### Exit codes") == [str(code) for code in known] == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("name", ["use", "test"])
def test_the_lines_to_paste_are_one_line_each(name):
    block = re.search(rf"<!-- paste: {name} -->\n```sh\n(.*?)```", README, re.DOTALL)
    assert block and block[1].count("\n") == 1
    subprocess.run(["bash", "-n", "-c", block[1]], check=True)


def test_python_example_compiles():
    for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        compile(block, "README.md", "exec")


@pytest.mark.skipif(not SHIPPED, reason="pictures and figures come with the shipped weights")
def test_nothing_is_left_to_come():
    names = re.findall(r"\]\(([^):#]+)\)", README) + [
        f"benchmarks/{name.replace('.', '/')}.py" for name in re.findall(r"python -m benchmarks\.([\w.]+\w)", README)
    ]
    missing = [name for name in [*names, "examples/amount.png"] if not (ROOT / name).exists()]
    assert missing == [] and "FIGURES" not in README
