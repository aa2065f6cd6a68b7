"""The outbox on both engines: nothing is told that was not committed, and all that was is."""

import asyncio
from pathlib import Path

import pytest

from cybervault.domain.jobs import Happened
from cybervault.domain.principals import TenantId
from cybervault.domain.secrets import Secret
from cybervault.storage.database import Database
from cybervault.storage.engines import database_at
from cybervault.storage.jobs import Claimed, Jobs
from cybervault.storage.outbox import Outbox, event_of, kind_of
from tests.fakes.clock import HandClock

ACME = TenantId("tv_1")
OPENED = Happened("finding.opened", "thr_1", ACME, {"severity": "high", "name": "ñ"})
SWEPT = Happened("sweep.ended", "swp_1", None, {})
SUBSCRIBERS = {"hooks": {"finding.opened", "sweep.ended"}, "live": {"finding.opened"}}


@pytest.fixture
def outbox(database: Database) -> Outbox:
    return Outbox(database)


async def append(outbox: Outbox, *events: Happened) -> list[str]:
    async with outbox.transaction():
        return [await outbox.append(event) for event in events]


async def told(database: Database, subscriber: str) -> list[Claimed]:
    return list(await Jobs(database).claim("one", [kind_of(subscriber)], most=100, lease_seconds=60))


async def test_an_event_is_kept_with_the_change_or_not_at_all(outbox: Outbox) -> None:
    with pytest.raises(ZeroDivisionError):
        async with outbox.transaction():
            await outbox.append(OPENED)
            raise ZeroDivisionError
    assert await outbox.untold(10) == ()
    (event_id,) = await append(outbox, OPENED)
    (kept,) = await outbox.untold(10)
    assert (kept.id, kept.event) == (event_id, OPENED)


async def test_outside_of_a_transaction_nothing_is_noted(outbox: Outbox) -> None:
    with pytest.raises(RuntimeError, match="within a transaction"):
        await outbox.append(OPENED)
    assert await outbox.untold(10) == ()


async def test_each_subscriber_of_a_topic_gets_a_job_with_the_event(outbox: Outbox, database: Database) -> None:
    await append(outbox, OPENED, SWEPT)
    kept = {one.event.topic: one for one in await outbox.untold(10)}
    assert await outbox.tell(SUBSCRIBERS, 10) == 2
    hooks, live = await told(database, "hooks"), await told(database, "live")
    assert {event_of(job.payload).event.topic for job in hooks} == {"finding.opened", "sweep.ended"}
    (job,) = live
    assert event_of(job.payload) == kept["finding.opened"]
    assert (job.job.tenant_id, job.job.reference) == (ACME, kept["finding.opened"].id)
    assert {job.job.tenant_id for job in hooks} == {ACME, None}


async def test_what_was_told_is_told_no_more_and_what_nobody_wants_is_let_go(
    outbox: Outbox, database: Database
) -> None:
    await append(outbox, OPENED, Happened("nobody.listens", "x", None, {}))
    assert await outbox.tell(SUBSCRIBERS, 10) == 2
    assert (await outbox.untold(10), await outbox.tell(SUBSCRIBERS, 10)) == ((), 0)
    assert len(await told(database, "hooks")) == 1


async def test_the_oldest_are_told_first_and_no_more_than_asked(outbox: Outbox) -> None:
    first = await append(outbox, OPENED)
    await asyncio.sleep(0.001)
    await append(outbox, SWEPT)
    if len({one.created_at for one in await outbox.untold(2)}) == 2:
        assert [one.id for one in await outbox.untold(1)] == first
    assert await outbox.tell(SUBSCRIBERS, 1) == 1
    assert len(await outbox.untold(10)) == 1


async def test_two_nodes_tell_each_event_once(
    outbox: Outbox, database: Database, database_place: Path | Secret
) -> None:
    other = database_at(database_place, HandClock())
    await other.open()
    await append(outbox, *[OPENED] * 20, *[SWEPT] * 20)
    nodes = [outbox, Outbox(other)] * 4
    counts = await asyncio.gather(*(node.tell(SUBSCRIBERS, 10) for node in nodes))
    assert sum(counts) + await outbox.tell(SUBSCRIBERS, 100) == 40
    assert (len(await told(database, "hooks")), len(await told(database, "live"))) == (40, 20)
    await other.close()


async def test_what_was_told_long_ago_is_forgotten_and_what_waits_is_not(outbox: Outbox, database: Database) -> None:
    await append(outbox, OPENED)
    await outbox.tell(SUBSCRIBERS, 1)
    await append(outbox, OPENED)
    now = (await database.now()).timestamp()
    assert await outbox.forget(now - 60) == 0
    assert await outbox.forget(now + 60) == 1
    assert len(await outbox.untold(10)) == 1
