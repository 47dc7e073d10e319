"""The service as a process: what it answers, what it refuses and how, and that it keeps nothing."""

import io
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")
httpx = pytest.importorskip("httpx")

from PIL import Image  # noqa: E402

from benchmarks.common.drawn_documents import draw_cheque  # noqa: E402
from pipeline.synthesis.sources import Sources  # noqa: E402
from tests.pipeline.service.serving_process import ROOT, Service, running  # noqa: E402
from tests.waiting import SECONDS, until  # noqa: E402

pytestmark = pytest.mark.slow

AMOUNT = (ROOT / "examples" / "amount.png").read_bytes()
ZEROS = (ROOT / "examples" / "zeros.png").read_bytes()


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("service")
    with running(
        "--threads",
        1,
        "--waiting",
        1,
        "--max-bytes",
        500_000,
        "--max-images",
        3,
        "--max-pixels",
        8_000_000,
        folder=folder,
    ) as found:
        yield found


def post(service: Service, body: bytes, path: str = "/v1/read", **options) -> "httpx.Response":
    return httpx.post(service.url + path, content=body, timeout=60, **options)


def get(service: Service, path: str, **options) -> "httpx.Response":
    return httpx.get(service.url + path, timeout=60, **options)


def metric(service: Service, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", get(service, "/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_body_is_read_as_the_command_reads_the_file(service: Service) -> None:
    answer = post(service, AMOUNT)
    printed = subprocess.run(
        [sys.executable, ROOT / "cli.py", "read", "--json", "-"],
        input=AMOUNT,
        cwd=ROOT,
        capture_output=True,
        check=False,
        env={**os.environ, "DIGITSTRING_ENGINE": os.environ.get("DIGITSTRING_ENGINE") or "auto"},  # as the service's
    )
    assert answer.status_code == 200
    assert answer.json() == json.loads(printed.stdout)


def test_form_of_several_images_names_the_broken_one(service: Service) -> None:
    files = [("image", ("a.png", AMOUNT)), ("image", ("b.txt", b"not an image")), ("image", ("../c.png", ZEROS))]
    answer = httpx.post(service.url + "/v1/read", files=files, timeout=60)
    first, second, third = answer.json()["readings"]
    assert answer.status_code == 200
    assert [first["file"], second["file"], third["file"]] == ["a.png", "b.txt", "../c.png"]
    assert first["text"] is not None
    assert "error" in second and "text" not in second
    assert third["text"] == "380000"


def test_query_changes_what_is_read_and_shown(service: Service) -> None:
    plain = post(service, ZEROS, "/v1/read?threshold=1").json()
    assert not plain["accepted"] and "explanation" not in plain
    asked = post(service, ZEROS, "/v1/read?threshold=0&alternatives=1&explain=true&format=digits:6").json()
    assert asked["accepted"] and len(asked["alternatives"]) <= 1 and asked["format"] == "digits:6"
    assert asked["explanation"]["picture"].startswith("data:image/png;base64,")
    assert [each["text"] for each in asked["explanation"]["rounds"]][-1] == asked["text"]
    unfit = post(service, ZEROS, "/v1/read?format=digits:2").json()
    assert unfit["text"] is None and "digits:2" in unfit["note"]


def test_a_whole_cheque_is_read_as_a_document(service: Service) -> None:
    page, truth = draw_cheque(8, Sources())
    file = io.BytesIO()
    Image.fromarray(page).convert("L").save(file, "JPEG", quality=85)
    record = post(service, file.getvalue(), "/v1/read?explain=true").json()
    assert {field["name"] for field in record["fields"]} >= {"amount", "date"} and record["pages"] == 1
    assert {field.name for field in truth} >= {"amount", "date"}
    assert "explanation" not in record


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("/v1/read", b"", 422, "image data"),
        ("/v1/read", b"\x89PNG\r\n\x1a\n cut off", 422, "image data"),
        ("/v1/read?format=nonsense", AMOUNT, 422, "nonsense"),
        ("/v1/read?threshold=2", AMOUNT, 422, "threshold"),
        ("/v1/read?alternatives=many", AMOUNT, 422, "alternatives"),
        ("/v1/read", bytes(500_001), 413, "larger than"),
        ("/v1/nothing", AMOUNT, 404, "/v1/nothing"),
        ("/v1/health", AMOUNT, 405, "/v1/health"),
    ],
)
def test_bad_requests_get_a_sentence(service: Service, path: str, body: bytes, status: int, words: str) -> None:
    answer = post(service, body, path)
    assert answer.status_code == status
    assert words in answer.json()["error"]
    assert "Traceback" not in answer.text


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_decompression_bomb_is_refused_by_its_header(service: Service) -> None:
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 9_000, 9_000, 8, 0, 0, 0, 0))
    body = png_chunk(b"IDAT", zlib.compress(bytes(9_001 * 9_000), 9)) + png_chunk(b"IEND", b"")
    answer = post(service, b"\x89PNG\r\n\x1a\n" + header + body)
    assert answer.status_code == 422
    assert "9000 x 9000" in answer.json()["error"]


