"""Interrupting a batch: the first Ctrl-C (or SIGTERM) ends it after the record at hand, the second one at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from types import FrameType
from typing import Any

from pipeline.errors import PipelineError, Remedy

SIGNALS = (signal.SIGINT, signal.SIGTERM)
SHOW_CURSOR = "\x1b[?25h"
WARNINGS = "PYTHONWARNINGS"  # the environment variable by which a Python process knows what not to say


class InterruptedBatch(PipelineError):
    """A batch was ended by a signal, with all its records whole."""

    def __init__(self, problem: str, number: int) -> None:
        super().__init__(problem, Remedy.RESUME)
        self.exit_code = 128 + number  # type: ignore[misc]  # as the shell reports a process that a signal ended


class Stop:
    """signal: the number of the first signal that came; 0 before."""

    def __init__(self) -> None:
        self.signal = 0

    def __bool__(self) -> bool:
        return bool(self.signal)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.signal:
            _end_at_once(number)
        self.signal = number


class StoppedError(Exception):
    """There is a reason to stop; what was under way is given up. No mistake of anybody's."""


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Signals are noted in what this gives, instead of breaking in anywhere; in another thread than the main one, which
    gets no signals, nothing changes."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before: dict[int, Any] = {number: signal.signal(number, stop._note) for number in SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_at_once(number: int) -> None:
    """Workers see that their parent has gone; all that was written is whole."""
    if sys.stderr.isatty():
        os.write(sys.stderr.fileno(), SHOW_CURSOR.encode())  # a progress bar hides it
    os._exit(128 + number)


@contextmanager
def no_interrupts_inherited() -> Iterator[None]:
    """Processes that are started meanwhile never see Ctrl-C, not even before they have set anything up themselves."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start_quiet_tracker() -> None:
    """Start the process that removes the semaphores of processes that have gone. A second interrupt leaves it some,
    which it does its duty by, and which is no news to whoever pressed Ctrl-C."""
    before = os.environ.get(WARNINGS)
    os.environ[WARNINGS] = "ignore:resource_tracker" + (f",{before}" if before else "")
    try:
        resource_tracker.ensure_running()
    finally:
        if before is None:
            del os.environ[WARNINGS]
        else:
            os.environ[WARNINGS] = before
