"""The paths of v3 by which batches of telemetry are looked through."""

import asyncio
import json
from typing import Any

import pytest
from starlette.datastructures import Headers

from cybervault.domain.principals import KeyKind, Scope
from cybervault.domain.problems import Problem
from cybervault.faces.v3.telemetry import refuse_other_types
from tests.fakes.telemetry import CALLBACK, NDJSON, QUIET, lines_of
from tests.fakes.threats import ThreatWorld

PATH = "/v3/telemetry"
LATER = {"Prefer": "respond-async"}
BATCH = lines_of(QUIET, b"{broken", CALLBACK, {"what": "ever"}, CALLBACK, CALLBACK)


async def sent(threats: ThreatWorld, key: dict[str, str], content: bytes = BATCH, **headers: str) -> Any:  # noqa: ANN401 - the client's
    given = key | NDJSON | {name.replace("_", "-"): value for name, value in headers.items()}
    return await threats.ask("POST", PATH, given, content=content)


async def done(threats: ThreatWorld, key: dict[str, str], content: bytes = BATCH) -> str:
    """The path of a batch that was looked through later, when it is."""
    asked = await threats.ask("POST", PATH, key | NDJSON | LATER, content=content)
    assert asked.status_code == 202
    where: str = asked.headers["location"]
    async with asyncio.timeout(20):
        while (await threats.ask("GET", where, key)).json()["state"] in {"queued", "running"}:  # noqa: ASYNC110 - the server sets no event of ours
            await asyncio.sleep(0.05)
    return where


def code_of(reply: Any) -> tuple[int, str]:  # noqa: ANN401 - the client's
    return reply.status_code, reply.json()["error"]["code"]


class TestTake:
    async def test_answers(self, threats: ThreatWorld) -> None:
        reply = await sent(threats, await threats.key())
        assert reply.status_code == 200
        body = reply.json()
        counts = [body[name] for name in ("events", "matched", "not_read", "not_recognised", "matches_total")]
        assert counts == [5, 3, 1, 1, 3]
        assert [one["line"] for one in body["errors"]] == [2, 4]
        assert [one["line"] for one in body["matches"]] == [3, 5, 6]
        (rule,) = body["by_rule"]
        assert (rule["mitre_attack"], rule["author"], rule["count"]) == (["T1571"], "CyberVault", 3)
        assert body["matches"][0]["rule"] == {
            name: value for name, value in rule.items() if name not in {"count", "first", "last"}
        }
        assert (body["matches"][0]["host"], body["matches"][0]["at"]) == ("finance-07", "2026-01-31T12:00:00Z")

    async def test_without_key(self, threats: ThreatWorld) -> None:
        assert code_of(await sent(threats, {})) == (401, "missing_api_key")

    async def test_key_lacks_scope(self, threats: ThreatWorld) -> None:
        assert code_of(await sent(threats, await threats.key(Scope.THREAT_READ))) == (403, "invalid_scope")

    async def test_a_test_key_is_told_that_it_sees_made_up_data_only(self, threats: ThreatWorld) -> None:
        key = await threats.key(kind=KeyKind.SERVICE_TEST)
        assert code_of(await sent(threats, key)) == (403, "sandbox_restricted")

    @pytest.mark.parametrize("content", [b"", b" \n\n"])
    async def test_malformed(self, threats: ThreatWorld, content: bytes) -> None:
        assert code_of(await sent(threats, await threats.key(), content)) == (400, "missing_parameter")

    async def test_another_type_is_415(self, threats: ThreatWorld) -> None:
        reply = await threats.ask("POST", PATH, await threats.key() | {"content-type": "text/csv"}, content=b"a,b")
        assert code_of(reply) == (415, "unsupported_media_type")

    async def test_a_repeat_with_its_key_is_answered_from_memory(self, threats: ThreatWorld) -> None:
        key = await threats.key() | {"Idempotency-Key": "one"} | LATER
        first, second = [await sent(threats, key) for _ in range(2)]
        assert first.headers["location"] == second.headers["location"]


