"""The service under load, on loopback: latency against offered load, twice the capacity, and recovery.

    python -m benchmarks.robustness.load [--seconds 10]

A service of one process and one thread is started. Closed loop: 1, 2, 4 and 8 clients, each sending the next request
when the last is answered; the best throughput is taken for the capacity. Open loop: requests at fixed times, whatever
the answers do, at half, three quarters, nearly all and twice the capacity, and then at half again (recovery). And a
closed loop beside SLOW uploads that send their headers and then nothing, more than there are places. Every request must
be answered: read (200), or told to come back (429, 503) with Retry-After. Latency counts from the time
at which a request was due. At capacity, the CPU that the service takes for a request is told beside that of reading
the same picture in Python (Linux).
"""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from benchmarks.common.scores import describe, open_reader, options, write_report
from benchmarks.common.tables import markdown
from pipeline import Reader

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = (1, 2, 4, 8)
SHARES = (0.5, 0.75, 0.9, 2.0, 0.5)  # of the capacity
WAITING = 16
SLOW = 50
READINGS = 40  # of the picture without a service
COME_BACK = (429, 503)


@dataclass
class LoadOutcome:
    """Answers by status, and latencies in seconds of those that were read. lost: requests without an answer."""

    seconds: float
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    lost: int = 0
    without_retry: int = 0

    def row(self, name: str) -> list[str]:
        p50, p95, p99 = np.percentile(self.latencies, (50, 95, 99)) * 1000 if self.latencies else (0, 0, 0)
        refused = sum(self.statuses[status] for status in COME_BACK)
        other = sum(self.statuses.values()) - self.statuses[200] - refused
        return [
            name,
            f"{self.statuses[200] / self.seconds:.1f}",
            str(self.statuses[200]),
            str(refused),
            str(other + self.lost + self.without_retry),
            f"{p50:.0f}",
            f"{p95:.0f}",
            f"{p99:.0f}",
        ]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options(__doc__, "load.json")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each load")
    given = parser.parse_args(arguments)
    about = describe(given.weights, open_reader(given.weights))
    image = (ROOT / "examples" / "amount.png").read_bytes()
    rows: list[list[str]] = []
    with service() as (url, process):
        asyncio.run(closed(url, image, 1, 2.0))  # warm
        begun = cpu_seconds(process)
        found = {clients: asyncio.run(closed(url, image, clients, given.seconds)) for clients in CLIENTS}
        request = (cpu_seconds(process) - begun) / sum(outcome.statuses[200] for outcome in found.values())
        rows += [outcome.row(f"closed loop, {clients} clients") for clients, outcome in found.items()]
        capacity = max(outcome.statuses[200] / outcome.seconds for outcome in found.values())
        for share in SHARES:
            outcome = asyncio.run(offered(url, image, share * capacity, given.seconds))
            rows.append(outcome.row(f"open loop, {share:g} of the capacity"))
        outcome = asyncio.run(beside_slow(url, image, 2, given.seconds))
        rows.append(outcome.row(f"closed loop, 2 clients, beside {SLOW} slow uploads"))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"one process, one thread, {WAITING} waiting; {given.seconds:g} s each; examples/amount.png; "
        f"{os.cpu_count()} cores, shared with the clients\n"
    )
    header = ["load", "read a second", "read", "told to come back", "lost or failed", "p50 ms", "p95 ms", "p99 ms"]
    print(markdown(header, rows))
    alone = reading_seconds(image)
    print(f"\ncapacity {capacity:.1f} a second; peak memory of the service {peak:.0f} MiB")
    print(f"CPU a request {1000 * request:.1f} ms, {request / alone:.2f} times that of the reading alone")
    report: dict[str, Any] = {"weights": about, "header": header, "rows": rows, "capacity": capacity, "peak_mib": peak}
    report |= {"request_cpu_s": request, "reading_cpu_s": alone}
    write_report(given.out, report)


@contextmanager
def service() -> Iterator[tuple[str, int]]:
    """The address of a running service, and the number of its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            sys.executable,
            str(ROOT / "cli.py"),
            "serve",
            "--port",
            str(port),
            "--threads",
            "1",
            "--waiting",
            str(WAITING),
        ],
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                httpx.get(f"{url}/v1/ready", timeout=5)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait()


def cpu_seconds(process: int) -> float:
    """CPU that a process has taken so far (proc(5): fields 14 and 15 of its stat); not a number where nobody says."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def reading_seconds(image: bytes) -> float:
    """CPU of one reading of a picture, warm, without a service."""
    reader = Reader()
    reader.read(image)
    begun = time.process_time()
    for _ in range(READINGS):
        reader.read(image)
    return (time.process_time() - begun) / READINGS


async def closed(url: str, image: bytes, clients: int, seconds: float) -> LoadOutcome:
    """So many clients, each waiting for its answer."""
    outcome, end = LoadOutcome(seconds), time.perf_counter() + seconds

    async def one(client: httpx.AsyncClient) -> None:
        while time.perf_counter() < end:
            await _ask(client, url, image, time.perf_counter(), outcome)

    async with _client() as client:
        await asyncio.gather(*(one(client) for _ in range(clients)))
    return outcome


async def beside_slow(url: str, image: bytes, clients: int, seconds: float) -> LoadOutcome:
    """As `closed`, while SLOW connections hold back the bodies that they have announced."""
    host, port = url.removeprefix("http://").split(":")
    head = f"POST /v1/read HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {len(image)}\r\n\r\n".encode()
    writers = []
    for _ in range(SLOW):
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(head)
        writers.append(writer)
    try:
        return await closed(url, image, clients, seconds)
    finally:
        for writer in writers:
            writer.close()


async def offered(url: str, image: bytes, a_second: float, seconds: float) -> LoadOutcome:
    """Requests at fixed times, whether or not the ones before are answered."""
    outcome = LoadOutcome(seconds)
    async with _client() as client:
        begin, tasks = time.perf_counter(), []
        for number in range(int(a_second * seconds)):
            due = begin + number / a_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.append(asyncio.create_task(_ask(client, url, image, due, outcome)))
        await asyncio.gather(*tasks)
    return outcome


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None))


async def _ask(client: httpx.AsyncClient, url: str, image: bytes, due: float, outcome: LoadOutcome) -> None:
    try:
        answer = await client.post(f"{url}/v1/read", content=image)
    except httpx.HTTPError:
        outcome.lost += 1
        return
    outcome.statuses[answer.status_code] += 1
    if answer.status_code == 200:
        outcome.latencies.append(time.perf_counter() - due)
    elif answer.status_code in COME_BACK:
        outcome.without_retry += "retry-after" not in answer.headers
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    main()
