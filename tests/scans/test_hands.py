"""Parts of a scan in several hands: the same comes of it as in one, whoever is killed, cancelled or too late."""

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cybervault.domain.clock import SystemClock
from cybervault.domain.ids import ScanId
from cybervault.domain.jobs import Job, JobState, NewJob
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret
from cybervault.scans.hands import KIND, Hands, Order
from cybervault.scans.plan import Part
from cybervault.scans.profiles import ProfileName
from cybervault.scans.scan import Scan
from cybervault.storage.database import Database
from cybervault.storage.engines import database_at
from cybervault.storage.job_run import Ending, JobRun, RunEnded
from cybervault.storage.jobs import Jobs
from tests.access.statements import look
from tests.fakes.helping import PARTS_AT_ONCE, dispatchers, helping, let_go
from tests.scans.desk import Desk, desk_on

PATIENCE_SECONDS = 30.0
# Nine parts of eight names, and one more of what is left.
NAMES = tuple(f"h{number}.example" for number in range(74))


@asynccontextmanager
async def at_work(desk: Desk) -> AsyncIterator[None]:
    """The time of a server that does scans and their parts."""
    stop = asyncio.Event()
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        for one in dispatchers(desk.world.database, desk):
            group.create_task(one.run(stop))
        yield
        stop.set()


async def ended(desk: Desk, scan: Scan) -> Scan:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (found := await desk.scans.find(desk.ours, scan.id)).state.is_final:  # noqa: ASYNC110 - rows of a database
            await asyncio.sleep(0.02)
    return found


async def seen(desk: Desk, scan: Scan) -> tuple[Any, ...]:
    """All that came of a scan, in an order of its own."""
    found = sorted((one.asset, one.rule, one.place, one.severity.value) for one in await desk.found(scan.id))
    lines = sorted((one.asset, one.engine, one.state.value, one.reason) for one in await desk.lines(scan.id))
    return found, lines


@pytest.fixture
async def shared(database_place: Path | Secret) -> AsyncIterator[Database]:
    """A database that other processes use, too: by the machine's time, as theirs."""
    database = database_at(database_place, SystemClock())
    await database.open()
    yield database
    await database.close()


async def test_the_same_comes_of_many_hands_as_of_one_and_a_killed_one_is_replaced(
    shared: Database, database_place: Path | Secret, tmp_path: Path
) -> None:
    """Kill -9 of a server in the middle: nothing is lost, and no part that was finished is done again."""
    desk, log = await desk_on(shared, 80), tmp_path / "asked"
    log.touch()
    await desk.grant(*NAMES)
    scan = await desk.ask(*NAMES)
    with helping(database_place, log, 2.0) as first, helping(database_place, log, 2.0) as second:
        await let_go(first, second)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await _covered(shared, scan) or str(first.pid) not in log.read_text():  # noqa: ASYNC110 - same
                await asyncio.sleep(0.02)
        done = await _covered(shared, scan)
        # Its result is kept an instant after its findings; and on a slow machine a part may be taken over before that.
        await asyncio.sleep(0.2)
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        before = _asked(log)
        many = await ended(desk, scan)
    asked = _asked(log)
    assert (many.state, many.progress) == (JobState.COMPLETED, 1.0)
    assert set(asked) == set(NAMES)
    assert {name: asked[name] for name in done} == {name: before[name] for name in done}
    assert len({line.split()[1] for line in log.read_text().splitlines()}) == 2
    one = await desk.scanned(*NAMES)
    assert await seen(desk, many) == await seen(desk, one)
    assert await look(shared, "SELECT count(*) FROM scan_findings WHERE rule = 'spf_missing'") == [(len(NAMES),)]


def _asked(log: Path) -> Counter[str]:
    """How often each name was asked for."""
    return Counter(line.split()[0] for line in log.read_text().splitlines())


async def _covered(database: Database, scan: Scan) -> set[str]:
    """The names of the parts that are finished."""
    rows = await look(database, "SELECT scan_id, subjects FROM scan_chunks WHERE engine = 'names' AND coverage NOTNULL")
    return {name for scan_id, subjects in rows if scan_id == scan.id for name in json.loads(str(subjects))}


async def test_no_more_of_one_scan_are_handed_out_than_the_operator_says(database: Database) -> None:
    desk, most = await desk_on(database, 80, parts_at_once=PARTS_AT_ONCE), 0
    await desk.grant(*NAMES)
    scan = await desk.ask(*NAMES)
    async with at_work(desk):
        while not (await desk.scans.find(desk.ours, scan.id)).state.is_final:
            most = max(most, await desk.jobs.open(desk.ours, KIND))
            await asyncio.sleep(0.005)
    assert 1 < most <= PARTS_AT_ONCE
    assert set(desk.zone.asked) == set(NAMES)
    # What is told of progress never goes back.
    told = [event.payload["progress"] for event in desk.told.events if event.topic == "scan.progress"]
    assert told == sorted(told)