def test_too_many_images_and_a_damaged_form(service: Service) -> None:
    files = [("image", (f"{k}.png", AMOUNT)) for k in range(4)]
    assert httpx.post(service.url + "/v1/read", files=files, timeout=60).status_code == 413
    damaged = post(service, b"--x\r\nno end", headers={"content-type": "multipart/form-data; boundary=x"})
    assert damaged.status_code == 400 and "form" in damaged.json()["error"]


def slow_request(service: Service, body: bytes) -> socket.socket:
    """A connection that has sent its headers but not its body, for which the service waits by now."""
    host, port = service.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=60)
    head = f"POST /v1/read HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {len(body)}\r\nExpect: 100-continue"
    connection.sendall(f"{head}\r\n\r\n".encode())
    with connection.makefile("rb", buffering=0) as answer:
        assert answer.readline().startswith(b"HTTP/1.1 100") and answer.readline() == b"\r\n"
    return connection


def listens(service: Service) -> bool:
    host, port = service.url.removeprefix("http://").split(":")
    try:
        socket.create_connection((host, int(port)), timeout=60).close()
    except OSError:
        return False
    return True


def test_metrics_count_what_happened(service: Service) -> None:
    names = [f'digitstring_images_total{{result="{result}"}}' for result in ("accepted", "unsure", "unreadable")]
    before = [metric(service, name) for name in names]
    post(service, b"junk")
    for threshold in (0, 1):
        post(service, ZEROS, f"/v1/read?threshold={threshold}")
    after = [metric(service, name) for name in names]
    assert [late - early for early, late in zip(before, after, strict=True)] == [1, 1, 1]


def test_requests_at_once_are_read_as_one_by_one(service: Service) -> None:
    alone = [post(service, body).json() for body in (AMOUNT, ZEROS)]
    found: list[dict] = [{}, {}]

    def ask(k: int, body: bytes) -> None:
        found[k] = post(service, body).json()

    threads = [threading.Thread(target=ask, args=(k, body)) for k, body in enumerate((AMOUNT, ZEROS))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == alone


def test_pages_of_other_sites_and_other_names_are_refused(service: Service) -> None:
    assert post(service, AMOUNT, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert post(service, AMOUNT, headers={"origin": "https://evil.example"}).status_code == 403
    assert post(service, AMOUNT, headers={"origin": service.url}).status_code == 200
    assert get(service, "/metrics", headers={"host": "evil.example"}).status_code == 403
    assert "default-src 'none'" in get(service, "/").headers["content-security-policy"]


def test_page_loads_nothing_from_elsewhere(service: Service) -> None:
    page = get(service, "/").text
    parts = re.findall(r'(?:src|href)="([^"#]+)"', page)
    assert "/page/read.js" in parts and all(part.startswith("/") for part in parts)
    for part in parts:
        if part.startswith("/page/"):
            text = get(service, part).text
            assert not re.search(r"https?://(?!www\.w3\.org)", text)
            assert all(name.startswith("/page/") for name in re.findall(r'from "([^"]+)"', text))


def test_nothing_is_kept_and_a_request_in_flight_is_finished(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    with running("--body-deadline", 300, folder=folder) as service:
        assert post(service, ZEROS).status_code == 200
        with slow_request(service, AMOUNT) as connection:
            service.process.send_signal(signal.SIGTERM)
            until(lambda: not listens(service))
            connection.sendall(AMOUNT)
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
        assert service.process.wait(SECONDS) == 0
    assert list(folder.iterdir()) == []


def test_deadline_and_token(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    with running("--deadline", 0.001, folder=folder, token="secret") as service:
        assert get(service, "/v1/health").status_code == 200
        refused = post(service, AMOUNT)
        assert refused.status_code == 401 and refused.headers["www-authenticate"] == "Bearer"
        assert post(service, AMOUNT, headers={"authorization": "Bearer wrong"}).status_code == 401
        assert get(service, "/metrics").status_code == 401
        late = post(service, ZEROS, headers={"authorization": "Bearer secret"})
        assert late.status_code == 503 and int(late.headers["retry-after"]) >= 1
        assert "within 0.001 seconds" in late.json()["error"]


def test_port_in_use_is_a_mistake_with_a_sentence(service: Service) -> None:
    port = service.url.rsplit(":", 1)[1]
    run = subprocess.run(
        [sys.executable, ROOT / "cli.py", "serve", "--port", port],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert run.returncode == 2
    assert port in run.stderr and "Traceback" not in run.stderr


def test_several_processes_share_one_port_and_their_counts(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    with running("--workers", 2, folder=folder) as service:
        for _ in range(6):
            assert post(service, ZEROS, "/v1/read?threshold=1").json()["text"] == "380000"
        assert metric(service, 'digitstring_images_total{result="unsure"}') == 6
        assert service.stop() == 0
