"""What all keyed faces share: checks 63, 64, 71, 77, 79, 82, 83, 116, 137 to 139, 146, 149 and 150.

They run on a small application behind the real frame; the routes of threats and scans answer to the same frame.
"""

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cybervault.access.audit import OPERATOR
from cybervault.access.limits.limiter import LocalLimiter
from cybervault.domain.limits import CallClass, LimitOverride
from cybervault.domain.observables import Address
from cybervault.domain.principals import KeyKind, Plan, Principal, Role, Scope
from cybervault.faces.caller import Callers
from cybervault.faces.limiting import Limits
from cybervault.faces.proxies import HttpsRule
from cybervault.storage.database import unavailable
from tests.faces.framed import Framed, framed_on
from tests.fakes.keys import bearer

FACES = ("v1", "v2", "v3")
LIMIT_HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
GOOD = {"name": "a"}


def code_of(face: str, reply: httpx2.Response) -> str:
    """The code of a failure that has all of its face's form and nothing of the others'."""
    body: dict[str, Any] = reply.json()
    if face == "v1":
        assert {"error_code", "message", "trace_id"} <= set(body) <= {"error_code", "message", "trace_id", "details"}
        assert body["trace_id"] == reply.headers["x-request-id"]
        return str(body["error_code"])
    assert set(body) == {"error"}
    error = body["error"]
    if face == "v2":
        assert {"code", "message"} <= set(error) <= {"code", "message", "retry_after"}
    else:
        assert set(error) == {"code", "message", "request_id", "docs_url"}
        assert error["request_id"] == reply.headers["x-request-id"]
        assert error["docs_url"].endswith(f"/{error['code']}")
    return str(error["code"])


class Small:
    """Keys whose tenant has small limits of its own."""

    def __init__(self, framed: Framed, minute: int) -> None:
        self._framed = framed
        self._overrides = tuple(LimitOverride(face, CallClass.ANY, minute=minute, burst_percent=0) for face in FACES)

    async def resolve(
        self, text: str, address: Address | None, *, is_fresh: bool = False, agent: str | None = None
    ) -> Principal:
        found = await self._framed.world.keys.resolve(text, address, is_fresh=is_fresh, agent=agent)
        return replace(found, overrides=self._overrides)


def limited(framed: Framed, minute: int = 5, **given: Any) -> None:  # noqa: ANN401 - the arguments of Limits
    """Give the tenant small limits."""
    framed.callers = replace(framed.callers, keys=Small(framed, minute))
    limits = Limits(LocalLimiter(framed.clock), framed.clock, sleep=framed.pass_time, **given)
    framed.surroundings = replace(framed.surroundings, limits=limits)


def is_reset_within(reply: httpx2.Response, framed: Framed, seconds: float) -> bool:
    """Whether Reset is a Unix time that comes soon."""
    return 0 <= int(reply.headers["x-ratelimit-reset"]) - framed.clock.now().timestamp() <= math.ceil(seconds)


class TestKeys:
    async def test_check_063_without_a_key_v1_answers_in_its_flat_form(self, framed: Framed) -> None:
        reply = await framed.ask("POST", "/v1/things", json=GOOD)
        assert (reply.status_code, code_of("v1", reply)) == (401, "missing_api_key")
        assert "error" not in reply.json()

    @pytest.mark.parametrize("face", FACES)
    async def test_check_064_what_is_no_key_is_401(self, framed: Framed, face: str) -> None:
        key = (await framed.key())["Authorization"].removeprefix("Bearer ")
        unknown = "cv_live_sk_" + "a" * 32
        texts = [
            f"Bearer {unknown}",
            f"Basic {key}",
            f"Bearer  {key}",
            "Bearer ",
            "Bearer",
            "Bearer cv_prod_x",
            key,
            "",
        ]
        for text in texts:
            reply = await framed.ask("POST", f"/{face}/things", {"Authorization": text}, json=GOOD)
            assert reply.status_code == 401, text
            assert code_of(face, reply) in {"missing_api_key", "invalid_api_key"}
            assert reply.headers["www-authenticate"].startswith("Bearer")
        assert not framed.done

    @pytest.mark.parametrize("face", FACES)
    async def test_check_137_a_revoked_key_is_401_in_the_form_of_each_face(self, framed: Framed, face: str) -> None:
        minted = await framed.world.mint("gone", scopes=frozenset(Scope))
        await framed.world.changes.revoke(minted.key.id, by=None, actor=OPERATOR)
        reply = await framed.ask("GET", f"/{face}/things", bearer(minted.secret.reveal()))
        assert (reply.status_code, code_of(face, reply)) == (401, "revoked_api_key")


