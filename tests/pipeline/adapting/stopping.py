"""An adaptation that is interrupted, for the tests of going on from there."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest

from pipeline.adapting.runs import Runs


@contextmanager
def stopped_at(monkeypatch: pytest.MonkeyPatch, stop: int) -> Iterator[None]:
    """What runs within is interrupted right after its checkpoint of this number; fails where it is not."""
    save, saves = Runs._save, count(1)

    def interrupt(self, *arguments):
        save(self, *arguments)
        if next(saves) == stop:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Runs, "_save", interrupt)
        yield
