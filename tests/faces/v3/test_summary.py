"""The path of v3 by which threats are told in numbers."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cybervault.assessments.mock import COUNT
from cybervault.assessments.store.findings import FindingStore
from cybervault.domain.findings import Status
from cybervault.domain.ids import FindingId
from cybervault.domain.principals import KeyKind, Scope
from cybervault.domain.verdicts import Severity
from tests.assessments.made import FINDING
from tests.fakes.threats import ThreatWorld

SUMMARY = "/v3/threats/summary"


async def found(threats: ThreatWorld) -> None:
    """Three findings of acme, opened today, two of them open."""
    tenant, store = await threats.tenant(), FindingStore(threats.product.database)
    made = replace(FINDING, tenant_id=tenant.id, created_at=threats.clock.now())
    async with store.transaction():
        await store.add(replace(made, id=FindingId("thr_0000000001"), techniques=("T1571", "T9999")))
        await store.add(replace(made, id=FindingId("thr_0000000002"), severity=Severity.INFORMATIONAL))
        await store.add(replace(made, id=FindingId("thr_0000000003"), status=Status.FALSE_POSITIVE))


class TestSummary:
    async def test_answers(self, threats: ThreatWorld) -> None:
        await found(threats)
        reply = await threats.ask("GET", f"{SUMMARY}?days=2", await threats.key(Scope.THREAT_READ))
        assert reply.status_code == 200
        today = threats.clock.now().date()
        assert reply.json() == {
            "at": threats.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "open": {"total": 2, "critical": 0, "high": 1, "medium": 0, "low": 0, "info": 1},
            "by_status": {
                "new": 2, "acknowledged": 0, "investigating": 0, "mitigated": 0, "false_positive": 1, "closed": 0,
                "ignored": 0,
            },
            "opened_by_day": [
                {"day": (today - timedelta(days=1)).isoformat(), "count": 0},
                {"day": today.isoformat(), "count": 3},
            ],
            "open_techniques": [
                {"technique_id": "T1571", "name": "Non-Standard Port", "tactic": "command-and-control", "count": 2},
                {"technique_id": "T9999", "name": None, "tactic": None, "count": 1},
            ],
        }  # fmt: skip

    async def test_two_weeks_unless_said(self, threats: ThreatWorld) -> None:
        reply = await threats.ask("GET", SUMMARY, await threats.key())
        assert len(reply.json()["opened_by_day"]) == 14

    async def test_without_key(self, threats: ThreatWorld) -> None:
        assert (await threats.ask("GET", SUMMARY)).status_code == 401

    async def test_key_lacks_scope(self, threats: ThreatWorld) -> None:
        assert (await threats.ask("GET", SUMMARY, await threats.key(Scope.THREAT_WRITE))).status_code == 403

    async def test_other_tenant_sees_nothing(self, threats: ThreatWorld) -> None:
        await found(threats)
        body = (await threats.ask("GET", SUMMARY, await threats.key(tenant="other"))).json()
        assert set(body["open"].values()) | set(body["by_status"].values()) == {0}
        assert {day["count"] for day in body["opened_by_day"]} == {0}
        assert body["open_techniques"] == []

    async def test_a_test_key_sees_made_up_numbers(self, threats: ThreatWorld) -> None:
        await found(threats)
        body = (await threats.ask("GET", SUMMARY, await threats.key(kind=KeyKind.SERVICE_TEST))).json()
        assert sum(body["by_status"].values()) == COUNT
        assert sum(day["count"] for day in body["opened_by_day"]) == COUNT

    @pytest.mark.parametrize("days", ["0", "91", "-1", "1.5", "", "two", "%C2%B2", "1" * 5000])
    async def test_malformed(self, threats: ThreatWorld, days: str) -> None:
        reply = await threats.ask("GET", f"{SUMMARY}?days={days}", await threats.key())
        assert (reply.status_code, reply.json()["error"]["code"]) == (400, "invalid_parameter")
