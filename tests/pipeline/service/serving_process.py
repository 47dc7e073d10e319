"""The service as a process of its own on loopback, for tests and nothing else."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
START_SECONDS = 120


@dataclass(frozen=True)
class Service:
    """A running service: where it answers, its process, and the file of what it says on standard error."""

    url: str
    process: subprocess.Popen
    said: Path

    def stop(self) -> int:
        """Sends SIGTERM and waits; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(START_SECONDS)


@contextmanager
def running(*arguments: object, folder: Path, token: str | None = None) -> Iterator[Service]:
    """`serve` with these arguments in an empty working folder, until the block is left."""
    environment = {key: value for key, value in os.environ.items() if key != "DIGITSTRING_TOKEN"}
    environment |= {"PYTHONPATH": str(ROOT), **({} if token is None else {"DIGITSTRING_TOKEN": token})}
    command = [sys.executable, str(ROOT / "cli.py"), "serve", "--port", "0", *map(str, arguments)]
    if "--deadline" not in arguments:  # a busy machine is no fault of the service
        command += ["--deadline", "300"]
    said = folder.parent / f"{folder.name}.log"
    with said.open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stderr=log)
    try:
        yield Service(_address(process, said), process, said)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def _address(process: subprocess.Popen, said: Path) -> str:
    """The address that the service says it listens on."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        if found := re.search(r"listening on (http://\S+);", said.read_text()):
            return found[1]
        time.sleep(0.05)
    raise AssertionError(f"the service did not start: {said.read_text()}")
