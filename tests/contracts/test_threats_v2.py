"""CyberVault API v2: checks 84 to 96, 101, 149 (its row on threats) and 152."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from cybervault.access.audit import OPERATOR, Change
from cybervault.access.members import NewMember
from cybervault.access.minting import NewKey
from cybervault.access.store.audit import Wanted
from cybervault.assessments.store.findings import FindingStore
from cybervault.domain.findings import Finding, Status
from cybervault.domain.ids import FindingId
from cybervault.domain.principals import KeyKind, Role, Scope
from cybervault.domain.verdicts import Severity
from tests.assessments.made import FINDING
from tests.fakes.keys import bearer
from tests.fakes.threats import BAD, ThreatWorld

RECENT, ANALYZE = "/v2/threats/recent", "/v2/threats/analyze"


def told(reply: httpx2.Response) -> tuple[int, str]:
    """Status and code of a failure that has v2's form and nothing of the others'."""
    error = reply.json()["error"]
    assert set(reply.json()) == {"error"}
    assert {"code", "message"} <= set(error) <= {"code", "message", "retry_after"}
    return reply.status_code, error["code"]


async def stored(threats: ThreatWorld, count: int, tenant: str = "acme", **changed: Any) -> list[Finding]:  # noqa: ANN401 - the fields of Finding
    """Findings of a tenant, a second apart, the newest last."""
    owner, store = await threats.tenant(tenant), FindingStore(threats.product.database)
    now = threats.clock.now()
    made = [
        replace(
            FINDING,
            id=FindingId(f"thr_{tenant[:3]}{number:07}"),
            tenant_id=owner.id,
            created_at=now + timedelta(seconds=number),
            **{"severity": Severity.CRITICAL} | changed,
        )
        for number in range(count)
    ]
    for one in made:
        await store.add(one)
    return made


async def test_check_084_without_a_key_it_is_401(threats: ThreatWorld) -> None:
    assert told(await threats.ask("GET", f"{RECENT}?severity=critical")) == (401, "missing_api_key")


@pytest.mark.parametrize(("query", "code"), [("", "missing_parameter"), ("?severity=urgent", "invalid_parameter")])
async def test_check_085_severity_is_wanted(threats: ThreatWorld, query: str, code: str) -> None:
    reply = await threats.ask("GET", f"{RECENT}{query}", await threats.key())
    assert told(reply) == (400, code)
    assert "severity" in reply.json()["error"]["message"]


async def test_check_086_the_total_is_that_of_the_severity_and_the_tenant(threats: ThreatWorld) -> None:
    await stored(threats, 30)
    await stored(threats, 4, "other")
    await stored(threats, 3, "zulu", severity=Severity.LOW)
    reply = await threats.ask("GET", f"{RECENT}?severity=critical", await threats.key())
    assert reply.status_code == 200
    assert reply.json()["meta"] == {"total": 30, "limit": 25, "offset": 0}
    assert len(reply.json()["data"]) == 25


@pytest.mark.parametrize(
    ("query", "meta", "count"),
    [
        ("limit=100", {"total": 110, "limit": 100, "offset": 0}, 100),
        ("limit=500", {"total": 110, "limit": 100, "offset": 0}, 100),
        ("limit=100&offset=100", {"total": 110, "limit": 100, "offset": 100}, 10),
        ("offset=5000", {"total": 110, "limit": 25, "offset": 5000}, 0),
    ],
)
async def test_check_087_limits_are_capped_and_an_offset_may_be_beyond(
    threats: ThreatWorld, query: str, meta: object, count: int
) -> None:
    await stored(threats, 110)
    reply = await threats.ask("GET", f"{RECENT}?severity=critical&{query}", await threats.key())
    assert (reply.status_code, reply.json()["meta"], len(reply.json()["data"])) == (200, meta, count)


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=x", "offset=-1", "offset=1.5"])
async def test_check_087_what_is_no_page_is_400(threats: ThreatWorld, query: str) -> None:
    reply = await threats.ask("GET", f"{RECENT}?severity=critical&{query}", await threats.key())
    assert told(reply) == (400, "invalid_parameter")


async def test_check_088_since_is_later_and_not_equal(threats: ThreatWorld) -> None:
    made, key = await stored(threats, 5), await threats.key()
    since = f"{made[2].created_at:%Y-%m-%dT%H:%M:%S}"
    for text in (f"{since}Z", since):
        reply = await threats.ask("GET", f"{RECENT}?severity=critical&since={text}", key)
        assert [one["id"] for one in reply.json()["data"]] == [made[4].id, made[3].id]
    assert told(await threats.ask("GET", f"{RECENT}?severity=critical&since=soon", key)) == (400, "invalid_parameter")


async def test_check_089_an_item_has_the_seven_fields_and_what_was_stored(threats: ThreatWorld) -> None:
    await stored(threats, 1, indicators=("hash:md5:a1b2c3", "domain:evil-payload.net"), status=Status.MITIGATED)
    item = (await threats.ask("GET", f"{RECENT}?severity=critical", await threats.key())).json()["data"][0]
    assert set(item) == {"id", "type", "severity", "timestamp", "source_ip", "indicators", "status"}
    assert item["id"].startswith("thr_")
    assert item["indicators"] == ["hash:md5:a1b2c3", "domain:evil-payload.net"]
    assert item["status"] == "mitigated"


async def test_check_090_the_printed_body_is_answered(threats: ThreatWorld) -> None:
    body = {"target": BAD, "target_type": "ip", "context": {"environment": "production", "network_zone": "dmz"}}
    reply = await threats.ask("POST", ANALYZE, await threats.key(), body)
    assert reply.status_code == 200
    answer = reply.json()
    assert set(answer) == {"analysis_id", "threat_score", "classification", "confidence", "mitigation"}
    assert answer["analysis_id"].startswith("anl_")
    assert isinstance(answer["threat_score"], int)
    assert 0 <= answer["confidence"] <= 1
    assert set(answer["mitigation"]) == {"action", "rule_id", "scope"}


async def test_check_091_a_target_must_be_what_it_is_called(threats: ThreatWorld) -> None:
    key = await threats.key()
    assert told(await threats.ask("POST", ANALYZE, key, {})) == (400, "missing_parameter")
    wrong = {"target": "44d88612fea8a8f36de82e1278abb02f", "target_type": "ip"}
    assert told(await threats.ask("POST", ANALYZE, key, wrong)) == (400, "invalid_parameter")
    assert (await threats.ask("POST", ANALYZE, key, {"target": BAD})).status_code == 200


async def test_check_092_v1_and_v2_agree_within_the_time_of_the_cache(threats: ThreatWorld) -> None:
    key = await threats.key()
    v1 = await threats.ask("POST", "/v1/threats/analyze", key, {"target": BAD, "mode": "deep"})
    v2 = await threats.ask("POST", ANALYZE, key, {"target": BAD})
    assert round(v1.json()["threat_score"] * 100) == v2.json()["threat_score"] > 0


class TestStatus:
    async def test_check_093_a_reading_key_acknowledges(self, threats: ThreatWorld) -> None:
        made, key = await stored(threats, 1), await threats.key(Scope.THREAT_READ)
        reply = await threats.ask("PATCH", f"/v2/threats/{made[0].id}/status", key, {"status": "acknowledged"})
        assert (reply.status_code, reply.json()["status"]) == (200, "acknowledged")
        listed = await threats.ask("GET", f"{RECENT}?severity=critical", key)
        assert listed.json()["data"][0]["status"] == "acknowledged"

    @pytest.mark.parametrize("status", ["closed", "ignored"])
    async def test_check_094_to_close_needs_the_right_to_write(self, threats: ThreatWorld, status: str) -> None:
        made = await stored(threats, 1)
        path = f"/v2/threats/{made[0].id}/status"
        reading = await threats.ask("PATCH", path, await threats.key(Scope.THREAT_READ), {"status": status})
        assert told(reading) == (403, "invalid_scope")
        writing = await threats.key(Scope.THREAT_READ, Scope.THREAT_WRITE)
        assert (await threats.ask("PATCH", path, writing, {"status": status})).status_code == 200
        back = await threats.ask("PATCH", path, await threats.key(Scope.THREAT_READ), {"status": "acknowledged"})
        assert told(back) == (403, "invalid_scope")

    @pytest.mark.parametrize("status", list(Status))
    async def test_check_095_a_key_that_only_reads_changes_nothing(self, threats: ThreatWorld, status: Status) -> None:
        made = await stored(threats, 1)
        key = await threats.key(kind=KeyKind.SERVICE_READ)
        reply = await threats.ask("PATCH", f"/v2/threats/{made[0].id}/status", key, {"status": status.value})
        assert told(reply) == (403, "invalid_scope")

    async def test_check_096_unknown_and_foreign_are_the_same(self, threats: ThreatWorld) -> None:
        foreign, key = await stored(threats, 1, "other"), await threats.key()
        wish = {"status": "acknowledged"}
        replies = [
            await threats.ask("PATCH", f"/v2/threats/{one}/status", key, wish)
            for one in (foreign[0].id, "thr_nothing000")
        ]
        assert [told(reply) for reply in replies] == [(404, "not_found")] * 2
        assert replies[0].content == replies[1].content
        gone = await threats.ask("PATCH", f"/v2/threats/{foreign[0].id}/status", key, {"status": "gone"})
        assert told(gone) == (400, "invalid_parameter")

    async def test_check_101_the_audit_says_who_changed_which_from_what_to_what(self, threats: ThreatWorld) -> None:
        made, key, tenant = await stored(threats, 1), await threats.key(), await threats.tenant()
        path = f"/v2/threats/{made[0].id}/status"
        for _ in range(2):  # the second time nothing changes, and nothing is written
            await threats.ask("PATCH", path, key, {"status": "false_positive", "comment": "Ours."})
        page = await threats.product.access.audit.page(Wanted(tenant.id, Change.FINDING_STATUS_CHANGED.value))
        assert len(page.rows) == 1
        entry = page.rows[0].entry
        assert entry.targets == (made[0].id,)
        assert entry.details == {"from": "new", "to": "false_positive"}
        assert entry.actor.startswith("key:key_")

    async def test_check_149_a_viewer_may_not_change_a_status(self, threats: ThreatWorld) -> None:
        made, tenant, access = await stored(threats, 1), await threats.tenant(), threats.product.access
        answers = {}
        for role in (Role.VIEWER, Role.MEMBER):
            wish = NewMember(f"{role}@example.org", role.value, role)
            member, _token = await access.people.members.invite(tenant, wish, by=None, actor=OPERATOR)
            new = NewKey(KeyKind.PERSONAL_LIVE, "mine", owner_id=member.id)
            secret = (await access.minting.mint(tenant, new, by=None, actor=OPERATOR)).secret.reveal()
            path = f"/v2/threats/{made[0].id}/status"
            answers[role] = await threats.ask("PATCH", path, bearer(secret), {"status": "acknowledged"})
        assert told(answers[Role.VIEWER]) == (403, "insufficient_role")
        assert answers[Role.MEMBER].status_code == 200


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("http://evil.example/login", "url"),
        ("275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f", "hash"),
        ("raw text that is none of these", "payload"),
        ("evil.example", "domain"),
    ],
)
async def test_check_152_url_hash_and_payload_are_quick_unless_said(
    threats: ThreatWorld, target: str, kind: str
) -> None:
    key = await threats.key()
    reply = await threats.ask("POST", ANALYZE, key, {"target": target, "target_type": kind})
    assert reply.status_code == 200
    assert reply.json()["classification"] in json.loads(
        '["command_and_control","malware","phishing","ransomware","botnet","scanner","brute_force","spam",'
        '"anonymizer","benign","unknown"]'
    )
    assert threats.calls() == 0
    deep = {"target": target, "target_type": kind, "context": {"depth": "deep"}}
    await threats.ask("POST", ANALYZE, key, deep)
    assert threats.calls() > 0
