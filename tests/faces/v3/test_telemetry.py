"""The paths of v3 by which batches of telemetry are looked through."""

import asyncio
import json
from typing import Any

import pytest
from starlette.datastructures import Headers

from cybervault.domain.principals import KeyKind, Scope
from cybervault.domain.problems import Problem
from cybervault.faces.v3.telemetry import refuse_other_types
from tests.fakes.telemetry import CALLBACK, NDJSON, QUIET, REFUSED, lines_of
from tests.fakes.threats import BAD, ThreatWorld

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

    async def test_a_bad_address_in_it_is_a_threat_with_the_hosts_that_name_it(self, threats: ThreatWorld) -> None:
        """As with a single event: what was remembered counts, and nobody is asked."""
        key = await threats.key()
        await threats.ask("POST", "/v1/threats/analyze", key, {"target": BAD, "mode": "deep"})
        asked = len(threats.farm.calls("virustotal"))
        quiet = CALLBACK | {"DestinationPort": "443", "DestinationIp": BAD}
        for content, host in ((lines_of(quiet), "finance-07"), (lines_of(quiet | {"Computer": "hr-1"}), "hr-1")):
            body = (await sent(threats, key, content)).json()
            assert (body["matches_total"], body["indicators"], len(body["threats"])) == (0, 1, 1)
            found = (await threats.ask("GET", f"/v3/threats/{body['threats'][0]}", key)).json()
            assert (found["value"], found["kind"]) == (BAD, "ipv4")
            assert f"host:{host}" in found["indicators"]
            (entity,) = [one for one in body["entities"] if one["kind"] == "host"]
            assert (entity["name"], entity["matches"], entity["risk_score"]) == (host, 0, found["score"])
            assert entity["breakdown"] == [
                {
                    "rule_id": None, "title": "Malicious ipv4 named", "verdict": "malicious", "indicator": "ipv4",
                    "points": entity["risk_score"],
                },
            ]  # fmt: skip
        assert len(threats.farm.calls("virustotal")) == asked

    async def test_what_fired_is_a_threat_of_the_tenant_and_of_no_other(self, threats: ThreatWorld) -> None:
        key = await threats.key()
        body = (await sent(threats, key)).json()
        (found,) = (await threats.ask("GET", "/v3/threats", key)).json()["data"]
        assert body["threats"] == [found["id"]]
        assert (found["kind"], found["severity"], found["mitre_attack"][0]["technique_id"]) == (
            "detection",
            "high",
            "T1571",
        )
        assert found["value"].endswith("host finance-07")
        about = (await threats.ask("GET", f"/v3/threats/assessments/{found['assessment_id']}", key)).json()
        assert (about["detections"][0]["author"], about["state"]) == ("CyberVault", "completed")
        assert "fired 3 times on the host finance-07" in about["summary"]
        other = await threats.key(tenant="other")
        assert (await threats.ask("GET", "/v3/threats", other)).json()["data"] == []

    async def test_hosts_and_users_stand_by_their_risk(self, threats: ThreatWorld) -> None:
        body = (await sent(threats, await threats.key())).json()
        host, user = body["entities"]
        assert (host["kind"], host["name"], user["kind"], user["name"]) == ("host", "finance-07", "user", "ACME\\eve")
        assert (host["risk_score"], host["is_incident"], host["matches"]) == (73.0, False, 3)
        assert host["breakdown"] == [
            {
                "rule_id": body["by_rule"][0]["rule_id"],
                "title": body["by_rule"][0]["title"],
                "points": 73.0,
                "verdict": None,
                "indicator": None,
            }
        ]
        assert (host["at"], host["tactics"]) == ("2026-01-31T12:00:00Z", ["command-and-control"])

    async def test_events_that_say_something_together_are_told_as_one_match(self, threats: ThreatWorld) -> None:
        body = (await sent(threats, await threats.key(), lines_of(*REFUSED))).json()
        (burst,) = body["bursts"]
        assert body["matches"][-1] == burst
        assert (burst["rule"]["title"], burst["line"], burst["at"], burst["user"]) == (
            "Many refused logons of one account from one address", 1, "2026-01-31T12:00:00Z", "eve",
        )  # fmt: skip
        assert (burst["burst"]["count"], burst["burst"]["last"]) == (12, "2026-01-31T12:00:11Z")
        assert burst["burst"]["group"] == {"IpAddress": "10.0.0.9", "TargetUserName": "eve"}
        assert body["warnings"] == ["12 matches of rules that correlations count are not told by themselves."]
        spanish = await threats.key() | {"Accept-Language": "es"}
        body = (await sent(threats, spanish, lines_of(*REFUSED))).json()
        assert body["warnings"] == ["12 coincidencias de reglas que cuentan las correlaciones no se dan por separado."]

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

    async def test_those_of_one_rule_come_alone_and_with_their_events(self, threats: ThreatWorld) -> None:
        key = await threats.key()
        where = await done(threats, key, lines_of(*REFUSED, CALLBACK, QUIET, CALLBACK))
        fired = (await threats.ask("GET", where, key)).json()["result"]["by_rule"]
        assert len(fired) == 2
        (wanted,) = (one["rule_id"] for one in fired if "port" in one["title"])
        first = (await threats.ask("GET", f"{where}/matches?rule_id={wanted}&limit=1", key)).json()
        cursor = first["pagination"]["next_cursor"]
        second = (await threats.ask("GET", f"{where}/matches?rule_id={wanted}&limit=1&cursor={cursor}", key)).json()
        found = [*first["data"], *second["data"]]
        assert [(one["line"], one["rule"]["rule_id"], json.loads(one["event"])) for one in found] == [
            (13, wanted, CALLBACK), (15, wanted, CALLBACK),
        ]  # fmt: skip
        assert second["pagination"]["next_cursor"] is None
        other = await threats.ask("GET", f"{where}/matches?rule_id=none&limit=1&cursor={cursor}", key)
        assert code_of(other) == (400, "invalid_cursor")
        assert (await threats.ask("GET", f"{where}/matches?rule_id=none", key)).json()["data"] == []

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


