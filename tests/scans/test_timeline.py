"""What is told of a scan: its beginning, its progress by tenths, and its end, each once and whoever looks."""

import asyncio
from dataclasses import dataclass

import pytest

from cybervault.domain.jobs import Happened, JobState
from cybervault.domain.problems import Problem
from cybervault.scans.timeline import Timeline
from cybervault.storage.database import Database, unavailable
from tests.scans.desk import Desk, desk_on

CLOUD = "arn:aws:s3:::bucket"


@pytest.fixture
async def desk(database: Database) -> Desk:
    desk = await desk_on(database)
    await desk.grant(CLOUD, "10.1.0.0/24")
    return desk


async def test_a_scan_is_told_from_its_beginning_to_its_end_though_nobody_looks(desk: Desk) -> None:
    scan = await desk.ask(CLOUD)
    await desk.work()
    assert await desk.timeline.settle() == 1
    assert await desk.timeline.settle() == 0
    told = desk.told.of(scan.id)
    assert (told[0], told[-1]) == ("scan.started", "scan.completed")
    assert set(told[1:-1]) <= {"scan.progress"}
    payloads = [dict(event.payload) for event in desk.told.events if event.subject == scan.id]
    assert payloads[0] == {"profile": "standard", "targets": CLOUD}
    assert payloads[-1] == {"profile": "standard", "targets": CLOUD, "state": "completed", "problem": ""}
    assert (await desk.scans.find(desk.ours, scan.id)).state is JobState.COMPLETED


async def test_a_worker_that_takes_over_tells_nothing_again(desk: Desk) -> None:
    scan = await desk.ask(CLOUD)
    run = await desk.claimed()
    await desk.worker.work(run)
    told = desk.told.of(scan.id)
    await desk.jobs.give_back(run.hold)
    await desk.work()
    assert desk.told.of(scan.id) == told


async def test_progress_is_told_once_for_each_tenth(desk: Desk) -> None:
    scan = await desk.ask(CLOUD)
    for hundredth in range(101):
        await desk.timeline.advanced(desk.ours, scan.id, hundredth / 100)
    told = [float(event.payload["progress"]) for event in desk.told.events]
    assert told == [one / 10 for one in range(1, 11)]


@pytest.mark.parametrize("how", ["cancelled", "failed", "timed_out"])
async def test_however_it_ends_that_is_told(desk: Desk, how: str) -> None:
    scan = await desk.ask(CLOUD)
    if how == "cancelled":
        await desk.scans.cancel(desk.ours, scan.id, actor=desk.actor)
    else:
        run = await desk.claimed()
        await (desk.jobs.fail(run.hold, "broken", "Why.") if how == "failed" else desk.jobs.time_out(run.hold))
    await desk.timeline.settle()
    assert desk.told.of(scan.id) == [f"scan.{how}"]
    assert desk.told.events[-1].payload["problem"] == ("Why." if how == "failed" else "")


@dataclass(slots=True)
class Deaf:
    """No event can be kept."""

    async def append(self, event: Happened) -> None:
        raise unavailable(event.topic)


async def test_what_cannot_be_told_is_not_written_either(desk: Desk) -> None:
    scan = await desk.ask(CLOUD)
    broken = Timeline(desk.timeline._scans, Deaf(), desk.world.clock)
    with pytest.raises(Problem):
        await broken.begun(desk.ours, scan.id)
    assert (await desk.scans.find(desk.ours, scan.id)).started_at is None
    await desk.timeline.begun(desk.ours, scan.id)
    assert desk.told.of(scan.id) == ["scan.started"]


async def test_what_is_of_no_scan_is_told_to_nobody(desk: Desk) -> None:
    scan = await desk.ask(CLOUD)
    await desk.timeline.begun(desk.ours, type(scan.id)("scan_0000000000"))
    assert desk.told.events == []


async def test_it_looks_until_it_is_stopped_and_bears_a_database_that_is_away(
    desk: Desk, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    scan, stop = await desk.ask(CLOUD), asyncio.Event()
    await desk.work()
    stop.set()
    await Timeline(desk.timeline._scans, Deaf(), desk.world.clock).run(stop)
    assert "ends of scans wait" in capsys.readouterr().out + caplog.text
    assert "scan.completed" not in desk.told.of(scan.id)
    await desk.timeline.run(stop)
    assert desk.told.of(scan.id)[-1] == "scan.completed"
