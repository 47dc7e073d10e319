"""The command line with a Reader that reads file names: for tests of all that surrounds the Reader.

`python fake_cli.py ARGS` is `digitstring ARGS`; in a test, `fake_cli.install(monkeypatch)`. FAKE_SECONDS: how long a
picture takes, but for those whose names, without suffix, stand in FAKE_QUICK.
"""

import os
import sys
import time
import types
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from classifier.errors import WeightsError
from pipeline.errors import UsageError
from pipeline.formats.format import parse_format
from pipeline.images import load_grey
from pipeline.reading.result import Reading
from pipeline.reading.result_parts import Alternative, Digit


class FakeReader:
    """Reads the digits of the file's name, with a confidence drawn from it; an image of one grey is blank."""

    def __init__(self, weights=None, *, threshold=None, max_error=None, alternatives=3, format=None, **named):
        if weights is not None:
            raise WeightsError(f"{weights}: no such weights file; name another")
        if max_error is not None and max_error < 0.001:
            raise UsageError(f"max_error {max_error} is not in the table of the weights")
        self.format = None if format is None else parse_format(format)
        self.threshold = 0.5 if threshold is None else threshold
        self.alternatives = alternatives

    def read(self, image):
        grey = load_grey(image)
        name = "7" if isinstance(image, bytes) else Path(image).stem
        if name not in os.environ.get("FAKE_QUICK", "").split(","):
            time.sleep(float(os.environ.get("FAKE_SECONDS", "0")))
        if "bug" in name:
            raise IndexError("a fault of ours")
        text = "".join(character for character in name if character in "0123456789")
        if not text or grey.min() == grey.max():
            return Reading.nothing(rounds=1)
        if self.format is not None and not self.format.fits(text):
            return Reading(None, 0.0, False, (), (), 1, self.format.spec, f"nothing here fits {self.format.spec}")
        confidence = zlib.crc32(text.encode()) % 1000 / 1000
        others = [str(k) for k in range(1000, 1000 + self.alternatives) if str(k) != text]
        rest = [Alternative(other, (1 - confidence) / 2 ** (k + 1)) for k, other in enumerate(others)]
        digits = tuple(Digit(digit, confidence, (k, 0, k + 1, 4)) for k, digit in enumerate(text))
        return Reading(
            text,
            confidence,
            confidence >= self.threshold,
            digits,
            tuple(rest),
            1,
            None if self.format is None else self.format.spec,
        )

    def trace(self, image):
        return types.SimpleNamespace(grey=load_grey(image), reading=self.read(image))


def fake_module():
    module = types.ModuleType("pipeline.reader")
    module.Reader = FakeReader
    return module


def install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pipeline.reader", fake_module())


if __name__ in ("__main__", "__mp_main__"):  # the latter in the worker processes that it starts
    sys.modules["pipeline.reader"] = fake_module()

if __name__ == "__main__":
    from pipeline.__main__ import main

    main()
