"""CyberVault API v1, its threats: checks 65 to 70, 80, 81 and 145."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from starlette.responses import Response

from cybervault.domain.principals import KeyKind, Scope
from cybervault.faces.http import Call, LeanRoute
from tests.fakes.threats import BAD, ThreatWorld

ANALYZE = "/v1/threats/analyze"


def flat(reply: httpx2.Response) -> tuple[int, str]:
    """Status and code of a failure that has v1's form and nothing of the others'."""
    body = reply.json()
    assert {"error_code", "message", "trace_id"} <= set(body) <= {"error_code", "message", "trace_id", "details"}
    assert body["trace_id"] == reply.headers["x-request-id"]
    return reply.status_code, body["error_code"]


async def analyze(threats: ThreatWorld, body: object) -> httpx2.Response:
    return await threats.ask("POST", ANALYZE, await threats.key(), body)


async def test_check_065_an_address_is_answered_with_the_seven_fields(threats: ThreatWorld) -> None:
    reply = await analyze(threats, {"target": BAD})
    assert reply.status_code == 200
    body: dict[str, Any] = reply.json()
    assert set(body) == {
        "request_id", "threat_score", "classification", "family", "indicators", "action", "timestamp",
    }  # fmt: skip
    assert 0 <= body["threat_score"] <= 1
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", body["timestamp"])


async def test_check_066_quick_asks_nobody_and_is_the_default(threats: ThreatWorld) -> None:
    for body in ({"target": BAD}, {"target": BAD, "mode": "quick"}):
        assert (await analyze(threats, body)).status_code == 200
    assert threats.calls() == 0


async def test_check_066_deep_asks_the_sources_and_turbo_is_unknown(threats: ThreatWorld) -> None:
    assert (await analyze(threats, {"target": BAD, "mode": "deep"})).json()["classification"] == "malicious"
    assert threats.calls() > 0
    assert flat(await analyze(threats, {"target": BAD, "mode": "turbo"})) == (400, "invalid_parameter")


async def test_what_the_sources_said_a_moment_ago_is_known_to_quick_too(threats: ThreatWorld) -> None:
    deep = (await analyze(threats, {"target": BAD, "mode": "deep"})).json()
    calls = threats.calls()
    quick = (await analyze(threats, {"target": BAD})).json()
    assert threats.calls() == calls
    assert (quick["threat_score"], quick["family"]) == (deep["threat_score"], deep["family"])


@pytest.mark.parametrize(
    ("content", "code"), [(b"{", "invalid_json"), (b"{}", "missing_parameter"), (b"[]", "invalid_parameter")]
)
async def test_check_067_what_is_missing_is_named_and_never_422(
    threats: ThreatWorld, content: bytes, code: str
) -> None:
    key = await threats.key() | {"Content-Type": "application/json"}
    reply = await threats.ask("POST", ANALYZE, key, content=content)
    assert flat(reply) == (400, code)
    if code == "missing_parameter":
        assert [fault["field"] for fault in reply.json()["details"]] == ["target"]


@pytest.mark.parametrize(
    "target",
    [
        "http://evil.example/x?y=1",
        "44d88612fea8a8f36de82e1278abb02f",
        "3395856ce81f2b7382dee72602f798b642f14140",
        "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f",
        "raw text of no form",
        "powershell -enc SQBFAFgA; vssadmin delete shadows",
        "data:application/octet-stream;base64,TVqQAAMAAAAEAAAA",
        "???",
    ],
)
async def test_check_068_url_hash_and_raw_text_are_taken(threats: ThreatWorld, target: str) -> None:
    assert (await analyze(threats, {"target": target})).status_code == 200


async def test_check_069_tags_are_found_again_and_a_list_is_none(threats: ThreatWorld) -> None:
    key = await threats.key()
    made = await threats.ask("POST", ANALYZE, key, {"target": BAD, "metadata": {"case": "42"}})
    kept = await threats.ask("GET", f"/v1/threats/analyses/{made.json()['request_id']}", key)
    assert kept.json()["metadata"] == {"case": "42"}
    assert flat(await analyze(threats, {"target": BAD, "metadata": ["case"]})) == (400, "invalid_parameter")


async def test_check_070_a_key_without_the_scope_is_403(threats: ThreatWorld) -> None:
    reply = await threats.ask("POST", ANALYZE, await threats.key(Scope.SCAN_READ), {"target": BAD})
    assert flat(reply) == (403, "insufficient_permissions")


async def test_check_080_pages_of_the_feed_hold_each_threat_once(threats: ThreatWorld) -> None:
    key = await threats.key()
    for target in ("powershell -enc AAAA IEX DownloadString vssadmin delete shadows", BAD):
        await threats.ask("POST", ANALYZE, key, {"target": target, "mode": "deep"})
    mock = await threats.key(kind=KeyKind.SERVICE_TEST)
    path, seen = "/v1/threats/feed?limit=9", []
    for _ in range(3):
        page = (await threats.ask("GET", path, mock)).json()
        seen += [one["id"] for one in page["data"]]
        path = f"/v1/threats/feed?limit=9&cursor={page['pagination']['next_cursor']}"
    assert len(set(seen)) == len(seen) == 24
    assert page["pagination"] == {"next_cursor": None, "has_more": False}
    first = (await threats.ask("GET", "/v1/threats/feed?limit=9", mock)).json()["pagination"]["next_cursor"]
    for cursor in (f"{first[:-1]}{'A' if first[-1] != 'A' else 'B'}", "x"):
        reply = await threats.ask("GET", f"/v1/threats/feed?limit=9&cursor={cursor}", mock)
        assert flat(reply) == (400, "invalid_cursor")
    foreign = await threats.ask("GET", f"/v1/threats/feed?limit=9&cursor={first}", await threats.key(tenant="other"))
    assert flat(foreign) == (400, "invalid_cursor")


async def test_check_081_what_takes_too_long_is_a_timeout_that_the_log_knows(
    threats: ThreatWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    async def slow(_call: Call) -> Response:
        await asyncio.sleep(60)
        raise AssertionError

    routes = threats.frame._app.router.routes
    place = next(number for number, route in enumerate(routes) if getattr(route, "path", "") == ANALYZE)
    routes[place] = LeanRoute(ANALYZE, slow, methods=["POST"], response_model=None)
    threats.frame._faces = tuple(
        face if face.prefix != "/v1" else type(face)(
            "/v1", face.problem_response, limits="v1", is_slash_optional=True, answer_seconds=0.05
        )
        for face in threats.frame._faces
    )  # fmt: skip
    reply = await analyze(threats, {"target": BAD})
    assert flat(reply) == (500, "timeout")
    assert reply.json()["trace_id"] in capsys.readouterr().out


async def test_check_145_the_sandbox_says_that_it_is_not_there_and_quick_and_deep_are_read_back(
    threats: ThreatWorld,
) -> None:
    assert flat(await analyze(threats, {"target": BAD, "mode": "sandbox"})) == (400, "mode_unavailable")
    key = await threats.key()
    for mode in ("quick", "deep"):
        made = await threats.ask("POST", ANALYZE, key, {"target": BAD, "mode": mode})
        kept = (await threats.ask("GET", f"/v1/threats/analyses/{made.json()['request_id']}", key)).json()
        assert (kept["state"], kept["mode"], kept["result"]) == ("completed", mode, made.json())
        threats.clock.advance(timedelta(seconds=1).total_seconds())


async def test_what_is_asked_for_with_respond_async_is_read_back_when_it_is_there(threats: ThreatWorld) -> None:
    key = await threats.key()
    body = {"target": BAD, "mode": "deep", "metadata": {"case": "42"}}
    wish = key | {"Prefer": "respond-async", "X-Request-ID": "req_later"}
    asked = await threats.ask("POST", ANALYZE, wish, body)
    assert (asked.status_code, asked.headers["location"]) == (202, "/v1/threats/analyses/req_later")
    assert (asked.json()["request_id"], asked.json()["state"]) == ("req_later", "queued")
    async with asyncio.timeout(20):
        while (found := (await threats.ask("GET", asked.headers["location"], key)).json())["state"] != "completed":
            assert found["state"] in {"queued", "running"}
            await asyncio.sleep(0.05)
    assert found["metadata"] == {"case": "42"}
    assert found["result"]["classification"] == "malicious"
