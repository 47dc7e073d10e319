"""The routes of reading: /v1/read, /v1/health, /v1/ready and /metrics."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from pipeline import __version__
from pipeline.batch.records import make_record
from pipeline.service.gate.bodies import Upload, split_body
from pipeline.service.gate.receiving import Receiving
from pipeline.service.refusals import Late
from pipeline.service.routes import example_answers
from pipeline.service.routes.models import ErrorModel, HealthModel, ReadyModel
from pipeline.service.routes.parameters import ReadParameters, only_known, with_fields
from pipeline.service.routes.shapes import FormAnswer
from pipeline.service.settings import Limits, ServiceSettings
from pipeline.service.work.counters import CONTENT_TYPE, Metrics
from pipeline.service.work.pool import RecognitionPool
from pipeline.service.work.recognition import Answer, Recogniser

log = logging.getLogger("digitstring")
REFUSED: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorModel, "description": "The form cannot be understood, or it has no file."},
    401: {"model": ErrorModel, "description": "A bearer token is needed."},
    403: {"model": ErrorModel, "description": "From another site's page, or under another name."},
    408: {"model": ErrorModel, "description": "The body did not come in time."},
    413: {"model": ErrorModel, "description": "Too many bytes, or too many images."},
    422: {
        "model": ErrorModel | FormAnswer,
        "description": "An image or a parameter that nothing can be done with; for an image also `file`, for a form "
        "of unreadable images `readings`.",
    },
    429: {"model": ErrorModel, "description": "As many requests under way as are taken; Retry-After says when."},
    503: {
        "model": ErrorModel | FormAnswer,
        "description": "Not read before the deadline, or not ready; Retry-After says when.",
    },
}
STRAY: dict[int | str, dict[str, Any]] = {
    422: {"model": ErrorModel, "description": "A query parameter that is not known."}
}
NO_QUERY = [Depends(only_known())]
GATE: dict[int | str, dict[str, Any]] = {status: REFUSED[status] for status in (401, 403)}


def reading_routes(
    settings: ServiceSettings, recogniser: Recogniser, pool: RecognitionPool, metrics: Metrics, receiving: Receiving
) -> APIRouter:
    """The routes around one reader."""
    router = APIRouter()
    _add_read(router, settings.limits, recogniser, pool, metrics, receiving)
    _add_state(router, settings, recogniser, pool, metrics)
    return router


def _add_read(
    router: APIRouter,
    limits: Limits,
    recogniser: Recogniser,
    pool: RecognitionPool,
    metrics: Metrics,
    receiving: Receiving,
) -> None:
    """The route that reads."""

    @router.post(
        "/v1/read",
        tags=["reading"],
        summary="Read the number in an image, or in each file of a form",
        responses={200: example_answers.ANSWERS, **REFUSED},
        openapi_extra={"requestBody": example_answers.BODY},
        dependencies=[Depends(only_known(*ReadParameters.model_fields))],
    )
    async def read(request: Request, query: Annotated[ReadParameters, Query()]) -> Response:
        body = await receiving.body(request.stream(), request.headers.get("content-length"), limits.body_bytes)
        with pool.place(), metrics.places.track_inprogress():
            received = split_body(body, request.headers.get("content-type"), limits.images)
            asked = with_fields(query, received.fields)
            wanted = await pool.run(partial(recogniser.wanted, asked))
            answers = [
                await _answer(pool, metrics, partial(recogniser.read, upload, wanted), upload)
                for upload in received.uploads
            ]
        return _response(answers, received.is_form)


def _add_state(
    router: APIRouter, settings: ServiceSettings, recogniser: Recogniser, pool: RecognitionPool, metrics: Metrics
) -> None:
    """The routes that say how the service is."""

    @router.get(
        "/v1/health",
        tags=["state"],
        summary="Whether the process is alive",
        response_model=HealthModel,
        responses=STRAY,
        dependencies=NO_QUERY,
    )
    async def health() -> Response:
        return JSONResponse({"status": "alive"})

    @router.get(
        "/v1/ready",
        tags=["state"],
        summary="Whether images can be read now, and with what",
        response_model=ReadyModel,
        responses={503: {"model": ReadyModel}, **STRAY},
        dependencies=NO_QUERY,
    )
    async def ready() -> Response:
        state = _state(settings, recogniser) | {"ready": not pool.stuck}
        return JSONResponse(state, 200 if state["ready"] else 503)

    @router.get(
        "/metrics",
        tags=["state"],
        summary="Counters for Prometheus",
        response_class=Response,
        responses={200: {"content": {"text/plain": {}}}, **GATE, **STRAY},
        dependencies=NO_QUERY,
    )
    def exposition() -> Response:
        return Response(metrics.exposition(), media_type=CONTENT_TYPE)


async def _answer(pool: RecognitionPool, metrics: Metrics, work: Callable[[], Answer], upload: Upload) -> Answer:
    """The answer to one image; past the deadline it says so."""
    start = time.perf_counter()
    try:
        answer = await pool.run(work)
    except Late as late:
        answer = Answer(make_record(upload.name, None, str(late)), late.status)
    metrics.images.labels(answer.result).inc()
    seconds = time.perf_counter() - start
    metrics.image_seconds.observe(seconds)
    log.debug("an image of %d bytes: %s, %.0f ms", len(upload.data), answer.result, 1000 * seconds)
    return answer


def _response(answers: list[Answer], is_form: bool) -> Response:
    """One record for a body, all of them for a form; of a form in which nothing was read, the worst status."""
    status = max(answer.status for answer in answers)
    if any(answer.status == 200 for answer in answers):
        status = 200
    headers = {"Retry-After": "5"} if status == Late.status else None
    content = {"readings": [answer.record for answer in answers]} if is_form else answers[0].record
    # ASCII, as all records are: a name in the form may hold what UTF-8 has no bytes for.
    return Response(json.dumps(content), status, headers, "application/json")


def _state(settings: ServiceSettings, recogniser: Recogniser) -> dict[str, Any]:
    reader, limits = recogniser.reader, settings.limits
    return {
        "ready": True,
        "version": __version__,
        "weights": str(reader.card.get("weights_sha256", "")),
        "threshold": reader.threshold,
        "thresholds": reader.thresholds,
        "format": settings.reader.format,
        "templates": sorted(recogniser.templates),
        "review": recogniser.review is not None,
        "limits": {
            "body_bytes": limits.body_bytes,
            "pixels": limits.pixels,
            "images": limits.images,
            "pages": limits.pages,
            "threads": limits.threads,
            "waiting": limits.waiting,
            "deadline": limits.deadline,
            "headers": limits.headers,
            "upload": limits.upload,
            "connections": limits.connections,
        },
    }
