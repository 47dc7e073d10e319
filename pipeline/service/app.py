"""The application: routes, page and review around one reader, behind the guard."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from pipeline import __version__
from pipeline.reader import Reader
from pipeline.review.store import ReviewStore
from pipeline.service.gate.guard import Guard
from pipeline.service.gate.receiving import Receiving
from pipeline.service.refusals import Refusal
from pipeline.service.routes.example_answers import add_schemas
from pipeline.service.routes.page_files import add_pages
from pipeline.service.routes.parameters import sentence
from pipeline.service.routes.reading_routes import reading_routes
from pipeline.service.routes.review_routes import review_routes
from pipeline.service.settings import ENVIRONMENT, TOKEN, ServiceSettings
from pipeline.service.work.counters import Metrics
from pipeline.service.work.pool import RecognitionPool
from pipeline.service.work.recognition import Recogniser
from pipeline.service.work.templates import load_templates

DESCRIPTION = "Reads numbers in images, digit by digit, with an honest probability that the reading is right."


def create_app(reader: Reader, settings: ServiceSettings, token: str | None = None) -> Guard:
    """The ASGI application around a reader. Raises DataError when the review file cannot be used, UsageError for
    templates that are none."""
    review = None if settings.review is None else ReviewStore(settings.review)
    recogniser = Recogniser(reader, settings.limits, load_templates(settings.templates), review, settings.review_blank)
    metrics = Metrics()
    pool = RecognitionPool(settings.limits.threads, settings.limits.waiting, settings.limits.deadline)
    # FastAPI's own pages of documentation load scripts from elsewhere.
    app = FastAPI(
        title="digitstring",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=partial(_lifespan, pool),
    )
    receiving = Receiving(settings.limits)
    app.include_router(reading_routes(settings, recogniser, pool, metrics, receiving))
    if review is not None:
        app.include_router(review_routes(review))
    add_pages(app)
    _answer_errors(app, metrics)
    _describe(app, token is not None)
    return Guard(app, hosts=settings.hosts, token=token, metrics=metrics, receiving=receiving)


def create_worker_app() -> Guard:
    """The application of a worker process, its settings from the environment. Raises WeightsError, DataError."""
    settings = ServiceSettings.from_json(os.environ[ENVIRONMENT])
    return create_app(make_reader(settings), settings, os.environ.get(TOKEN) or None)


def make_reader(settings: ServiceSettings) -> Reader:
    """The reader of a process. Raises WeightsError, UsageError."""
    return settings.reader()


@asynccontextmanager
async def _lifespan(pool: RecognitionPool, app: FastAPI) -> AsyncIterator[None]:
    yield
    pool.close()


def _answer_errors(app: FastAPI, metrics: Metrics) -> None:
    """Every error has the form {"error": sentence}."""

    @app.exception_handler(Refusal)
    async def refused(request: Request, refusal: Refusal) -> Response:
        metrics.refusals.labels(refusal.reason).inc()
        return JSONResponse({"error": str(refusal)}, refusal.status, refusal.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        metrics.refusals.labels("parameter").inc()
        return JSONResponse({"error": "; ".join(sentence(problem, skip=1) for problem in error.errors())}, 422)

    @app.exception_handler(HTTPException)
    async def failed(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if headers.get("Allow") == "GET":
            headers["Allow"] = "GET, HEAD"
        return JSONResponse(
            {"error": f"{request.method} {request.url.path}: {error.detail}"}, error.status_code, headers
        )

    @app.exception_handler(ClientDisconnect)
    async def gone(request: Request, error: ClientDisconnect) -> Response:
        return JSONResponse({"error": "the client went away"}, 400)


def _describe(app: FastAPI, needs_token: bool) -> None:
    """The OpenAPI description, with our own models of errors in place of FastAPI's."""
    made = app.openapi

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            description = made()
            add_schemas(description)
            if needs_token:
                description["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
                description["security"] = [{"token": []}, {}]
            app.openapi_schema = description
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]
