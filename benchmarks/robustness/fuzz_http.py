"""Fuzzing of the service by its own OpenAPI description, with schemathesis (extra `benchmark`).

    python -m benchmarks.robustness.fuzz_http [--examples 200]

A service with a review file and a token is started on loopback. schemathesis makes requests that the description
allows and requests that it forbids, and checks each answer: no status of 500 or above but 503, only statuses, types
and bodies that the description names, within 10 seconds. A damaged file is no mistake of the request's form, so that
data it takes for valid may be answered with 422. What it finds is printed as schemathesis prints it.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.common.scores import describe, open_reader, options, write_report

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "fuzz"
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "unsupported_method",
)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options(__doc__, "fuzz-http.json", seed=5)
    parser.add_argument("--examples", type=int, default=200, help="requests of each kind for each route, at most")
    given = parser.parse_args(arguments)
    command = shutil.which("schemathesis", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if command is None:
        raise SystemExit("schemathesis is not installed: pip install 'digitstring[benchmark]'")
    about = describe(given.weights, open_reader(given.weights))
    with tempfile.TemporaryDirectory() as folder, service(folder) as (url, process):
        run = fuzz(command, url, folder, given.examples, given.seed)
        alive = process.poll() is None
    print(run.stdout[-20000:])
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"the service is {'still running' if alive else 'DEAD'}; peak memory of it or of schemathesis {peak:.0f} MiB")
    cases = re.search(r"(\d[\d,]*) generated", run.stdout)
    write_report(
        given.out,
        {
            "weights": about,
            "seed": given.seed,
            "alive": alive,
            "returned": run.returncode,
            "cases": None if cases is None else int(cases[1].replace(",", "")),
        },
    )
    if run.returncode or not alive:
        raise SystemExit(1)


@contextmanager
def service(folder: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The service on a free port of loopback, its review file in the folder: its URL and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "cli.py"), "serve", "--port", str(port), "--review", "review.db"],
        cwd=folder,
        env={**os.environ, "DIGITSTRING_TOKEN": TOKEN},
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait(url)
        yield url, process
    finally:
        process.terminate()
        process.wait()


def fuzz(command: str, url: str, folder: str, examples: int, seed: int) -> subprocess.CompletedProcess[str]:
    """A run of schemathesis against the service's own description."""
    options = ["--checks", ",".join(CHECKS), "--max-examples", str(examples), "--seed", str(seed)]
    options += ["--max-response-time", "10", "--continue-on-failure", "--no-color"]
    options += ["--header", f"Authorization: Bearer {TOKEN}"]
    return subprocess.run(
        [command, "run", f"{url}/openapi.json", *options], capture_output=True, text=True, check=False, cwd=folder
    )


def wait(url: str) -> None:
    """Until the service answers."""
    for _ in range(200):
        try:
            urllib.request.urlopen(f"{url}/v1/health", timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the service did not start")


if __name__ == "__main__":
    main()
