"""The endpoints of v3, each asked the same questions: answers, no key, a key that may not."""

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_network

import httpx2
import pytest
from fastapi import FastAPI

from cybervault.domain.principals import KeyKind, Role, Scope
from cybervault.faces.http import Desk, Frame
from cybervault.faces.rights import ROUTES, Rights
from cybervault.faces.v3.routes import V3, face
from tests.faces.framed import Framed

BASE = "https://cybervault.example"
HEALTH, WHOAMI = "/v3/system/health", "/v3/system/whoami"


async def ask(
    framed: Framed,
    path: str = HEALTH,
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "GET",
    is_healthy: bool = True,
) -> httpx2.Response:
    async def health() -> bool:
        return is_healthy

    app = FastAPI(openapi_url=None)
    app.router.routes.extend(V3(health, framed.clock).router().routes)
    desk, surroundings = Desk(framed.callers, Rights(ROUTES)), replace(framed.surroundings)
    frame = Frame(app, (face(BASE),), outside=face(BASE), desk=desk, surroundings=surroundings)
    return await framed.ask(method, path, headers or {}, frame=frame)


def error_of(reply: httpx2.Response) -> str:
    """The code of an error that has all of v3's form."""
    error = reply.json()["error"]
    assert set(reply.json()) == {"error"}
    assert set(error) == {"code", "message", "request_id", "docs_url"}
    assert error["request_id"] == reply.headers["x-request-id"]
    assert error["docs_url"] == f"{BASE}/api/docs/problems/{error['code']}"
    return str(error["code"])


class TestHealth:
    async def test_answers(self, framed: Framed) -> None:
        reply = await ask(framed, headers=await framed.key())
        assert reply.status_code == 200
        assert reply.json() == {
            "status": "operational",
            "tenant_id": framed.world.tenant.id,
            "environment": "production",
            "timestamp": "2026-11-01T00:00:00Z",
        }

    async def test_a_part_that_fails_degrades_it(self, framed: Framed) -> None:
        reply = await ask(framed, headers=await framed.key(), is_healthy=False)
        assert (reply.status_code, reply.json()["status"]) == (200, "degraded")

    @pytest.mark.parametrize("kind", list(KeyKind))
    async def test_every_kind_of_key_opens_it(self, framed: Framed, kind: KeyKind) -> None:
        reply = await ask(framed, headers=await framed.key(kind))
        assert (reply.status_code, reply.json()["environment"]) == (200, kind.environment.value)

    async def test_without_key(self, framed: Framed) -> None:
        reply = await ask(framed)
        assert (reply.status_code, error_of(reply)) == (401, "missing_api_key")

    async def test_key_of_elsewhere(self, framed: Framed) -> None:
        headers = await framed.key(networks=(ip_network("198.51.100.0/24"),))
        reply = await ask(framed, headers=headers)
        assert (reply.status_code, error_of(reply)) == (403, "ip_not_allowed")

    async def test_malformed(self, framed: Framed) -> None:
        wrong_method = await ask(framed, method="POST", headers=await framed.key())
        assert (wrong_method.status_code, error_of(wrong_method)) == (405, "method_not_allowed")
        assert wrong_method.headers["allow"] == "GET"


class TestWhoami:
    async def test_answers(self, framed: Framed) -> None:
        key = await framed.key(KeyKind.SERVICE_LIVE, Scope.SCAN_READ)
        told = (await ask(framed, WHOAMI, key)).json()
        assert (told["address"], told["scopes"], told["member"]) == ("192.0.2.1", ["scan:read"], None)
        assert told["now"] == f"{framed.clock.now():%Y-%m-%dT%H:%M:%SZ}"
        assert told["key"]["hint"].endswith(key["Authorization"][-4:])

    async def test_a_member_is_told_its_role(self, framed: Framed) -> None:
        member = await framed.world.member(Role.VIEWER)
        told = (await ask(framed, WHOAMI, await framed.cookie(member))).json()
        assert (told["key"], told["member"]) == (None, {"id": member.id, "role": "viewer"})

    async def test_behind_a_proxy_it_shows_whom_the_server_sees(self, framed: Framed) -> None:
        """An operator finds a wrong setting here, before a list of networks locks callers out."""
        forged = await framed.key() | {"X-Forwarded-For": "203.0.113.9"}
        assert (await ask(framed, WHOAMI, forged)).json()["address"] == "192.0.2.1"

    async def test_without_key(self, framed: Framed) -> None:
        reply = await ask(framed, WHOAMI)
        assert (reply.status_code, error_of(reply)) == (401, "missing_api_key")

    async def test_malformed(self, framed: Framed) -> None:
        reply = await ask(framed, WHOAMI, await framed.key(), method="DELETE")
        assert (reply.status_code, error_of(reply)) == (405, "method_not_allowed")


@pytest.mark.parametrize("path", ["/v3", "/v3/", "/v3/nope", "/v3/system/health/x", "/v3/system/health/", "/nope"])
async def test_a_path_that_is_not_there_is_told_in_the_same_form(framed: Framed, path: str) -> None:
    reply = await ask(framed, path)
    assert (reply.status_code, error_of(reply)) == (404, "not_found")
