"""The rows of tenants."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cybervault.access.store.tenants import TenantStore
from cybervault.domain.limits import CallClass, LimitOverride
from cybervault.domain.principals import Plan, Tenant, TenantId
from cybervault.storage.database import Database, Duplicate

NOW = datetime(2026, 11, 1, 12, 30, 0, 123456, tzinfo=UTC)
ACME = Tenant(TenantId("tv_1"), "acme", Plan.ENTERPRISE, NOW, suspended_at=NOW)
BETA = Tenant(TenantId("tv_2"), "beta", Plan.STARTER, NOW - timedelta(days=1))


@pytest.fixture
async def store(database: Database) -> TenantStore:
    store = TenantStore(database)
    for tenant in (ACME, BETA):
        await store.add(tenant)
    return store


async def test_what_is_kept_comes_back_whole(store: TenantStore) -> None:
    assert await store.all() == (BETA, ACME)
    assert await store.find("tv_1") == await store.find("acme") == ACME
    assert await store.find("' OR 1 --") is None


async def test_plan_and_suspension_are_changed_and_nothing_else(store: TenantStore) -> None:
    await store.keep(replace(ACME, plan=Plan.STARTER, suspended_at=None))
    await store.keep(replace(BETA, suspended_at=NOW))
    assert await store.all() == (
        replace(BETA, suspended_at=NOW), replace(ACME, plan=Plan.STARTER, suspended_at=None),
    )  # fmt: skip


async def test_no_two_tenants_have_one_name(store: TenantStore) -> None:
    with pytest.raises(Duplicate):
        await store.add(replace(BETA, id=TenantId("tv_3")))


async def test_each_tenant_has_one_limit_for_a_face_and_class(store: TenantStore) -> None:
    first, second = LimitOverride("v3", CallClass.READ, minute=5, hour=9), LimitOverride("v3", CallClass.READ, 6)
    other = LimitOverride("v2", CallClass.ANY, burst_percent=0)
    for limit in (first, second, other):
        await store.set_limit(ACME.id, limit)
    assert await store.limits(ACME.id) == (other, second)
    assert await store.limits(BETA.id) == ()
    assert await store.clear_limit(ACME.id, "v3", CallClass.READ)
    assert not await store.clear_limit(ACME.id, "v3", CallClass.READ)
    assert await store.limits(ACME.id) == (other,)


async def test_a_failed_transaction_keeps_nothing(database: Database) -> None:
    store = TenantStore(database)
    with pytest.raises(ValueError, match="stop"):
        async with store.transaction():
            await store.lock()
            await store.add(ACME)
            raise ValueError("stop")
    assert await store.all() == ()
