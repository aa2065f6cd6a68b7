"""The document is made once and kept by its tag; its page loads from this server alone and says how the API stands."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from cybervault.faces.api_docs import openapi_routes


class Service:
    """What the pages are about."""

    def __init__(self) -> None:
        self.is_well = True
        self.made = 0

    def document(self) -> Mapping[str, object]:
        self.made += 1
        return {"openapi": "3.1.0"}

    async def is_healthy(self) -> bool:
        return self.is_well


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def client(service: Service, tmp_path: Path) -> TestClient:
    (tmp_path / "swagger-ui-bundle-1.js").write_text("let a")
    (tmp_path / "swagger-ui-1.css").write_text("a{}")
    return TestClient(Starlette(routes=openapi_routes(service.document, service.is_healthy, folder=tmp_path)))


def test_the_document_is_made_at_the_first_request_and_once(client: TestClient, service: Service) -> None:
    assert service.made == 0
    replies = [client.get("/api/docs/openapi.json") for _ in range(2)]
    assert [reply.json() for reply in replies] == [{"openapi": "3.1.0"}] * 2
    assert replies[0].headers["content-type"] == "application/json"
    assert service.made == 1


def test_who_has_the_document_is_not_sent_it_again(client: TestClient) -> None:
    first = client.get("/api/docs/openapi.json")
    again = client.get("/api/docs/openapi.json", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert client.get("/api/docs/openapi.json", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", ["/api/docs", "/api/docs/"])
def test_the_page_loads_what_shows_the_document_from_this_server(client: TestClient, path: str) -> None:
    reply = client.get(path, follow_redirects=False)
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    links = re.findall(r'(?:src|href)="([^"]+)"', reply.text)
    assert sorted(links) == [
        "/api/docs/assets/swagger-ui-1.css", "/api/docs/assets/swagger-ui-bundle-1.js", "/api/docs/openapi.json",
    ]  # fmt: skip
    assert [client.get(link).status_code for link in links] == [200] * 3
    assert "https:" not in reply.text


def test_its_own_script_has_the_nonce_and_keeps_no_key(client: TestClient) -> None:
    """A key that somebody tries out must not stay in the browser, nor the document go to a validator of others."""
    first, second = client.get("/api/docs/"), client.get("/api/docs/")
    policy = first.headers["content-security-policy"]
    nonce = re.search(r'<script nonce="([^"]+)">', first.text)
    assert nonce is not None
    assert f"script-src 'self' 'nonce-{nonce[1]}'" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe" not in policy
    assert policy != second.headers["content-security-policy"]
    assert "persistAuthorization: false" in first.text
    assert "validatorUrl: null" in first.text


def test_the_page_says_how_the_api_stands_at_each_call(client: TestClient, service: Service) -> None:
    assert "API Operational" in client.get("/api/docs/").text
    service.is_well = False
    text = client.get("/api/docs/").text
    assert "API Degraded" in text
    assert "API Operational" not in text


@pytest.mark.parametrize("missing", ["swagger-ui-bundle-1.js", "swagger-ui-1.css"])
def test_without_the_built_reader_the_page_says_so_and_links_to_the_document(
    client: TestClient, tmp_path: Path, missing: str
) -> None:
    (tmp_path / missing).unlink()
    reply = client.get("/api/docs/")
    assert reply.status_code == 200
    assert "not built" in reply.text
    assert 'href="/api/docs/openapi.json"' in reply.text
    assert "<script" not in reply.text
