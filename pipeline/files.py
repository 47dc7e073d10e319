"""Files by their names, and written whole or not at all: beside their place, then renamed.

Where the place itself is wrong (no such folder, no permission) that is the caller's mistake, UsageError; a disk that is
full or fails is an OutputError.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from pipeline.errors import OutputError, Remedy, UsageError

URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
WRONG_PLACE = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG}


def why_no_file(name: str) -> str | None:
    """What is wrong with a name that cannot be that of a file: it is empty, as where a variable is not set, which Path
    takes for the current folder; or a URL, whose slashes Path takes away. Else None."""
    if not name:
        return "'': an empty name is no file"
    if URL.match(name) and not os.path.exists(name):
        return f"{name}: is a URL, and no file; fetch it first (`batch` reads folders behind URLs)"
    return None


def write_whole(path: Path, content: bytes | str | Callable[[BinaryIO], Any]) -> None:
    """Write a file, or replace one: with bytes, with text in UTF-8, or with what a function writes.

    Raises UsageError, OutputError; then what was there before is still there, and nothing beside it.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            if callable(content):
                content(file)
            else:
                file.write(content.encode() if isinstance(content, str) else content)
        os.replace(beside, path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        _remove(beside)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A new folder to fill, which gets its name when all is in it; in the place of an empty one, or of none.

    Raises UsageError, OutputError, also for an OSError while it is filled; then nothing of it is left.
    """
    import shutil  # here, since whoever reads a picture imports this module, too
    import tempfile

    beside = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        yield beside
        os.replace(beside, path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        if beside is not None:
            shutil.rmtree(beside, ignore_errors=True)


def check_new(path: Path, force: bool = False, *, inputs: Iterable[Path | int] = ()) -> None:
    """Raise UsageError where writing would replace what nobody said it may; force: it may. inputs: files, by path or by
    descriptor, that are read for what is written, and which nothing may replace."""
    if not path.exists():
        return
    if any(_same_file(path, each) for each in inputs):
        raise UsageError(f"{path}: is what is read here; name another place for what is written")
    if not force:
        raise UsageError(f"{path}: is there already", Remedy.REPLACE)


def _same_file(path: Path, other: Path | int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.stat(other))
    except OSError:  # there is no such input, which whoever reads it tells
        return False


def unwritable(path: Path, error: OSError, *remedies: Remedy) -> UsageError | OutputError:
    """What to raise where writing to `path` ended with `error`. remedies: what helps once a full disk has room."""
    sentence = f"{path}: cannot be written ({error.strerror or error})"
    if error.errno in WRONG_PLACE:
        return UsageError(f"{sentence}; name another place")
    if remedies:
        return OutputError(f"{sentence}; make room", *remedies)
    return OutputError(f"{sentence}; make room or name another place, then run it again")


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:  # its folder is none, or not ours: then nothing was written
        pass
