"""The commonest call without typer: which call that is, and that it does what the command does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from pipeline.commands.program import plain_files

FAKE = Path(__file__).with_name("fake_cli.py")


@pytest.mark.parametrize(
    "arguments, files",
    [
        (["read", "a.png"], ["a.png"]),
        (["read", "--json", "a.png", "b.png"], ["a.png", "b.png"]),
        (["read", "-"], ["-"]),
        (["read", "a.png", "--json"], ["a.png"]),
        (["read"], None),
        (["read", "--json"], None),
        (["read", "--help"], None),
        (["read", "-q", "a.png"], None),
        (["read", "--", "-a.png"], None),
        (["read", "--format", "amount", "a.png"], None),
        (["batch", "a"], None),
        ([], None),
    ],
)
def test_a_plain_call_has_files_and_no_option_but_json(arguments, files):
    assert plain_files(arguments) == files


def ended(folder: Path, *arguments: str, input: bytes | None = None, **where) -> tuple[int, bytes, bytes]:
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | where
    result = subprocess.run([sys.executable, str(FAKE), *arguments], cwd=folder, input=input, **streams)
    return result.returncode, result.stdout, result.stderr


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    picture = Image.new("L", (20, 10), 255)
    picture.putpixel((3, 3), 0)
    for name in ("12.png", "34.png", "bug.png"):
        picture.save(tmp_path / name)
    (tmp_path / "bad.png").write_bytes(b"no picture")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["12.png"],
        ["--json", "12.png"],
        ["12.png", "34.png", "missing.png"],
        ["??.png"],
        ["bad.png"],
        ["bug.png", "--json"],
    ],
)
def test_both_ways_print_and_end_the_same(pictures, arguments):
    assert ended(pictures, "read", *arguments) == ended(pictures, "read", *arguments, "--quiet")


@pytest.mark.slow
def test_both_ways_read_standard_input(pictures):
    content = (pictures / "12.png").read_bytes()
    assert ended(pictures, "read", "-", input=content) == ended(pictures, "read", "-", "--quiet", input=content)


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device that is always full")
def test_both_ways_end_where_nothing_can_be_written(pictures):
    with open("/dev/full", "wb") as full:
        plain = ended(pictures, "read", "12.png", stdout=full)
    with open("/dev/full", "wb") as full:
        assert ended(pictures, "read", "12.png", "--quiet", stdout=full) == plain
    assert plain[0] == 5
