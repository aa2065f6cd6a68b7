"""The rows of service accounts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cybervault.access.store.service_accounts import ServiceAccount, ServiceAccountStore
from cybervault.domain.principals import Scope, ServiceAccountId, TenantId
from cybervault.storage.database import Database

NOW = datetime(2026, 11, 1, 12, 30, 0, 123456, tzinfo=UTC)
TENANT = TenantId("tv_1")
ROBOT = ServiceAccount(
    ServiceAccountId("sva_1"), TENANT, "robot", "does things", frozenset({Scope.SCAN_READ, Scope.ASSET_READ}),
    created_by="operator", created_at=NOW,
)  # fmt: skip
OTHER = replace(ROBOT, id=ServiceAccountId("sva_2"), name="other", created_at=NOW - timedelta(hours=1))


@pytest.fixture
async def store(database: Database) -> ServiceAccountStore:
    store = ServiceAccountStore(database)
    for account in (ROBOT, OTHER):
        await store.add(account)
    return store


async def test_what_is_kept_comes_back_whole(store: ServiceAccountStore) -> None:
    assert await store.all(TENANT) == (OTHER, ROBOT)
    assert await store.find("sva_1", TENANT) == await store.find("robot", TENANT) == ROBOT


async def test_another_tenant_finds_nothing(store: ServiceAccountStore) -> None:
    stranger = TenantId("tv_2")
    assert await store.find("sva_1", stranger) is None
    assert await store.all(stranger) == ()


async def test_what_can_change_is_changed(store: ServiceAccountStore) -> None:
    changed = replace(ROBOT, name="new", description="", scopes=frozenset())
    async with store.transaction():
        await store.lock(TENANT)
        await store.keep(changed)
    assert await store.find("sva_1", TENANT) == changed


async def test_what_was_removed_is_found_no_more_and_frees_its_name(store: ServiceAccountStore) -> None:
    await store.keep(replace(ROBOT, removed_at=NOW))
    assert await store.find("sva_1", TENANT) is None
    assert await store.all(TENANT) == (OTHER,)
    again = replace(ROBOT, id=ServiceAccountId("sva_3"))
    await store.add(again)
    assert await store.find("robot", TENANT) == again