class TestListed:
    async def test_answers(self, threats: ThreatWorld) -> None:
        key = await threats.key()
        places = [await done(threats, key) for _ in range(3)]
        seen, cursor = list[Any](), ""
        while cursor is not None:
            page = (await threats.ask("GET", f"{PATH}?limit=2{cursor and f'&cursor={cursor}'}", key)).json()
            seen += page["data"]
            cursor = page["pagination"]["next_cursor"]
        assert sorted(f"{PATH}/{one['batch_id']}" for one in seen) == sorted(places)
        assert [one["created_at"] for one in seen] == sorted((one["created_at"] for one in seen), reverse=True)
        assert (seen[0]["state"], seen[0]["finished_at"] is None) == ("completed", False)
        assert seen[0]["counts"] == {
            "events": 5, "matched": 3, "not_read": 1, "not_recognised": 1, "matches_total": 3, "bursts": 0,
            "threats": 1,
        }  # fmt: skip

    async def test_without_key(self, threats: ThreatWorld) -> None:
        assert (await threats.ask("GET", PATH)).status_code == 401

    async def test_key_lacks_scope(self, threats: ThreatWorld) -> None:
        assert (await threats.ask("GET", PATH, await threats.key(Scope.THREAT_WRITE))).status_code == 403

    async def test_other_tenant_sees_nothing(self, threats: ThreatWorld) -> None:
        await done(threats, await threats.key())
        assert (await threats.ask("GET", PATH, await threats.key(tenant="other"))).json()["data"] == []

    async def test_malformed(self, threats: ThreatWorld) -> None:
        key = await threats.key()
        assert code_of(await threats.ask("GET", f"{PATH}?limit=x", key)) == (400, "invalid_parameter")
        assert code_of(await threats.ask("GET", f"{PATH}?cursor=x", key)) == (400, "invalid_cursor")


