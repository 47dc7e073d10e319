"""Collections from their public homes."""

import hashlib
import os
import zipfile
from pathlib import Path

import pytest

from pipeline.commands.learning.data import Collection
from pipeline.data import homes
from pipeline.data.homes import HOMES, Home, content_hash, fetch_collection, repack
from pipeline.errors import DataError, UsageError

REAL = Path(os.environ.get("DIGITSTRING_DATA") or "data")
ENTRIES = {"0001/3/a.png": b"one", "0002/4/b.png": b"two"}
SMALL = Home(
    "digits/small.zip",
    "",
    "https://example.org/small",
    "",
    HOMES["swiss-numbers"].pictures,
    2,
    content_hash(ENTRIES.items()),
)


@pytest.fixture(autouse=True)
def no_mirrors(monkeypatch):
    monkeypatch.delenv("DIGITSTRING_MIRRORS", raising=False)
    monkeypatch.setattr(homes, "_download", lambda name, home, folder: pytest.fail("no download in tests"))


def published(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            archive.writestr(f"numbers-master/{name.replace('/', '_CH4M/', 1)}", data)
        archive.writestr("numbers-master/README.md", b"about")
    return path


@pytest.mark.parametrize("unpacked", [False, True])
def test_what_a_home_publishes_becomes_our_file(tmp_path, unpacked):
    archive = published(tmp_path / "a.zip", ENTRIES)
    if unpacked:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(tmp_path / "a")
        archive = tmp_path / "a"
    out = tmp_path / "data" / "digits" / "small.zip"
    repack(SMALL, archive, out)
    with zipfile.ZipFile(out) as made:
        assert {name: made.read(name) for name in made.namelist()} == ENTRIES
    first = out.read_bytes()
    repack(SMALL, archive, out)
    assert out.read_bytes() == first and list(out.parent.iterdir()) == [out]


@pytest.mark.parametrize("other", [{"0001/3/a.png": b"one"}, {**ENTRIES, "0002/4/b.png": b"changed"}])
def test_other_pictures_are_refused(tmp_path, other):
    with pytest.raises(DataError, match="not the 2 that the shipped weights"):
        repack(SMALL, published(tmp_path / "a.zip", other), tmp_path / "small.zip")
    assert not (tmp_path / "small.zip").exists()


def test_what_is_no_archive_is_refused(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"nothing")
    with pytest.raises(DataError, match="not a folder or zip"):
        repack(SMALL, tmp_path / "a.zip", tmp_path / "small.zip")


def test_a_file_that_is_there_and_right_is_left_alone(tmp_path, monkeypatch):
    home = Home("digits/small.zip", hashlib.sha256(b"right").hexdigest(), "page")
    monkeypatch.setitem(HOMES, "bhmsds", home)
    out = tmp_path / "digits" / "small.zip"
    out.parent.mkdir()
    out.write_bytes(b"right")
    assert fetch_collection("bhmsds", tmp_path) == out
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "small.zip").write_bytes(b"wrong")
    out.write_bytes(b"wrong")
    with pytest.raises(DataError, match="not published as the file"):
        fetch_collection("bhmsds", tmp_path)


def test_an_archive_given_is_taken(tmp_path, monkeypatch):
    monkeypatch.setitem(HOMES, "swiss-numbers", SMALL)
    out = fetch_collection("swiss-numbers", tmp_path, published(tmp_path / "a.zip", ENTRIES))
    assert out == tmp_path / "digits" / "small.zip" and out.is_file()


@pytest.mark.parametrize("name", ["more-digits", "register-numbers"])
def test_what_cannot_be_downloaded_says_what_to_put_where(tmp_path, name):
    with pytest.raises(DataError) as caught:
        fetch_collection(name, tmp_path)
    assert str(tmp_path / HOMES[name].place) in str(caught.value) and HOMES[name].page in str(caught.value)


def test_the_command_knows_every_collection(tmp_path):
    assert {choice.value for choice in Collection} == set(HOMES)
    with pytest.raises(UsageError, match="choose one of"):
        fetch_collection("mnist", tmp_path)


@pytest.mark.skipif(not (REAL / "digits").is_dir(), reason="needs DIGITSTRING_DATA")
@pytest.mark.parametrize("name", HOMES)
def test_the_real_files_are_right(name):
    path = REAL / HOMES[name].place
    assert fetch_collection(name, REAL) == path
    if HOMES[name].pictures:
        with zipfile.ZipFile(path) as archive:
            assert content_hash((member, archive.read(member)) for member in archive.namelist()) == HOMES[name].content
