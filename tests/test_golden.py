"""The example pictures, drawn by the project itself: each is read, and by the shipped weights read rightly."""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.commands.main import app
from pipeline.images import load_grey
from pipeline.reading.field_reader import SHIPPED

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
TRUTH = EXAMPLES / "truth.csv"
TEXTS = {row["file"]: row["text"] for row in csv.DictReader(TRUTH.read_text().splitlines())} if TRUTH.exists() else {}

pytestmark = pytest.mark.skipif(not TEXTS, reason="no examples yet")
shipped = pytest.mark.skipif(not SHIPPED.exists(), reason="no shipped weights yet")


def read(*arguments):
    return CliRunner().invoke(app, ["read", "--json", *map(str, arguments)])


def test_every_picture_has_its_text_and_every_text_its_picture():
    assert {path.name for path in EXAMPLES.glob("*.png")} == TEXTS.keys()
    assert all(text.isdigit() for text in TEXTS.values())


@pytest.mark.parametrize("name", TEXTS)
def test_every_picture_is_read_as_something(name, random_weights):
    """Whatever the weights: a reading with boxes inside the picture, and exit code 0 or 1."""
    result = read(EXAMPLES / name, "--weights", random_weights)
    assert result.exit_code in (0, 1) and result.stderr == ""
    height, width = load_grey(EXAMPLES / name).shape
    record = json.loads(result.stdout)
    for digit in record["digits"]:
        left, top, right, bottom = digit["box"]
        assert 0 <= left < right <= width and 0 <= top < bottom <= height


@shipped
@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.slow
def test_the_shipped_weights_read_every_picture_rightly(name):
    result = read(EXAMPLES / name)
    record = json.loads(result.stdout)
    assert record["text"] == TEXTS[name]
    assert result.exit_code == (0 if record["accepted"] else 1) and result.stderr == ""
    lefts = [digit["box"][0] for digit in record["digits"]]
    assert lefts == sorted(lefts)


@shipped
def test_all_pictures_at_once():
    result = read(*(EXAMPLES / name for name in TEXTS))
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record["text"] for record in records] == list(TEXTS.values())
    assert result.exit_code == (0 if all(record["accepted"] for record in records) else 1)
