"""The document says of every operation who may call it, what it takes, and how each failure looks."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any, Final

import pytest
from fastapi import APIRouter, Query
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from cybervault.domain.principals import Role, Scope
from cybervault.faces import openapi as module
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.face import Face
from cybervault.faces.openapi import Part, answers_of, body_of, document
from cybervault.faces.rights import Rights, RouteRule, SignIn
from cybervault.faces.v1.shapes import FACE as V1
from cybervault.faces.v1.shapes import ErrorReply as V1ErrorReply
from cybervault.faces.v3.shapes import ErrorForm, ErrorReply

FORM: Final = ErrorForm("https://here")
V3: Final = Face("/v3", FORM.response, limits="v3", problem_json=FORM.problem_json)
PARTS: Final = (
    Part(V1, "v1", "The first.", V1ErrorReply),
    Part(V3, "v3", "The third.", ErrorReply),
    Part(Face("/api/console", FORM.response, has_rights=True), "Console", "People.", ErrorReply),
    Part(Face("", FORM.response), "Service", "The rest.", ErrorReply),
)
RULES: Final = (
    RouteRule("GET", "/v1/things", Scope.THREAT_READ),
    RouteRule("POST", "/v3/things", sign_in=SignIn.EITHER, is_power=True, scope_of_keys=Scope.KEYS_MANAGE),
    RouteRule("DELETE", "/v3/things/{thing_id}", Scope.KEYS_MANAGE, SignIn.EITHER, frozenset({Role.OWNER})),
    RouteRule("POST", "/api/console/proof", sign_in=SignIn.SESSION, needs_proof=True),
    RouteRule("GET", "/api/console/open", sign_in=SignIn.NONE),
)


class Size(BaseModel):
    """How large."""

    width: int


class Thing(BaseModel):
    """A thing with parts."""

    name: str
    size: Size | None = None
    parts: list["Thing"] = []


class Wanted(BaseModel):
    """A query."""

    most: int = 10


async def things(_call: Call, _wanted: Annotated[Wanted, Query()]) -> Response:
    """Things that are there: the newest first. There may be none."""
    return Response()


async def thing(_call: Call) -> Response:
    return Response()


async def healthz(_request: Request) -> Response:
    return Response()


def routes() -> Sequence[BaseRoute]:
    router = APIRouter(route_class=LeanRoute)
    made = body_of(Thing, {"name": "a"})
    router.add_api_route("/v1/things", things, methods=["GET"], response_model=list[Size])
    router.add_api_route("/v3/things", thing, methods=["POST"], status_code=201, openapi_extra=made)
    router.add_api_route("/v3/things/{thing_id}", thing, methods=["DELETE"], status_code=204)
    router.add_api_route("/api/console/proof", thing, methods=["POST"], openapi_extra=body_of(Size, may_be_empty=True))
    router.add_api_route("/api/console/open", thing, methods=["GET"])
    router.add_api_route("/api/events", thing, methods=["GET"], response_model=None, openapi_extra=answers_of())
    return [*router.routes, Route("/healthz", healthz), Route("/api/docs/problems/{code}", healthz)]


@cache
def whole() -> dict[str, Any]:
    """The document of all these routes."""
    return document(routes(), PARTS, Rights(RULES), base_url="https://here")


def paths() -> dict[str, Any]:
    """Its operations, by path and method."""
    found: dict[str, Any] = whole()["paths"]
    return found


def content_of(operation: dict[str, Any], status: str) -> dict[str, Any]:
    """What an operation answers with a status, wherever that is described."""
    response = operation["responses"][status]
    name = response.get("$ref", "").removeprefix("#/components/responses/")
    found: dict[str, Any] = (whole()["components"]["responses"][name] if name else response)["content"]
    return found


def test_it_is_a_valid_document_of_openapi_3_1() -> None:
    OpenAPIV31SpecValidator(whole()).validate()
    assert whole()["openapi"].startswith("3.1.")
    assert [server["url"] for server in whole()["servers"]] == ["/", "https://here"]
    assert [tag["name"] for tag in whole()["tags"]] == ["v1", "v3", "Console", "Service"]


@pytest.mark.parametrize(
    ("path", "method", "part", "security"),
    [
        ("/v1/things", "get", "v1", [{"key": ["threat:read"]}]),
        ("/v3/things", "post", "v3", [{"key": ["keys:manage"]}, {"session": []}]),
        ("/v3/things/{thing_id}", "delete", "v3", [{"key": ["keys:manage"]}, {"session": ["keys:manage"]}]),
        ("/api/console/proof", "post", "Console", [{"session": []}]),
        ("/api/console/open", "get", "Console", []),
        ("/api/events", "get", "Service", []),
        ("/healthz", "get", "Service", []),
    ],
)
def test_an_operation_stands_in_its_part_and_says_who_may_call_it(
    path: str, method: str, part: str, security: list[dict[str, list[str]]]
) -> None:
    operation = paths()[path][method]
    assert (operation["tags"], operation["security"]) == ([part], security)


@pytest.mark.parametrize(
    ("path", "method", "sentences"),
    [
        ("/v1/things", "get", "Needs the scope `threat:read`."),
        (
            "/v3/things",
            "post",
            "A key needs the scope `keys:manage`; people look after their own.\n\nNot for test keys.",
        ),
        ("/v3/things/{thing_id}", "delete", "Only for people with one of the roles `owner`."),
        ("/api/console/proof", "post", "Who has signed in must have proved who it is within five minutes."),
        ("/api/events", "get", "Open to everybody."),
    ],
)
def test_what_a_caller_needs_is_said_in_words(path: str, method: str, sentences: str) -> None:
    assert paths()[path][method]["description"].endswith(sentences)


def test_the_first_words_of_an_operation_are_its_heading() -> None:
    assert paths()["/v1/things"]["get"]["summary"] == "Things that are there"
    assert paths()["/v3/things"]["post"]["summary"] == "Thing"


def test_a_body_stands_whole_in_its_place() -> None:
    body = paths()["/v3/things"]["post"]["requestBody"]
    (content,) = body["content"].values()
    assert body["required"] is True
    assert content["example"] == {"name": "a"}
    assert content["schema"]["properties"]["size"]["anyOf"][0]["properties"] == {
        "width": {"title": "Width", "type": "integer"}
    }
    assert "$defs" not in json.dumps(whole())
    assert paths()["/api/console/proof"]["post"]["requestBody"]["required"] is False


def test_parameters_of_path_and_head_are_listed() -> None:
    delete, post = paths()["/v3/things/{thing_id}"]["delete"]["parameters"], paths()["/v3/things"]["post"]["parameters"]
    assert (delete[0]["name"], delete[0]["in"], delete[0]["required"]) == ("thing_id", "path", True)
    assert {"$ref": "#/components/parameters/RequestId"} in delete
    assert {"$ref": "#/components/parameters/IdempotencyKey"} in post
    assert {"$ref": "#/components/parameters/IdempotencyKey"} not in delete
    assert paths()["/v1/things"]["get"]["parameters"][0]["name"] == "most"


@pytest.mark.parametrize(
    ("path", "method", "statuses"),
    [
        ("/v1/things", "get", "200 400 401 403 404 405 429 500 503"),
        ("/v3/things", "post", "201 400 401 403 404 405 409 413 415 429 500 503"),
        ("/v3/things/{thing_id}", "delete", "204 400 401 403 404 405 409 413 429 500 503"),
        ("/api/events", "get", "200 400 404 405 429 500"),
        ("/healthz", "get", "200 500 503"),
        ("/api/docs/problems/{code}", "get", "200 404 500"),
    ],
)
def test_every_status_is_listed_and_422_never(path: str, method: str, statuses: str) -> None:
    assert list(paths()[path][method]["responses"]) == statuses.split()
    assert "HTTPValidationError" not in json.dumps(whole())


def test_a_failure_has_the_form_of_its_face() -> None:
    first, third = content_of(paths()["/v1/things"]["get"], "401"), content_of(paths()["/v3/things"]["post"], "409")
    assert first == {"application/json": {"schema": {"$ref": "#/components/schemas/V1ErrorReply"}}}
    assert third["application/problem+json"] == {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}
    assert set(whole()["components"]["schemas"]) >= {"V1ErrorReply", "V3ErrorReply", "ProblemDetails", "Size"}


def test_headers_are_listed_where_they_come() -> None:
    responses = whole()["components"]["responses"]
    assert {"X-Request-ID", "RateLimit", "X-RateLimit-Limit"} <= set(
        paths()["/v1/things"]["get"]["responses"]["200"]["headers"]
    )
    assert "Retry-After" in responses["v1429"]["headers"]
    assert "Retry-After" not in responses["v1401"]["headers"]
    assert "WWW-Authenticate" in responses["v1401"]["headers"]
    assert set(responses["Console400"]["headers"]) == {"X-Request-ID"}


def test_a_stream_is_events_and_no_json() -> None:
    assert list(content_of(paths()["/api/events"]["get"], "200")) == ["text/event-stream"]


def test_a_plain_path_that_does_not_stand_is_not_listed() -> None:
    assert "/api/docs/" not in paths()


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("ScanReply", "ScanReply"),
        ("cybervault__faces__v3__management__shapes__TenantReply", "V3TenantReply"),
        ("cybervault__scans__exports__Form", "ScansForm"),
        ("other__faces__v1__Thing", "other__faces__v1__Thing"),
    ],
)
def test_forms_that_share_a_name_are_told_apart_by_face_or_room(name: str, plain: str) -> None:
    found = module._plainly_named({"$ref": f"#/components/schemas/{name}", "schemas": [{name: name}]})
    assert found == {"$ref": f"#/components/schemas/{plain}", "schemas": [{plain: name}]}
