"""Real pictures of numbers with their text."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.data.real_strings import load_register_numbers, register_folder
from pipeline.errors import DataError

REAL = Path(os.environ.get("DIGITSTRING_DATA") or "data")


def write_folder(folder: Path, rows: str, names: tuple[str, ...] = ("a.png", "b.png")) -> Path:
    (folder / "images").mkdir(parents=True)
    for number, name in enumerate(names):
        Image.fromarray(np.full((20, 30 + number), 100 + number, np.uint8)).save(folder / "images" / name)
    (folder / "truth.csv").write_text(rows)
    return folder


def test_pictures_come_with_their_text_and_page(tmp_path):
    folder = write_folder(tmp_path / "strings" / "register-numbers", "file,text,page\na.png,26,1\nb.png,1067,4\n")
    assert register_folder(tmp_path) == folder == register_folder(tmp_path / "strings")
    first, second = load_register_numbers(folder)
    assert (first.text, first.page, second.text, second.page) == ("26", "1", "1067", "4")
    assert first.image.shape == (20, 30) and first.image.dtype == np.uint8 and set(first.image.ravel()) == {100}


def test_the_test_pages_are_another_folder(tmp_path):
    write_folder(tmp_path / "strings" / "register-numbers-test", "file,text,page\na.png,26,1\n")
    assert register_folder(tmp_path) is None


@pytest.mark.parametrize("row", ["a.png,2x,1", ",26,1", "a.png,26", "gone.png,26,1"])
def test_a_wrong_row_is_named(tmp_path, row):
    folder = write_folder(tmp_path / "r", f"file,text,page\nb.png,7,1\n{row}\n")
    with pytest.raises(DataError, match=r"truth\.csv, line 3"):
        load_register_numbers(folder)


def test_a_folder_without_rows_is_refused(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        load_register_numbers(tmp_path)
    with pytest.raises(DataError, match="no rows"):
        load_register_numbers(write_folder(tmp_path / "r", "file,text,page\n"))


@pytest.mark.skipif(register_folder(REAL if REAL.is_dir() else None) is None, reason="needs DIGITSTRING_DATA")
def test_the_real_ones():
    strings = load_register_numbers(register_folder(REAL))
    assert len(strings) == 1788 and len({string.page for string in strings}) > 5
    assert all(1 <= len(string.text) <= 4 for string in strings)
