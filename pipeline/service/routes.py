"""The routes of reading: /v1/read, /v1/health, /v1/ready and /metrics."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from pipeline import __version__
from pipeline.batch.records import make_record
from pipeline.errors import UsageError
from pipeline.formats.format import parse_format
from pipeline.service import answers as examples
from pipeline.service.bodies import Upload, receive_images
from pipeline.service.counters import CONTENT_TYPE, Metrics
from pipeline.service.models import ErrorModel, FormAnswer, HealthModel, ReadyModel
from pipeline.service.pool import RecognitionPool
from pipeline.service.recognition import Answer, Recogniser, Wanted
from pipeline.service.refusals import Late, Unusable
from pipeline.service.settings import ServiceSettings

MOST_FORMAT, MOST_ALTERNATIVES = 200, 20
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
GATE: dict[int | str, dict[str, Any]] = {status: REFUSED[status] for status in (401, 403)}


def reading_routes(
    settings: ServiceSettings, recogniser: Recogniser, pool: RecognitionPool, metrics: Metrics
) -> APIRouter:
    """The routes around one reader."""
    router = APIRouter()
    limits = settings.limits

    @router.post(
        "/v1/read",
        tags=["reading"],
        summary="Read the number in an image, or in each file of a form",
        responses={200: examples.ANSWERS, **REFUSED},
        openapi_extra={"requestBody": examples.BODY},
    )
    async def read(
        request: Request,
        format: Annotated[
            str | None, Query(max_length=MOST_FORMAT, description="As of --format.", examples=["digits:8"])
        ] = None,
        threshold: Annotated[float | None, Query(ge=0, le=1, description="Accept from this confidence on.")] = None,
        alternatives: Annotated[
            int | None, Query(ge=0, le=MOST_ALTERNATIVES, description="How many other texts to name.")
        ] = None,
        explain: Annotated[bool, Query(description="Also the picture, the cuts and the rounds of the search.")] = False,
    ) -> Response:
        with pool.place(), metrics.places.track_inprogress():
            uploads, is_form = await receive_images(request.stream(), request.headers, limits)
            if format is not None:
                await pool.run(partial(_check_format, format))
            wanted = Wanted(format, threshold, alternatives, explain)
            answers = [
                await _answer(pool, metrics, partial(recogniser.read, upload, wanted), upload) for upload in uploads
            ]
        return _response(answers, is_form)

    @router.get("/v1/health", tags=["state"], summary="Whether the process is alive", response_model=HealthModel)
    async def health() -> Response:
        return JSONResponse({"status": "alive"})

    @router.get(
        "/v1/ready",
        tags=["state"],
        summary="Whether images can be read now, and with what",
        response_model=ReadyModel,
        responses={503: {"model": ReadyModel}},
    )
    async def ready() -> Response:
        state = _state(settings, recogniser) | {"ready": not pool.stuck}
        return JSONResponse(state, 200 if state["ready"] else 503)

    @router.get(
        "/metrics",
        tags=["state"],
        summary="Counters for Prometheus",
        response_class=Response,
        responses={200: {"content": {"text/plain": {}}}, **GATE},
    )
    def exposition() -> Response:
        return Response(metrics.exposition(), media_type=CONTENT_TYPE)

    return router


def _check_format(format: str) -> None:
    try:
        parse_format(format)
    except UsageError as error:
        raise Unusable(str(error)) from None


async def _answer(pool: RecognitionPool, metrics: Metrics, work: Callable[[], Answer], upload: Upload) -> Answer:
    """The answer to one image; past the deadline it says so."""
    start = time.perf_counter()
    try:
        answer = await pool.run(work)
    except Late as late:
        answer = Answer(make_record(upload.name, None, str(late)), late.status)
    metrics.images.labels(answer.result).inc()
    metrics.image_seconds.observe(time.perf_counter() - start)
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
        "review": recogniser.review is not None,
        "limits": {
            "body_bytes": limits.body_bytes,
            "pixels": limits.pixels,
            "images": limits.images,
            "threads": limits.threads,
            "waiting": limits.waiting,
            "deadline": limits.deadline,
            "upload": limits.upload,
        },
    }
