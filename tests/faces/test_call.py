"""One request as faces see it: its caller by the table of rights, its body and query as models, and lean routes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Annotated

import httpx2
import pytest
from fastapi import APIRouter, FastAPI, Query
from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import Message

from cybervault.access.audit import OPERATOR
from cybervault.access.streams import Streams
from cybervault.domain.principals import KeyKind, Role, Scope
from cybervault.domain.problems import Problem
from cybervault.domain.sandbox import refuse_in_sandbox
from cybervault.faces.call import Call, Endpoint, LeanRoute
from cybervault.faces.face import json_response
from cybervault.faces.http import Desk, Face, Frame
from cybervault.faces.rights import Rights, RouteRule, SignIn
from tests.faces.framed import FORM, Framed
from tests.fakes.keys import bearer

THINGS = "/v3/things"


class TestCaller:
    async def test_who_may_is_known(self, framed: Framed) -> None:
        reply = await framed.ask("GET", THINGS, await framed.key())
        assert (reply.status_code, reply.json()["tenant"]) == (200, framed.world.tenant.id)

    async def test_who_may_not_is_told_why(self, framed: Framed) -> None:
        cases = [
            ("GET", {}, 401, "missing_api_key"),
            ("GET", await framed.key(KeyKind.SERVICE_LIVE, Scope.SCAN_READ), 403, "invalid_scope"),
            ("POST", await framed.key(KeyKind.SERVICE_READ), 403, "invalid_scope"),
        ]
        for method, headers, status, code in cases:
            reply = await framed.ask(method, THINGS, headers, json={"name": "a"})
            assert (reply.status_code, reply.json()["error"]["code"]) == (status, code)
        assert not framed.done

    async def test_power_wants_a_fresh_proof_of_a_session(self, framed: Framed) -> None:
        cookie = await framed.cookie(await framed.world.member(Role.OWNER))
        assert (await framed.ask("POST", "/api/console/proof", cookie)).status_code == 200
        framed.clock.advance(301)
        reply = await framed.ask("POST", "/api/console/proof", cookie)
        assert (reply.status_code, reply.json()["error"]["code"]) == (403, "reauth_required")
        assert (await framed.ask("GET", "/api/console/me", cookie)).status_code == 200

    async def test_power_is_not_for_test_keys_nor_for_a_secret_that_is_being_replaced(self, framed: Framed) -> None:
        new = await framed.world.mint("rotated", scopes=frozenset(Scope))
        newest = await framed.world.minting.rotate(new.key.id, by=None, actor=OPERATOR)
        cases = [
            (await framed.key(KeyKind.SERVICE_TEST), "sandbox_restricted"),
            (bearer(new.secret.reveal()), "outgoing_secret"),
        ]
        for headers, code in cases:
            reply = await framed.ask("POST", "/v3/keys", headers, json={"name": "x"})
            assert (reply.status_code, reply.json()["error"]["code"]) == (403, code)
        reply = await framed.ask("POST", "/v3/keys", bearer(newest.secret.reveal()), json={"name": "x"})
        assert reply.status_code == 201
        (name,) = framed.done
        assert name.startswith(f"key:{new.key.id} (cv_live_sk_")

    async def test_a_route_for_everybody_asks_nobody(self, framed: Framed) -> None:
        assert (await framed.ask("POST", "/api/console/open", json={"name": "a"})).status_code == 200

    async def test_a_route_that_the_table_forgot_is_a_bug_and_not_open(self, framed: Framed) -> None:
        async def own(_call: Call) -> Response:
            return json_response(200, {})

        reply = await served(framed, [("GET", "/v3/own", own)], (), await framed.key())
        assert reply.status_code == 500

    async def test_the_route_has_the_last_word_about_its_row(self, framed: Framed) -> None:
        """Where the path alone looks like another route, that one's row must not let anybody in."""

        async def own(call: Call) -> Response:
            return json_response(200, {"key": (await call.principal()).key_id})

        rules = (
            RouteRule("GET", "/v3/{kind}", sign_in=SignIn.NONE),
            RouteRule("GET", "/v3/{thing_id}", Scope.AUDIT_READ),
        )
        key = await framed.key(KeyKind.SERVICE_LIVE, Scope.SCAN_READ)
        routes = [("GET", "/v3/{thing_id}", own)]
        assert (await served(framed, routes, rules, key, "/v3/x")).status_code == 403
        assert (await served(framed, routes, rules, await framed.key(), "/v3/x")).status_code == 200


