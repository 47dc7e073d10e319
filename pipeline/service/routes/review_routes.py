"""The routes of review, there only when a review file was named. SQLite is waited for in threads of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from pipeline.errors import PipelineError, UsageError
from pipeline.review.pictures import framed
from pipeline.review.store import Item, LeaseLostError, ReviewStore
from pipeline.review.truth_folder import export_zip
from pipeline.service.refusals import Outdated, Refusal, Unusable
from pipeline.service.routes.models import (
    DecidedModel,
    DecisionModel,
    DoneModel,
    ErrorModel,
    LeaseModel,
    NextModel,
    ProgressModel,
    ReopenModel,
)
from pipeline.service.routes.reading_routes import GATE, NO_QUERY, STRAY

T = TypeVar("T")
BODY: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorModel, "description": "The body is not JSON."},
    408: {"model": ErrorModel, "description": "The body did not come in time."},
    413: {"model": ErrorModel, "description": "The body is too large."},
}
CONFLICT: dict[int | str, dict[str, Any]] = {
    **BODY,
    409: {"model": ErrorModel, "description": "Decided meanwhile, or another reviewer has it."},
}

UNUSABLE_FILE: dict[int | str, dict[str, Any]] = {
    503: {"model": ErrorModel, "description": "The review file cannot be used: its disk is full, say."}
}


class NoSuchItem(Refusal):
    """There is no item of that number."""

    status, reason = 404, "item"


def review_routes(store: ReviewStore) -> APIRouter:
    """The routes around one queue."""
    router = APIRouter(
        prefix="/v1/review", tags=["review"], responses={**GATE, **STRAY, **UNUSABLE_FILE}, dependencies=NO_QUERY
    )
    _add_queue(router, store)
    _add_pictures(router, store)
    _add_export(router, store)
    return router


def _add_queue(router: APIRouter, store: ReviewStore) -> None:
    """What reviewers do with items: take, decide, give back."""

    @router.get("/progress", summary="How many items wait, are done, are unusable", response_model=ProgressModel)
    def progress() -> Response:
        return JSONResponse(_done(store.progress).__dict__)

    @router.post("/next", summary="Lease the next item; no one else gets it for two minutes", response_model=NextModel)
    def take() -> Response:
        return JSONResponse({"item": _item(_done(store.next))})

    @router.post("/decide", summary="Say what stands there", response_model=DecidedModel, responses=CONFLICT)
    def decide(said: DecisionModel) -> Response:
        return JSONResponse({"action": _done(lambda: store.decide(said.item, said.lease, said.reviewer, said.text))})

    @router.post("/release", summary="Give a leased item back", response_model=DoneModel, responses=BODY)
    def release(held: LeaseModel) -> Response:
        _done(lambda: store.release(held.item, held.lease, held.skip))
        return JSONResponse({"done": True})

    @router.post(
        "/reopen", summary="Take a decision back, and lease the item", response_model=NextModel, responses=CONFLICT
    )
    def reopen(taken: ReopenModel) -> Response:
        return JSONResponse({"item": _item(_done(lambda: store.reopen(taken.item, taken.reviewer)))})


def _add_pictures(router: APIRouter, store: ReviewStore) -> None:
    """What reviewers see of an item."""

    @router.get(
        "/items/{item}/picture",
        summary="What a reviewer sees: the part of the image with the number, as PNG",
        response_class=Response,
        responses={200: {"content": {"image/png": {}}}, 404: {"model": ErrorModel, "description": "No such item."}},
    )
    def picture(item: int) -> Response:
        found = _done(lambda: store.picture(item)) if 0 < item < 1 << 63 else None
        if found is None:
            raise NoSuchItem(f"there is no item {item}")
        from pipeline.explaining.steps import review_picture

        around = {} if found.is_cut else found.record
        png, view = _done(lambda: review_picture(found.image, around))
        return Response(png, media_type="image/png", headers={"x-view": " ".join(map(str, view))})

    @router.get(
        "/items/{item}/page",
        summary="The page around a document's field, with a frame around the field, as PNG",
        response_class=Response,
        responses={200: {"content": {"image/png": {}}}, 404: {"model": ErrorModel, "description": "No such page."}},
    )
    def page(item: int) -> Response:
        found = _done(lambda: store.page(item)) if 0 < item < 1 << 63 else None
        if found is None:
            raise NoSuchItem(f"there is no item {item} with a page around it")
        return Response(framed(*found), media_type="image/png")


def _add_export(router: APIRouter, store: ReviewStore) -> None:
    """What reviewers said."""

    @router.get(
        "/export",
        summary="All decisions as a ZIP: truth.csv, images/, audit.csv",
        response_class=Response,
        responses={200: {"content": {"application/zip": {}}}},
    )
    def export(request: Request) -> Response:
        chunks = export_zip(store)
        first = _done(lambda: next(chunks))  # what can go wrong mostly does before the first byte is sent
        name = {"content-disposition": 'attachment; filename="review.zip"'}
        return StreamingResponse(_chained(first, chunks), media_type="application/zip", headers=name)


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _item(item: Item | None) -> dict[str, Any] | None:
    if item is None:
        return None
    place = {"field": item.field, "page": item.page}
    return {"item": item.id, "lease": item.lease, "record": item.record, **place}


def _done(work: Callable[[], T]) -> T:
    """What `work` returns; its errors as refusals."""
    try:
        return work()
    except LeaseLostError as error:
        raise Outdated(str(error)) from None
    except UsageError as error:
        raise Unusable(str(error)) from None
    except PipelineError as error:
        refusal = Refusal(str(error))
        refusal.status, refusal.reason = 503, "review"
        raise refusal from None
