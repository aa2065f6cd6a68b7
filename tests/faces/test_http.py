"""The frame: request id, limits on every answer, each face's own errors, and no framework answer that leaks."""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.types import Message

from cybervault.access.audit import OPERATOR
from cybervault.domain.limits import CallClass, LimitOverride
from cybervault.domain.observables import Address
from cybervault.domain.principals import Principal, Scope
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.caller import Callers
from cybervault.faces.http import (
    STATUS_OF,
    Call,
    Desk,
    Face,
    Frame,
    LeanRoute,
    Surroundings,
    json_response,
    routes_of,
)
from cybervault.faces.proxies import HttpsRule, Proxies
from cybervault.faces.rights import Rights
from tests.faces.framed import FACES, FORM, RULES, Framed
from tests.fakes.clock import HandClock
from tests.fakes.keys import bearer

THINGS = "/v3/things"


async def echo(call: Call) -> Response:
    return json_response(200, {"id": call.request_id, "address": str(call.address)})


async def crash(_call: Call) -> Response:
    raise RuntimeError("inner detail")


async def fail(call: Call) -> Response:
    kind, wait = ProblemKind(call.query_params["kind"]), call.query_params.get("wait")
    seconds = int(wait) if wait else None
    raise Problem(kind, code="odd", message="For the caller.", detail="for the log", retry_after_seconds=seconds)


async def half(_call: Call) -> Response:
    async def body() -> AsyncGenerator[bytes]:
        yield b"first"
        raise RuntimeError("inner detail")

    return StreamingResponse(body())


async def refused(call: Call) -> Response:
    raise HTTPException(int(call.query_params["status"]))


class NoKeys:
    """A ring without keys."""

    async def resolve(
        self, text: str, address: Address | None, *, is_fresh: bool = False, agent: str | None = None
    ) -> Principal:
        raise AssertionError(text, address, is_fresh, agent)


def own_form(problem: Problem | None, request_id: str) -> Response:
    return json_response(418 if problem is None else STATUS_OF[problem.kind], {"own": request_id})


def open_frame(trusted: str = "10.9.9.9/32", https: HttpsRule | None = None) -> Frame:
    """Faces without keys and without limits."""
    app = FastAPI(openapi_url=None)
    router = APIRouter(route_class=LeanRoute)
    endpoints = {"/echo": echo, "/own/crash": crash, "/crash": crash, "/fail": fail, "/half": half, "/refused": refused}
    for path, endpoint in {**endpoints, "/healthz": echo}.items():
        router.add_api_route(path, endpoint, methods=["GET", "POST"], response_model=None)
    app.router.routes.extend(router.routes)
    surroundings = Surroundings(HandClock(), Proxies((ip_network(trusted),)), https or HttpsRule())
    desk = Desk(Callers(NoKeys()), Rights(()))
    faces = (Face("/own", own_form),)
    return Frame(app, faces, outside=Face("", FORM.response, limits="v3"), desk=desk, surroundings=surroundings)


