"""Writes docs/cli.md, the reference of all commands, from the commands themselves; a test keeps it so.

    python -m scripts.cli_reference

It looks at the functions and their annotations, not at what `--help` prints: that depends on the version of typer.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import typer
from typer.models import ArgumentInfo

from pipeline.commands.main import app

PAGE = Path(__file__).resolve().parents[1] / "docs" / "cli.md"
HEAD = """# Commands

<!-- written by `python -m scripts.cli_reference`: change the commands in pipeline/commands/, not this page -->

`digitstring COMMAND --help` says the same. How commands end: [exit codes](reading.md#exit-codes).
"""
WORDS = {int: "N", float: "X", Path: "PATH", str: "TEXT"}


@dataclass(frozen=True)
class Parameter:
    """An argument or option of a command. value: what stands for its value, empty for a switch."""

    name: str
    value: str
    help: str
    default: str
    is_argument: bool
    required: bool

    def row(self) -> str:
        """Its row of the table of options."""
        shown = self.value if self.is_argument else f"{self.name} {self.value}".rstrip()
        cells = (shown.replace("|", "\\|"), self.help.replace("|", "\\|"), f"`{self.default}`" if self.default else "")
        return f"| `{cells[0]}` | {cells[1]} | {'(must be given)' if self.required else cells[2]} |"


def commands(group: typer.Typer = app, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The words of each command and what is registered for it (`callback`, `epilog`), groups opened."""
    for command in group.registered_commands:
        yield (*path, command.name or command.callback.__name__), command  # type: ignore[union-attr]
    for inner in group.registered_groups:
        yield from commands(inner.typer_instance, (*path, inner.name))  # type: ignore[arg-type]


def parameters(function: Callable[..., Any]) -> list[Parameter]:
    """The arguments and options of a command, in order."""
    hints = get_type_hints(function, include_extras=True)
    return [_parameter(each, hints[each.name]) for each in inspect.signature(function).parameters.values()]


def reference() -> str:
    """The page, as markdown."""
    return HEAD + "".join(_section(path, command) for path, command in commands())


def _parameter(parameter: inspect.Parameter, hint: Any) -> Parameter:
    inner, info = _unfold(hint)
    required = parameter.default is inspect.Parameter.empty
    is_argument = isinstance(info, ArgumentInfo)
    declared = [name for name in (info.default, *(info.param_decls or ())) if str(name).startswith("--")]
    name = declared[0] if declared else f"--{parameter.name.replace('_', '-')}"
    default = "" if required or parameter.default in (None, False) else _plain(parameter.default)
    word = parameter.name.upper() if is_argument else ""
    value = info.metavar or _value(inner, word)
    return Parameter(name, value, info.help or "", default, is_argument, required)


def _unfold(hint: Any) -> tuple[Any, Any]:
    """The type of an annotation, without None, and typer's notes on it."""
    info = None
    if get_origin(hint) is Annotated:
        hint, info, *_ = get_args(hint)
    kinds = [kind for kind in get_args(hint) if kind is not NoneType] if NoneType in get_args(hint) else [hint]
    return kinds[0], info


def _value(kind: Any, word: str) -> str:
    if get_origin(kind) is list:
        return f"{word or WORDS[get_args(kind)[0]]}..."
    if issubclass(kind, Enum):
        return "|".join(map(_plain, kind))
    return "" if kind is bool else word or WORDS[kind]


def _plain(value: Any) -> str:
    return str(value.value if isinstance(value, Enum) else value)


def _section(path: tuple[str, ...], command: Any) -> str:
    known = parameters(command.callback)
    usage = ["digitstring", *path, *(each.value for each in known if each.is_argument)]
    usage += [f"{each.name} {each.value}" for each in known if each.required and not each.is_argument]
    lines = ["", f"## {' '.join(path)}", "", f"`{' '.join([*usage, '[OPTIONS]'])}`", ""]
    lines += [inspect.getdoc(command.callback) or "", "", "| | | default |", "|---|---|---|"]
    lines += [each.row() for each in sorted(known, key=lambda each: not each.is_argument)]
    example = command.epilog.removeprefix("Example: ")
    return "\n".join([*lines, "", "```sh", example, "```", ""])


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
