"""What telemetry adds up to for its host and user, from one event to the next."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from cybervault.assessments.store.entity_risks import EntityRiskStore
from cybervault.assessments.targets import read_record, read_target
from cybervault.assessments.telemetry_risks import TelemetryRisks
from cybervault.detection.risk import Hit
from cybervault.domain.assessments import Assessment, EntityAtRisk
from cybervault.domain.principals import TenantId
from cybervault.domain.verdicts import Severity
from cybervault.storage.database import Database
from tests.access.statements import look
from tests.assessments.made import ASSESSMENT

READING = read_record("endpoint_telemetry", {"process_name": "x.exe", "hostname": "PC-7", "user": "ACME\\Eve"})
NOON = ASSESSMENT.created_at


def hit(name: str, level: Severity, tactic: str | None = None) -> Hit:
    return Hit(name, level, 0.9, "Why.", tactic)


class Desk:
    """The risks on one database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.risks = TelemetryRisks(EntityRiskStore(database))

    async def after(self, *hits: Hit, at: datetime = NOON, tenant: TenantId = ASSESSMENT.tenant_id) -> Assessment:
        async with self.database.transaction():
            made = replace(ASSESSMENT, created_at=at, tenant_id=tenant)
            risen = await self.risks.after(made, READING, hits)
            await self.risks.keep(risen)
            return risen.assessment

    async def host(self, *hits: Hit, at: datetime = NOON, tenant: TenantId = ASSESSMENT.tenant_id) -> EntityAtRisk:
        found, _ = (await self.after(*hits, at=at, tenant=tenant)).entities
        return found


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


async def test_host_and_user_are_told_with_what_their_risk_is_made_of(desk: Desk) -> None:
    host, user = (await desk.after(hit("a", Severity.HIGH, "impact"))).entities
    assert host == EntityAtRisk("host", "pc-7", 73.0, is_incident=False, tactics=("impact",), points=(("a", 73.0),))
    assert (user.kind, user.value, user.score) == ("user", "acme\\eve", 73.0)


async def test_it_adds_up_from_event_to_event_halves_in_eight_hours_and_counts_a_rule_once(desk: Desk) -> None:
    await desk.after(hit("a", Severity.HIGH))
    assert (await desk.host(hit("a", Severity.HIGH))).score == 73.0
    assert (await desk.host(hit("b", Severity.MEDIUM))).is_incident
    later = await desk.host(at=NOON + timedelta(hours=8))
    assert (later.score, later.is_incident) == (60.0, False)


async def test_each_tenant_has_its_own(desk: Desk) -> None:
    await desk.after(hit("a", Severity.HIGH))
    assert (await desk.host(tenant=TenantId("tv_other"))).score == 0.0


async def test_what_is_no_telemetry_is_about_nobody(desk: Desk) -> None:
    found = await desk.risks.after(ASSESSMENT, read_target("203.0.113.42"), [hit("a", Severity.HIGH)])
    assert (found.assessment, found.sums) == (ASSESSMENT, {})


async def test_without_hits_nothing_is_kept(desk: Desk) -> None:
    assert (await desk.host()).score == 0.0
    assert await look(desk.database, "SELECT value FROM entity_risks") == []
