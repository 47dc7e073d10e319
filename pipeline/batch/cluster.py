"""Read many images on a Dask cluster; the outcomes come in the order asked, as from the processes of one machine."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.batch.folders import RemoteImage, Source
from pipeline.batch.outcomes import Outcome, ReadsImages, name_in, read_outcome
from pipeline.errors import PipelineError, Remedy, UnreachableError, UsageError

AHEAD = 4  # images handed out for each thread of the cluster: bounds what is in memory, and no thread waits
CONNECT_SECONDS = 10
SCHEMES = ("tcp", "tls", "ucx", "ws", "wss")


def read_on_cluster(
    images: Sequence[Source], make_reader: Callable[[], ReadsImages], address: str
) -> Iterator[Outcome]:
    """Outcomes in the order of `images`; an unreadable one is an outcome, not an exception.

    make_reader: called here, so that its errors are raised at once, and once in every worker process; it must be
    picklable and hashable. Images of this machine are sent, those behind URLs are fetched by the workers. Dask gives
    the images of a worker that dies to others, and reports one that keeps killing its workers.
    Raises whatever `make_reader` raises; UsageError; UnreachableError when the scheduler goes away.
    """
    make_reader()
    return _outcomes(_connect(address), images, make_reader, address)


def _connect(address: str) -> Any:
    """A client of the scheduler. Raises UsageError."""
    try:
        from distributed import Client
    except ImportError as error:
        raise UsageError(
            f"a Dask cluster needs the extra `cluster` ({error.name} is missing): pip install 'digitstring[cluster]'"
        ) from None
    if address.partition("://")[0] not in SCHEMES:
        raise UsageError(f"{address}: not the address of a Dask scheduler, such as tcp://host:8786")
    try:
        return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(f"{address}: no Dask scheduler answers there ({error})") from None


def _outcomes(
    client: Any, images: Sequence[Source], make_reader: Callable[[], ReadsImages], address: str
) -> Iterator[Outcome]:
    pending: deque[tuple[Source, Any]] = deque()
    try:
        for image in images:
            pending.append((image, client.submit(_read, make_reader, _sent(image), str(image), pure=False)))
            if len(pending) >= AHEAD * max(1, sum(client.nthreads().values())):
                yield _result(*pending.popleft(), address)
        while pending:
            yield _result(*pending.popleft(), address)
    finally:
        client.close()


def _sent(image: Source) -> RemoteImage | bytes | Path:
    """What goes to a worker: bytes of a file here (the path where it cannot be read, to be told so there)."""
    if isinstance(image, RemoteImage):
        return image
    try:
        return image.read_bytes() if image.is_file() else image
    except OSError:
        return image


def _result(image: Source, future: Any, address: str) -> Outcome:
    from distributed import KilledWorker

    try:
        outcome: Outcome = future.result()
        return outcome
    except KilledWorker as error:
        return Outcome(
            str(image),
            None,
            f"{image}: {error.allowed_failures + 1} workers died over this image; it was passed over",
            0.0,
        )
    except PipelineError:
        raise
    except Exception as error:
        raise UnreachableError(
            f"{address}: the cluster went away ({type(error).__name__}: {error})", Remedy.RESUME
        ) from None


@lru_cache(maxsize=2)
def _reader(make_reader: Callable[[], ReadsImages]) -> ReadsImages:
    """The reader of a worker process, made once."""
    return make_reader()


def _read(make_reader: Callable[[], ReadsImages], image: RemoteImage | bytes | Path, name: str) -> Outcome:
    outcome = read_outcome(_reader(make_reader), image, name)
    return name_in(outcome) if isinstance(image, bytes) else outcome
