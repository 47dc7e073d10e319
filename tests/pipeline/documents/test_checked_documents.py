"""Cross-checks of a template, through the command: a form that fits, and one on which nothing does."""

import csv
import json

import pytest
from PIL import Image, ImageDraw, ImageFont
from typer.testing import CliRunner

from pipeline.commands.main import app

pytestmark = pytest.mark.slow
FITS = ("125", "375", "500", "4711", "4711", "12082015")
DOES_NOT = ("125", "375", "600", "4711", "4712", "12082099")
CHECKS = """
[[check]]
sum = ["field-01", "field-02"]
total = "field-03"
[[check]]
same = ["field-04", "field-05"]
[[check]]
past = "field-06"
"""


def draw_form(path, values):
    """A page with a printed box for each value, and what is printed in it."""
    page = Image.new("L", (1240, 1754), 255)
    draw = ImageDraw.Draw(page)
    for k, value in enumerate(values):
        top = 200 + 180 * k
        draw.text((80, top + 25), f"item {k + 1} of the form", 60, ImageFont.load_default(22))
        draw.rectangle((420, top, 900, top + 84), outline=0, width=3)
        draw.text((450, top + 12), value, 30, ImageFont.load_default(48))
    page.save(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Both forms in scans/, and the template of the first with checks."""
    folder = tmp_path_factory.mktemp("forms")
    (folder / "scans").mkdir()
    draw_form(folder / "scans" / "a.png", FITS)
    draw_form(folder / "scans" / "b.png", DOES_NOT)
    assert run("template", "new", folder / "scans" / "a.png", "--out", folder / "form.toml").exit_code == 0
    drafted = (folder / "form.toml").read_text()
    dated = drafted.replace('name = "field-06"', 'name = "field-06"\nformat = "date:DDMMYYYY"')
    (folder / "form.toml").write_text(dated + CHECKS)
    return folder


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_where_all_fits_nothing_is_said(folder):
    result = run("read", folder / "scans" / "a.png", "--template", folder / "form.toml", "--threshold", 0.6, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert [field["text"] for field in json.loads(result.stdout)["fields"]] == list(FITS)


def test_what_does_not_fit_is_said_of_every_field(folder):
    result = run("read", folder / "scans" / "b.png", "--template", folder / "form.toml", "--threshold", 0.6)
    assert result.exit_code == 1 and [line.split("\t")[1] for line in result.stdout.splitlines()] == list(DOES_NOT)
    said = [line.partition("b.png: ")[2] for line in result.stderr.splitlines()]
    assert said == [
        "field-01, field-02, field-03: does not fit: field-01 + field-02 = field-03",
        "field-04, field-05: does not fit: field-04 = field-05",
        "field-06: does not fit: field-06 is not in the future",
    ]


def test_a_batch_checks_too_and_none_that_does_not_fit_is_accepted(folder, tmp_path):
    out = tmp_path / "out.csv"
    command = ["batch", folder / "scans", "--out", out, "--template", folder / "form.toml", "--threshold", 0.6]
    assert run(*command).exit_code == 1
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert {row["accepted"] for row in rows if row["file"] == "a.png"} == {"true"}
    wrong = [row for row in rows if row["file"] == "b.png"]
    assert len(wrong) == 6 and {row["accepted"] for row in wrong} == {"false"}
    assert all(row["note"].startswith("does not fit: ") and float(row["confidence"]) <= 0.5 for row in wrong)
