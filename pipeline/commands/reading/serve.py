"""`digitstring serve`: answers over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands import options as o
from pipeline.commands.terminal import Quiet, Verbose


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; by default this machine only.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for any that is free.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes, each with the weights loaded once.")] = 1,
    review: o.Review = None,
    review_blank: o.ReviewBlank = False,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="A name the service is called by, as behind a proxy; may be repeated.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Images that a process reads at once.")] = 2,
    waiting: Annotated[int, typer.Option(min=0, help="Further requests that may wait; then 429.")] = 16,
    deadline: Annotated[float, typer.Option(min=0.001, max=3600, help="Seconds for an image; then 503.")] = 10.0,
    header_deadline: Annotated[
        float, typer.Option(min=0.001, max=3600, help="Seconds for a request's headers; then 408.")
    ] = 10.0,
    body_deadline: Annotated[
        float, typer.Option(min=0.001, max=3600, help="Seconds for a request's body; then 408.")
    ] = 20.0,
    max_connections: Annotated[
        int, typer.Option(min=1, help="Connections at once; one more, and an idle or slow one is closed.")
    ] = 500,
    max_bytes: Annotated[int, typer.Option(min=1, help="Bytes of a request at most; else 413.")] = 10 << 20,
    max_pixels: Annotated[int, typer.Option(min=1, help="Pixels of an image at most; else 422.")] = 20_000_000,
    max_images: Annotated[int, typer.Option(min=1, help="Images in a request at most; else 413.")] = 16,
    max_pages: Annotated[int, typer.Option(min=1, help="Pages of all images of a request; else 422.")] = 20,
    templates: Annotated[Path | None, typer.Option(help="Folder of templates that requests may name.")] = None,
    format: o.Format = None,
    threshold: o.Threshold = None,
    max_error: o.MaxError = None,
    mask: o.Mask = None,
    profile: o.Profile = None,
    weights: o.Weights = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Answer over HTTP: POST /v1/read, a page at /, and the review of what was unsure at /review.

    The environment variable DIGITSTRING_TOKEN holds a bearer token to ask for. Ctrl-C or SIGTERM: requests in flight
    are finished.
    """
    options = o.reader_options(weights, threshold, max_error, format, profile=profile, mask=mask)
    from pipeline.service.logs import verbosity_of
    from pipeline.service.serving import serve as run_service
    from pipeline.service.settings import Limits, ServiceSettings, hosts_of

    limits = Limits(
        body_bytes=max_bytes,
        pixels=max_pixels,
        images=max_images,
        pages=max_pages,
        threads=threads,
        waiting=waiting,
        deadline=deadline,
        headers=header_deadline,
        upload=body_deadline,
        connections=max_connections,
    )
    hosts = hosts_of(host, tuple(allow_host or ()))
    review_file, folder = (None if path is None else str(path) for path in (review, templates))
    settings = ServiceSettings(options, limits, review_file, hosts, folder, review_blank)
    run_service(settings, host, port, workers, verbosity_of(quiet, verbose))