class TestCancel:
    async def test_answers(self, threats: ThreatWorld) -> None:
        key = await threats.key()
        many = lines_of(*({"number": number} for number in range(200_000)))
        asked = await sent(threats, key, many)
        where = asked.headers["location"]
        reply = await threats.ask("POST", f"{where}/cancel", key)
        assert (reply.status_code, reply.json()["state"] in {"running", "cancelled"}) == (200, True)
        async with asyncio.timeout(20):
            while (await threats.ask("GET", where, key)).json()["state"] == "running":  # noqa: ASYNC110 - the server sets no event of ours
                await asyncio.sleep(0.05)
        assert (await threats.ask("GET", where, key)).json()["state"] == "cancelled"

    async def test_what_has_ended_stays(self, threats: ThreatWorld) -> None:
        key = await threats.key()
        where = await done(threats, key)
        before = (await threats.ask("GET", where, key)).json()
        assert (await threats.ask("POST", f"{where}/cancel", key)).json() == before

    async def test_without_key(self, threats: ThreatWorld) -> None:
        assert (await threats.ask("POST", f"{PATH}/tel_0123456789/cancel")).status_code == 401

    async def test_key_lacks_scope(self, threats: ThreatWorld) -> None:
        key = await threats.key(Scope.THREAT_READ)
        assert (await threats.ask("POST", f"{PATH}/tel_0123456789/cancel", key)).status_code == 403

    async def test_other_tenant_sees_nothing(self, threats: ThreatWorld) -> None:
        where, other = await done(threats, await threats.key()), await threats.key(tenant="other")
        assert code_of(await threats.ask("POST", f"{where}/cancel", other)) == (404, "not_found")


class TestRemove:
    async def test_answers(self, threats: ThreatWorld) -> None:
        key = await threats.key()
        where = await done(threats, key)
        reply = await threats.ask("DELETE", where, key)
        assert (reply.status_code, reply.content) == (204, b"")
        for path in (where, f"{where}/matches"):
            assert code_of(await threats.ask("GET", path, key)) == (404, "not_found")
        assert code_of(await threats.ask("DELETE", where, key)) == (404, "not_found")

    async def test_without_key(self, threats: ThreatWorld) -> None:
        assert (await threats.ask("DELETE", f"{PATH}/tel_0123456789")).status_code == 401

    async def test_key_lacks_scope(self, threats: ThreatWorld) -> None:
        where, key = await done(threats, await threats.key()), await threats.key(Scope.THREAT_READ)
        assert (await threats.ask("DELETE", where, key)).status_code == 403
        assert (await threats.ask("GET", where, key)).status_code == 200

    async def test_other_tenant_sees_nothing(self, threats: ThreatWorld) -> None:
        where, other = await done(threats, await threats.key()), await threats.key(tenant="other")
        assert code_of(await threats.ask("DELETE", where, other)) == (404, "not_found")


class TestExplain:
    async def test_answers(self, threats: ThreatWorld) -> None:
        key = await threats.key()
        (rule,) = (await sent(threats, key, lines_of(CALLBACK))).json()["by_rule"]
        reply = await threats.ask("POST", f"{PATH}/explain", key, {"rule_id": rule["rule_id"], "event": CALLBACK})
        body = reply.json()
        assert (reply.status_code, body["rule"]["title"]) == (200, rule["title"])
        (record,) = body["records"]
        assert (record["verdict"], record["condition"]["outcome"]) == ("fires", "true")
        assert '"field":"DestinationPort"' in json.dumps(record, separators=(",", ":"))

    async def test_without_key(self, threats: ThreatWorld) -> None:
        assert (await threats.ask("POST", f"{PATH}/explain", {}, {})).status_code == 401

    async def test_key_lacks_scope(self, threats: ThreatWorld) -> None:
        key = await threats.key(Scope.THREAT_WRITE)
        assert (await threats.ask("POST", f"{PATH}/explain", key, {})).status_code == 403

    @pytest.mark.parametrize(
        ("body", "told"),
        [
            ({}, (400, "missing_parameter")),
            ({"rule_id": "x", "event": [1]}, (400, "invalid_parameter")),
            ({"rule_id": "x", "event": {}, "more": 1}, (400, "invalid_parameter")),
            ({"rule_id": "x", "event": {}}, (404, "rule_not_found")),
        ],
    )
    async def test_malformed(self, threats: ThreatWorld, body: object, told: tuple[int, str]) -> None:
        assert code_of(await threats.ask("POST", f"{PATH}/explain", await threats.key(), body)) == told


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
