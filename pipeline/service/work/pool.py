"""A bounded pool: so many requests under way, so many images read at once, a deadline for each."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from pipeline.service.refusals import Busy, Late

T = TypeVar("T")


class RecognitionPool:
    """Threads that read images off the event loop. All methods are for the event loop's thread.

    A place is held from when a request's body has arrived until it is answered; what is still arriving holds none, and
    is bounded by Receiving. A thread cannot be stopped: past the deadline the client is told so, and the thread is free
    when it is done.
    """

    def __init__(self, threads: int, waiting: int, deadline: float):
        self.threads, self.places, self.deadline = threads, threads + waiting, deadline
        self.taken = 0
        self._late: set[Future[Any]] = set()
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="reader")

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold one of the places. Raises Busy at once when none is left."""
        if self.taken >= self.places:
            raise Busy(f"{self.places} requests are under way, as many as are taken; try again in a second")
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1

    @property
    def stuck(self) -> bool:
        """Whether every thread is at work on an image whose deadline has passed."""
        self._late = {job for job in self._late if not job.done()}
        return len(self._late) >= self.threads

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns, from a thread. Raises Late when the deadline passes, waiting included, and what `work`
        raises."""
        job = self._executor.submit(work)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(job), self.deadline)
        except TimeoutError:
            if not job.cancel():
                self._late.add(job)
            seconds = f"{self.deadline:g} second" + ("" if self.deadline == 1 else "s")
            raise Late(
                f"not read within {seconds}; try again later, or crop or shrink the picture",
                max(1, math.ceil(self.deadline / 2)),
            ) from None

    def close(self) -> None:
        """Start nothing more; what runs is left to end."""
        self._executor.shutdown(wait=False, cancel_futures=True)