class TestBodies:
    @pytest.mark.parametrize("face", FACES)
    async def test_check_071_a_chunked_body_is_taken_and_a_huge_one_is_413(self, framed: Framed, face: str) -> None:
        async def chunks(count: int) -> AsyncIterator[bytes]:
            yield b'{"name":"'
            for _ in range(count):
                yield b"x" * 1024 * 1024
            yield b'"}'

        key = await framed.key() | {"Content-Type": "application/json"}
        assert (await framed.ask("POST", f"/{face}/things", key, content=chunks(1))).status_code == 201
        reply = await framed.ask("POST", f"/{face}/things", key, content=chunks(10))
        assert (reply.status_code, code_of(face, reply)) == (413, "payload_too_large")
        declared = key | {"Content-Length": str(10 * 1024 * 1024 + 1)}
        reply = await framed.ask("POST", f"/{face}/things", declared, content=b"{}")
        assert reply.status_code == 413

    @pytest.mark.parametrize("face", FACES)
    @pytest.mark.parametrize(
        ("method", "path", "headers", "content", "status"),
        [
            ("POST", "things", {"Content-Type": "application/json"}, b"", 400),
            ("POST", "things", {"Content-Type": "application/json"}, b"{", 400),
            ("POST", "things", {"Content-Type": "application/json"}, b"[]", 400),
            ("POST", "things", {"Content-Type": "application/json"}, b'"x"', 400),
            ("POST", "things", {"Content-Type": "application/json"}, b"{}", 400),
            ("POST", "things", {"Content-Type": "application/json"}, b'{"name":7}', 400),
            ("POST", "things", {"Content-Type": "application/json"}, b'{"name":"a","name":"b"}', 400),
            ("POST", "things", {"Content-Type": "application/json"}, b'{"name":"a","count":NaN}', 400),
            ("POST", "things", {"Content-Type": "application/json"}, b'{"name":' + b"[" * 5_000, 400),
            ("POST", "things", {"Content-Type": "application/json"}, b'{"name":"a","extra":1}', 201),
            ("POST", "things", {"Content-Type": "text/plain"}, b'{"name":"a"}', 415),
            ("POST", "things", {"Content-Type": "application/x-www-form-urlencoded"}, b"name=a", 415),
            ("POST", "things", {"Content-Type": "multipart/form-data"}, b"x", 415),
            ("POST", "things", {}, b'{"name":"a"}', 415),
            ("GET", "things?most=many", {}, b"", 400),
            ("DELETE", "things", {}, b"", 405),
            ("OPTIONS", "things", {}, b"", 405),
            ("PUT", "things/1/status", {}, b"", 405),
            ("PATCH", "things/1/status", {"Content-Type": "application/json"}, b"{}", 400),
            ("GET", "nope", {}, b"", 404),
        ],
    )
    async def test_check_139_no_wrong_input_is_422_and_every_answer_has_the_form_of_its_face(
        self, framed: Framed, face: str, method: str, path: str, headers: Mapping[str, str], content: bytes, status: int
    ) -> None:
        key = await framed.key() | dict(headers)
        reply = await framed.ask(method, f"/{face}/{path}", key, content=content or None)
        assert reply.status_code == status
        if status != 201:
            assert code_of(face, reply)
            assert not framed.done

    async def test_check_139_a_malformed_request_of_v1_names_the_fields(self, framed: Framed) -> None:
        reply = await framed.ask("POST", "/v1/things", await framed.key(), json={"count": "1"})
        assert reply.json()["details"] == [
            {"field": "name", "reason": "must be given"},
            {"field": "count", "reason": "must be a whole number"},
        ]


