"""One run of a job: steps that are done once, and the ways in which a run ends."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from cybervault.domain.jobs import NewJob
from cybervault.domain.principals import TenantId
from cybervault.storage.database import Database
from cybervault.storage.job_run import Ending, JobRun, RunEnded, ending_of
from cybervault.storage.jobs import Jobs, LeaseLost, Standing
from tests.fakes.clock import HandClock

ACME = TenantId("tv_1")
LEASE_SECONDS = 30.0


@pytest.fixture
def jobs(database: Database) -> Jobs:
    return Jobs(database, first_pause_seconds=0)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


async def claimed(jobs: Jobs, clock: HandClock) -> JobRun:
    (one,) = await jobs.claim("one", ["scan"], most=1, lease_seconds=LEASE_SECONDS)
    run = JobRun(jobs, one, clock)
    await run.recall()
    return run


@pytest.fixture
async def run(jobs: Jobs, clock: HandClock) -> JobRun:
    await jobs.enqueue(NewJob("scan", b"what", tenant_id=ACME, deadline_seconds=60))
    return await claimed(jobs, clock)


def said(text: bytes, log: list[bytes]) -> Callable[[], Coroutine[None, None, bytes]]:
    async def say() -> bytes:
        log.append(text)
        return text

    return say


async def test_a_run_has_what_was_asked_for(run: JobRun) -> None:
    assert (run.payload, run.job.tenant_id, run.hold.attempt, run.ending) == (b"what", ACME, 1, None)
    assert run.seconds_left is not None


async def test_a_finished_step_is_not_run_again_in_another_attempt(run: JobRun, jobs: Jobs, clock: HandClock) -> None:
    log: list[bytes] = []
    assert await run.step("first", said(b"one", log)) == b"one"
    await jobs.give_back(run.hold)
    second = await claimed(jobs, clock)
    assert await second.step("first", said(b"other", log)) == b"one"
    assert await second.step("second", said(b"two", log)) == b"two"
    assert log == [b"one", b"two"]


async def test_progress_counts_from_the_end_of_a_step_and_what_is_done_from_its_begin(run: JobRun, jobs: Jobs) -> None:
    async def look() -> bytes:
        job = await jobs.find(ACME, run.job.id)
        assert job is not None
        return f"{job.progress} {job.doing}".encode()

    assert await run.step("first", look, progress=0.4, doing="asking sources") == b"0.0 asking sources"
    assert await run.step("second", look, progress=0.5) == b"0.4 asking sources"
    assert await run.step("third", look, progress=lambda: 0.55) == b"0.5 asking sources"
    await run.report(progress=0.6, doing="weighing")
    assert await look() == b"0.6 weighing"


async def test_two_steps_of_one_name_are_a_bug(run: JobRun) -> None:
    await run.step("first", said(b"one", []))
    with pytest.raises(ValueError, match="'first'"):
        await run.step("first", said(b"one", []))


async def test_a_wish_to_cancel_ends_the_run_behind_the_step_that_was_kept(run: JobRun, jobs: Jobs) -> None:
    await jobs.ask_cancel(ACME, run.job.id)
    with pytest.raises(RunEnded, match="CANCELLED") as ended:
        await run.step("first", said(b"one", []))
    assert ended.value.ending is Ending.CANCELLED
    assert await jobs.steps(run.job.id) == {"first": b"one"}


async def test_who_was_overtaken_is_stopped_before_the_step_that_it_announces(run: JobRun, jobs: Jobs) -> None:
    """Fencing: nothing is begun by a worker that has lost its job and asks before."""
    await jobs.complete(run.hold)
    log: list[bytes] = []
    with pytest.raises(LeaseLost):
        await run.step("first", said(b"one", log), doing="asking sources")
    assert log == []


async def test_a_lease_that_nobody_renews_may_be_lost_when_its_time_is_over(run: JobRun, clock: HandClock) -> None:
    clock.advance(LEASE_SECONDS - 1)
    assert not run.may_be_lost
    await run.report()
    clock.sleep(LEASE_SECONDS - 1)
    assert not run.may_be_lost
    clock.sleep(1)
    assert run.may_be_lost


async def test_the_first_reason_to_end_counts_and_reaches_into_a_long_step(run: JobRun) -> None:
    begun = asyncio.Event()

    async def long() -> None:
        begun.set()
        await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(long())
        run.started(task)
        await begun.wait()
        run.end(Ending.CANCELLED)
        run.end(Ending.LOST)
    assert task.cancelled()
    assert run.ending is Ending.CANCELLED


async def test_a_run_can_end_before_it_has_begun(run: JobRun) -> None:
    log: list[bytes] = []
    run.end(Ending.STOPPED)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(said(b"one", log)())
        run.started(task)
    assert task.cancelled()
    assert (run.ending, log) == (Ending.STOPPED, [])


@pytest.mark.parametrize(
    ("standing", "ending"),
    [
        (Standing(is_cancel_asked=False, is_overdue=False), None),
        (Standing(is_cancel_asked=False, is_overdue=True), Ending.TIMED_OUT),
        (Standing(is_cancel_asked=True, is_overdue=True), Ending.CANCELLED),
    ],
)
def test_a_wish_to_cancel_comes_before_the_deadline(standing: Standing, ending: Ending | None) -> None:
    assert ending_of(standing) is ending
