"""The rows of schedules; a turn is had by one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cybervault.access.store.tenants import TenantStore
from cybervault.domain.ids import ScanId, ScheduleId
from cybervault.domain.principals import Tenant
from cybervault.scans.schedule import Turn
from cybervault.scans.store.schedules import ScheduleStore
from cybervault.storage.database import Database
from tests.access.conftest import world_on
from tests.scans.made import NOW, THEIRS
from tests.scans.scheduling import SCHEDULE as MADE

DUE = NOW.replace(microsecond=0)
SCHEDULE = replace(MADE, next_at=DUE)


@pytest.fixture
def store(database: Database) -> ScheduleStore:
    return ScheduleStore(database)


async def test_each_tenant_sees_its_own(store: ScheduleStore) -> None:
    foreign = replace(SCHEDULE, id=ScheduleId("sch_2"), tenant_id=THEIRS)
    for one in (SCHEDULE, foreign):
        await store.keep(one)
    assert await store.all(SCHEDULE.tenant_id) == (SCHEDULE,)
    assert await store.find(THEIRS, SCHEDULE.id) is None
    await store.remove(THEIRS, SCHEDULE.id)
    paused = replace(SCHEDULE, is_enabled=False, next_at=None, targets=("example.com", "10.1.0.7"))
    await store.keep(paused)
    assert await store.find(SCHEDULE.tenant_id, SCHEDULE.id) == paused
    await store.remove(SCHEDULE.tenant_id, SCHEDULE.id)
    assert await store.all(SCHEDULE.tenant_id) == ()


async def test_a_turn_is_had_once_and_keeps_the_last_scan(store: ScheduleStore) -> None:
    await store.keep(SCHEDULE)
    later = DUE + timedelta(days=1)
    assert await store.turn(SCHEDULE, Turn(ScanId("scan_1")), next_at=later) is True
    assert await store.turn(SCHEDULE, Turn(ScanId("scan_2")), next_at=later) is False
    kept = await store.find(SCHEDULE.tenant_id, SCHEDULE.id)
    assert kept == replace(SCHEDULE, next_at=later, last_at=DUE, last_scan_id=ScanId("scan_1"))
    assert await store.turn(kept, Turn(None, "target_not_authorized", "No grant."), next_at=None) is True
    kept = await store.find(SCHEDULE.tenant_id, SCHEDULE.id)
    assert kept is not None
    assert (kept.last_scan_id, kept.problem_code, kept.next_at) == (ScanId("scan_1"), "target_not_authorized", None)


async def test_those_are_due_whose_time_has_come_unless_the_tenant_is_suspended(database: Database) -> None:
    store, tenant = ScheduleStore(database), (await world_on(database)).tenant
    await store.keep(replace(SCHEDULE, tenant_id=tenant.id))
    assert await store.due(DUE - timedelta(seconds=1), 10) == ()
    assert [one.id for one in await store.due(DUE, 10)] == [SCHEDULE.id]
    await _suspend(database, tenant)
    assert await store.due(DUE, 10) == ()


async def _suspend(database: Database, tenant: Tenant) -> None:
    await TenantStore(database).keep(replace(tenant, suspended_at=NOW))
