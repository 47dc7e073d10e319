"""One file read, whatever happens: `Outcome`; and the arguments that a Reader is made from."""

from __future__ import annotations

import glob
import hashlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from classifier.errors import ClassifierError
from pipeline.batch.folders import RemoteImage, Source
from pipeline.errors import ImageError, PipelineError, UnreachableError
from pipeline.reading.confidence.profile import Profile
from pipeline.reading.result import Result
from segmenter.errors import SegmenterError

if TYPE_CHECKING:
    from pipeline.reader import Reader

BYTES = "image data"  # how an error names an image that has no file


class ReadsImages(Protocol):
    """What is needed of a Reader."""

    def read(self, image: Path | bytes | str) -> Result:
        """What stands in an image; see Reader.read."""
        ...


@dataclass(frozen=True)
class DocumentOptions:
    """How whole documents are read: `sure`, every image is one, else that is found out; fields, as NAME=left,top,
    right,bottom; template, a file; pages, the most that are read of one."""

    sure: bool = False
    fields: tuple[str, ...] = ()
    template: str | None = None
    pages: int | None = None


@dataclass(frozen=True)
class ReaderOptions:
    """The arguments of a Reader, in a form that can be sent to another process."""

    weights: str | None = None
    threshold: float | None = None
    max_error: float | None = None
    alternatives: int = 3
    format: str | None = None
    documents: DocumentOptions = field(default_factory=DocumentOptions)
    mask: float | None = None
    profile: Profile | None = None  # which made the threshold, and holds for certain weights alone
    second: str | None = None

    def __call__(self) -> Reader:
        """Make the Reader. Raises WeightsError, UsageError."""
        from pipeline.reader import Reader

        reader = Reader(
            self.weights,
            threshold=self.threshold,
            max_error=self.max_error,
            alternatives=self.alternatives,
            format=self.format,
            mask=self.mask,
            second=self.second,
            **self._named(),
        )
        if self.profile is not None:
            self.profile.check_weights(reader.card)
        return reader

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ReaderOptions:
        """Of what `dataclasses.asdict` made of them, by way of JSON."""
        documents = {**data["documents"], "fields": tuple(data["documents"]["fields"])}
        profile = None if data["profile"] is None else Profile(**data["profile"])
        return cls(**{**data, "documents": DocumentOptions(**documents), "profile": profile})

    def settings(self) -> dict[str, Any]:
        """What decides the readings, as plain JSON types: the options, and hashes of the files they name."""
        from pipeline.reading.field_reader import SHIPPED

        template = self.documents.template
        return {
            "weights": _digest(SHIPPED if self.weights is None else Path(self.weights)),
            "threshold": self.threshold,
            "max_error": self.max_error,
            "alternatives": self.alternatives,
            "format": self.format,
            "document": self.documents.sure,
            "fields": list(self.documents.fields),
            "template": None if template is None else _digest(Path(template)),
            "pages": self.documents.pages,
            "mask": self.mask,
            "second": self.second,
        }

    def _named(self) -> dict[str, Any]:
        """What is said of documents. Raises UsageError."""
        options = self.documents
        if options == DocumentOptions():
            return {}
        from pipeline.documents.fields import parse_fields

        most = {} if options.pages is None else {"most_pages": options.pages}
        return {"document": options.sure, "fields": parse_fields(options.fields), "template": options.template, **most}


def _digest(path: Path) -> str | None:
    """The beginning of a file's SHA-256; None where it cannot be read, which whoever uses it tells."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except OSError:
        return None


@dataclass(frozen=True)
class Outcome:
    """A file's reading, or the sentence that says why there is none, and the CPU seconds it took."""

    file: str
    reading: Result | None
    error: str | None
    cpu_seconds: float

    def __post_init__(self) -> None:
        if (self.reading is None) == (self.error is None):
            raise ValueError("an outcome is either a reading or an error")


def read_outcome(
    reader: ReadsImages, image: Source | bytes | str, name: str | None = None, *, pipes: bool = False
) -> Outcome:
    """Read one image, whatever happens; the outcome bears `name`, or else the path or URL. pipes: whether a path may be
    that of a pipe or device, which may never end. Raises UnreachableError where the store of an image goes away."""
    name = str(image) if name is None else name
    start = time.process_time()
    reading, message = None, None
    try:
        if isinstance(image, Path) and not pipes:
            check_regular(image)
        reading = reader.read(image.load() if isinstance(image, RemoteImage) else image)
    except UnreachableError:  # no mistake of this image's, and none that its record should keep
        raise
    except (PipelineError, SegmenterError, ClassifierError) as error:
        message = str(error) if name in str(error) or BYTES in str(error) else f"{name}: {error}"
    except Exception as error:  # a fault of ours met at one picture must not cost the other ten thousand
        message = f"{name}: internal error ({type(error).__name__}: {error}); please report it"
    outcome = Outcome(name, reading, message, time.process_time() - start)
    return name_in(outcome) if isinstance(image, RemoteImage) else outcome


def check_regular(path: Path) -> None:
    """Raise ImageError for a pipe, a device, a socket. What is missing or a folder is told by whoever reads it."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise ImageError(f"{path}: is a pipe, a socket or a device, and no file; it is not read here")


def name_in(outcome: Outcome) -> Outcome:
    """The outcome of bytes with its file's name in its error, as if the file had been read."""
    if outcome.error is None or not outcome.error.startswith(BYTES):
        return outcome
    return replace(outcome, error=outcome.file + outcome.error.removeprefix(BYTES))


def expand_globs(names: Sequence[str]) -> list[str]:
    """File names as given; a name with wildcards that is no file becomes the files it matches, sorted.

    A pattern that matches nothing stays as it is, and is then a missing file like any other.
    """
    files: list[str] = []
    for name in names:
        pattern = any(character in name for character in "*?[") and not os.path.exists(name)
        matches = glob.glob(name, recursive=True) if pattern else []
        files += sorted(match for match in matches if os.path.isfile(match)) or [name]
    return files
