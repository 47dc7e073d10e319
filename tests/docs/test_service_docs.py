"""docs/service.md against the routes and the command."""

import re
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")

import typer

from pipeline.commands.main import app
from pipeline.reader import Reader
from pipeline.service.app import create_app
from pipeline.service.routes.parameters import ReadParameters
from pipeline.service.settings import ServiceSettings

DOCS = (Path(__file__).parents[2] / "docs" / "service.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def description(tmp_path_factory):
    review = str(tmp_path_factory.mktemp("review") / "review.db")
    return create_app(Reader(), ServiceSettings(review=review)).app.openapi()


def test_the_table_of_routes_is_that_of_the_service(description) -> None:
    written = {
        (method, path): set(codes.replace(",", " ").split())
        for method, path, codes in re.findall(r"^\| `(GET|POST) (\S+)` \|[^|]*\|([^|]*)\|$", DOCS, re.MULTILINE)
    }
    served = {
        (method.upper(), path): {code for code in route["responses"] if code != "200"}
        for path, methods in description["paths"].items()
        for method, route in methods.items()
    }
    assert written == served


def test_every_refusal_is_explained(description) -> None:
    explained = set(re.findall(r"^\| (\d{3}) \|", DOCS, re.MULTILINE))
    used = {
        code
        for methods in description["paths"].values()
        for route in methods.values()
        for code in route["responses"]
        if code != "200"
    }
    assert used - explained == {"404"}


def test_query_parameters_and_options_exist(description) -> None:
    parameters = {each["name"] for each in description["paths"]["/v1/read"]["post"]["parameters"]}
    assert parameters == set(ReadParameters.model_fields)
    assert all(f"`{name}`" in DOCS for name in parameters)
    serve = typer.main.get_command(app).commands["serve"]
    options = {option for parameter in serve.params for option in parameter.opts}
    assert set(re.findall(r"`(--[a-z-]+)`", DOCS)) - options == set()
