"""The pages of the project, and the command lines that stand in them."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str, *languages: str) -> list[str]:
    """The code blocks of these languages."""
    found = re.findall(r"^```(\w*)\n(.*?)^```", text_of(page), re.DOTALL | re.MULTILINE)
    return [block for language, block in found if language in languages]


def shell_lines(page: str) -> Iterator[list[str]]:
    """The words of each simple command in the page's shell blocks; pipes and && part commands."""
    for block in blocks(page, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;")
            lexer.whitespace_split = True
            words: list[str] = []
            for word in [*lexer, ";"]:
                if set(word) <= set("|&;"):
                    yield words
                    words = []
                else:
                    words.append(word)


def calls(page: str, program: str) -> list[list[str]]:
    """The words after each call of a program in the page's shell blocks, such as ["read", "a.png"] of `digitstring`."""
    first = program.split()
    found = []
    for words in shell_lines(page):
        while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):  # variables set for one command
            words = words[1:]
        named = [words[0].rsplit("/", 1)[-1], *words[1:]] if words else []
        if named[: len(first)] == first:
            found.append(named[len(first) :])
    return found


def inline(page: str, start: str) -> list[str]:
    """What stands between backticks in the text and begins with `start`."""
    text = re.sub(r"^```.*?^```", "", text_of(page), flags=re.DOTALL | re.MULTILINE)
    return [code for code in re.findall(r"`([^`\n]+)`", text) if code.startswith(start)]