class TestPaths:
    @pytest.mark.parametrize("face", FACES)
    async def test_check_082_an_unknown_path_and_a_crash_have_the_form_of_the_face(
        self, framed: Framed, face: str
    ) -> None:
        key = await framed.key()
        unknown, crash = [await framed.ask("GET", f"/{face}/{path}", key) for path in ("nope", "crash")]
        assert (unknown.status_code, code_of(face, unknown)) == (404, "not_found")
        assert (crash.status_code, code_of(face, crash)) == (500, "internal_error")
        assert "inner detail" not in crash.text
        assert "Traceback" not in crash.text

    async def test_check_083_where_https_is_required_nothing_is_done_in_the_clear(self, framed: Framed) -> None:
        frame, key = framed.frame(https=HttpsRule(is_required=True)), await framed.key()
        moved = await framed.ask("GET", "/v1/things?a=1", key, base="http://here", frame=frame)
        assert (moved.status_code, moved.headers["location"]) == (301, "https://here/v1/things?a=1")
        refused = await framed.ask("POST", "/v1/things", key, json=GOOD, base="http://here", frame=frame)
        assert (refused.status_code, code_of("v1", refused), framed.done) == (403, "https_required", [])
        assert (await framed.ask("POST", "/v1/things", key, json=GOOD, frame=frame)).status_code == 201
        proxied = key | {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.9"}
        for peer, status in (("10.0.0.1", 201), ("192.0.2.1", 403)):
            reply = await framed.ask(
                "POST", "/v1/things", proxied, json=GOOD, peer=peer, base="http://here", frame=frame
            )
            assert reply.status_code == status

    async def test_check_116_v3_tells_path_method_and_media_type_apart(self, framed: Framed) -> None:
        key = await framed.key()
        replies = [
            await framed.ask("GET", "/v3/nope", key),
            await framed.ask("DELETE", "/v3/things", key),
            await framed.ask("POST", "/v3/things", key | {"Content-Type": "text/xml"}, content=b"<a/>"),
        ]
        assert [(reply.status_code, code_of("v3", reply)) for reply in replies] == [
            (404, "not_found"),
            (405, "method_not_allowed"),
            (415, "unsupported_media_type"),
        ]


class TestLimits:
    @pytest.mark.parametrize("face", FACES)
    async def test_check_077_every_answer_carries_the_three_headers(self, framed: Framed, face: str) -> None:
        key = await framed.key()
        ended = await framed.world.mint("gone")
        await framed.world.changes.revoke(ended.key.id, by=None, actor=OPERATOR)
        replies = [
            await framed.ask("GET", f"/{face}/things", key),
            await framed.ask("POST", f"/{face}/things", key | {"Content-Type": "application/json"}, content=b"{"),
            await framed.ask("GET", f"/{face}/things", bearer(ended.secret.reveal())),
            await framed.ask("GET", f"/{face}/nope", key),
        ]
        assert [reply.status_code for reply in replies] == [200, 400, 401, 404]
        for reply in replies:
            assert all(reply.headers[name].isdigit() for name in LIMIT_HEADERS)
            assert is_reset_within(reply, framed, 3_600 if face == "v2" else 60)

    async def test_check_150_v2_tells_them_with_every_status(self, framed: Framed) -> None:
        key, reader = await framed.key(), await framed.key(KeyKind.SERVICE_LIVE, Scope.THREAT_READ)
        wanted = [
            ("GET", "things", key, 200), ("GET", "things?most=x", key, 400), ("GET", "things", {}, 401),
            ("PATCH", "things/1/status", reader, 403), ("GET", "nope", key, 404),
        ]  # fmt: skip
        for method, path, headers, status in wanted:
            reply = await framed.ask(method, f"/v2/{path}", headers)
            assert reply.status_code == status
            assert all(reply.headers[name].isdigit() for name in LIMIT_HEADERS)

    @pytest.mark.parametrize("face", FACES)
    async def test_check_150_who_comes_back_at_the_stated_time_passes(self, framed: Framed, face: str) -> None:
        limited(framed, minute=5, queue_wait_seconds=0)
        frame, key = framed.frame(), await framed.key()
        for round_number in range(3):
            while (reply := await framed.ask("GET", f"/{face}/things", key, frame=frame)).status_code == 200:
                framed.clock.advance(0.37 * (round_number + 1))
            assert reply.status_code == 429
            until_reset = int(reply.headers["x-ratelimit-reset"]) - framed.clock.now().timestamp()
            # Whichever of the two a client goes by.
            framed.clock.advance(until_reset if round_number % 2 else int(reply.headers["retry-after"]))
            assert (await framed.ask("GET", f"/{face}/things", key, frame=frame)).status_code == 200

    @pytest.mark.parametrize("face", FACES)
    async def test_check_138_the_same_over_limit_is_429_in_the_form_of_each_face(
        self, framed: Framed, face: str
    ) -> None:
        limited(framed, minute=5, queue_wait_seconds=0)
        frame, key = framed.frame(), await framed.key()
        statuses = [(await framed.ask("GET", f"/{face}/things", key, frame=frame)).status_code for _ in range(5)]
        reply = await framed.ask("GET", f"/{face}/things", key, frame=frame)
        assert statuses == [200] * 5
        assert (reply.status_code, code_of(face, reply)) == (429, "rate_limit_exceeded")
        assert "5 requests per minute" in reply.text
        assert int(reply.headers["retry-after"]) >= 1
        assert all(reply.headers[name].isdigit() for name in LIMIT_HEADERS)
        assert reply.headers["x-ratelimit-remaining"] == "0"
        if face == "v2":
            assert reply.json()["error"]["retry_after"] == int(reply.headers["retry-after"])
        as_problem = await framed.ask(
            "GET", f"/{face}/things", key | {"Accept": "application/problem+json"}, frame=frame
        )
        if face == "v3":
            assert as_problem.headers["content-type"] == "application/problem+json"
            assert as_problem.json()["violated-policies"] == ["minute"]
        else:
            assert code_of(face, as_problem) == "rate_limit_exceeded"

    async def test_check_079_above_its_limit_a_call_of_v1_waits_a_while_and_then_is_refused(
        self, framed: Framed
    ) -> None:
        limited(framed, minute=5, queue_wait_seconds=1)
        frame, key = framed.frame(), await framed.key()
        for _ in range(5):
            assert (await framed.ask("GET", "/v1/things", key, frame=frame)).status_code == 200
        reply = await framed.ask("GET", "/v1/things", key, frame=frame)
        assert (reply.status_code, code_of("v1", reply)) == (429, "rate_limit_exceeded")
        assert reply.headers["x-ratelimit-remaining"] == "0"
        framed.clock.advance(59.5)
        late = await framed.ask("GET", "/v1/things", key, frame=frame)
        assert (late.status_code, late.headers["x-ratelimit-remaining"]) == (200, "0")
        assert 0 < int(late.headers["x-ratelimit-queued-ms"]) <= 1_500

    async def test_check_146_waiting_calls_are_served_in_their_order(self, framed: Framed) -> None:
        turns: asyncio.Queue[tuple[float, asyncio.Event]] = asyncio.Queue()

        async def sleep(seconds: float) -> None:
            turn = asyncio.Event()
            turns.put_nowait((framed.clock.seconds() + seconds, turn))
            await turn.wait()

        limited(framed, minute=30, queue_wait_seconds=20)
        framed.surroundings.limits._sleep = sleep  # type: ignore[union-attr] # it was just put there
        frame, key = framed.frame(), await framed.key()
        for _ in range(30):
            await framed.ask("POST", "/v1/things", key, json={"name": "first"}, frame=frame)
            framed.clock.advance(1.5)
        async with asyncio.TaskGroup() as group:
            waiting, queue = [], []
            for name in ("one", "two", "three"):
                asked = framed.ask("POST", "/v1/things", key, json={"name": name}, frame=frame)
                waiting.append(group.create_task(asked))
                queue.append(await turns.get())
            assert queue == sorted(queue, key=lambda turn: turn[0])
            for one, (at, turn) in zip(waiting, queue, strict=True):
                framed.clock.advance(max(0.0, at - framed.clock.seconds()))
                turn.set()
                await one
        replies = [one.result() for one in waiting]
        assert framed.done[-3:] == ["one", "two", "three"]
        assert [reply.status_code for reply in replies] == [201] * 3
        waits = [int(reply.headers["x-ratelimit-queued-ms"]) for reply in replies]
        assert waits == sorted(waits)
        assert waits[0] > 0

    async def test_check_078_v1_gives_each_plan_its_number(self, framed: Framed) -> None:
        key = await framed.key()
        for plan, limit in ((Plan.STARTER, "1000"), (Plan.ENTERPRISE, "10000")):
            await framed.world.plan(plan)
            assert (await framed.ask("GET", "/v1/things", key)).headers["x-ratelimit-limit"] == limit


class TestRights:
    @pytest.mark.parametrize("face", FACES)
    async def test_check_149_a_viewers_personal_key_changes_nothing(self, framed: Framed, face: str) -> None:
        viewer = await framed.world.member(Role.VIEWER)
        key = await framed.key(KeyKind.PERSONAL_LIVE, owner=viewer)
        assert (await framed.ask("GET", f"/{face}/things", key)).status_code == 200
        reply = await framed.ask("PATCH", f"/{face}/things/1/status", key, json=GOOD)
        expected = "insufficient_permissions" if face == "v1" else "invalid_scope"
        assert (reply.status_code, code_of(face, reply), framed.done) == (403, expected, [])

    @pytest.mark.parametrize("face", FACES)
    async def test_check_149_a_demotion_counts_at_the_next_call(self, framed: Framed, face: str) -> None:
        member = await framed.world.member(Role.MEMBER)
        key = await framed.key(KeyKind.PERSONAL_LIVE, owner=member)
        path = f"/{face}/things/1/status"
        assert (await framed.ask("PATCH", path, key, json=GOOD)).status_code == 201
        await framed.world.members.keep(replace(member, role=Role.VIEWER))
        assert (await framed.ask("PATCH", path, key, json=GOOD)).status_code == 403


async def test_a_test_key_has_a_count_of_its_own(framed: Framed) -> None:
    for kind in (KeyKind.SERVICE_LIVE, KeyKind.SERVICE_TEST):
        reply = await framed.ask("GET", "/v3/things", await framed.key(kind))
        assert reply.headers["x-ratelimit-remaining"] == "299"


async def test_the_right_secret_that_is_refused_is_noted_with_its_key(framed: Framed) -> None:
    """An ended key that is tried again is of interest to its owner."""
    key = await framed.key(expires_at=framed.clock.now() + timedelta(hours=1))
    framed.clock.advance(3_600)
    assert (await framed.ask("GET", "/v3/things", key)).status_code == 401
    assert [(use.status, use.principal.tenant_id) for use in framed.uses] == [(401, framed.world.tenant.id)]


async def test_a_database_that_is_gone_is_503_in_the_form_of_each_face(sqlite_file: Path) -> None:
    """Neither open nor 401: a caller that is told 401 throws a good key away."""
    async with framed_on(sqlite_file) as framed:
        key = await framed.key()

        class Gone:
            async def resolve(
                self, text: str, address: Address | None, *, is_fresh: bool = False, agent: str | None = None
            ) -> Principal:
                raise unavailable(f"{text[:11]} {address} {is_fresh} {agent}")

        framed.callers = Callers(Gone())
        for face in FACES:
            reply = await framed.ask("GET", f"/{face}/things", key)
            assert (reply.status_code, code_of(face, reply)) == (503, "service_unavailable")
            assert reply.headers["retry-after"] == "5"


async def _late() -> AsyncGenerator[bytes]:
    yield b"{"
    await asyncio.sleep(60)


class TestTime:
    async def test_an_answer_that_takes_longer_than_its_face_promises_is_a_timeout(self, framed: Framed) -> None:
        frame = framed.frame()
        frame._faces = tuple(replace(face, answer_seconds=0.05) for face in frame._faces)
        key = await framed.key() | {"Content-Type": "application/json"}
        reply = await framed.ask("POST", "/v1/things", key, content=_late(), frame=frame)
        assert (reply.status_code, reply.json()["error_code"]) == (500, "timeout")
        assert not framed.done

    async def test_a_face_without_a_promise_takes_its_time(self, framed: Framed) -> None:
        assert [face.prefix for face in framed.frame()._faces if face.answer_seconds is not None] == ["/v1"]
