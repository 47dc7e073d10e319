"""Where the images of a batch come from: a folder here, or one behind a URL, such as of an object store (fsspec)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from pipeline.errors import ImageError, Remedy, UnreachableError, UsageError
from pipeline.files import URL
from pipeline.image_formats import SUFFIXES

PDF = ".pdf"
# Errors of a name or of rights, where trying again does not help; others are those of a store or the way there.
OF_THE_NAME = (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError)


@dataclass(frozen=True)
class RemoteImage:
    """An image behind a URL; whoever reads it fetches it, on whatever machine that is."""

    url: str

    def __str__(self) -> str:
        return self.url

    def load(self) -> bytes:
        """Its bytes. Raises ImageError; UnreachableError where its whole folder is out of reach, too, so that an
        outage is no mistake of the image's."""
        try:
            with _fsspec().open(self.url, "rb") as file:
                return bytes(file.read())
        except UsageError:
            raise
        except Exception as error:  # every store has errors of its own
            sentence = f"{self.url}: cannot be fetched ({_reason(error)})"
            if isinstance(error, OF_THE_NAME) or self._store_answers():
                raise ImageError(sentence) from None
            raise UnreachableError(f"{sentence}, and its store does not answer; try again", Remedy.RESUME) from None

    def _store_answers(self) -> bool:
        """Whether the folder of the image can be listed."""
        try:
            files, path = _fsspec().core.url_to_fs(self.url)
            files.invalidate_cache()
            return bool(files.ls(files._parent(path), detail=False))
        except Exception:
            return False


Source = Path | RemoteImage


@dataclass(frozen=True)
class Listing:
    """names: of the files to read, relative to the folder, sorted. What is left out: hidden, how many files have names
    with a leading dot, or lie in such folders; others, how many are not named like images or PDFs."""

    names: list[str]
    hidden: int = 0
    others: int = 0


class Folder(Protocol):
    """A folder of images."""

    def listing(self, recursive: bool) -> Listing:
        """What is in it. Raises ImageError where there is nothing to read."""
        ...

    def image(self, name: str) -> Source:
        """The image of a name of the listing, as the reader takes it."""
        ...


def open_folder(place: str | Path) -> Folder:
    """The folder of a path or URL. Raises UsageError: an empty name; no such kind of URL; what it needs."""
    text = str(place)
    if not text:  # as where a variable is not set; Path takes it for the current folder
        raise UsageError("'': an empty name is no folder")
    return RemoteFolder.of(text) if URL.match(text) else LocalFolder(Path(place))


@dataclass(frozen=True)
class LocalFolder:
    """A folder of this machine."""

    path: Path

    def listing(self, recursive: bool) -> Listing:
        """See Folder."""
        if not self.path.is_dir():
            trouble = "is a file; use `read` for single images" if self.path.exists() else "no such folder"
            raise ImageError(f"{self.path}: {trouble}")
        names: list[str] = []
        for parent, folders, files in os.walk(self.path):
            folders[:] = folders if recursive else []
            names += (Path(parent, name).relative_to(self.path).as_posix() for name in files)
        return _listing(names, self.path, recursive)

    def image(self, name: str) -> Source:
        """Its path."""
        return self.path / name


@dataclass(frozen=True)
class RemoteFolder:
    """A folder behind a URL. files: its file system, an fsspec object; root: its path there."""

    url: str
    files: Any
    root: str

    @classmethod
    def of(cls, url: str) -> RemoteFolder:
        """Raises UsageError."""
        with _usable(url):
            files, root = _fsspec().core.url_to_fs(url)
            return cls(url.rstrip("/"), files, root.rstrip("/"))

    def listing(self, recursive: bool) -> Listing:
        """See Folder."""
        with _usable(self.url):
            found = self.files.find(self.root, maxdepth=None if recursive else 1)
        return _listing((str(PurePosixPath(path).relative_to(self.root)) for path in found), self.url, recursive)

    def image(self, name: str) -> Source:
        """Its URL, with what opens it."""
        inside, *outside = self.url.split("::")
        if outside:  # a chain, such as zip://scans::s3://bucket/scans.zip: what is inside comes first
            inside = inside if inside.endswith("/") else f"{inside}/"
            return RemoteImage("::".join([f"{inside}{name}", *outside]))
        return RemoteImage(self.files.unstrip_protocol(f"{self.root}/{name}"))


def _listing(names: Iterable[str], place: object, recursive: bool) -> Listing:
    """Those names that are to be read. Raises ImageError where there are none."""
    kept: list[str] = []
    hidden = others = 0
    for name in names:
        if any(part.startswith(".") for part in PurePosixPath(name).parts):
            hidden += 1
        elif PurePosixPath(name).suffix.lower() in SUFFIXES | {PDF}:
            kept.append(name)
        else:
            others += 1
    if not kept:
        remedies = () if recursive else (Remedy.SUBFOLDERS,)
        raise ImageError(f"{place}: no image in this folder (by name: .png, .jpg, .tif, .pdf, ...)", *remedies)
    return Listing(sorted(kept), hidden, others)


def _fsspec() -> Any:
    try:
        import fsspec
    except ImportError:
        raise UsageError("folders behind URLs need the extra `cluster`: pip install 'digitstring[cluster]'") from None
    return fsspec


@contextmanager
def _usable(url: str) -> Iterator[None]:
    """Errors of a file system become sentences. Raises UsageError, ImageError, UnreachableError."""
    try:
        yield
    except UsageError:
        raise
    except (ImportError, ValueError) as error:  # a protocol that nobody knows, or whose package is missing
        raise UsageError(f"{url}: cannot be opened ({_reason(error)})") from None
    except OF_THE_NAME as error:
        raise ImageError(f"{url}: cannot be listed ({_reason(error)})") from None
    except Exception as error:
        raise UnreachableError(f"{url}: cannot be listed ({_reason(error)}); try again") from None


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
