"""The rows of grants."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cybervault.domain.ids import GrantId
from cybervault.domain.principals import TenantId
from cybervault.scans.grant import Basis, Grant
from cybervault.scans.store.grants import GrantStore
from cybervault.scans.targets import parse_target
from cybervault.storage.database import Database

NOW = datetime(2026, 11, 1, 12, 30, 0, 123456, tzinfo=UTC)
OURS, THEIRS = TenantId("tv_1"), TenantId("tv_2")
NETWORK = Grant(
    GrantId("sgr_1"), OURS, parse_target("10.1.0.0/24"), Basis.OPERATOR, "Zürich", True, None, NOW,  # noqa: FBT003 - in the order of its fields
    NOW + timedelta(days=1), NOW, "operator",
)  # fmt: skip
DOMAIN = replace(
    NETWORK, id=GrantId("sgr_2"), target=parse_target("example.com"), basis=Basis.PROOF, allows_pentest=False,
    challenge="cybervault-challenge=x", granted_at=None, expires_at=None,
)  # fmt: skip
FOREIGN = replace(NETWORK, id=GrantId("sgr_3"), tenant_id=THEIRS)


@pytest.fixture
async def store(database: Database) -> GrantStore:
    store = GrantStore(database)
    async with store.transaction():
        for grant in (NETWORK, DOMAIN, FOREIGN):
            await store.keep(grant)
    return store


async def test_what_is_kept_comes_back_whole_and_by_name(store: GrantStore) -> None:
    assert await store.all(OURS) == (DOMAIN, NETWORK)
    assert await store.find(OURS, DOMAIN.id) == DOMAIN


async def test_a_tenant_has_one_grant_for_a_target(store: GrantStore) -> None:
    again = replace(NETWORK, id=GrantId("sgr_9"), note="new", expires_at=None)
    await store.keep(again)
    assert await store.all(OURS) == (DOMAIN, again)
    assert await store.all(THEIRS) == (FOREIGN,)


async def test_another_tenant_finds_and_removes_nothing(store: GrantStore) -> None:
    assert await store.find(THEIRS, NETWORK.id) is None
    await store.remove(THEIRS, NETWORK.id)
    assert await store.find(OURS, NETWORK.id) == NETWORK
    await store.remove(OURS, NETWORK.id)
    assert await store.all(OURS) == (DOMAIN,)
