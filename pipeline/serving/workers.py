"""Read many files, one after the other or in several processes; the outcomes come in the order asked."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.serving.outcomes import Outcome, ReadsImages, read_outcome

QUEUE_PER_WORKER = 8  # files handed out ahead, so that no worker waits for the slowest picture
FILES_PER_WORKER = 16  # fewer do not pay for the start of another process


def default_workers(files: int) -> int:
    """As many processes as there are cores for us and as there is work for, at least one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, files // FILES_PER_WORKER))


def read_paths(
    paths: Sequence[Path], make_reader: Callable[[], ReadsImages], workers: int = 1
) -> Iterator[Outcome]:
    """Outcomes in the order of `paths`; an unreadable file is an outcome, not an exception.

    make_reader: called here, so that its errors are raised at once, and in every worker; for
        workers > 1 it must be picklable. BLAS works with one thread, processes are the parallelism.
    Raises whatever `make_reader` raises; PipelineError when a worker process dies.
    """
    reader = make_reader()
    if workers == 1:
        return _read_here(paths, reader)
    return _read_in_processes(paths, make_reader, workers)


def _read_here(paths: Sequence[Path], reader: ReadsImages) -> Iterator[Outcome]:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        for path in paths:
            yield read_outcome(reader, path)


_worker_reader: ReadsImages | None = None  # a worker process serves one call of read_paths only


def _start_worker(make_reader: Callable[[], ReadsImages]) -> None:
    global _worker_reader
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _worker_reader = make_reader()
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=1)  # after the reader has loaded the libraries that have threads


def _end_with_parent() -> None:
    """A killed parent cannot tell its workers to stop; they would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def _read_in_worker(path: Path) -> Outcome:
    if _worker_reader is None:
        raise RuntimeError("the worker was not started")
    return read_outcome(_worker_reader, path)


def _read_in_processes(
    paths: Sequence[Path], make_reader: Callable[[], ReadsImages], workers: int
) -> Iterator[Outcome]:
    # "spawn": a fork of a process that has BLAS threads or a progress bar running may deadlock.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, _start_worker, (make_reader,))
    pending: deque[Future[Outcome]] = deque()
    try:
        for path in paths:
            pending.append(pool.submit(_read_in_worker, path))
            if len(pending) >= QUEUE_PER_WORKER * workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    except BrokenProcessPool:
        raise PipelineError("a worker process died (out of memory?); try again with fewer workers") from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