class TestContent:
    async def test_a_body_becomes_its_model(self, framed: Framed) -> None:
        reply = await framed.ask("POST", THINGS, await framed.key(), json={"name": "a", "unknown": 1})
        assert (reply.status_code, framed.done) == (201, ["a"])

    @pytest.mark.parametrize(
        ("media", "content", "status", "code"),
        [
            ("application/json", b"{", 400, "invalid_json"),
            ("application/json", b"", 400, "invalid_json"),
            ("application/json", b'{"count":1}', 400, "missing_parameter"),
            ("application/json", b'{"name":1}', 400, "invalid_parameter"),
            ("text/plain", b'{"name":"a"}', 415, "unsupported_media_type"),
            ("", b'{"name":"a"}', 415, "unsupported_media_type"),
            ("application/json", b'{"name":"' + b"x" * 10_485_760 + b'"}', 413, "payload_too_large"),
        ],
    )
    async def test_a_body_that_is_none_is_told_apart(
        self, framed: Framed, media: str, content: bytes, status: int, code: str
    ) -> None:
        headers = await framed.key() | ({"Content-Type": media} if media else {})
        reply = await framed.ask("POST", THINGS, headers, content=content)
        assert (reply.status_code, reply.json()["error"]["code"]) == (status, code)
        assert not framed.done

    async def test_a_body_of_unknown_length_is_counted(self, framed: Framed) -> None:
        async def pieces(count: int) -> AsyncIterator[bytes]:
            yield b'{"name":"'
            for _ in range(count):
                yield b"x" * 65_536
            yield b'"}'

        headers = await framed.key() | {"Content-Type": "application/json"}
        assert (await framed.ask("POST", THINGS, headers, content=pieces(2))).status_code == 201
        assert (await framed.ask("POST", THINGS, headers, content=pieces(161))).status_code == 413

    async def test_where_nothing_may_be_sent_nothing_counts_as_an_empty_object(self, framed: Framed) -> None:
        class Optional(BaseModel):
            days: int = 1

        async def own(call: Call) -> Response:
            wish = await call.body(Optional, may_be_empty=True)
            assert await call.content() == await call.content()
            return json_response(200, {"days": wish.days, "agent": call.agent})

        routes, rules = [("POST", "/v3/own", own)], (RouteRule("POST", "/v3/own"),)
        key = await framed.key() | {"User-Agent": "a program"}
        assert (await served(framed, routes, rules, key)).json() == {"days": 1, "agent": "a program"}
        json_type = {"Content-Type": "application/json"}
        assert (await served(framed, routes, rules, key | json_type, content=b'{"days":2}')).json()["days"] == 2
        assert (await served(framed, routes, rules, key, content=b'{"days":2}')).status_code == 415

    async def test_a_route_that_takes_files_takes_larger_bodies(self, framed: Framed) -> None:
        async def own(call: Call) -> Response:
            return json_response(200, {"bytes": len(await call.content())})

        content, key = b"x" * 10_485_761, await framed.key()
        for is_bulk, status in ((True, 200), (False, 413)):
            rules = (RouteRule("POST", "/v3/own", is_bulk=is_bulk),)
            reply = await served(framed, [("POST", "/v3/own", own)], rules, key, content=content)
            assert reply.status_code == status

    async def test_a_caller_that_leaves_in_the_middle_of_its_body_is_no_bug(
        self, framed: Framed, capsys: pytest.CaptureFixture[str]
    ) -> None:
        messages: list[Message] = [
            {"type": "http.request", "body": b"{", "more_body": True},
            {"type": "http.disconnect"},
        ]
        sent: list[Message] = []

        async def receive() -> Message:
            return messages.pop(0)

        async def send(message: Message) -> None:
            sent.append(message)

        key = [(name.lower().encode(), value.encode()) for name, value in (await framed.key()).items()]
        scope = {
            "type": "http", "method": "POST", "path": THINGS, "raw_path": THINGS.encode(), "query_string": b"",
            "headers": [*key, (b"content-type", b"application/json")], "client": ("192.0.2.1", 1), "scheme": "https",
            "server": ("here", 443), "root_path": "", "http_version": "1.1",
        }  # fmt: skip
        await framed.frame()(scope, receive, send)
        assert sent[0]["status"] == 400
        assert "crash" not in capsys.readouterr().out

    async def test_the_first_of_repeated_parameters_wins_and_a_wrong_one_is_400(self, framed: Framed) -> None:
        key = await framed.key()
        assert (await framed.ask("GET", f"{THINGS}?most=3&most=4&other=1", key)).json()["most"] == 3
        assert (await framed.ask("GET", THINGS, key)).json()["most"] == 10
        reply = await framed.ask("GET", f"{THINGS}?most=x", key)
        assert (reply.status_code, reply.json()["error"]["code"]) == (400, "invalid_parameter")

    async def test_a_repeated_reading_of_the_same_query_needs_no_route(self, framed: Framed) -> None:
        class Wanted(BaseModel):
            text: str

        async def own(call: Call, wanted: Annotated[Wanted, Query()]) -> Response:
            assert call.query(Wanted) == wanted
            return json_response(200, {"text": wanted.text})

        rules = (RouteRule("GET", "/v3/own"),)
        reply = await served(framed, [("GET", "/v3/own", own)], rules, await framed.key(), "/v3/own?text=a")
        assert reply.json() == {"text": "a"}


