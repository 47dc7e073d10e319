"""Where the further collections come from, and how what is published there becomes the files that training reads."""

from __future__ import annotations

import hashlib
import io
import os
import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.data.digit_images import BHMSDS, DIGIT_IMAGES_SHA256, SWISS_NUMBERS
from pipeline.data.downloads import MIRRORS_VARIABLE, TIMEOUT_S, fetch_files, sha256_of
from pipeline.errors import DataError, Remedy, UsageError
from pipeline.files import unwritable, write_whole

ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the least that zip knows: the same pictures give the same bytes


@dataclass(frozen=True)
class Home:
    """A collection and its public home.

    place: of its file in the data folder; sha256: of that file as the shipped weights were trained on it; page: where
    it is published; archive: what can be downloaded there, "" where it has another form than a program could rely on;
    pictures: what of the archive is taken, the groups of the match joined by "/"; count, content: how many pictures,
    and the SHA-256 of their names and bytes (see `content_hash`); how: what to do where nothing can be downloaded.
    """

    place: str
    sha256: str
    page: str
    archive: str = ""
    pictures: str = ""
    count: int = 0
    content: str = ""
    how: str = ""


HOMES = {
    "swiss-numbers": Home(
        f"digits/{SWISS_NUMBERS}",
        DIGIT_IMAGES_SHA256[SWISS_NUMBERS],
        "https://github.com/kensanata/numbers",
        "https://codeload.github.com/kensanata/numbers/zip/refs/heads/master",
        r"(?:.*/)?(00(?:0[1-9]|1\d|2[01]))(?:_\w+)?/([0-9])/([^/]+\.png)",
        12221,
        "e06bde012ffaa246610451bb42df2872e532897f8c94f9d2319cd5ae72f35e79",
    ),
    "bhmsds": Home(
        f"digits/{BHMSDS}",
        DIGIT_IMAGES_SHA256[BHMSDS],
        "https://github.com/wblachowski/bhmsds",
        "https://codeload.github.com/wblachowski/bhmsds/zip/refs/heads/master",
        r"(?:.*/)?symbols/([a-z0-9]+-\d+\.png)",
        27000,
        "50e0e887a81169e3c0983f0de8790aa0b041d4330540a8ce08eded4133e7c653",
    ),
    "more-digits": Home(
        "strokes/more-digits.jsonl.gz",
        "128471f7821936de8259b2b42de9f1a19d5cbc437b2c3ab98fc905a89f547c8c",
        "https://doi.org/10.24432/C5MG6K",
        how="it is made of four collections (Pen-Based Recognition of Handwritten Digits and UJI Pen Characters of "
        "UCI, skahl/handwritten-digits-corpus, LipiTk) as one JSON object a line, in the form that docs/data.md gives",
    ),
    "register-numbers": Home(
        "strings/register-numbers/truth.csv",
        "c0837f870864a0ec23e7c61a6ae2696c94bc15bdac310c68a34e64c1cf5088a9",
        "https://github.com/HTR-United/lectaurep-repertoires",
        how="its pages are published as page images with ALTO files; cut out the lines that hold a number alone, and "
        "write file, text and page of each into truth.csv beside the folder images",
    ),
}


def fetch_collection(name: str, folder: Path, archive: Path | None = None) -> Path:
    """Brings a collection of HOMES into the data folder ``folder`` and returns its file, checked.

    A file that is there and right is left alone. Else it is fetched from ``DIGITSTRING_MIRRORS``, where those are
    named; else made of ``archive``, the zip or folder that the home gives, or of what is downloaded from there.
    Nothing appears under its name before its SHA-256, or that of its pictures, is right. Raises UsageError, DataError.
    """
    if name not in HOMES:
        raise UsageError(f"{name!r} is no collection; choose one of {', '.join(HOMES)}")
    home, out = HOMES[name], Path(folder).expanduser() / HOMES[name].place
    if archive is None and out.is_file() and sha256_of(out) == home.sha256:
        return out
    mirrors = os.environ.get(MIRRORS_VARIABLE, "").split()
    if archive is None and mirrors:
        fetch_files({out.name: home.sha256}, out.parent, mirrors)
        return out
    if not home.pictures:
        raise DataError(
            f"{name} is not published as the file that is needed: {home.how}; see {home.page}, put it at {out}"
        )
    if archive is not None:
        repack(home, Path(archive).expanduser(), out)
        return out
    with tempfile.TemporaryDirectory() as place:
        repack(home, _download(name, home, Path(place)), out)
    return out


def repack(home: Home, archive: Path, out: Path) -> None:
    """Writes the pictures of ``archive``, a zip or a folder, to the zip ``out``, which appears whole or not at all.

    Raises DataError where they are not the pictures that the shipped weights were trained on; UsageError, OutputError.
    """
    pattern = re.compile(home.pictures)
    entries = {"/".join(found.groups()): data for found, data in _members(archive, pattern)}
    if content_hash(entries.items()) != home.content:
        raise DataError(
            f"{archive}: holds {len(entries)} pictures of this collection, which are not the {home.count} that the "
            f"shipped weights were trained on; get those of {home.page}, an older state if need be"
        )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as target:
        for name in sorted(entries):
            target.writestr(zipfile.ZipInfo(name, ZIP_TIME), entries[name])
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(out, error) from error
    write_whole(out, packed.getvalue())


def content_hash(entries: Iterable[tuple[str, bytes]]) -> str:
    """SHA-256, in hexadecimal, of the names in order, each followed by a zero byte and the SHA-256 of its bytes."""
    digest = hashlib.sha256()
    for name, data in sorted(entries):
        digest.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
    return digest.hexdigest()


def _members(archive: Path, pattern: re.Pattern[str]) -> Iterator[tuple[re.Match[str], bytes]]:
    """What in a zip or folder is named like that: (match of its path, bytes)."""
    try:
        if archive.is_dir():
            for path in sorted(archive.rglob("*")):
                found = pattern.fullmatch(path.relative_to(archive).as_posix())
                if found and path.is_file():
                    yield found, path.read_bytes()
            return
        with zipfile.ZipFile(archive) as source:
            for name in source.namelist():
                found = pattern.fullmatch(name)
                if found:
                    yield found, source.read(name)
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{archive}: not a folder or zip that can be read ({error})") from error


def _download(name: str, home: Home, folder: Path) -> Path:
    import pooch

    pooch.get_logger().setLevel("WARNING")
    try:
        # What comes has no hash of its own: its pictures are checked when they are packed.
        return Path(
            pooch.retrieve(
                home.archive, None, fname="archive.zip", path=folder, downloader=pooch.HTTPDownloader(timeout=TIMEOUT_S)
            )
        )
    except (OSError, ValueError) as error:
        raise DataError(
            f"{name} could not be downloaded from {home.archive}; connect to the network and try again, or get "
            f"{home.page} otherwise",
            Remedy.ARCHIVE,
        ) from error
