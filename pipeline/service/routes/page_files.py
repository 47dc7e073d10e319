"""The page and the review page: files beside this module, served as they are; no build step, nothing from elsewhere."""

from __future__ import annotations

from importlib.resources import files

from fastapi import FastAPI, Response

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
PATHS = {"index.html": "/", "review.html": "/review"}  # other files under /page/


def page_files() -> dict[str, bytes]:
    """Path of each file of the pages, and its bytes."""
    folder = files("pipeline.service") / "page"
    named = {entry.name: entry.read_bytes() for entry in folder.iterdir() if _suffix(entry.name) in TYPES}
    return {PATHS.get(name, f"/page/{name}"): data for name, data in sorted(named.items())}


def add_pages(app: FastAPI) -> None:
    """A route for each file; nothing of a request becomes part of a path."""
    for path, data in page_files().items():
        kind = TYPES[".html" if path in PATHS.values() else _suffix(path)]
        app.add_api_route(path, _serve(data, kind), include_in_schema=False, methods=["GET"])


def _serve(data: bytes, kind: str):  # type: ignore[no-untyped-def]
    async def page() -> Response:
        return Response(data, media_type=kind, headers={"cache-control": "no-cache"})

    return page


def _suffix(name: str) -> str:
    return "." + name.rsplit(".", 1)[-1]
