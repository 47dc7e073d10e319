"""One BLAS thread while reading: at our sizes more threads cost more than they bring, most of all on a busy machine."""

from __future__ import annotations

import os
import sys
import threading
from functools import lru_cache
from types import TracebackType
from typing import Any

LIBRARIES = ("OPENBLAS", "OMP", "MKL")  # of which each has its variable for the number of threads
BRINGERS = ("numpy", "scipy.linalg", "torch", "cv2", "onnxruntime", "sklearn")
"""Packages that bring a BLAS of their own, and may be imported after the first picture was read."""


class OneThread:
    """A context in which BLAS works with one thread. The setting is mostly the whole process's: the first reader makes
    it, and the last one to leave gives back what was set before. Safe between threads; a fork starts afresh."""

    def __init__(self) -> None:
        self._begin()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._begin)  # another thread's lock would never be released there

    def _begin(self) -> None:
        self._lock, self._inside = threading.Lock(), 0
        self._before: Any = None

    def __enter__(self) -> None:
        with self._lock:
            if not _is_set_already():
                self._limit()
            self._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and self._before is not None:
                _take_control()
                self._before.restore_original_limits()
                self._before = None
                _take_control()

    def _limit(self) -> None:
        """Also where others are inside: builds with OpenMP keep a setting for each thread."""
        blas = [library for library in _libraries().lib_controllers if library.user_api == "blas"]
        if all(library.num_threads == 1 for library in blas):
            return  # asking takes a tenth of setting and giving back
        if self._before is None:
            _take_control()
            self._before = _libraries().limit(limits=1, user_api="blas")
        else:
            _libraries().limit(limits=1, user_api="blas")


def _is_set_already() -> bool:
    """Whether the process was started so, as the command line does: then nothing need be imported for it."""
    return all(os.environ.get(f"{library}_NUM_THREADS") == "1" for library in LIBRARIES)


def _libraries() -> Any:
    """The BLAS libraries that are loaded."""
    return _found(tuple(name for name in BRINGERS if name in sys.modules))


@lru_cache(maxsize=8)
def _found(brought: tuple[str, ...]) -> Any:
    """Those that are there once so many packages are imported: finding them takes a millisecond, setting them 20
    microseconds."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _take_control() -> None:
    """Newer threadpoolctl lets only the thread that set a process's limit first change it; ours may be any."""
    for library in _libraries().lib_controllers:
        release = getattr(library, "clear_controlling_thread", None)
        if release is not None:
            release(force=True)


def start_with_one_thread() -> None:
    """The same for a whole process; must be called before numpy is imported."""
    for library in LIBRARIES:
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")


one_thread = OneThread()
