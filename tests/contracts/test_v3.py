"""CyberVault API v3, its keys and its errors: checks 102 to 105, 117, 118, 135, 140 and 154."""

import json
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from ipaddress import ip_network
from urllib.parse import urlsplit

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cybervault.access import tokens
from cybervault.app.access import Access
from cybervault.app.product import put_together
from cybervault.app.server import create_app
from cybervault.domain.ids import RequestId
from cybervault.domain.principals import KeyKind
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.http import Frame
from cybervault.faces.problems import load_catalogue
from cybervault.faces.v3.shapes import ErrorForm
from tests.fakes.fixtures import Serve
from tests.fakes.keys import bearer, minted, secret_of
from tests.fakes.serving import Reply, Running, Setup

HEALTH = "/v3/system/health"
KINDS = [kind for kind in KeyKind if not kind.is_personal]


@pytest.fixture
async def operator(server: Running) -> AsyncIterator[Access]:
    """The operator's hands on the state of the running server, on the same clock."""
    async with put_together(server.settings, server.clock) as product:
        yield product.access


def health(server: Running, secret: str | None = None) -> Reply:
    return server.get(HEALTH, bearer(secret) if secret else {})


def error_of(reply: Reply) -> str:
    """The code of an error that has all of v3's form."""
    assert set(reply.json) == {"error"}
    error = reply.json["error"]
    assert set(error) == {"code", "message", "request_id", "docs_url"}
    assert error["request_id"] == reply.headers["x-request-id"]
    assert error["docs_url"].endswith(f"/{error['code']}")
    return str(error["code"])


