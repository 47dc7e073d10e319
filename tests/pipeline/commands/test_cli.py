"""The command line inside this process, with a Reader that reads file names (fake_cli.py)."""

import json
import os
import re
import sys
import types
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import pipeline
from pipeline.commands.codes import worst
from pipeline.commands.main import app
from pipeline.errors import ImageError
from pipeline.reading.result import Reading
from pipeline.reading.result_parts import Digit
from tests.pipeline.commands import fake_cli

PIXELS = np.arange(48, dtype=np.uint8).reshape(6, 8)
KEYS = ["text", "confidence", "accepted", "digits", "alternatives", "rounds"]


@pytest.fixture(autouse=True)
def fake_reader(monkeypatch):
    fake_cli.install(monkeypatch)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Images with names that are their truth; the current folder."""
    for name in ("12.png", "305.png", "4711.png"):
        Image.fromarray(PIXELS).save(tmp_path / name)
    Image.new("L", (9, 9), 255).save(tmp_path / "blank8.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments, **options):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], **options)


def confidence(text):
    import zlib

    return zlib.crc32(text.encode()) % 1000 / 1000


def test_one_image_prints_its_text(folder):
    result = run("read", "12.png", "--threshold", 0)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "12\n", "")


@pytest.mark.parametrize("asked", [None, "", "auto"])
@pytest.mark.parametrize("pictures, engine", [(20, "numpy"), (21, None)])
def test_few_pictures_are_read_with_numpy_and_nobody_else_is_told_so(folder, monkeypatch, pictures, engine, asked):
    """Readers that the same process makes later choose for themselves."""
    monkeypatch.delenv("DIGITSTRING_ENGINE", raising=False)
    if asked is not None:
        monkeypatch.setenv("DIGITSTRING_ENGINE", asked)
    seen = []
    begin = fake_cli.FakeReader.__init__

    def noting(self, *arguments, **named):
        seen.append(os.environ.get("DIGITSTRING_ENGINE"))
        begin(self, *arguments, **named)

    monkeypatch.setattr(fake_cli.FakeReader, "__init__", noting)
    run("read", *["12.png"] * pictures)
    assert seen == [asked or engine or asked] and os.environ.get("DIGITSTRING_ENGINE") == asked


def test_several_images_print_a_line_each(folder):
    result = run("read", "12.png", "305.png")
    assert result.stdout == f"12.png\t12\t{confidence('12'):.4f}\n305.png\t305\t{confidence('305'):.4f}\n"


def test_globs_are_sorted_and_names_with_wildcards_are_files_first(folder):
    Image.fromarray(PIXELS).save(folder / "[9].png")
    assert [line.split("\t")[0] for line in run("read", "[34]*.png").stdout.splitlines()] == [
        "305.png",
        "4711.png",
    ]
    assert run("read", "[9].png").stdout == "9\n"
    result = run("read", "no*.png", "12.png")
    assert result.exit_code == 3 and "no*.png: no such file" in result.stderr and "12.png\t12" in result.stdout


def test_standard_input(folder):
    data = (folder / "12.png").read_bytes()
    assert run("read", "-", input=data).stdout == "7\n"
    assert json.loads(run("read", "-", "--json", input=data).stdout)["file"] == "-"
    assert run("read", "-", input=b"").exit_code == 3


def test_json_has_the_fields_of_a_reading(folder):
    lines = run("read", "--json", "12.png", "blank8.png", "missing.png").stdout.splitlines()
    read, blank, missing = (json.loads(line) for line in lines)
    assert list(read) == list(blank) == ["file", *KEYS]
    assert (read["file"], read["text"], len(read["alternatives"])) == ("12.png", "12", 3)
    assert (blank["text"], blank["confidence"], blank["accepted"]) == (None, 0, False)
    assert list(missing) == ["file", "error"] and "no such file" in missing["error"]


def test_nothing_read_is_an_empty_line_and_below_the_threshold(folder):
    result = run("read", "blank8.png", "--threshold", 0)
    assert (result.exit_code, result.stdout) == (1, "\n")


def test_alternatives(folder):
    lines = [line.split("\t") for line in run("read", "12.png", "--alternatives", 2).stdout.splitlines()]
    assert [line[0] for line in lines] == ["12", "1000", "1001"]
    assert all(0 <= float(line[1]) <= 1 for line in lines)
    assert json.loads(run("read", "12.png", "--json", "--alternatives", 0).stdout)["alternatives"] == []


def test_a_format_that_nothing_fits_says_so(folder):
    result = run("read", "12.png", "305.png", "--format", "digits:3")
    assert result.stdout.splitlines()[0] == "12.png\t\t0.0000" and "305.png\t305" in result.stdout
    assert result.stderr == "digitstring: 12.png: nothing here fits digits:3\n" and result.exit_code == 1
    lines = run("read", "12.png", "305.png", "--json", "--format", "digits:3").stdout.splitlines()
    none, read = (json.loads(line) for line in lines)
    assert list(none) == ["file", *KEYS, "format", "note"] and list(read) == ["file", *KEYS, "format"]
    assert (none["text"], none["format"], read["text"]) == (None, "digits:3", "305")


@pytest.mark.parametrize(
    "command",
    [
        ["read", "12.png"],
        ["batch", ".", "--out", "out.csv"],
        ["evaluate", "truth.csv"],
        ["explain", "12.png", "--out", "out.png"],
    ],
)
def test_every_reading_command_knows_formats(truth, command):
    result = run(*command, "--format", "digts:3")
    assert result.exit_code == 2 and "digits:3-6" in result.stderr and not Path("out.csv").exists()
    if command[0] != "explain":
        assert run(*command, "--format", r"\d{1,4}").exit_code in (0, 1)


@pytest.mark.parametrize(
    "arguments, code",
    [
        (["12.png", "--threshold", "0"], 0),
        (["12.png", "--threshold", "1"], 1),
        (["12.png", "missing.png", "--threshold", "1"], 3),
        (["missing.png", "12.png", "--threshold", "0"], 3),
        ([], 2),
        (["12.png", "--threshold", "1.5"], 2),
        (["12.png", "--threshold", "high"], 2),
        (["12.png", "--threshold", "0.5", "--max-error", "0.01"], 2),
        (["12.png", "--max-error", "0.0001"], 2),
        (["missing.png", "--max-error", "0.0001"], 2),
        (["12.png", "--colour"], 2),
        (["missing.png", "--weights", "no.npz"], 4),
        (["."], 3),
    ],
)
@pytest.mark.slow
def test_exit_codes_of_read(folder, arguments, code):
    result = run("read", *arguments)
    assert result.exit_code == code
    assert "Traceback" not in result.output and (code < 2 or result.stderr)


def test_the_worst_code_wins():
    assert worst(set()) == 0
    for codes, code in [({0, 1}, 1), ({1, 3}, 3), ({1, 2, 3}, 2), ({0, 1, 2, 3, 4}, 4)]:
        assert worst(codes) == code


@pytest.mark.parametrize("command", [["evaluate", "truth.csv"], ["batch", ".", "--out", "out.csv"]])
def test_every_command_can_be_quiet(truth, command):
    assert run(*command, "-q").stderr == ""
    both = run(*command, "--quiet", "--verbose")
    assert both.exit_code == 2 and "choose one" in both.stderr


def test_faults_of_ours_are_named_as_such(folder):
    Image.fromarray(PIXELS).save(folder / "bug.png")
    result = run("read", "bug.png", "12.png")
    assert result.exit_code == 3 and "internal error (IndexError" in result.stderr and "12.png" in result.stdout


def test_batch_writes_and_sums_up(folder):
    (folder / "broken.png").write_bytes(b"no image")
    result = run("batch", ".", "--out", "out.jsonl")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "5 images" in result.stderr and "1 unreadable" in result.stderr
    records = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    assert [record["file"] for record in records] == sorted(record["file"] for record in records)
    assert [list(record) for record in records if record["file"] == "broken.png"] == [["file", "error"]]


@pytest.mark.parametrize(
    "arguments, code, words",
    [
        (["missing", "--out", "out.csv"], 3, "no such folder"),
        (["12.png", "--out", "out.csv"], 3, "is a file"),
        ([".", "--out", "out.txt"], 2, ".jsonl or .csv"),
        ([".", "--out", "old.csv"], 2, "--resume"),
        ([".", "--out", "old.csv", "--resume", "--force"], 2, "choose one"),
        ([".", "--out", "no/out.csv"], 2, "cannot be written"),
        ([".", "--out", "old.csv", "--resume"], 3, "not a record"),
        ([".", "--out", "old.csv", "--force", "--weights", "no.npz"], 4, "no such weights"),
        ([".", "--out", "empty/../out.csv", "--workers", "0"], 2, "--workers"),
        (["empty", "--out", "out.csv"], 3, "no image"),
    ],
)
def test_batch_refuses_before_it_touches_anything(folder, arguments, code, words):
    (folder / "empty").mkdir()
    (folder / "old.csv").write_text("my notes\n")
    result = run("batch", *arguments)
    assert result.exit_code == code and words in result.stderr
    assert (folder / "old.csv").read_text() == "my notes\n" and not (folder / "out.csv").exists()


@pytest.fixture
def truth(folder):
    (folder / "truth.csv").write_text("file,text\n12.png,12\n305.png,306\n4711.png,4711\nblank8.png,8\n")
    return folder / "truth.csv"


def test_evaluate_prints_json_and_a_table(truth):
    result = run("evaluate", truth, "--json")
    figures = json.loads(result.stdout)
    assert (result.exit_code, figures["images"], figures["string_accuracy"]) == (0, 4, 0.5)
    table = run("evaluate", truth).stdout
    assert "50.0%" in table and "calibration error" in table


def test_evaluate_finds_files_and_refuses_bad_tables(truth, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "t.csv").write_text("file,text\n12.png,12\n")
    assert run("evaluate", elsewhere / "t.csv").exit_code == 3
    assert run("evaluate", elsewhere / "t.csv", "--images", tmp_path).exit_code == 0


def test_evaluate_counts_unreadable_images_as_wrong(truth, tmp_path):
    (tmp_path / "12.png").write_bytes(b"")
    result = run("evaluate", truth, "--json", "--readings", tmp_path / "r.jsonl")
    assert result.exit_code == 3 and "empty" in result.stderr
    assert json.loads(result.stdout)["string_accuracy"] == 0.25
    assert len((tmp_path / "r.jsonl").read_text().splitlines()) == 4


def test_evaluate_readings_must_be_writable(truth):
    assert run("evaluate", truth, "--readings", "no/such/folder.jsonl").exit_code == 2


def test_one_array_of_all_records(folder):
    lines = run("read", "--json-array", "12.png", "missing.png").stdout
    assert [record["file"] for record in json.loads(lines)] == ["12.png", "missing.png"]
    assert lines.count("\n") == 4  # a record a line
    assert run("read", "--json", "--json-array", "12.png").exit_code == 2


def test_of_an_amount_what_is_written_is_printed(folder, monkeypatch):
    digits = tuple(Digit(digit, 0.9, (k, 0, k + 1, 1)) for k, digit in enumerate("314"))
    amount = Reading("314", 0.9, True, digits, (), 1, "amount", None, "3.14", Decimal("3.14"))
    monkeypatch.setattr(fake_cli.FakeReader, "read", lambda self, image: amount)
    assert run("read", "12.png").stdout == "3.14\n"
    assert run("read", "12.png", "305.png").stdout.splitlines()[0] == "12.png\t3.14\t0.9000"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("https://example.org/a.png", "is a URL"),
        ("s3://bucket/a.png", "is a URL"),
        ("", "an empty name"),
        ("no such.png", "no such file"),
    ],
)
def test_names_that_are_no_files_are_told_apart(folder, name, words):
    result = run("read", name)
    assert result.exit_code == 3 and words in result.stderr and result.stderr.count("\n") == 1


def test_a_sentence_without_a_name_gets_the_name(folder, monkeypatch):
    def unfitting(self, image):
        raise ImageError("the template does not fit this page")

    monkeypatch.setattr(fake_cli.FakeReader, "read", unfitting)
    assert run("read", "12.png").stderr == "digitstring: 12.png: the template does not fit this page\n"


def test_explain_overwrites_nothing_unasked_and_never_its_input(folder, monkeypatch):
    module = types.ModuleType("pipeline.explaining.picture")
    module.draw_explanation = lambda trace, reading, threshold: Image.new("RGB", (3, 2))
    monkeypatch.setitem(sys.modules, "pipeline.explaining.picture", module)
    (folder / "other.png").write_text("mine")
    (folder / "link.png").symlink_to(folder / "12.png")
    before = (folder / "12.png").read_bytes()
    assert run("explain", "12.png", "--out", "other.png").exit_code == 2
    assert (folder / "other.png").read_text() == "mine"
    for out in ("12.png", "./12.png", "link.png"):
        refused = run("explain", "12.png", "--out", out, "--force")
        assert refused.exit_code == 2 and "is what is read here" in refused.stderr
    assert (folder / "12.png").read_bytes() == before
    assert run("explain", "12.png", "--out", "other.png", "--force").exit_code in (0, 1)
    with Image.open("other.png") as picture:
        assert picture.size == (3, 2)


def test_explain_writes_a_picture(folder, monkeypatch):
    module = types.ModuleType("pipeline.explaining.picture")
    module.draw_explanation = lambda trace, reading, threshold: Image.new("RGB", trace.grey.shape[::-1])
    monkeypatch.setitem(sys.modules, "pipeline.explaining.picture", module)
    result = run("explain", "12.png", "--out", "picture.png", "--threshold", 0)
    assert (result.exit_code, result.stdout) == (0, "")
    with Image.open("picture.png") as picture:
        assert picture.size == (8, 6)
    assert run("explain", "12.png", "--out", "picture.xyz").exit_code == 2
    assert run("explain", "missing.png", "--out", "other.png").exit_code == 3
    assert not Path("other.png").exists() and not list(folder.glob("*.part"))


def commands(group=None, path=()):
    import typer.main

    group = group or typer.main.get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        yield (*path, name)


@pytest.mark.parametrize("path", [(), *commands()], ids=" ".join)
def test_every_help_has_an_example(path):
    result = run(*path, "--help")
    assert result.exit_code == 0 and re.search(f"Examples?: digitstring {' '.join(path)}", result.stdout)


def test_the_version_is_the_one_of_the_package():
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"digitstring {pipeline.__version__}\n")


def test_no_arguments_show_the_help():
    assert "Commands" in run().output