async def ask(
    path: str,
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "GET",
    peer: str = "192.0.2.1",
    **given: Any,  # noqa: ANN401 - the arguments of open_frame
) -> httpx2.Response:
    transport = httpx2.ASGITransport(app=open_frame(**given), client=(peer, 1), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://here") as client:
        return await client.request(method, path, headers=dict(headers or {}))


class TestRequestId:
    async def test_a_well_formed_one_is_kept(self) -> None:
        reply = await ask("/echo", {"X-Request-ID": "req_abc123def456"})
        assert reply.headers["x-request-id"] == reply.json()["id"] == "req_abc123def456"

    @pytest.mark.parametrize("given", ["", "x" * 129, "a b", "a/b"])
    async def test_any_other_is_replaced(self, given: str) -> None:
        reply = await ask("/echo", {"X-Request-ID": given})
        assert re.fullmatch("req_[0-9a-z]{12}", reply.headers["x-request-id"])


class TestFailures:
    @pytest.mark.parametrize("kind", list(ProblemKind))
    async def test_a_problem_outside_every_face_has_a_code_and_no_detail(self, kind: ProblemKind) -> None:
        reply = await ask(f"/fail?kind={kind.value}")
        assert reply.status_code == STATUS_OF[kind]
        error = reply.json()["error"]
        assert (error["code"], error["message"]) == ("odd", "For the caller.")
        assert error["request_id"] == reply.headers["x-request-id"]
        assert "for the log" not in reply.text

    async def test_an_unknown_path_is_told_in_the_form_of_its_face(self) -> None:
        inside, outside = await ask("/own/nope"), await ask("/ownership")
        assert (inside.status_code, inside.json()) == (404, {"own": inside.headers["x-request-id"]})
        assert (outside.status_code, outside.json()["error"]["code"]) == (404, "not_found")

    async def test_a_wrong_method_names_the_right_ones(self) -> None:
        reply = await ask("/echo", method="PUT")
        assert (reply.status_code, set(reply.headers["allow"].split(", "))) == (405, {"GET", "POST"})
        assert reply.json()["error"]["code"] == "method_not_allowed"

    @pytest.mark.parametrize(
        ("status", "told", "code"),
        [
            (413, 413, "payload_too_large"),
            (415, 415, "unsupported_media_type"),
            (400, 400, "invalid_request"),
            (422, 400, "invalid_request"),
        ],
    )
    async def test_what_the_framework_refuses_is_told_with_a_code(self, status: int, told: int, code: str) -> None:
        reply = await ask(f"/refused?status={status}")
        assert (reply.status_code, reply.json()["error"]["code"]) == (told, code)

    async def test_a_crash_is_told_without_its_inside(self, capsys: pytest.CaptureFixture[str]) -> None:
        inside, outside = await ask("/own/crash"), await ask("/crash", {"X-Request-ID": "find-me"})
        assert inside.status_code == 418
        assert (outside.status_code, outside.json()["error"]["code"]) == (500, "internal_error")
        assert "inner detail" not in outside.text + inside.text
        logged = capsys.readouterr().out
        assert "find-me" in logged
        assert "inner detail" in logged

    async def test_a_crash_after_the_first_byte_ends_the_answer(self) -> None:
        transport = httpx2.ASGITransport(app=open_frame(), raise_app_exceptions=False)
        with pytest.raises(BaseException):  # noqa: B017, PT011 - the connection breaks, as the client tells it
            async with (
                httpx2.AsyncClient(transport=transport, base_url="http://here") as client,
                client.stream("GET", "/half") as reply,
            ):
                await reply.aread()
                assert reply.content != b"first"

    async def test_every_answer_forbids_guessing_its_type(self) -> None:
        for path in ("/echo", "/nope", "/crash", "/own/crash"):
            assert (await ask(path)).headers["x-content-type-options"] == "nosniff"

    async def test_only_a_401_asks_for_a_key(self, framed: Framed) -> None:
        for path in ("/echo", "/nope", "/fail?kind=forbidden"):
            assert "www-authenticate" not in (await ask(path)).headers
        assert (await framed.ask("GET", THINGS)).headers["www-authenticate"].startswith("Bearer ")


class TestAddress:
    async def test_a_trusted_proxy_names_the_client_and_nobody_else_does(self) -> None:
        headers = {"x-forwarded-for": "192.0.2.2"}
        assert (await ask("/echo", headers, peer="127.0.0.1", trusted="127.0.0.0/8")).json()["address"] == "192.0.2.2"
        assert (await ask("/echo", headers, peer="127.0.0.1")).json()["address"] == "127.0.0.1"


class TestHttps:
    RULE = HttpsRule(is_required=True)

    async def test_what_comes_in_the_clear_is_sent_elsewhere_or_refused(self) -> None:
        moved = await ask("/echo?a=1", https=self.RULE)
        assert (moved.status_code, moved.headers["location"]) == (301, "https://here/echo?a=1")
        assert (await ask("/echo", method="HEAD", https=self.RULE)).status_code == 301
        kept = await ask("/echo", method="POST", https=self.RULE)
        assert (kept.status_code, kept.json()["error"]["code"]) == (403, "https_required")

    async def test_this_machines_own_and_load_balancers_are_let_through(self) -> None:
        assert (await ask("/echo", peer="127.0.0.1", https=self.RULE)).status_code == 200
        assert (await ask("/healthz", https=self.RULE)).status_code == 200

    async def test_a_key_that_came_in_the_clear_is_not_even_looked_at(self, framed: Framed) -> None:
        frame = framed.frame(https=self.RULE)
        reply = await framed.ask(
            "POST", THINGS, await framed.key(), json={"name": "a"}, base="http://here", frame=frame
        )
        assert (reply.status_code, framed.done, framed.uses) == (403, [], [])
        assert reply.headers["x-ratelimit-limit"] == "60"


class TestLimits:
    async def test_every_answer_tells_how_the_caller_stands(self, framed: Framed) -> None:
        key = await framed.key()
        wanted = [
            ("GET", THINGS, key, 200, "300"),
            ("POST", THINGS, key, 415, "100"),
            ("GET", "/v3/nope", key, 404, "300"),
            ("PUT", THINGS, key, 405, "100"),
            ("GET", "/v3/crash", key, 500, "300"),
            ("GET", "/v1/things", key, 200, "1000"),
            ("GET", "/v2/things", key, 200, "100"),
            ("GET", THINGS, {}, 401, "60"),
            ("GET", "/v1/nope", {}, 404, "60"),
        ]
        for method, path, headers, status, limit in wanted:
            reply = await framed.ask(method, path, headers)
            assert (reply.status_code, reply.headers["x-ratelimit-limit"]) == (status, limit)
            assert {"x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit", "ratelimit-policy"} <= set(reply.headers)

    async def test_other_paths_are_not_counted(self, framed: Framed) -> None:
        for path in ("/nope", "/api/console/me"):
            assert "x-ratelimit-limit" not in (await framed.ask("GET", path)).headers
        assert "x-ratelimit-limit" not in (await framed.ask("GET", THINGS, frame=framed.frame(limits=None))).headers

    async def test_both_secrets_of_a_rotation_share_one_count(self, framed: Framed) -> None:
        """Nobody doubles a limit by rotating."""
        old = await framed.world.mint("rotated")
        new = await framed.world.minting.rotate(old.key.id, by=None, actor=OPERATOR)
        left = [
            (await framed.ask("GET", THINGS, bearer(one.secret.reveal()))).headers["x-ratelimit-remaining"]
            for one in (old, new)
        ]
        assert left == ["299", "298"]

    async def test_above_the_limit_the_caller_is_told_when_to_come_back(self, framed: Framed) -> None:
        frame = framed.frame()
        for _ in range(60):
            assert (await framed.ask("GET", THINGS, frame=frame)).status_code == 401
        reply = await framed.ask("GET", THINGS, frame=frame)
        assert (reply.status_code, reply.json()["error"]["code"]) == (429, "rate_limit_exceeded")
        assert "Limit: 60 requests per minute" in reply.json()["error"]["message"]
        assert (await framed.ask("GET", THINGS, await framed.key(), frame=frame)).status_code == 200
        framed.clock.advance(int(reply.headers["retry-after"]))
        assert (await framed.ask("GET", THINGS, frame=frame)).status_code == 401

    async def test_a_tenants_own_numbers_count(self, framed: Framed) -> None:
        override = LimitOverride("v3", CallClass.READ, minute=7, burst_percent=0)

        class Generous:
            async def resolve(
                self, text: str, address: Address | None, *, is_fresh: bool = False, agent: str | None = None
            ) -> Principal:
                found = await framed.world.keys.resolve(text, address, is_fresh=is_fresh, agent=agent)
                return replace(found, overrides=(override,))

        framed.callers = Callers(Generous())
        reply = await framed.ask("GET", THINGS, await framed.key())
        assert reply.headers["x-ratelimit-limit"] == "7"


class TestTurns:
    """Calls of v1 above the limit wait; the others are refused."""

    @staticmethod
    async def crowded(framed: Framed) -> tuple[Frame, dict[str, str], str]:
        minted = await framed.world.mint("busy", scopes=frozenset(Scope))
        key = bearer(minted.secret.reveal())
        caller = await framed.world.keys.resolve(minted.secret.reveal(), ip_address("192.0.2.1"))
        for _ in range(1_000):
            assert not (await framed.limits.charge("v1", "GET", caller)).decision.wait_seconds
        # The first of them is far enough back that the next turn comes within the longest wait.
        framed.clock.advance(55)
        return framed.frame(), key, minted.key.id

    async def test_a_call_waits_and_is_answered(self, framed: Framed) -> None:
        frame, key, _ = await self.crowded(framed)
        reply = await framed.ask("POST", "/v1/things", key, json={"name": "late"}, frame=frame)
        assert (reply.status_code, framed.done) == (201, ["late"])
        assert framed.slept
        assert int(reply.headers["x-ratelimit-queued-ms"]) == pytest.approx(framed.slept[0] * 1000, abs=1)

    async def test_a_key_that_died_in_the_queue_opens_nothing(self, framed: Framed) -> None:
        """A wait may be longer than the five seconds in which a revoked key is dead everywhere."""
        frame, key, key_id = await self.crowded(framed)

        async def revoke(seconds: float) -> None:
            await framed.pass_time(seconds)
            await framed.world.changes.revoke(key_id, by=None, actor=OPERATOR)  # type: ignore[arg-type] # its text

        framed.limits._sleep = revoke
        reply = await framed.ask("POST", "/v1/things", key, json={"name": "late"}, frame=frame)
        assert (reply.status_code, reply.json()["error_code"], framed.done) == (401, "revoked_api_key", [])

    async def test_a_caller_that_hangs_up_is_not_served(self, framed: Framed) -> None:
        frame, key, _ = await self.crowded(framed)
        framed.limits._sleep = _for_ever
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return {"type": "http.disconnect"}

        await frame(_connection("/v1/things", key), receive, send)
        assert not sent
        assert not framed.done
        assert not framed.uses

    async def test_a_crash_behind_the_queue_is_told_as_any_other(self, framed: Framed) -> None:
        frame, key, _ = await self.crowded(framed)
        reply = await framed.ask("GET", "/v1/crash", key, frame=frame)
        assert (reply.status_code, reply.json()["error_code"]) == (500, "internal_error")

    async def test_one_after_the_first_byte_ends_the_answer_there_too(self, framed: Framed) -> None:
        frame, key, _ = await self.crowded(framed)
        frame._app.router.routes.append(Route("/v1/half", _half))
        with pytest.raises(RuntimeError, match="inner detail"):
            transport = httpx2.ASGITransport(app=frame)
            async with httpx2.AsyncClient(transport=transport, base_url="https://here") as client:
                await client.get("/v1/half", headers=key)


class TestUses:
    async def test_an_answered_call_of_a_known_caller_is_noted(self, framed: Framed) -> None:
        headers = await framed.key() | {"User-Agent": "curl", "X-Request-ID": "req_7"}
        cases = [
            ("GET", f"{THINGS}?a=secret", 200, THINGS),
            ("PATCH", f"{THINGS}/12345/status", 415, f"{THINGS}/{{thing_id}}/status"),
            ("GET", "/v3/secret-place", 404, "(no such path)"),
            ("GET", "/v3/crash", 500, "/v3/crash"),
        ]
        for method, path, status, route in cases:
            await framed.ask(method, path, headers)
            use = framed.uses[-1]
            assert (use.method, use.route, use.status) == (method, route, status)
        assert (use.ip, use.agent, use.request_id) == ("192.0.2.1", "curl", "req_7")
        assert (use.at, use.principal.tenant_id) == (framed.clock.now(), framed.world.tenant.id)
        assert not [use for use in framed.uses if "secret" in use.route]

    async def test_nobody_is_noted_for_a_wrong_one(self, framed: Framed) -> None:
        await framed.ask("GET", THINGS, {"Authorization": "Bearer cv_live_sk_wrong"})
        await framed.ask("GET", THINGS)
        assert not framed.uses


class TestPaths:
    async def test_both_forms_of_a_path_of_v1_are_one(self, framed: Framed) -> None:
        key = await framed.key()
        for path in ("/v1/things", "/v1/things/"):
            assert (await framed.ask("GET", path, key)).status_code == 200
            assert (await framed.ask("POST", path, key, json={"name": "a"})).status_code == 201
        assert (await framed.ask("GET", "/v1/things//", key)).status_code == 404
        assert (await framed.ask("GET", "/v1/", key)).status_code == 404
        assert (await framed.ask("GET", f"{THINGS}/", key)).status_code == 404

    async def test_a_wrong_key_is_told_at_any_path(self, framed: Framed) -> None:
        for path in ("/v1/nope", "/v2/nope", "/v3/nope"):
            assert (await framed.ask("GET", path, bearer("cv_live_sk_wrong"))).status_code == 401

    async def test_a_key_in_an_address_is_refused_on_every_face_and_its_owner_told(
        self, framed: Framed, capsys: pytest.CaptureFixture[str]
    ) -> None:
        new = await framed.world.mint("leaked")
        secret = new.secret.reveal()
        for path in (f"/nope?key={secret}", f"/nope/{secret}", f"/v1/{secret}", f"{THINGS}?k={secret}"):
            reply = await framed.ask("GET", path)
            assert reply.status_code == 400
            assert "key_in_url" in reply.text
            assert secret not in reply.text
        assert "x-ratelimit-limit" in reply.headers
        logged = capsys.readouterr().out
        assert secret not in logged
        assert new.key.secrets[0].hint in logged
        (key,) = await framed.world.keys.list(framed.world.tenant.id)
        assert key.exposed_at == framed.clock.now()

        class Gone:
            async def seen(self, text: str, where: str, *, ip: str | None = None, agent: str | None = None) -> object:
                raise Problem(ProblemKind.UNAVAILABLE, code="service_unavailable", message=f"{text}{where}{ip}{agent}")

        for exposure in (None, Gone()):
            reply = await framed.ask("GET", f"/nope?key={secret}", frame=framed.frame(exposure=exposure))
            assert reply.status_code == 400

    async def test_what_a_key_or_a_session_opens_is_kept_by_no_cache(self, framed: Framed) -> None:
        for path in (THINGS, "/v3/nope", "/api/console/me"):
            assert (await framed.ask("GET", path, await framed.key())).headers["cache-control"] == "no-store"
        assert "cache-control" not in (await framed.ask("GET", "/nope")).headers

    async def test_what_is_no_request_goes_to_the_application(self, framed: Framed) -> None:
        messages: list[Message] = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
        sent: list[str] = []

        async def receive() -> Message:
            return messages.pop(0)

        async def send(message: Message) -> None:
            sent.append(message["type"])

        await framed.frame()({"type": "lifespan", "state": {}}, receive, send)
        assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


class TestRoutes:
    def test_every_route_of_a_guarded_face_is_found(self, framed: Framed) -> None:
        found = routes_of(FACES, framed.frame()._app.router.routes)
        assert set(found) == {(rule.method, rule.template) for rule in RULES}
        assert routes_of([Face("/v3", FORM.response)], framed.frame()._app.router.routes) == []

    def test_a_route_around_the_table_is_found_and_has_no_row(self) -> None:
        """Only lean routes hold the table; another kind of route would stand open."""
        routes = [Route("/v3/raw", _half), Mount("/v3/files", app=FastAPI())]
        found = routes_of(FACES, routes)
        assert found == [("GET (not lean)", "/v3/raw"), ("every method (not lean)", "/v3/files")]
        with pytest.raises(ValueError, match="no row for GET"):
            Rights(()).refuse_gaps(found)


async def _half(_request: Request) -> Response:
    async def body() -> AsyncGenerator[bytes]:
        yield b"first"
        raise RuntimeError("inner detail")

    return StreamingResponse(body())


async def _for_ever(_seconds: float) -> None:
    await asyncio.Event().wait()


def _connection(path: str, headers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.1", 1), "scheme": "https", "server": ("here", 443), "root_path": "", "http_version": "1.1",
    }  # fmt: skip
