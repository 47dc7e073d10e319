"""Who may come in: the name the service is called by, the page a request comes from, and the bearer token."""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from urllib.parse import urlsplit

from pipeline.service.refusals import Forbidden, Unauthorized
from pipeline.service.settings import LOOPBACK

Headers = dict[str, str]
SAFE_METHODS = ("GET", "HEAD")  # what they fetch, a page of another site cannot see
PROBES = ("/v1/health", "/v1/ready")  # asked by address, as the probes of containers and balancers do
OPEN = (*PROBES, "/openapi.json")  # without the token, as is the page and its parts
DEFAULT_PORTS = {"http": 80, "https": 443}


def admit(method: str, path: str, headers: Headers, hosts: tuple[str, ...], token: str | None) -> None:
    """Raise Forbidden or Unauthorized for what may not come in.

    headers: by name in small letters. hosts: the names the service answers to, none: any. token: None: none is asked.
    """
    check_host(path, headers.get("host", ""), hosts)
    if method not in SAFE_METHODS:
        check_origin(headers, hosts)
    if (path.startswith("/v1/") or path == "/metrics") and path not in OPEN:
        check_token(headers, token)


def check_host(path: str, host: str, hosts: tuple[str, ...]) -> None:
    """Raise Forbidden for a name in the Host header that is not ours; a probe may come by address, or nameless."""
    name = _host_name(host)
    if not hosts or name in hosts or (path in PROBES and (not name or _is_address(name))):
        return
    raise Forbidden("this service does not answer to that name; whoever runs it may allow that")


def check_origin(headers: Headers, hosts: tuple[str, ...]) -> None:
    """Raise Forbidden where a browser says that the page of another site wants to change something here.

    Both headers are asked: older browsers send Origin alone, and a page on another port of this machine is of the same
    site, but of another origin.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site in ("cross-site", "same-site") or (origin is not None and not _is_ours(origin, site, headers, hosts)):
        raise Forbidden("requests from the pages of other sites are not served")


def _is_ours(origin: str, site: str | None, headers: Headers, hosts: tuple[str, ...]) -> bool:
    """Whether an origin is the one that the request was sent to, or, behind a proxy, a name that was allowed."""
    if origin == "null":
        return site == "same-origin"
    try:
        parts = urlsplit(origin)
        name, port = parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]
    except (ValueError, KeyError):
        return False
    host = headers.get("host", "")
    if name in hosts and name not in LOOPBACK:
        return True
    return (name, port) == (_host_name(host), _port(host, DEFAULT_PORTS[parts.scheme]))


def check_token(headers: Headers, token: str | None) -> None:
    """Raise Unauthorized unless the bearer token is the right one; compared in constant time."""
    if token is None:
        return
    scheme, _, given = headers.get("authorization", "").partition(" ")
    right = hmac.compare_digest(given.strip().encode("latin-1"), token.encode())
    if scheme.lower() != "bearer" or not right:
        raise Unauthorized("a bearer token is needed: Authorization: Bearer ...", {"WWW-Authenticate": "Bearer"})


def _host_name(host: str) -> str:
    """The name of a Host header, in small letters, without port and brackets."""
    return (host[1 : host.find("]")] if host.startswith("[") else host.rsplit(":", 1)[0]).lower()


def _port(host: str, default: int) -> int:
    port = host.rpartition("]")[2].rpartition(":")[2] if ":" in host.rpartition("]")[2] else ""
    return int(port) if port.isdecimal() else default


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
