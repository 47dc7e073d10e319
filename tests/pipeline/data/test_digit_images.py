"""Lone digits from zips of pictures."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.data.digit_images import (
    DIGIT_IMAGES_SHA256,
    LARGEST,
    digit_image_files,
    load_bhmsds,
    load_swiss_numbers,
)
from pipeline.data.downloads import sha256_of
from pipeline.errors import DataError

REAL = Path(os.environ.get("DIGITSTRING_DATA") or "data")


def scan(size=(90, 100), box=(30, 20, 44, 80), paper=240, ink=150) -> np.ndarray:
    """A faint upright bar, left, top, right, bottom."""
    grey = np.full(size[::-1], paper, np.uint8)
    left, top, right, bottom = box
    grey[top:bottom, left:right] = ink
    return grey


def write_zip(path: Path, pictures: dict[str, np.ndarray]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, grey in pictures.items():
            stream = io.BytesIO()
            Image.fromarray(grey).save(stream, "PNG")
            archive.writestr(name, stream.getvalue())
    return path


def test_a_scan_is_brought_to_the_form_of_mnist(tmp_path):
    pictures = {
        "0003/1/number-5.png": scan(),
        "0020_CH1M/7/number-1.png": scan(box=(10, 40, 80, 55)),
        "README.md": scan(),
    }
    digits = load_swiss_numbers(write_zip(tmp_path / "swiss-numbers.zip", pictures))
    assert digits.labels.tolist() == [1, 7] and digits.writers.tolist() == [3, 20]
    upright, flat = ((image > 127).nonzero() for image in digits.images)
    assert np.ptp(upright[0]) + 1 == LARGEST and np.ptp(flat[1]) + 1 == LARGEST
    assert abs(upright[0].mean() - 13.5) <= 1 and abs(upright[1].mean() - 13.5) <= 1
    assert digits.images.max(axis=(1, 2)).min() > 240  # faint ink is black there


def test_pieces_of_neighbours_at_the_edge_are_left_out(tmp_path):
    grey = scan()
    grey[60:, 80:] = 120
    path = write_zip(tmp_path / "s.zip", {"0001/1/a.png": grey, "0001/1/b.png": scan()})
    images = load_swiss_numbers(path).images
    assert np.abs(images[0].astype(int) - images[1]).max() < 40


def test_writers_are_kept_or_left_out(tmp_path):
    path = write_zip(tmp_path / "s.zip", {f"{writer:04d}/{writer % 10}/a.png": scan() for writer in (1, 2, 20)})
    digits = load_swiss_numbers(path)
    assert digits.without((20, 21)).writers.tolist() == [1, 2]
    assert digits.only((20,)).labels.tolist() == [0]


def test_bhmsds_gives_digits_only(tmp_path):
    picture = scan((28, 28), (10, 4, 14, 24), paper=255, ink=0)
    names = ("3-0000.png", "9-1499.png", "w-0001.png", "slash-0001.png")
    digits = load_bhmsds(write_zip(tmp_path / "bhmsds.zip", dict.fromkeys(names, picture)))
    assert digits.labels.tolist() == [3, 9] and set(digits.writers) == {0}


@pytest.mark.parametrize("content", [b"", b"no zip at all"])
def test_damaged_files_are_named(tmp_path, content):
    path = tmp_path / "bhmsds.zip"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"bhmsds\.zip"):
        load_bhmsds(path)


def test_a_zip_without_digits_is_refused(tmp_path):
    with pytest.raises(DataError, match="holds no digits"):
        load_swiss_numbers(write_zip(tmp_path / "s.zip", {"a.png": scan()}))


def test_a_picture_that_is_none_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        archive.writestr("0001/1/a.png", b"nothing")
    with pytest.raises(DataError, match="damaged"):
        load_swiss_numbers(tmp_path / "s.zip")


def test_files_are_found_in_the_folder_or_below_digits(tmp_path, monkeypatch):
    monkeypatch.delenv("DIGITSTRING_DATA", raising=False)
    assert digit_image_files() == {}
    (tmp_path / "digits").mkdir()
    path = write_zip(tmp_path / "digits" / "bhmsds.zip", {"3-0000.png": scan((28, 28), (10, 4, 14, 24))})
    assert digit_image_files(tmp_path) == {"bhmsds.zip": path} == digit_image_files(tmp_path / "digits")


@pytest.mark.skipif(not (REAL / "digits").is_dir(), reason="needs DIGITSTRING_DATA")
def test_the_real_files_are_those_that_were_trained_on():
    for name, path in digit_image_files(REAL).items():
        assert sha256_of(path) == DIGIT_IMAGES_SHA256[name]
