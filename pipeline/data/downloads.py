"""Where training data lie on this machine, and verified downloads of those that may be fetched.

A data folder is laid out as ``mnist/`` and ``strokes/``; a folder that holds the files themselves is
accepted as well. ``DIGITSTRING_DATA`` names it where no argument does.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from pipeline.errors import DataError, Remedy

DATA_VARIABLE = "DIGITSTRING_DATA"
MIRRORS_VARIABLE = "DIGITSTRING_MIRRORS"  # base URLs separated by spaces, tried instead of the public ones
TIMEOUT_S = 30.0


def data_folder(folder: Path | None) -> Path | None:
    """The folder given, else the one ``DIGITSTRING_DATA`` names, else None; DataError if it is no folder."""
    named = folder if folder is not None else os.environ.get(DATA_VARIABLE) or None
    if named is None:
        return None
    found = Path(named).expanduser()
    if not found.is_dir():
        origin = "" if folder is not None else f" (from {DATA_VARIABLE})"
        problem = "is not a folder" if found.exists() else "does not exist"
        raise DataError(f"{found}{origin} {problem}", Remedy.DATA)
    return found


def cache_folder() -> Path:
    """The user's cache folder for data this project downloads (not created here)."""
    import pooch

    return Path(pooch.os_cache("digitstring"))


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes as they lie on disk, in hexadecimal; DataError when it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error


def mirrors_or(public: Iterable[str]) -> tuple[str, ...]:
    """Base URLs to try, in order: those in ``DIGITSTRING_MIRRORS``, else the public ones."""
    return tuple(os.environ.get(MIRRORS_VARIABLE, "").split()) or tuple(public)


def fetch_files(hashes: Mapping[str, str], folder: Path, mirrors: Iterable[str]) -> None:
    """Brings every file named in ``hashes`` (name -> SHA-256) into ``folder``.

    A file that is there with the right hash is left alone; any other is downloaded beside its place, checked
    and renamed, so no unverified byte is ever found under its name. Mirrors are base URLs, tried in turn.
    Raises DataError, one sentence, when no mirror yields the right bytes or ``folder`` cannot be written.
    """
    mirrors = tuple(mirrors)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error.strerror})") from error
    for name, sha256 in hashes.items():
        _fetch_file(name, sha256, folder, mirrors)


def _fetch_file(name: str, sha256: str, folder: Path, mirrors: tuple[str, ...]) -> None:
    import pooch

    pooch.get_logger().setLevel("WARNING")
    problems = []
    for mirror in mirrors:
        url = f"{mirror.rstrip('/')}/{name}"
        try:
            pooch.retrieve(
                url, f"sha256:{sha256}", fname=name, path=folder, downloader=pooch.HTTPDownloader(timeout=TIMEOUT_S)
            )
            return
        except (OSError, ValueError) as error:  # network: OSError, wrong hash: ValueError
            problems.append(f"{mirror}: {_cause(error)}")
    raise DataError(
        f"{name} could not be downloaded ({'; '.join(problems) or 'no mirror to try'}); connect to the network and "
        "try again",
        Remedy.DATA,
    )


def _cause(error: Exception) -> str:
    """A few words for a person; the libraries' own messages run over several lines."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"HTTP status {response.status_code}"
    if isinstance(error, ValueError) and "hash" in str(error).lower():
        return "the file has another SHA-256 than it should"
    if type(error).__module__.startswith("requests"):
        return "no connection" if "Connection" in type(error).__name__ else type(error).__name__
    return (getattr(error, "strerror", None) or str(error).splitlines()[0] or type(error).__name__).strip()
