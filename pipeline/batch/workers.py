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

from pipeline.batch.folders import Source
from pipeline.batch.interrupts import Stop, StoppedError, no_interrupts_inherited, start_quiet_tracker
from pipeline.batch.outcomes import Outcome, ReadsImages, read_outcome

QUEUE_PER_WORKER = 8  # files handed out ahead, so that no worker waits for the slowest picture
TRIES_ALONE = 2  # processes that an image may kill once it is read alone
LOOK_SECONDS = 0.2  # between looks whether there is a reason to stop
FILES_PER_WORKER = 16  # fewer do not pay for the start of another process


def default_workers(files: int) -> int:
    """As many processes as there are cores for us and as there is work for, at least one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, files // FILES_PER_WORKER))


def read_images(
    images: Sequence[Source], make_reader: Callable[[], ReadsImages], workers: int = 1, stop: Stop | None = None
) -> Iterator[Outcome]:
    """Outcomes in the order of `images`; an unreadable one is an outcome, not an exception.

    make_reader: called here, so that its errors are raised at once, and in every worker; for
        workers > 1 it must be picklable. A Reader works with one BLAS thread, processes are the parallelism.
    A worker process that dies costs nothing: what was under way is read again, image by image, and an image over which
    a worker dies twice more is passed over with an error. stop: where it becomes true, processes are not waited for but
    ended. Raises whatever `make_reader` raises; StoppedError.
    """
    reader = make_reader()
    if workers == 1:
        return _read_here(images, reader)
    return _read_in_processes(images, make_reader, workers, stop)


def _read_here(images: Sequence[Source], reader: ReadsImages) -> Iterator[Outcome]:
    for image in images:
        yield read_outcome(reader, image)


_worker_reader: ReadsImages | None = None  # a worker process serves one call of read_images only


def _start_worker(make_reader: Callable[[], ReadsImages]) -> None:
    global _worker_reader
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle, which ends its workers
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _worker_reader = make_reader()


def _end_with_parent() -> None:
    """A killed parent cannot tell its workers to stop; they would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def _read_in_worker(image: Source) -> Outcome:
    if _worker_reader is None:
        raise RuntimeError("the worker was not started")
    return read_outcome(_worker_reader, image)


def _read_in_processes(
    images: Sequence[Source], make_reader: Callable[[], ReadsImages], workers: int, stop: Stop | None
) -> Iterator[Outcome]:
    waiting = deque(images)
    while waiting:
        begun: deque[tuple[Source, Future[Outcome]]] = deque()
        try:
            yield from _read_until_death(waiting, begun, make_reader, workers, stop)
        except BrokenProcessPool:
            for image, future in begun:
                known = future.done() and not future.cancelled() and future.exception() is None
                yield future.result() if known else _read_alone(image, make_reader, stop)


def _read_until_death(
    waiting: deque[Source],
    begun: deque[tuple[Source, Future[Outcome]]],
    make_reader: Callable[[], ReadsImages],
    workers: int,
    stop: Stop | None,
) -> Iterator[Outcome]:
    """Outcomes of what is waiting; what was begun and not yet given stays in `begun` when a worker dies."""
    pool = _pool(make_reader, workers)
    try:
        while waiting or begun:
            while waiting and len(begun) < QUEUE_PER_WORKER * workers:
                with no_interrupts_inherited():  # submitting may start a process
                    future = pool.submit(_read_in_worker, waiting[0])
                begun.append((waiting.popleft(), future))
            outcome = _awaited(begun[0][1], stop)
            begun.popleft()
            yield outcome
    except (GeneratorExit, KeyboardInterrupt, StoppedError):  # nobody waits for what is under way
        _end_workers(pool)
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _awaited(future: Future[Outcome], stop: Stop | None) -> Outcome:
    """The outcome, when it is there. Raises StoppedError where there is a reason to stop before."""
    while True:
        if stop:
            raise StoppedError
        try:
            return future.result(None if stop is None else LOOK_SECONDS)
        except TimeoutError:
            continue


def _end_workers(pool: ProcessPoolExecutor) -> None:
    """End the worker processes in the middle of their work."""
    for process in list((getattr(pool, "_processes", None) or {}).values()):
        process.terminate()


def _read_alone(image: Source, make_reader: Callable[[], ReadsImages], stop: Stop | None) -> Outcome:
    """The outcome of an image in a process of its own, after a worker died that may have had it."""
    for _ in range(TRIES_ALONE):
        pool = _pool(make_reader, 1)
        try:
            with no_interrupts_inherited():
                future = pool.submit(_read_in_worker, image)
            return _awaited(future, stop)
        except BrokenProcessPool:
            continue
        except StoppedError:
            _end_workers(pool)
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return Outcome(
        str(image),
        None,
        f"{image}: the worker process died each time it read this image (out of memory?); it was passed over",
        0.0,
    )


def _pool(make_reader: Callable[[], ReadsImages], workers: int) -> ProcessPoolExecutor:
    # "spawn": a fork of a process that has BLAS threads or a progress bar running may deadlock.
    context = multiprocessing.get_context("spawn")
    if os.name == "posix":
        start_quiet_tracker()
    return ProcessPoolExecutor(workers, context, _start_worker, (make_reader,))