async def test_a_scan_that_is_cancelled_is_over_everywhere_within_two_seconds(database: Database) -> None:
    desk = await desk_on(database, 80, parts_at_once=PARTS_AT_ONCE)
    desk.zone.hangs_at = NAMES[3]
    await desk.grant(*NAMES)
    scan = await desk.ask(*NAMES)
    async with at_work(desk):
        await desk.zone.reached.wait()
        async with asyncio.timeout(2.0):
            await desk.scans.cancel(desk.ours, scan.id, actor=desk.actor)
            found = await ended(desk, scan)
            while await desk.jobs.open(desk.ours, KIND):  # noqa: ASYNC110 - rows of a database
                await asyncio.sleep(0.02)
        asked = len(desk.zone.asked)
        await asyncio.sleep(0.2)
    assert found.state is JobState.CANCELLED
    assert len(desk.zone.asked) == asked


ORDER = Order(ProfileName.STANDARD, ("a.example",), frozenset(), 7, Part("names", ("a.example",)))


async def scanning(desk: Desk, deadline: float | None = 50.0) -> JobRun:
    """A scan in the hands of its worker."""
    new = NewJob("scan", b"", tenant_id=desk.ours, reference="scan_1", request_id="req_1", deadline_seconds=deadline)
    await desk.jobs.enqueue(new)
    return await desk.claimed()


async def part_of(jobs: Jobs, desk: Desk) -> JobRun:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (claimed := await jobs.claim("two", [KIND], most=1, lease_seconds=30)):  # noqa: ASYNC110 - same
            await asyncio.sleep(0.01)
    return JobRun(jobs, claimed[0], desk.world.clock)


async def test_a_part_has_the_deadline_of_its_scan_and_is_asked_for_once(database: Database) -> None:
    desk, wakes = await desk_on(database, 80), list[int]()
    hands, run = Hands(desk.jobs, lambda: wakes.append(1)), await scanning(desk)

    async def work(order: Order) -> bytes:
        assert order == ORDER
        return b"what was seen"

    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(hands.hand_out(run, ORDER)) for _ in range(2)]
        part = await part_of(desk.jobs, desk)
        assert part.seconds_left is not None
        assert 40 < part.seconds_left <= 50
        assert (part.job.reference, part.job.request_id) == ("scan_1 7", "req_1")
        await hands.take(part, work)
    assert [task.result() for task in waiting] == [b"what was seen"] * 2
    assert len(wakes) == 2
    assert not await desk.jobs.claim("two", [KIND], most=1, lease_seconds=30)
    # A worker that takes the scan over gets it at once.
    assert await hands.hand_out(run, ORDER) == b"what was seen"


async def test_a_scan_ends_as_its_part_did(database: Database) -> None:
    desk = await desk_on(database, 80)
    hands, run = Hands(desk.jobs, lambda: None), await scanning(desk)

    async def outcome(number: int, end: str) -> BaseException:
        order = Order(ProfileName.STANDARD, (), frozenset(), number, ORDER.part)
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(_caught(hands, run, order))
            part = await part_of(desk.jobs, desk)
            if end == "fail":
                await desk.jobs.fail(part.hold, "planted", "It cannot be done.")
            elif end == "time out":
                await desk.jobs.time_out(part.hold)
            else:
                await desk.jobs.cancel(part.hold)
        return waiting.result()

    failed, late, cancelled = [await outcome(*one) for one in enumerate(("fail", "time out", "cancel"))]
    assert isinstance(failed, Problem)
    assert (failed.kind, failed.code, failed.message) == (ProblemKind.INVALID, "planted", "It cannot be done.")
    assert isinstance(late, RunEnded)
    assert isinstance(cancelled, RunEnded)
    assert (late.ending, cancelled.ending) == (Ending.TIMED_OUT, Ending.CANCELLED)


async def _caught(hands: Hands, run: JobRun, order: Order) -> BaseException:
    with pytest.raises((Problem, RunEnded)) as caught:
        await hands.hand_out(run, order)
    return caught.value


async def test_nothing_is_handed_out_for_a_scan_that_is_being_cancelled(database: Database) -> None:
    desk = await desk_on(database, 80)
    hands, run = Hands(desk.jobs, lambda: None), await scanning(desk)
    await desk.jobs.ask_cancel(desk.ours, run.job.id)
    with pytest.raises(RunEnded):
        await hands.hand_out(run, ORDER)
    assert await desk.jobs.open(desk.ours, KIND) == 0


async def test_cancelling_a_scan_leaves_the_parts_of_others(database: Database) -> None:
    desk = await desk_on(database, 80)

    async def kept(reference: str) -> Job:
        return await desk.jobs.enqueue(NewJob(KIND, tenant_id=desk.ours, reference=reference))

    mine, others = await kept("scan_1 0"), [await kept("scan_12 0"), await kept("scanX1 0")]
    await Hands(desk.jobs, lambda: None).cancel(desk.ours, ScanId("scan_1"))
    states = [await desk.jobs.find(desk.ours, one.id) for one in (mine, *others)]
    assert [one.state.value for one in states if one] == ["cancelled", "queued", "queued"]
