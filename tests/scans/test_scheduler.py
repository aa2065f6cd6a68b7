"""Scans that are due: each turn once, whoever looks; what may not be is not begun, and why stands in the row."""

import asyncio
import json
from dataclasses import replace
from datetime import datetime, timedelta

from cybervault.domain.ids import ScanId
from cybervault.scans.scans import OPEN_MAX
from cybervault.scans.schedule import Schedule, ScheduleEdit
from cybervault.scans.scheduler import LATE_MAX, Scheduler
from cybervault.scans.schedules import Schedules
from cybervault.scans.store.schedules import ScheduleStore
from cybervault.storage.database import Database, unavailable
from tests.scans.desk import Desk
from tests.scans.scheduling import NETWORK, WISH, schedules_on


async def due(database: Database) -> tuple[Desk, Schedules, Scheduler, Schedule]:
    """A schedule at the moment of its turn."""
    desk, schedules, scheduler = await schedules_on(database)
    made = await schedules.create(desk.ours, WISH, actor=desk.actor)
    assert await scheduler.begin_due() == 0
    to_turn(desk, made)
    return desk, schedules, scheduler, made


def to_turn(desk: Desk, schedule: Schedule, later: timedelta = timedelta()) -> None:
    assert schedule.next_at is not None
    desk.world.clock.advance((schedule.next_at - desk.world.clock.now() + later).total_seconds())


async def test_a_turn_begins_a_scan_that_the_audit_names(database: Database) -> None:
    desk, schedules, scheduler, made = await due(database)
    assert (await scheduler.begin_due(), await scheduler.begin_due()) == (1, 0)
    (scan,) = await desk.scans.page(desk.ours, 10)
    assert (scan.targets, scan.created_by, scan.minutes_max) == ((NETWORK,), f"schedule:{made.id}", 60)
    after = await schedules.find(desk.ours, made.id)
    assert (after.last_at, after.last_scan_id, after.problem_code) == (made.next_at, scan.id, None)
    assert after.next_at is not None
    assert after.next_at - desk.world.clock.now() == timedelta(days=1)
    assert (await desk.world.happened())[-1] == "scan.asked"
    written = json.loads(await desk.world.last_payload())
    assert written["actor"] == f"schedule:{made.id}"


async def test_of_many_that_look_at_once_one_begins_it(database: Database) -> None:
    desk, _, _, made = await due(database)
    nodes = [Scheduler(ScheduleStore(database), desk.scans, desk.world.clock) for _ in range(4)]
    assert sum(await asyncio.gather(*[node.begin_due() for node in nodes])) == 1
    assert len(await desk.scans.page(desk.ours, 10)) == 1
    assert made.is_enabled


async def test_a_turn_that_was_changed_meanwhile_leaves_nothing_behind(database: Database) -> None:
    desk, schedules, _, made = await due(database)

    class Slow(ScheduleStore):
        """Gives out what is due, and then the schedule is paused before the turn is taken."""

        async def due(self, now: datetime, most: int) -> tuple[Schedule, ...]:
            found = await super().due(now, most)
            await schedules.edit(desk.ours, made.id, ScheduleEdit(is_enabled=False), actor=desk.actor)
            return found

    assert await Scheduler(Slow(database), desk.scans, desk.world.clock).begin_due() == 0
    assert await desk.scans.page(desk.ours, 10) == ()
    assert (await schedules.find(desk.ours, made.id)).problem_code is None


async def test_without_its_grant_it_says_so_and_waits_for_the_next_turn(database: Database) -> None:
    desk, schedules, scheduler, made = await due(database)
    (grant,) = await desk.grants.list(desk.ours)
    await desk.grants.withdraw(desk.ours, grant.id, actor=desk.actor)
    assert await scheduler.begin_due() == 0
    refused = await schedules.find(desk.ours, made.id)
    assert (refused.problem_code, refused.last_at, refused.last_scan_id) == (
        "target_not_authorized",
        made.next_at,
        None,
    )
    assert NETWORK in (refused.problem_message or "")
    await desk.grant(NETWORK)
    assert await scheduler.begin_due() == 0
    to_turn(desk, refused)
    assert await scheduler.begin_due() == 1
    assert (await schedules.find(desk.ours, made.id)).problem_code is None


async def test_turns_that_nobody_could_begin_do_not_pile_up(database: Database) -> None:
    desk, schedules, scheduler, made = await due(database)
    desk.world.clock.advance(timedelta(days=5).total_seconds() + LATE_MAX.total_seconds() + 1)
    assert await scheduler.begin_due() == 0
    missed = await schedules.find(desk.ours, made.id)
    assert missed.problem_code == "turn_missed"
    to_turn(desk, missed, LATE_MAX)
    assert (await scheduler.begin_due(), await scheduler.begin_due()) == (1, 0)


async def test_a_scan_is_not_begun_beside_that_of_the_turn_before(database: Database) -> None:
    desk, schedules, scheduler, made = await due(database)
    assert await scheduler.begin_due() == 1
    to_turn(desk, await schedules.find(desk.ours, made.id))
    assert await scheduler.begin_due() == 0
    after = await schedules.find(desk.ours, made.id)
    assert after.problem_code == "scan_still_running"
    assert after.last_scan_id is not None
    await desk.scans.cancel(desk.ours, after.last_scan_id, actor=desk.actor)
    to_turn(desk, after)
    assert await scheduler.begin_due() == 1


async def test_one_whose_zone_is_gone_says_so_and_keeps_no_other_from_its_turn(database: Database) -> None:
    desk, schedules, scheduler, made = await due(database)
    other = await schedules.create(desk.ours, WISH, actor=desk.actor)
    broken = replace(made, timezone="Gone/Away", last_scan_id=ScanId("scan_0000000000"))
    # A scan that nobody knows any longer is not going on.
    whole = replace(other, next_at=made.next_at, last_scan_id=ScanId("scan_0000000000"))
    for one in (broken, whole):
        await ScheduleStore(database).keep(one)
    assert await scheduler.begin_due() == 1
    after = await schedules.find(desk.ours, made.id)
    assert (after.problem_code, after.next_at, after.last_at) == ("invalid_schedule", None, made.next_at)
    assert (await schedules.find(desk.ours, other.id)).problem_code is None


async def test_a_full_queue_is_asked_again_within_the_hour(database: Database) -> None:
    desk, schedules, scheduler, made = await due(database)
    waiting = [await desk.ask(NETWORK) for _ in range(OPEN_MAX)]
    assert await scheduler.begin_due() == 0
    assert (await schedules.find(desk.ours, made.id)).next_at == made.next_at
    await desk.scans.cancel(desk.ours, waiting[0].id, actor=desk.actor)
    assert await scheduler.begin_due() == 1


async def test_it_looks_until_it_is_stopped_and_outlives_a_database_that_is_gone(database: Database) -> None:
    desk, _, scheduler, _ = await due(database)
    stop = asyncio.Event()
    stop.set()
    await scheduler.run(stop)
    assert len(await desk.scans.page(desk.ours, 10)) == 1

    class Gone(ScheduleStore):
        """A store whose database is gone."""

        async def due(self, now: datetime, most: int) -> tuple[Schedule, ...]:
            raise unavailable(f"asked for {most} at {now}")

    await Scheduler(Gone(database), desk.scans, desk.world.clock).run(stop)
