"""Who may come in, header by header."""

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")

from pipeline.service.gate.admission import admit
from pipeline.service.refusals import Forbidden, Unauthorized
from pipeline.service.serving import warnings_of
from pipeline.service.settings import LOOPBACK, hosts_of

HOSTS = (*LOOPBACK, "numbers.example")


@pytest.mark.parametrize(
    ("origin", "site", "host", "welcome"),
    [
        (None, None, "localhost:8000", True),
        ("http://localhost:8000", "same-origin", "localhost:8000", True),
        ("http://[::1]:8000", None, "[::1]:8000", True),
        ("http://localhost:3000", None, "localhost:8000", False),  # another program's page on this machine
        ("http://localhost", None, "localhost", True),
        ("https://numbers.example", None, "127.0.0.1:8000", True),  # behind a proxy that puts its own name
        ("https://evil.example", None, "localhost:8000", False),
        ("https://numbers.example.evil.example", None, "numbers.example", False),
        ("http://localhost:8000", "cross-site", "localhost:8000", False),
        (None, "same-site", "localhost:8000", False),
        ("null", None, "localhost:8000", False),
        ("null", "same-origin", "localhost:8000", True),
        ("file://", None, "localhost:8000", False),
        ("http://[", None, "localhost:8000", False),
        ("http://localhost:99999999", None, "localhost:8000", False),
    ],
)
def test_requests_of_another_origin_are_refused(origin, site, host, welcome) -> None:
    headers = {"host": host, "origin": origin, "sec-fetch-site": site}
    given = {name: value for name, value in headers.items() if value is not None}
    admit("GET", "/", given, HOSTS, None)  # nothing is changed by it, and browsers keep the answer from other pages
    if welcome:
        admit("POST", "/v1/read", given, HOSTS, None)
    else:
        with pytest.raises(Forbidden):
            admit("POST", "/v1/read", given, HOSTS, None)


@pytest.mark.parametrize("host", ["10.0.3.7:8000", "[fd00::7]:8000", ""])
def test_probes_come_by_address(host: str) -> None:
    for path in ("/v1/health", "/v1/ready"):
        admit("GET", path, {"host": host}, HOSTS, "secret")
    with pytest.raises(Forbidden):
        admit("GET", "/metrics", {"host": host}, HOSTS, None)
    with pytest.raises(Forbidden):  # a name is no address: it may be pointed anywhere
        admit("GET", "/v1/ready", {"host": "evil.example"}, HOSTS, None)


def test_token_is_asked_of_all_but_probes_and_pages() -> None:
    for path in ("/", "/page/read.js", "/openapi.json", "/v1/health"):
        admit("GET", path, {"host": "localhost"}, HOSTS, "secret")
    with pytest.raises(Unauthorized):
        admit("GET", "/metrics", {"host": "localhost"}, HOSTS, "secret")
    admit("GET", "/metrics", {"host": "localhost", "authorization": "bearer secret"}, HOSTS, "secret")


def test_a_public_address_says_what_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIGITSTRING_TOKEN", raising=False)
    assert warnings_of("127.0.0.1", hosts_of("127.0.0.1")) == []
    both = warnings_of("0.0.0.0", hosts_of("0.0.0.0"))
    assert len(both) == 2 and "token" in both[0] and "allow only those" in both[1]
    monkeypatch.setenv("DIGITSTRING_TOKEN", "secret")
    assert warnings_of("0.0.0.0", hosts_of("0.0.0.0", ("numbers.example",))) == []
