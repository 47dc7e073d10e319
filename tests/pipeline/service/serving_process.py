"""The service as a process of its own on loopback, for tests and nothing else."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
START_SECONDS = 60


@dataclass(frozen=True)
class Service:
    """A running service: where it answers, and its process."""

    url: str
    process: subprocess.Popen

    def stop(self) -> int:
        """Sends SIGTERM and waits; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(START_SECONDS)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(*arguments: object, folder: Path, token: str | None = None) -> Iterator[Service]:
    """`serve` with these arguments in an empty working folder, until the block is left."""
    port = free_port()
    environment = {key: value for key, value in os.environ.items() if key != "DIGITSTRING_TOKEN"}
    environment |= {"PYTHONPATH": str(ROOT), **({} if token is None else {"DIGITSTRING_TOKEN": token})}
    command = [sys.executable, str(ROOT / "cli.py"), "serve", "--port", str(port), *map(str, arguments)]
    with (folder.parent / f"{folder.name}.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stderr=log)
    service = Service(f"http://127.0.0.1:{port}", process)
    try:
        _wait(service)
        yield service
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def _wait(service: Service) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and service.process.poll() is None:
        try:
            urllib.request.urlopen(f"{service.url}/v1/health", timeout=5).close()
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    raise AssertionError("the service did not start")