class TestHealth:
    def test_check_102_without_a_key_it_is_401_in_the_documented_form(self, server: Running) -> None:
        reply = health(server)
        assert (reply.status, error_of(reply)) == (401, "missing_api_key")
        assert reply.json["error"]["docs_url"] == f"{server.settings.base_url}/api/docs/problems/missing_api_key"

    async def test_check_103_a_live_key_is_told_its_tenant(self, server: Running, operator: Access) -> None:
        new = await minted(operator)
        reply = health(server, new.secret.reveal())
        assert reply.status == 200
        assert set(reply.json) == {"status", "tenant_id", "environment", "timestamp"}
        assert (reply.json["status"], reply.json["environment"]) == ("operational", "production")
        assert reply.json["tenant_id"] == new.key.tenant_id
        assert re.fullmatch(r"tv_[0-9a-z]+", reply.json["tenant_id"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", reply.json["timestamp"])
        assert abs(datetime.fromisoformat(reply.json["timestamp"]) - server.clock.now()) < timedelta(seconds=5)

    @pytest.mark.parametrize(
        ("kind", "environment"), [(KeyKind.SERVICE_TEST, "sandbox"), (KeyKind.SERVICE_READ, "production")]
    )
    async def test_check_104_the_prefix_tells_the_environment(
        self, server: Running, operator: Access, kind: KeyKind, environment: str
    ) -> None:
        reply = health(server, await secret_of(operator, kind))
        assert (reply.status, reply.json["environment"]) == (200, environment)

    def test_the_anonymous_check_needs_no_key(self, server: Running) -> None:
        assert server.get("/healthz").json == {"status": "ok"}


class TestRequestId:
    def test_check_105_a_well_formed_id_comes_back_everywhere(self, server: Running) -> None:
        reply = server.get("/v3/nope", {"X-Request-ID": "req_abc123def456"})
        assert (reply.status, error_of(reply)) == (404, "not_found")
        assert reply.headers["x-request-id"] == reply.json["error"]["request_id"] == "req_abc123def456"

    def test_check_105_without_one_there_is_a_fresh_one_each_time(self, server: Running) -> None:
        first, second = (server.get("/v3/nope").headers["x-request-id"] for _ in range(2))
        assert first.startswith("req_")
        assert first != second

    @pytest.mark.parametrize("given", ["x" * 500, "a\nb", "a\r\nX-Planted: yes"])
    async def test_check_105_one_that_could_do_harm_is_replaced(self, setup: Setup, given: str) -> None:
        transport = httpx2.ASGITransport(app=create_app(setup.settings()))
        async with httpx2.AsyncClient(transport=transport, base_url="http://here") as client:
            reply = await client.get("/v3/nope", headers={"X-Request-ID": given})
        assert re.fullmatch(r"req_[0-9a-z]{12}", reply.headers["x-request-id"])
        assert "x-planted" not in reply.headers


class TestErrors:
    async def test_check_118_a_crash_shows_nothing_but_its_request_id(
        self, setup: Setup, capsys: pytest.CaptureFixture[str]
    ) -> None:
        async def crash(_request: Request) -> Response:
            raise RuntimeError("inner detail")

        frame = create_app(setup.settings())
        assert isinstance(frame, Frame)
        frame._app.router.routes.append(Route("/v3/crash", crash))
        transport = httpx2.ASGITransport(app=frame)
        async with httpx2.AsyncClient(transport=transport, base_url="http://here") as client:
            reply = await client.get("/v3/crash")
        assert reply.status_code == 500
        assert error_of(Reply(reply.status_code, reply.headers, reply.text)) == "internal_error"
        assert "inner detail" not in reply.text
        assert "RuntimeError" not in reply.text
        logged = capsys.readouterr().out
        assert reply.headers["x-request-id"] in logged
        assert "inner detail" in logged

    async def test_every_failure_of_v3_and_of_paths_outside_all_faces_has_its_form(
        self, server: Running, operator: Access
    ) -> None:
        headers = bearer(await secret_of(operator))
        replies = [
            server.get("/v3/nope", headers),
            server.get("/nope"),
            server.get(HEALTH, headers, method="POST"),
            server.get(HEALTH, bearer("cv_live_sk_wrong")),
            server.get(f"{HEALTH}?key={headers['Authorization'].split()[1]}"),
        ]
        assert [(reply.status, error_of(reply)) for reply in replies] == [
            (404, "not_found"),
            (404, "not_found"),
            (405, "method_not_allowed"),
            (401, "invalid_api_key"),
            (400, "key_in_url"),
        ]

    def test_check_154_the_page_of_every_code_answers(self, server: Running) -> None:
        form = ErrorForm(server.settings.base_url)
        for code in load_catalogue():
            body = bytes(form.response(Problem(ProblemKind.INVALID, code=code, message=""), RequestId("r")).body)
            page = server.get(urlsplit(json.loads(body)["error"]["docs_url"]).path)
            assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8"), code
            assert code in page.text


class TestUse:
    async def test_check_117_a_key_with_a_list_of_networks_works_from_there_only(self, serve: Serve) -> None:
        server = serve(given={"trusted_proxies": ("127.0.0.0/8",)})
        async with put_together(server.settings, server.clock) as product:
            headers = bearer(await secret_of(product.access, networks=(ip_network("192.0.2.0/24"),)))
        inside = server.get(HEALTH, headers | {"X-Forwarded-For": "192.0.2.7"})
        outside = server.get(HEALTH, headers | {"X-Forwarded-For": "198.51.100.7"})
        assert inside.status == 200
        assert (outside.status, error_of(outside)) == (403, "ip_not_allowed")

    async def test_check_135_the_scheme_api_key_counts_only_where_a_setting_says_so(self, serve: Serve) -> None:
        statuses = []
        for given in ({}, {"api_key_scheme": True}):
            server = serve(given=given)
            async with put_together(server.settings, server.clock) as product:
                secret = await secret_of(product.access)
            statuses.append(server.get(HEALTH, {"Authorization": f"Api-Key {secret}"}).status)
            assert health(server, secret).status == 200
        assert statuses == [401, 200]

    def test_check_140_a_prefix_tells_the_kind(self) -> None:
        for kind in KeyKind:
            parsed = tokens.parse(tokens.mint(kind).secret.reveal())
            assert parsed is not None
            assert parsed.kind is kind
            assert tokens.parse(kind.value + "a" * 16) is not None

    @pytest.mark.parametrize(
        "text",
        ["cv_live_sk", "cv_live_sk_", "cv_read_" + "a" * 38, "sk-" + "a" * 38, "", "cv_live_sk_" + "a" * 15]
        + [kind.value + "a" * 65 for kind in KeyKind],
    )
    def test_check_140_look_alikes_are_no_keys(self, text: str) -> None:
        assert tokens.parse(text) is None
