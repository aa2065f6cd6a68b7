"""The risk of hosts and users as it is kept: by tenant, one change after another, and not for ever."""

import asyncio
from datetime import UTC, datetime, timedelta

from cybervault.assessments.store.entity_risks import FORGOTTEN_AFTER, EntityRiskStore
from cybervault.detection.entity_risk import RiskSum
from cybervault.domain.principals import TenantId
from cybervault.storage.database import Database
from tests.access.statements import look

OURS, THEIRS = TenantId("tv_1"), TenantId("tv_2")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PC, ANN = ("host", "pc-7"), ("user", "ann")


def known(points: int, at: datetime = NOON) -> RiskSum:
    return RiskSum(at, {"rule_a": (points, at)}, {"impact": at}, is_told=True)


async def test_what_is_kept_comes_back_and_is_the_tenants_own(database: Database) -> None:
    store = EntityRiskStore(database)
    async with database.transaction():
        await store.keep(OURS, {PC: known(73), ANN: known(5)}, NOON)
        await store.keep(OURS, {PC: known(99)}, NOON)
        assert await store.held(OURS, [PC, ANN, ("host", "other")]) == {PC: known(99), ANN: known(5)}
        assert await store.held(THEIRS, [PC]) == {}


async def test_who_was_not_hit_for_long_is_forgotten_and_others_are_not(database: Database) -> None:
    store, later = EntityRiskStore(database), NOON + FORGOTTEN_AFTER + timedelta(seconds=1)
    async with database.transaction():
        await store.keep(OURS, {PC: known(73)}, NOON)
        await store.keep(THEIRS, {PC: known(73)}, NOON)
        await store.keep(OURS, {ANN: known(73, later)}, later)
    rows = await look(database, "SELECT tenant_id, kind, value FROM entity_risks ORDER BY tenant_id")
    assert rows == [(OURS, *ANN), (THEIRS, *PC)]


async def test_two_that_hit_the_same_at_once_both_count(database: Database) -> None:
    store = EntityRiskStore(database)

    async def add(name: str) -> None:
        async with database.transaction():
            found = (await store.held(OURS, [PC])).get(PC) or RiskSum(NOON)
            found.rules[name] = (21, NOON)
            await store.keep(OURS, {PC: found}, NOON)

    await asyncio.gather(*(add(f"rule_{number}") for number in range(5)))
    async with database.transaction():
        assert len((await store.held(OURS, [PC]))[PC].rules) == 5