class TestBatch:
    async def test_answers(self, threats: ThreatWorld) -> None:
        key = await threats.key()
        at_once = (await sent(threats, key)).json()
        asked = await sent(threats, key, prefer="respond-async")
        assert (asked.status_code, asked.headers["preference-applied"]) == (202, "respond-async")
        assert asked.headers["location"] == f"{PATH}/{asked.json()['batch_id']}"
        body = (await threats.ask("GET", await done(threats, key), key)).json()
        assert (body["state"], body["progress"], body["error"]) == ("completed", 1.0, None)
        assert body["result"] == {name: value for name, value in at_once.items() if name != "matches"}

    async def test_without_key(self, threats: ThreatWorld) -> None:
        assert (await threats.ask("GET", f"{PATH}/tel_0123456789")).status_code == 401

    async def test_key_lacks_scope(self, threats: ThreatWorld) -> None:
        key = await threats.key(Scope.THREAT_WRITE)
        assert (await threats.ask("GET", f"{PATH}/tel_0123456789", key)).status_code == 403

    async def test_other_tenant_sees_nothing(self, threats: ThreatWorld) -> None:
        where, other = await done(threats, await threats.key()), await threats.key(tenant="other")
        given = other | {"X-Request-ID": "req_same"}
        for below in ("", "/matches"):
            foreign = await threats.ask("GET", f"{where}{below}", given)
            unknown = await threats.ask("GET", f"{PATH}/tel_0000000000{below}", given)
            odd = await threats.ask("GET", f"{PATH}/nonsense{below}", given)
            assert foreign.status_code == 404
            assert foreign.content == unknown.content == odd.content

    async def test_a_test_key_never_comes_near_it(self, threats: ThreatWorld) -> None:
        where, test = await done(threats, await threats.key()), await threats.key(kind=KeyKind.SERVICE_TEST)
        for below in ("", "/matches"):
            assert code_of(await threats.ask("GET", f"{where}{below}", test)) == (403, "sandbox_restricted")


class TestMatches:
    async def test_answers(self, threats: ThreatWorld) -> None:
        key = await threats.key()
        at_once = (await sent(threats, key)).json()["matches"]
        where = await done(threats, key)
        first = (await threats.ask("GET", f"{where}/matches?limit=2", key)).json()
        cursor = first["pagination"]["next_cursor"]
        second = (await threats.ask("GET", f"{where}/matches?limit=2&cursor={cursor}", key)).json()
        assert [*first["data"], *second["data"]] == at_once
        assert second["pagination"] == {"next_cursor": None, "has_more": False, "limit": 2}

    async def test_without_key(self, threats: ThreatWorld) -> None:
        assert (await threats.ask("GET", f"{PATH}/tel_0123456789/matches")).status_code == 401

    async def test_key_lacks_scope(self, threats: ThreatWorld) -> None:
        key = await threats.key(Scope.THREAT_WRITE)
        assert (await threats.ask("GET", f"{PATH}/tel_0123456789/matches", key)).status_code == 403

    async def test_malformed(self, threats: ThreatWorld) -> None:
        key = await threats.key()
        where = await done(threats, key)
        assert code_of(await threats.ask("GET", f"{where}/matches?limit=0", key)) == (400, "invalid_parameter")
        assert code_of(await threats.ask("GET", f"{where}/matches?cursor=x", key)) == (400, "invalid_cursor")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/csv"},
        {"content-type": "application/json; charset=latin-1"},
        {"content-type": "application/json", "content-encoding": "br"},
        {"content-type": "application/json", "content-encoding": "gzip, gzip"},
    ],
)
def test_what_holds_no_telemetry_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Problem) as caught:
        refuse_other_types(Headers(headers))
    assert caught.value.code == "unsupported_media_type"


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "application/x-ndjson"},
        {"content-type": "Application/JSON; charset=UTF-8", "content-encoding": "gzip"},
        {"content-type": "application/octet-stream", "content-encoding": "zstd"},
    ],
)
def test_what_may_hold_telemetry_is_taken(headers: dict[str, str]) -> None:
    refuse_other_types(Headers(headers))


async def test_an_array_is_taken_and_its_events_are_counted(threats: ThreatWorld) -> None:
    headers = await threats.key() | {"content-type": "application/json"}
    reply = await threats.ask("POST", PATH, headers, content=json.dumps([QUIET, CALLBACK]).encode())
    assert [one["line"] for one in reply.json()["matches"]] == [2]
