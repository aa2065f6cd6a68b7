"""The document of the whole application: whatever is routed when it is first asked for stands in it."""

from collections.abc import Iterator
from typing import Final

import pytest
from fastapi import APIRouter, FastAPI
from starlette.responses import Response
from starlette.testclient import TestClient

from cybervault.app.api_document import api_document_routes, parts_of
from cybervault.faces.call import Call, LeanRoute

BASE: Final = "https://here"


async def is_healthy() -> bool:
    return True


async def late(_call: Call) -> Response:
    return Response()


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI(openapi_url=None, docs_url=None, redirect_slashes=False)
    app.router.routes.extend(api_document_routes(app, BASE, is_healthy))
    return app


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


def test_a_route_that_comes_later_is_in_the_document(app: FastAPI, client: TestClient) -> None:
    router = APIRouter(route_class=LeanRoute)
    router.add_api_route("/api/ctai/late", late, methods=["GET"])
    app.router.routes.extend(router.routes)
    found = client.get("/api/docs/openapi.json").json()
    assert found["paths"]["/api/ctai/late"]["get"]["tags"] == ["CyberThreat AI"]
    assert "/api/docs/" in found["paths"]


def test_answers_show_examples_and_lead_on(app: FastAPI, client: TestClient) -> None:
    router = APIRouter(route_class=LeanRoute)
    for path, method, status in (("/v3/keys", "POST", 201), ("/v3/keys/{key_id}", "GET", 200)):
        router.add_api_route(path, late, methods=[method], status_code=status, response_model=dict[str, str])
    app.router.routes.extend(router.routes)
    answer = client.get("/api/docs/openapi.json").json()["paths"]["/v3/keys"]["post"]["responses"]["201"]
    assert answer["content"]["application/json"]["example"]["id"].startswith("key_")
    (link,) = answer["links"].values()
    assert link["parameters"] == {"key_id": "$response.body#/id"}


@pytest.mark.parametrize(
    ("path", "name", "errors"),
    [
        ("/api/ctai", "CyberThreat AI", "CtaiErrorReply"),
        ("/api/health", "CyberThreat AI", "CtaiErrorReply"),
        ("/v1/threats", "v1", "V1ErrorReply"),
        ("/v2/threats", "v2", "V2ErrorReply"),
        ("/v3/keys", "v3", "V3ErrorReply"),
        ("/api/console/me", "Console", "V3ErrorReply"),
        ("/healthz", "Service", "V3ErrorReply"),
    ],
)
def test_every_path_has_its_part_and_the_form_of_its_failures(path: str, name: str, errors: str) -> None:
    part = next(part for part in parts_of(BASE) if part.face.owns(path))
    assert (part.name, part.errors_name) == (name, errors)
