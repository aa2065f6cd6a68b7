"""The rows of tenants."""

from datetime import UTC, datetime, timedelta

import pytest

from cybervault.access.store.tenants import TenantStore
from cybervault.domain.principals import Plan, Tenant, TenantId
from cybervault.storage.database import Database

NOW = datetime(2026, 11, 1, 12, 30, 0, 123456, tzinfo=UTC)
ACME = Tenant(TenantId("tv_1"), "acme", Plan.ENTERPRISE, NOW)
BETA = Tenant(TenantId("tv_2"), "beta", Plan.STARTER, NOW - timedelta(days=1))


def test_what_is_kept_comes_back_whole(database: Database) -> None:
    store = TenantStore(database)
    for tenant in (ACME, BETA):
        store.add(tenant)
    assert store.all() == (BETA, ACME)
    assert store.find("tv_1") == store.find("acme") == ACME
    assert store.find("' OR 1 --") is None


def test_a_failed_transaction_keeps_nothing(database: Database) -> None:
    store = TenantStore(database)
    with pytest.raises(ValueError, match="stop"), store.transaction():
        store.add(ACME)
        raise ValueError("stop")
    assert store.all() == ()
