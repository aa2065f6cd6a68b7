"""The rows of deliveries and attempts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cybervault.domain.ids import DeliveryId
from cybervault.domain.jobs import EventId
from cybervault.domain.principals import TenantId
from cybervault.response.webhooks.delivery import Attempt, Delivery, DeliveryState
from cybervault.response.webhooks.store.deliveries import DeliveryStore
from cybervault.storage.database import Database
from tests.response.webhooks.test_webhook import NOW, PLAIN

FIRST = Delivery(
    DeliveryId("wh_1"), PLAIN.tenant_id, PLAIN.id, EventId("evt_1"), "scan.completed", '{"a":"ü"}'.encode(),
    DeliveryState.PENDING, reason=None, round=0, attempts=0, attempts_before=0, next_at=NOW, created_at=NOW,
    finished_at=None,
)  # fmt: skip
SECOND = replace(FIRST, id=DeliveryId("wh_2"), event_id=EventId("evt_2"), created_at=NOW + timedelta(seconds=1))
FAILED = replace(
    FIRST, id=DeliveryId("wh_3"), event_id=EventId("evt_3"), created_at=NOW + timedelta(seconds=2),
    state=DeliveryState.FAILED, reason="it did not want", next_at=None, finished_at=NOW,
)  # fmt: skip
FOREIGN = replace(FIRST, id=DeliveryId("wh_4"), tenant_id=TenantId("tv_2"), event_id=EventId("evt_4"))
ATTEMPT = Attempt(1, NOW, 500, None, 12, "oops «ü»")


@pytest.fixture
async def store(database: Database) -> DeliveryStore:
    store = DeliveryStore(database)
    for delivery in (FIRST, SECOND, FAILED, FOREIGN):
        assert await store.add(delivery)
    return store


async def noted(store: DeliveryStore, after: Delivery, attempt: Attempt) -> bool:
    async with store.transaction():
        return await store.note(after, attempt)


async def test_what_is_kept_comes_back_whole_and_newest_first(store: DeliveryStore) -> None:
    assert await store.page(PLAIN.tenant_id, PLAIN.id, 10) == (FAILED, SECOND, FIRST)
    assert await store.page(PLAIN.tenant_id, PLAIN.id, 1, behind=FAILED.place) == (SECOND,)
    assert await store.page(PLAIN.tenant_id, PLAIN.id, 9, state=DeliveryState.FAILED) == (FAILED,)
    assert await store.page(PLAIN.tenant_id, PLAIN.id, 9, state=DeliveryState.FAILED, behind=FAILED.place) == ()
    assert await store.find(PLAIN.tenant_id, FIRST.id) == FIRST


async def test_another_tenant_finds_nothing(store: DeliveryStore) -> None:
    assert await store.find(FOREIGN.tenant_id, FIRST.id) is None
    assert await store.page(FOREIGN.tenant_id, PLAIN.id, 9) == (FOREIGN,)
    assert await store.attempts(replace(FIRST, tenant_id=FOREIGN.tenant_id)) == ()


async def test_one_event_is_kept_once_for_a_webhook(store: DeliveryStore) -> None:
    assert not await store.add(replace(FIRST, id=DeliveryId("wh_9")))
    assert await store.find(PLAIN.tenant_id, DeliveryId("wh_9")) is None


async def test_an_attempt_is_written_once_with_how_the_delivery_stands(store: DeliveryStore) -> None:
    after = replace(FIRST, attempts=1, next_at=NOW + timedelta(seconds=30), reason="the receiver answered 500")
    assert await noted(store, after, ATTEMPT)
    assert not await noted(store, after, ATTEMPT)
    assert not await noted(store, after, replace(ATTEMPT, number=3))
    assert await store.find(PLAIN.tenant_id, FIRST.id) == after
    assert await store.attempts(FIRST) == (ATTEMPT,)
    silent = replace(ATTEMPT, number=2, status=None, failure="closed", reply="")
    done = replace(after, state=DeliveryState.FAILED, attempts=2, next_at=None, finished_at=NOW)
    assert await noted(store, done, silent)
    assert await store.attempts(FIRST) == (ATTEMPT, silent)
    assert not await noted(store, done, replace(ATTEMPT, number=3))


async def test_a_new_round_begins_once_and_ends_the_one_before(store: DeliveryStore) -> None:
    after = replace(FIRST, attempts=1)
    assert await noted(store, after, ATTEMPT)
    assert await store.again(after, NOW)
    assert not await store.again(after, NOW)
    assert await store.find(PLAIN.tenant_id, FIRST.id) == replace(after, round=1, attempts_before=1, next_at=NOW)
    assert not await noted(store, replace(after, attempts=2), replace(ATTEMPT, number=2))


async def test_those_that_failed_since_a_moment_are_found_oldest_first(store: DeliveryStore) -> None:
    later = replace(FAILED, id=DeliveryId("wh_5"), event_id=EventId("evt_5"), created_at=NOW + timedelta(seconds=5))
    await store.add(later)
    assert await store.failed_since(PLAIN.tenant_id, PLAIN.id, NOW, most=9) == (FAILED, later)
    assert await store.failed_since(PLAIN.tenant_id, PLAIN.id, later.created_at, most=9) == (later,)
    assert await store.failed_since(PLAIN.tenant_id, PLAIN.id, NOW, most=1) == (FAILED,)


async def test_what_waits_is_given_up_together(store: DeliveryStore) -> None:
    assert await store.give_up(PLAIN.tenant_id, PLAIN.id, "off", now=NOW) == 2
    gone = replace(FIRST, state=DeliveryState.FAILED, reason="off", next_at=None, finished_at=NOW)
    assert await store.find(PLAIN.tenant_id, FIRST.id) == gone
    assert await store.find(FOREIGN.tenant_id, FOREIGN.id) == FOREIGN


async def test_what_ended_long_ago_is_forgotten_with_its_attempts(store: DeliveryStore) -> None:
    done = replace(FIRST, state=DeliveryState.DELIVERED, attempts=1, next_at=None, finished_at=NOW)
    assert await noted(store, done, ATTEMPT)
    assert await store.forget(NOW.timestamp()) == 0
    assert await store.forget(NOW.timestamp() + 1) == 2
    assert await store.attempts(FIRST) == ()
    assert await store.page(PLAIN.tenant_id, PLAIN.id, 9) == (SECOND,)


async def test_a_webhook_that_goes_takes_all_with_it(store: DeliveryStore) -> None:
    await noted(store, replace(FIRST, attempts=1), ATTEMPT)
    async with store.transaction():
        await store.remove_all(PLAIN.tenant_id, PLAIN.id)
    assert await store.page(PLAIN.tenant_id, PLAIN.id, 9) == ()
    assert await store.attempts(FIRST) == ()
    assert await store.find(FOREIGN.tenant_id, FOREIGN.id) == FOREIGN
