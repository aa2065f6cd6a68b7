"""The schedules of tenants: only what may be scanned is scheduled, and every change is written down."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem
from cybervault.scans.profiles import ProfileName
from cybervault.scans.schedule import NewSchedule, ScheduleEdit
from cybervault.scans.schedules import SCHEDULES_MAX, wish_of
from cybervault.storage.database import Database
from tests.scans.scheduling import NETWORK, WISH, schedules_on

MADRID = ("30 3 * * *", "Europe/Madrid")


async def test_one_is_made_changed_paused_resumed_and_removed(database: Database) -> None:
    desk, schedules, _ = await schedules_on(database)
    made = await schedules.create(desk.ours, replace(WISH, name=" Office "), actor=desk.actor)
    assert (made.name, made.cron, made.timezone, made.is_enabled) == ("Office", *MADRID, True)
    assert made.next_at is not None
    assert timedelta() < made.next_at - desk.world.clock.now() <= timedelta(days=1)
    assert await schedules.list(desk.ours) == (made,)
    edit = ScheduleEdit(name="At night", minutes_max=30, targets=("10.1.0.7",))
    edited = await schedules.edit(desk.ours, made.id, edit, actor=desk.actor)
    assert edited == replace(made, name="At night", minutes_max=30, targets=("10.1.0.7",))
    assert wish_of(edited).minutes_max == 30
    paused = await schedules.edit(desk.ours, made.id, ScheduleEdit(is_enabled=False), actor=desk.actor)
    assert (paused.is_enabled, paused.next_at) == (False, None)
    resumed = await schedules.edit(
        desk.ours, made.id, ScheduleEdit(is_enabled=True, cron="0 4 * * *"), actor=desk.actor
    )
    assert resumed.next_at is not None
    assert resumed == await schedules.find(desk.ours, made.id)
    await schedules.remove(desk.ours, made.id, actor=desk.actor)
    assert await schedules.list(desk.ours) == ()
    written = [change for change in await desk.world.happened() if change.startswith("scan_schedule.")]
    assert written == ["scan_schedule.added", *["scan_schedule.changed"] * 3, "scan_schedule.removed"]


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (replace(WISH, targets=("10.2.0.0/24",)), "target_not_authorized"),
        (replace(WISH, profile=ProfileName.PENTEST), "target_not_authorized"),
        (replace(WISH, targets=()), "invalid_target"),
        (replace(WISH, targets=("-oN",)), "invalid_target"),
        (replace(WISH, cron="* * * * *"), "invalid_schedule"),
        (replace(WISH, timezone="Mars/Base"), "invalid_schedule"),
        (replace(WISH, name=" "), "invalid_parameter"),
        (replace(WISH, name="a\x1b[31m"), "invalid_parameter"),
        (replace(WISH, minutes_max=0), "invalid_parameter"),
    ],
)
async def test_what_could_not_be_scanned_by_hand_is_not_scheduled(
    database: Database, wish: NewSchedule, code: str
) -> None:
    desk, schedules, _ = await schedules_on(database)
    with pytest.raises(Problem) as refused:
        await schedules.create(desk.ours, wish, actor=desk.actor)
    assert refused.value.code == code
    made = await schedules.create(desk.ours, WISH, actor=desk.actor)
    edit = ScheduleEdit(wish.name, wish.targets, wish.cron, wish.timezone, wish.profile, wish.minutes_max)
    with pytest.raises(Problem) as refused:
        await schedules.edit(desk.ours, made.id, edit, actor=desk.actor)
    assert refused.value.code == code
    assert await schedules.list(desk.ours) == (made,)


async def test_one_whose_grant_is_gone_is_paused_but_not_resumed(database: Database) -> None:
    desk, schedules, _ = await schedules_on(database)
    made = await schedules.create(desk.ours, WISH, actor=desk.actor)
    (grant,) = await desk.grants.list(desk.ours)
    await desk.grants.withdraw(desk.ours, grant.id, actor=desk.actor)
    paused = await schedules.edit(desk.ours, made.id, ScheduleEdit(is_enabled=False), actor=desk.actor)
    assert paused == replace(made, is_enabled=False, next_at=None) == await schedules.find(desk.ours, made.id)
    with pytest.raises(Problem) as refused:
        await schedules.edit(desk.ours, made.id, ScheduleEdit(is_enabled=True), actor=desk.actor)
    assert refused.value.code == "target_not_authorized"


async def test_those_of_others_do_not_exist(database: Database) -> None:
    desk, schedules, _ = await schedules_on(database)
    made, other = await schedules.create(desk.ours, WISH, actor=desk.actor), TenantId("tv_other")
    for asked in (
        schedules.find(other, made.id),
        schedules.edit(other, made.id, ScheduleEdit(is_enabled=False), actor=desk.actor),
        schedules.remove(other, made.id, actor=desk.actor),
    ):
        with pytest.raises(Problem, match="no such schedule"):
            await asked


async def test_a_tenant_has_no_more_than_so_many(database: Database) -> None:
    desk, schedules, _ = await schedules_on(database)
    for number in range(SCHEDULES_MAX):
        await schedules.create(desk.ours, replace(WISH, name=f"{NETWORK} {number}"), actor=desk.actor)
    with pytest.raises(Problem, match="at most 50 schedules"):
        await schedules.create(desk.ours, WISH, actor=desk.actor)
