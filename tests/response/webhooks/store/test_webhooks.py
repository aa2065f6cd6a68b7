"""The rows of webhooks."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cybervault.domain.ids import WebhookId
from cybervault.domain.principals import TenantId
from cybervault.domain.verdicts import Severity
from cybervault.response.webhooks.events import WebhookEvent
from cybervault.response.webhooks.store.webhooks import WebhookStore
from cybervault.response.webhooks.webhook import PAUSE
from cybervault.storage.database import Database
from tests.response.webhooks.test_webhook import NOW, PLAIN

FULL = replace(
    PLAIN, id=WebhookId("hook_2"), events=frozenset({WebhookEvent.SCAN_FAILED}), severity_min=Severity.HIGH,
    old_secret=b"\x00old", old_until=NOW, is_enabled=False, disabled_at=NOW, disabled_reason="Zürich",
    failing_since=NOW, paused_until=NOW, delivered_at=NOW, created_at=NOW + timedelta(seconds=1),
)  # fmt: skip
FOREIGN = replace(PLAIN, id=WebhookId("hook_3"), tenant_id=TenantId("tv_2"))


@pytest.fixture
async def store(database: Database) -> WebhookStore:
    store = WebhookStore(database)
    async with store.transaction():
        await store.lock(PLAIN.tenant_id)
        for webhook in (FULL, PLAIN, FOREIGN):
            await store.keep(webhook)
    return store


async def test_what_is_kept_comes_back_whole_and_oldest_first(store: WebhookStore) -> None:
    assert await store.all(PLAIN.tenant_id) == (PLAIN, FULL)
    assert await store.find(PLAIN.tenant_id, FULL.id) == FULL


async def test_another_tenant_finds_and_removes_nothing(store: WebhookStore) -> None:
    assert await store.find(FOREIGN.tenant_id, PLAIN.id) is None
    await store.remove(replace(PLAIN, tenant_id=FOREIGN.tenant_id))
    assert await store.find(PLAIN.tenant_id, PLAIN.id) == PLAIN
    await store.remove(PLAIN)
    assert await store.all(PLAIN.tenant_id) == (FULL,)
    assert await store.all(FOREIGN.tenant_id) == (FOREIGN,)


async def test_an_edit_does_not_take_back_how_deliveries_went(store: WebhookStore) -> None:
    await store.failed(PLAIN, NOW)
    await store.keep(replace(PLAIN, description="new"))
    after = await store.find(PLAIN.tenant_id, PLAIN.id)
    assert after == replace(PLAIN, description="new", failing_since=NOW, paused_until=NOW + PAUSE)


async def test_it_fails_since_the_first_failure_until_something_arrives(store: WebhookStore) -> None:
    later = NOW + timedelta(hours=1)
    await store.failed(PLAIN, NOW)
    await store.failed(PLAIN, later)
    failing = await store.find(PLAIN.tenant_id, PLAIN.id)
    assert failing == replace(PLAIN, failing_since=NOW, paused_until=later + PAUSE)
    await store.delivered(PLAIN, later)
    assert await store.find(PLAIN.tenant_id, PLAIN.id) == replace(PLAIN, delivered_at=later)
    await store.failed(PLAIN, later)
    await store.forgive(PLAIN)
    assert await store.find(PLAIN.tenant_id, PLAIN.id) == replace(PLAIN, delivered_at=later)


async def test_it_is_ended_once(store: WebhookStore) -> None:
    assert await store.disable(PLAIN, "gone", NOW)
    assert not await store.disable(PLAIN, "again", NOW)
    assert await store.find(PLAIN.tenant_id, PLAIN.id) == replace(PLAIN, disabled_at=NOW, disabled_reason="gone")


async def test_a_secret_that_was_replaced_meanwhile_is_not_put_back(store: WebhookStore) -> None:
    await store.reseal(PLAIN, b"sealed anew")
    await store.reseal(PLAIN, b"too late")
    after = await store.find(PLAIN.tenant_id, PLAIN.id)
    assert after == replace(PLAIN, secret=b"sealed anew")
