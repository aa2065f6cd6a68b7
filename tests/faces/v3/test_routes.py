"""The endpoints of v3, each asked the same questions: answers, no key, a key that may not."""

from collections.abc import Mapping
from ipaddress import ip_network

import httpx2
import pytest
from fastapi import FastAPI

from cybervault.app import Access
from cybervault.domain.principals import KeyKind
from cybervault.faces.caller import Callers
from cybervault.faces.http import Frame
from cybervault.faces.v3.routes import V3, face
from tests.fakes.clock import HandClock
from tests.fakes.keys import bearer, minted, secret_of

BASE = "https://cybervault.example"


async def ask(
    access: Access,
    path: str = "/v3/system/health",
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "GET",
    is_healthy: bool = True,
) -> httpx2.Response:
    app = FastAPI(openapi_url=None)
    app.router.routes.extend(V3(lambda: is_healthy, HandClock()).router().routes)
    frame = Frame(app, (face(BASE),), outside=face(BASE), callers=Callers(access.keys))
    transport = httpx2.ASGITransport(app=frame)
    async with httpx2.AsyncClient(transport=transport, base_url="http://here") as client:
        return await client.request(method, path, headers=dict(headers or {}))


def error_of(reply: httpx2.Response) -> str:
    """The code of an error that has all of v3's form."""
    error = reply.json()["error"]
    assert set(reply.json()) == {"error"}
    assert set(error) == {"code", "message", "request_id", "docs_url"}
    assert error["request_id"] == reply.headers["x-request-id"]
    assert error["docs_url"] == f"{BASE}/api/docs/problems/{error['code']}"
    return str(error["code"])


class TestHealth:
    async def test_answers(self, access: Access) -> None:
        new = minted(access)
        reply = await ask(access, headers=bearer(new.secret.reveal()))
        assert reply.status_code == 200
        assert reply.json() == {
            "status": "operational",
            "tenant_id": new.key.tenant_id,
            "environment": "production",
            "timestamp": "2026-11-01T00:00:00Z",
        }

    async def test_a_part_that_fails_degrades_it(self, access: Access) -> None:
        reply = await ask(access, headers=bearer(secret_of(access)), is_healthy=False)
        assert (reply.status_code, reply.json()["status"]) == (200, "degraded")

    @pytest.mark.parametrize(
        ("kind", "environment"),
        [
            (KeyKind.SERVICE_TEST, "sandbox"),
            (KeyKind.CLASSIC_TEST, "sandbox"),
            (KeyKind.SERVICE_READ, "production"),
            (KeyKind.CLASSIC_LIVE, "production"),
        ],
    )
    async def test_every_kind_of_key_opens_it(self, access: Access, kind: KeyKind, environment: str) -> None:
        reply = await ask(access, headers=bearer(secret_of(access, kind)))
        assert (reply.status_code, reply.json()["environment"]) == (200, environment)

    async def test_without_key(self, access: Access) -> None:
        reply = await ask(access)
        assert (reply.status_code, error_of(reply)) == (401, "missing_api_key")

    async def test_key_of_elsewhere(self, access: Access) -> None:
        headers = bearer(secret_of(access, networks=(ip_network("192.0.2.0/24"),)))
        reply = await ask(access, headers=headers)
        assert (reply.status_code, error_of(reply)) == (403, "ip_not_allowed")

    async def test_malformed(self, access: Access) -> None:
        wrong_method = await ask(access, method="POST", headers=bearer(secret_of(access)))
        assert (wrong_method.status_code, error_of(wrong_method)) == (405, "method_not_allowed")
        assert wrong_method.headers["allow"] == "GET"


@pytest.mark.parametrize("path", ["/v3", "/v3/", "/v3/nope", "/v3/system/health/x", "/nope"])
async def test_a_path_that_is_not_there_is_told_in_the_same_form(access: Access, path: str) -> None:
    reply = await ask(access, path)
    assert (reply.status_code, error_of(reply)) == (404, "not_found")