class TestLongAnswers:
    async def test_a_caller_is_looked_at_again_and_again(self, framed: Framed) -> None:
        new = await framed.world.mint("long", scopes=frozenset({Scope.THREAT_READ}))
        codes: list[str] = []

        async def own(call: Call) -> Response:
            assert await call.still_valid() == await call.principal()
            await framed.world.changes.revoke(new.key.id, by=None, actor=OPERATOR)
            try:
                await call.still_valid()
            except Problem as problem:
                codes.append(problem.code)
            return json_response(200, {})

        rules = (RouteRule("GET", "/v3/own", Scope.THREAT_READ),)
        reply = await served(framed, [("GET", "/v3/own", own)], rules, bearer(new.secret.reveal()))
        assert (reply.status_code, codes) == (200, ["revoked_api_key"])

    async def test_a_stream_is_cut_when_its_key_is_revoked(self, framed: Framed) -> None:
        new = await framed.world.mint("long")
        streams = Streams()

        async def own(call: Call) -> Response:
            async with call.guarded():
                assert len(streams) == 1
                await framed.world.changes.revoke(new.key.id, by=None, actor=OPERATOR)
                await asyncio.Event().wait()
            raise AssertionError

        rules = (RouteRule("GET", "/v3/own"),)
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            watching = group.create_task(streams.run())
            reply = await served(framed, [("GET", "/v3/own", own)], rules, bearer(new.secret.reveal()), streams=streams)
            watching.cancel()
        assert (reply.status_code, reply.json()["error"]["code"]) == (401, "revoked_api_key")
        assert not len(streams)

    async def test_without_a_registry_a_stream_runs_to_its_end(self, framed: Framed) -> None:
        async def own(call: Call) -> Response:
            async with call.guarded():
                return json_response(200, {})

        rules = (RouteRule("GET", "/v3/own"),)
        reply = await served(framed, [("GET", "/v3/own", own)], rules, await framed.key())
        assert reply.status_code == 200


async def test_a_call_names_its_caller_for_the_audit(framed: Framed) -> None:
    async def own(call: Call) -> Response:
        actor = await call.actor()
        return json_response(200, {"actor": [actor.name, actor.ip, actor.agent, actor.request_id, actor.tenant_id]})

    rules = (RouteRule("GET", "/v3/own", sign_in=SignIn.SESSION),)
    member = await framed.world.member()
    headers = await framed.cookie(member) | {"User-Agent": "browser", "X-Request-ID": "find-me"}
    reply = await served(framed, [("GET", "/v3/own", own)], rules, headers)
    assert reply.json()["actor"] == [f"member:{member.id}", "192.0.2.1", "browser", "find-me", member.tenant_id]


def test_an_endpoint_with_a_model_is_told_to_the_document() -> None:
    class Wanted(BaseModel):
        text: str = ""

    async def own(_call: Call, _wanted: Annotated[Wanted, Query()]) -> Response:
        raise AssertionError

    route = LeanRoute("/x", own, methods=["GET"])
    assert [parameter.name for parameter in route.described().dependant.query_params] == ["_wanted"]


async def served(
    framed: Framed,
    routes: Sequence[tuple[str, str, Endpoint]],
    rules: tuple[RouteRule, ...],
    headers: dict[str, str],
    path: str = "/v3/own",
    *,
    content: bytes | None = None,
    streams: Streams | None = None,
) -> httpx2.Response:
    """One request to routes of a test's own."""
    app = FastAPI(openapi_url=None)
    router = APIRouter(route_class=LeanRoute)
    for method, template, endpoint in routes:
        router.add_api_route(template, endpoint, methods=[method], response_model=None)
    app.router.routes.extend(router.routes)
    desk = Desk(framed.callers, Rights(rules), streams=streams)
    face = Face("/v3", FORM.response, limits="v3")
    frame = Frame(app, (face,), outside=face, desk=desk, surroundings=framed.surroundings)
    return await framed.ask(routes[0][0], path, headers, content=content, frame=frame)


async def _touch(_call: Call) -> Response:
    refuse_in_sandbox("what is real")
    return json_response(200, {})


async def test_what_is_real_is_out_of_reach_of_test_keys_alone(framed: Framed) -> None:
    app, router = FastAPI(openapi_url=None), APIRouter(route_class=LeanRoute)
    router.add_api_route(THINGS, _touch, methods=["GET"], response_model=None)
    app.router.routes.extend(router.routes)
    desk = Desk(framed.callers, Rights([RouteRule("GET", THINGS, Scope.THREAT_READ)]))
    face = Face("/v3", FORM.response, has_rights=True)
    frame = Frame(app, (face,), outside=face, desk=desk, surroundings=framed.surroundings)
    test, live = await framed.key(KeyKind.SERVICE_TEST), await framed.key(KeyKind.SERVICE_LIVE)
    assert (await framed.ask("GET", THINGS, test, frame=frame)).status_code == 500
    assert (await framed.ask("GET", THINGS, live, frame=frame)).status_code == 200
