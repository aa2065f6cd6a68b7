"""The document of the API and its page: checks 134 and 158."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Final

import httpx2
import pytest
from openapi_schema_validator import OAS31Validator, validate
from openapi_spec_validator import OpenAPIV31SpecValidator

from cybervault.domain.principals import KeyKind, Scope
from cybervault.faces.links import LEADS
from cybervault.faces.rights import ROUTES
from tests.faces.framed import Framed
from tests.fakes.serving import Running

DOCUMENT: Final = "/api/docs/openapi.json"
# Those without a row in the table of rights.
OPEN: Final = frozenset({
    ("GET", "/api/ctai"), ("GET", "/api/ctai/stream"), ("GET", "/api/ctai/models"), ("GET", "/api/health"),
    ("GET", "/healthz"), ("GET", "/api/docs/"), ("GET", DOCUMENT), ("GET", "/api/docs/problems/{code}"),
})  # fmt: skip

each_version = pytest.mark.parametrize("version", ["v1", "v2", "v3"])


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for path, methods in document["paths"].items():
        yield from ((method.upper(), path) for method in methods)


def closed(schema: Any) -> Any:  # noqa: ANN401 - JSON
    """The schema, with nothing beside its properties."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: closed(value) for name, value in schema.items()}
    return made | ({"additionalProperties": False} if "properties" in schema else {})


def test_check_134_the_document_is_valid_and_lists_every_path(server: Running) -> None:
    page, reply = server.get("/api/docs/"), server.get(DOCUMENT)
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    document = reply.json
    assert document["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document).validate()
    assert [name for name in document["components"]["schemas"] if "__" in name] == []
    assert set(operations(document)) == {(rule.method, rule.template) for rule in ROUTES} | OPEN


def test_every_link_leads_from_an_answer_to_a_call_that_takes_what_it_names(server: Running) -> None:
    document = server.get(DOCUMENT).json
    found = {operation["operationId"]: operation for path in document["paths"].values() for operation in path.values()}
    for lead in LEADS:
        method, _, path = lead.operation.partition(" ")
        links = document["paths"][path][method.lower()]["responses"][str(lead.status)]["links"]
        assert any(link["parameters"] == {lead.parameter: f"$response.body#{lead.pointer}"} for link in links.values())
        for name, link in links.items():
            assert link["parameters"].keys() <= {one.get("name") for one in found[name]["parameters"]}


class TestErrorSchemas:
    @each_version
    async def test_check_134_they_are_those_of_the_real_bodies(
        self, framed: Framed, server: Running, version: str
    ) -> None:
        document = server.get(DOCUMENT).json
        schemas = {
            media: closed(_resolved(document, content["schema"]))
            for media, content in document["components"]["responses"][f"{version}401"]["content"].items()
        }
        found = []
        async for reply in _failures(framed, version):
            found.append(reply.status_code)
            validate(reply.json(), schemas[reply.headers["content-type"]], cls=OAS31Validator)
        assert found == [401, 403, 404, 429] * len(schemas)

    def test_check_134_every_operation_of_a_face_points_to_them(self, server: Running) -> None:
        document = server.get(DOCUMENT).json
        for path, methods in document["paths"].items():
            for operation in methods.values():
                refs = [one["$ref"] for status, one in operation["responses"].items() if status >= "400"]
                name = operation["tags"][0].replace(" ", "")
                assert refs, path
                assert all(ref.startswith(f"#/components/responses/{name}") for ref in refs), path


async def _failures(framed: Framed, version: str) -> AsyncIterator[httpx2.Response]:
    accepted = ["application/json", *(["application/problem+json"] if version == "v3" else [])]
    for number, accept in enumerate(accepted):
        frame, headers = framed.frame(), {"Accept": accept}
        key = await framed.key(KeyKind.SERVICE_LIVE, Scope.THREAT_READ)
        yield await framed.ask("GET", f"/{version}/things", headers, frame=frame)
        yield await framed.ask("POST", f"/{version}/things", headers | key, json={"name": "a"}, frame=frame)
        yield await framed.ask("GET", f"/{version}/nope", headers | key, frame=frame)
        peer = f"198.51.100.{number}"
        for _ in range(200):
            reply = await framed.ask("GET", f"/{version}/things", headers, peer=peer, frame=frame)
            if reply.status_code == 429:
                break
        yield reply


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]


def test_check_158_the_page_says_how_the_api_stands(server: Running) -> None:
    page = server.get("/api/docs/").text
    assert "API Operational" in page
    assert "API Degraded" not in page
