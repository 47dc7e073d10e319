"""The file that a batch writes: locked meanwhile, every record whole, and beside it what it was begun with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from pipeline.batch.layouts import FileLayout, whole_records
from pipeline.batch.records import Record
from pipeline.errors import Remedy, UsageError
from pipeline.files import unwritable, write_whole

Settings = Mapping[str, Any]  # what decides the readings, as plain JSON types


def settings_file(out: Path) -> Path:
    """Where the settings of an output lie."""
    return out.with_name(out.name + ".settings.json")


class Output:
    """An output file. resume: go on behind its whole records, `earlier`; force: begin again.

    Nothing is changed before `begin`. Raises UsageError: another batch writes the file; it is there without `resume` or
    `force`; or it was begun with other settings. DataError: a file to resume that is no output of ours.
    """

    def __init__(
        self, path: Path, layout: FileLayout, settings: Settings | None = None, *, resume: bool, force: bool
    ) -> None:
        self.path, self.layout = path, layout
        self._settings = None if settings is None else json.loads(json.dumps(settings))
        self.earlier: list[Record] = []
        self._whole = 0
        if resume and force:
            raise UsageError("an output is either continued or replaced; choose one")
        if path.exists() and not path.is_file():
            raise UsageError(f"{path}: is not a file that can be written")
        self._file = self._opened("r+b") if path.exists() else None
        try:
            if self._file is not None and not force:
                self._continue(resume)
        except BaseException:
            self._file.close()  # type: ignore[union-attr]
            raise

    def __enter__(self) -> Output:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def left_of(self, names: Iterable[str]) -> list[str]:
        """The names of which there is no record yet."""
        done = {record["file"] for record in self.earlier}
        return [name for name in names if self.layout.file_key(name) not in done]

    def begin(self) -> None:
        """Make the file, or cut off what is not whole. Raises UsageError, OutputError."""
        if self._file is None:
            self._file = self._opened("xb")
        try:
            self._file.truncate(self._whole)
            self._file.seek(self._whole)
        except OSError as error:
            raise unwritable(self.path, error) from None
        if self._settings is not None:
            write_whole(settings_file(self.path), json.dumps(self._settings, indent=1) + "\n")
        if not self._whole:
            self._write(self.layout.header)

    def add(self, record: Record) -> None:
        """Write a record. Raises OutputError, as for a full disk: then the last whole one is the end."""
        self._write(self.layout.to_bytes(record))

    def _continue(self, resume: bool) -> None:
        if not resume:
            raise UsageError(f"{self.path}: is there already", Remedy.RESUME, Remedy.REPLACE)
        begun = _load(settings_file(self.path))
        if begun is not None and self._settings is not None:
            _compare(self.path, begun, self._settings)
        self.earlier, self._whole = whole_records(self.path, self.layout)

    def _opened(self, mode: str) -> BinaryIO:
        """Unbuffered, so that nothing is left to write when writing has failed; and locked."""
        try:
            file: BinaryIO = open(self.path, mode, buffering=0)  # type: ignore[assignment]
        except FileExistsError:
            raise UsageError(f"{self.path}: another batch has just begun it; name another output") from None
        except OSError as error:
            raise unwritable(self.path, error) from None
        try:
            _lock(file, self.path)
        except UsageError:
            file.close()
            raise
        return file

    def _write(self, lines: bytes) -> None:
        assert self._file is not None
        try:
            while lines:
                lines = lines[self._file.write(lines) :]
        except OSError as error:
            raise unwritable(self.path, error, Remedy.RESUME) from None


def _lock(file: BinaryIO, path: Path) -> None:
    """Keep other batches away until the file is closed, by whatever end. Raises UsageError where one is at work."""
    try:
        import fcntl
    except ImportError:  # Windows: nothing is locked there
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UsageError(f"{path}: another batch is writing it; wait until it ends, or name another output") from None
    except OSError:  # a file system without locks
        return


def _load(path: Path) -> dict[str, Any] | None:
    """The settings that were kept; None where there are none, or they are damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _compare(path: Path, begun: Settings, now: Settings) -> None:
    """Raise UsageError that names what is different."""
    different = [
        f"{name} {_said(begun[name])}, not {_said(now[name])}"
        for name in now
        if name in begun and begun[name] != now[name]
    ]
    if different:
        raise UsageError(
            f"{path}: was begun with {'; '.join(different)}; continue with what it was begun with", Remedy.BEGIN_AGAIN
        )


def _said(value: Any) -> str:
    if value is None or value == []:
        return "the default"
    return json.dumps(value) if isinstance(value, list | bool) else str(value)
