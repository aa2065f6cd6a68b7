"""CyberVault API v3, its threats: checks 106 to 113, 151 and 153, and what test keys never touch."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest

from cybervault.assessments.store.findings import FindingStore
from cybervault.domain.ids import FindingId
from cybervault.domain.jobs import NewJob
from cybervault.domain.principals import KeyKind, Scope
from cybervault.domain.sandbox import SandboxBreachError, sandboxed
from cybervault.domain.verdicts import Severity
from cybervault.egress.message import OutgoingRequest
from cybervault.storage.jobs import Jobs
from tests.assessments.made import FINDING
from tests.fakes.threats import BAD, SEED, ThreatWorld

ANALYZE, LIST = "/v3/threats/analyze", "/v3/threats"


def told(reply: Any) -> tuple[int, str]:  # noqa: ANN401 - the client's
    error = reply.json()["error"]
    assert set(error) == {"code", "message", "request_id", "docs_url"}
    return reply.status_code, error["code"]


async def fixtures(threats: ThreatWorld, count: int) -> list[str]:
    """So many findings of the tenant."""
    tenant, store = await threats.tenant(), FindingStore(threats.product.database)
    ids = []
    for number in range(count):
        ids.append(f"thr_{number:010}")
        await store.add(
            replace(
                FINDING,
                id=FindingId(ids[-1]),
                tenant_id=tenant.id,
                created_at=FINDING.created_at + timedelta(seconds=number // 3),
                severity=tuple(Severity)[number % 5],
                score=number % 101,
            )
        )
    return ids


async def test_check_106_the_printed_body_is_taken_odd_hash_and_all(threats: ThreatWorld) -> None:
    key = await threats.key()
    reply = await threats.ask("POST", ANALYZE, key, SEED)
    assert reply.status_code == 201
    body = reply.json()
    assert body["assessment_id"].startswith("asm_")
    assert isinstance(body["risk_score"], int)
    assert body["severity"] in {"critical", "high", "medium", "low", "info"}
    assert isinstance(body["mitre_attack"], list)
    assert isinstance(body["recommended_actions"], list)
    assert any("hash_sha256" in warning for warning in body["warnings"])
    assert (await threats.ask("GET", reply.headers["location"], key)).status_code == 200


async def test_telemetry_adds_up_for_its_host_and_for_no_other_tenant(threats: ThreatWorld) -> None:
    key, other = await threats.key(), await threats.key(tenant="other")
    body = json.loads(json.dumps(SEED))
    body["payload"]["hostname"] = "Finance-07"
    (first,) = (await threats.ask("POST", ANALYZE, key, body)).json()["entity_risk"]
    assert (first["kind"], first["name"], first["is_incident"]) == ("host", "finance-07", first["risk_score"] >= 100)
    assert first["risk_score"] == pytest.approx(sum(part["points"] for part in first["breakdown"]), abs=0.1)
    quiet = {"type": "network_traffic", "payload": {"hostname": "FINANCE-07", "dst_ip": "192.0.2.9", "port": 443}}
    (later,) = (await threats.ask("POST", ANALYZE, key, quiet)).json()["entity_risk"]
    assert later["risk_score"] == first["risk_score"]
    (theirs,) = (await threats.ask("POST", ANALYZE, other, quiet)).json()["entity_risk"]
    assert (theirs["risk_score"], theirs["breakdown"]) == (0, [])


async def test_the_printed_body_fires_the_right_rule(threats: ThreatWorld) -> None:
    body = (await threats.ask("POST", ANALYZE, await threats.key(), SEED)).json()
    (rule,) = body["detections"]
    assert (rule["mitre_attack"], rule["level"], rule["author"]) == (["T1571"], "high", "CyberVault")
    assert "remote access tool" in rule["title"]
    assert "T1571" in {one["technique_id"] for one in body["mitre_attack"]}
    assert any(reason["reason"] == f"Rule: {rule['title']}." for reason in body["reasons"])
    assert not any("No detection rules" in warning for warning in body["warnings"])


@pytest.mark.parametrize(
    "body",
    [
        {"payload": {}},
        {"type": "endpoint_telemetry"},
        {"type": "endpoint_telemetry", "payload": "text"},
        {"type": "nonsense", "payload": {}},
        {
            "type": "endpoint_telemetry",
            "payload": {"network_connections": [{"dst_ip": "198.51.100.42", "port": 70000}]},
        },
        {"type": "endpoint_telemetry", "payload": {"network_connections": [{"dst_ip": "x", "port": 1}]}},
        {"type": "file_hash", "payload": {"hash_sha256": "zz"}},
        {"type": "endpoint_telemetry", "payload": {"process_name": "a.exe"}, "severity": "low"},
    ],
)
async def test_check_107_what_is_malformed_is_400(threats: ThreatWorld, body: object) -> None:
    status, code = told(await threats.ask("POST", ANALYZE, await threats.key(), body))
    assert status == 400
    assert code in {"missing_parameter", "invalid_parameter"}


async def test_check_108_a_reading_key_is_told_the_scope_that_it_lacks(threats: ThreatWorld) -> None:
    reply = await threats.ask("POST", ANALYZE, await threats.key(Scope.THREAT_READ), SEED)
    assert told(reply) == (403, "invalid_scope")
    assert "threat:write" in reply.json()["error"]["message"]


async def test_check_109_a_read_key_reads_and_nothing_else(threats: ThreatWorld) -> None:
    key = await threats.key(kind=KeyKind.SERVICE_READ)
    assert (await threats.ask("GET", LIST, key)).status_code == 200
    assert told(await threats.ask("POST", ANALYZE, key, SEED)) == (403, "invalid_scope")


class TestSandbox:
    async def test_check_110_answers_are_equal_and_nothing_real_is_touched(self, threats: ThreatWorld) -> None:
        test, live = await threats.key(kind=KeyKind.SERVICE_TEST), await threats.key()
        body = {"type": "network_traffic", "payload": {"dst_ip": BAD, "port": 443}, "depth": "deep"}
        first, second = [await threats.ask("POST", ANALYZE, test, body) for _ in range(2)]
        assert first.status_code == second.status_code == 201
        assert first.content == second.content
        assert threats.calls() == 0
        for path in (LIST, f"{LIST}/assessments"):
            assert (await threats.ask("GET", path, live)).json()["data"] == []

    @pytest.mark.parametrize("face", ["v1", "v2"])
    async def test_the_other_faces_answer_a_test_key_from_the_same_made_up_world(
        self, threats: ThreatWorld, face: str
    ) -> None:
        test = await threats.key(kind=KeyKind.CLASSIC_TEST)
        one, other = [
            await threats.ask("POST", f"/{face}/threats/analyze", test, {"target": BAD, "mode": "deep"})
            for _ in range(2)
        ]
        assert one.json() == other.json()
        assert threats.calls() == 0

    async def test_a_test_key_reads_and_changes_made_up_findings_only(self, threats: ThreatWorld) -> None:
        await fixtures(threats, 3)
        test = await threats.key(kind=KeyKind.SERVICE_TEST)
        listed = (await threats.ask("GET", f"{LIST}?limit=200", test)).json()["data"]
        assert len(listed) == 24
        assert not {one["id"] for one in listed} & {f"thr_{number:010}" for number in range(3)}
        changed = await threats.ask("PATCH", f"{LIST}/{listed[0]['id']}", test, {"status": "closed"})
        assert changed.json()["status"] == "closed"
        assert (await threats.ask("GET", f"{LIST}/{listed[0]['id']}", test)).json() == listed[0]
        assert (await threats.ask("GET", f"{LIST}/thr_0000000000", test)).status_code == 404

    async def test_rows_of_production_are_out_of_reach_while_a_test_key_is_answered(self, threats: ThreatWorld) -> None:
        """A store that were called by mistake fails loudly and reads nothing."""
        store, tenant = FindingStore(threats.product.database), await threats.tenant()
        with sandboxed(), pytest.raises(SandboxBreachError):
            await store.find(tenant.id, FINDING.id)
        with sandboxed(), pytest.raises(SandboxBreachError):
            await store.add(FINDING)
        assert await store.find(FINDING.tenant_id, FINDING.id) is None

    async def test_nobody_outside_is_asked_while_a_test_key_is_answered(self, threats: ThreatWorld) -> None:
        with sandboxed(), pytest.raises(SandboxBreachError):
            await threats.product.egress.fetch(OutgoingRequest(url=threats.farm.url("virustotal")))
        assert threats.calls() == 0


async def walked(threats: ThreatWorld, key: dict[str, str], query: str) -> list[str]:
    """The ids of all pages."""
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        more = f"&cursor={cursor}" if cursor else ""
        page = (await threats.ask("GET", f"{LIST}?{query}{more}", key)).json()
        seen += [one["id"] for one in page["data"]]
        cursor = page["pagination"]["next_cursor"]
    return seen


async def test_check_111_pages_hold_each_of_450_once_also_while_new_ones_come(threats: ThreatWorld) -> None:
    ids, key = await fixtures(threats, 450), await threats.key()
    store, tenant = FindingStore(threats.product.database), await threats.tenant()
    first = (await threats.ask("GET", LIST, key)).json()
    assert (len(first["data"]), first["pagination"]["limit"]) == (50, 50)
    for limit in (200, 201):
        page = (await threats.ask("GET", f"{LIST}?limit={limit}", key)).json()
        assert (len(page["data"]), page["pagination"]["limit"]) == (200, 200)
    seen, cursor = [one["id"] for one in first["data"]], first["pagination"]["next_cursor"]
    while cursor is not None:
        late = replace(FINDING, id=FindingId(f"thr_new{len(seen):07}"), tenant_id=tenant.id)
        await store.add(replace(late, created_at=FINDING.created_at + timedelta(days=1)))
        page = (await threats.ask("GET", f"{LIST}?cursor={cursor}", key)).json()
        seen += [one["id"] for one in page["data"]]
        cursor = page["pagination"]["next_cursor"]
    assert sorted(seen) == ids


@pytest.mark.parametrize("field", ["created_at", "score", "severity", "last_seen_at"])
async def test_check_112_a_list_is_the_exact_reverse_of_its_reverse(threats: ThreatWorld, field: str) -> None:
    await fixtures(threats, 23)
    key = await threats.key()
    up, down = [await walked(threats, key, f"limit=7&sort={field}:{way}") for way in ("asc", "desc")]
    assert up == down[::-1]
    assert len(set(up)) == 23


@pytest.mark.parametrize("text", ["foo:asc", "created_at:up", "created_at"])
async def test_check_112_another_sort_is_refused(threats: ThreatWorld, text: str) -> None:
    assert told(await threats.ask("GET", f"{LIST}?sort={text}", await threats.key())) == (400, "invalid_sort")


async def test_check_113_a_filter_filters_and_a_cursor_keeps_to_it(threats: ThreatWorld) -> None:
    await fixtures(threats, 25)
    key, wanted = await threats.key(), quote(json.dumps({"severity": "high"}))
    page = (await threats.ask("GET", f"{LIST}?limit=2&filter={wanted}", key)).json()
    assert {one["severity"] for one in page["data"]} == {"high"}
    assert len(await walked(threats, key, f"limit=2&filter={wanted}")) == 5
    for broken in ("{", quote(json.dumps({"nope": 1}))):
        assert told(await threats.ask("GET", f"{LIST}?filter={broken}", key)) == (400, "invalid_filter")
    other = quote(json.dumps({"severity": "low"}))
    reply = await threats.ask("GET", f"{LIST}?filter={other}&cursor={page['pagination']['next_cursor']}", key)
    assert told(reply) == (400, "invalid_cursor")


async def test_check_151_one_malicious_analysis_appears_in_all_three_lists(threats: ThreatWorld) -> None:
    key, other = await threats.key(), await threats.key(tenant="other")
    body = {"type": "network_traffic", "payload": {"dst_ip": BAD, "port": 443}, "depth": "deep"}
    await threats.ask("POST", ANALYZE, key, body)
    v3 = (await threats.ask("GET", LIST, key)).json()["data"]
    v1 = (await threats.ask("GET", "/v1/threats/feed", key)).json()["data"]
    v2 = (await threats.ask("GET", "/v2/threats/recent?severity=critical,high,medium,low", key)).json()["data"]
    assert len(v1) == len(v2) == len(v3) == 1
    assert v1[0]["id"] == v2[0]["id"] == v3[0]["id"]
    for kind, ends in product((v2[0]["type"], "spam"), ("2099-01-01", "2020-01-01")):
        found = await threats.ask("GET", f"/v2/threats/recent?severity=critical,high&type={kind}&until={ends}", key)
        assert len(found.json()["data"]) == (kind != "spam" and ends == "2099-01-01")
    assert (await threats.ask("GET", LIST, other)).json()["data"] == []


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("network_traffic", {"src_ip": "10.0.0.5", "dst_ip": "198.51.100.42", "dst_port": 443, "protocol": "TCP"}),
        ("file_hash", {"hash_sha256": "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"}),
    ],
)
async def test_check_153_traffic_and_hashes_are_taken(threats: ThreatWorld, kind: str, payload: object) -> None:
    reply = await threats.ask("POST", ANALYZE, await threats.key(), {"type": kind, "payload": payload})
    assert reply.status_code == 201


async def test_check_153_the_printed_body_is_a_non_standard_port_with_an_action(threats: ThreatWorld) -> None:
    body = (await threats.ask("POST", ANALYZE, await threats.key(), SEED)).json()
    assert "T1571" in [one["technique_id"] for one in body["mitre_attack"]]
    assert body["recommended_actions"]
    assert all(one["target"] for one in body["containment"])


LATER = {"Prefer": "respond-async"}


class TestLater:
    """What is asked for with `Prefer: respond-async`."""

    async def whole(self, threats: ThreatWorld, where: str, key: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
        async with asyncio.timeout(20):
            while True:
                reply = await threats.ask("GET", where, key)
                assert reply.status_code == 200
                if reply.json()["state"] not in {"queued", "running"}:
                    return reply
                await asyncio.sleep(0.05)

    async def test_it_comes_to_what_it_comes_to_at_once(self, threats: ThreatWorld) -> None:
        key = await threats.key()
        asked = await threats.ask("POST", ANALYZE, key | LATER, SEED)
        assert (asked.status_code, asked.headers["preference-applied"]) == (202, "respond-async")
        told_first = asked.json()
        assert set(told_first) == {"state", "progress", "doing", "error", "created_at", "assessment_id"}
        assert (told_first["state"], told_first["progress"], told_first["error"]) == ("queued", 0.0, None)
        later = await self.whole(threats, asked.headers["location"], key)
        now = (await threats.ask("POST", ANALYZE, key, SEED)).json()
        assert later.headers["etag"] == f'"{told_first["assessment_id"]}"'
        assert later.json() == now | {"assessment_id": told_first["assessment_id"]}

    async def test_another_tenant_learns_nothing_of_it(self, threats: ThreatWorld) -> None:
        asked = await threats.ask("POST", ANALYZE, await threats.key() | LATER, SEED)
        other = await threats.key(tenant="other") | {"X-Request-ID": "req_same"}
        foreign = await threats.ask("GET", asked.headers["location"], other)
        unknown = await threats.ask("GET", "/v3/threats/assessments/asm_0000000000", other)
        assert (foreign.status_code, foreign.content) == (404, unknown.content)

    async def test_what_is_malformed_is_refused_at_once(self, threats: ThreatWorld) -> None:
        body = {"type": "file_hash", "payload": {"hash_sha256": "zz"}}
        reply = await threats.ask("POST", ANALYZE, await threats.key() | LATER, body)
        assert told(reply) == (400, "invalid_parameter")

    async def test_a_test_key_is_answered_at_once(self, threats: ThreatWorld) -> None:
        key = await threats.key(kind=KeyKind.SERVICE_TEST)
        reply = await threats.ask("POST", ANALYZE, key | LATER, SEED)
        assert reply.status_code == 201
        assert "preference-applied" not in reply.headers

    async def test_one_that_never_came_says_so(self, threats: ThreatWorld) -> None:
        key, tenant, jobs = await threats.key(), await threats.tenant(), Jobs(threats.product.database)
        new = NewJob("assess", b"", tenant_id=tenant.id, reference="asm_0123456789", due_in_seconds=3600)
        job = await jobs.enqueue(new)
        await jobs.ask_cancel(tenant.id, job.id)
        reply = await threats.ask("GET", "/v3/threats/assessments/asm_0123456789", key)
        assert (reply.status_code, reply.json()["state"]) == (200, "cancelled")
