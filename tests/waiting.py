"""Waiting for what another process does: as long as a busy machine may take, and no longer than it needs."""

import time
from collections.abc import Callable

SECONDS = 120


def until(condition: Callable[[], object], seconds: float = SECONDS) -> None:
    """Wait until the condition holds. Fails where it does not in that time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not so within {seconds:g} seconds"
        time.sleep(0.01)
