"""The rows of jobs on both engines: who gets one, who may write, and how it ends."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from cybervault.domain.jobs import Job, JobState, NewJob
from cybervault.domain.principals import TenantId
from cybervault.domain.secrets import Secret
from cybervault.storage.database import Database, sql
from cybervault.storage.engines import database_at
from cybervault.storage.jobs import ABANDONED, Claimed, Hold, Jobs, LeaseLost, Standing
from tests.access.statements import look
from tests.fakes.clock import HandClock

ACME = TenantId("tv_1")
OTHER = TenantId("tv_2")
LEASE_SECONDS = 60.0


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def database(database_place: Path | Secret, clock: HandClock) -> AsyncIterator[Database]:
    """As everywhere, with a clock that a test can move where the database has none of its own."""
    database = database_at(database_place, clock)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def jobs(database: Database) -> Jobs:
    return Jobs(database, first_pause_seconds=0)


async def claim(
    jobs: Jobs, owner: str = "one", *, most: int = 10, lease_seconds: float = LEASE_SECONDS
) -> list[Claimed]:
    return list(await jobs.claim(owner, ["scan", "sweep"], most=most, lease_seconds=lease_seconds))


async def held(jobs: Jobs, new: NewJob, lease_seconds: float = LEASE_SECONDS) -> Hold:
    await jobs.enqueue(new)
    (claimed,) = await claim(jobs, lease_seconds=lease_seconds)
    return claimed.hold


async def now(jobs: Jobs, hold: Hold) -> Job:
    found = await jobs.find(ACME, hold.job_id)
    assert found is not None
    return found


SCAN = NewJob("scan", b"what", tenant_id=ACME)


class TestAsking:
    async def test_a_job_waits_as_it_was_asked_for(self, jobs: Jobs) -> None:
        job = await jobs.enqueue(NewJob("scan", b"what", tenant_id=ACME, reference="x"))
        assert (job.state, job.attempt, job.progress, job.started_at) == (JobState.QUEUED, 0, 0.0, None)
        found = await jobs.find(ACME, job.id)
        assert found is not None
        assert (found.id, found.kind, found.reference, found.doing) == (job.id, "scan", "x", "")
        assert abs((found.created_at - job.created_at).total_seconds()) < 0.001

    async def test_another_tenant_does_not_see_it(self, jobs: Jobs) -> None:
        job = await jobs.enqueue(NewJob("scan", tenant_id=ACME, reference="x"))
        assert await jobs.find(OTHER, job.id) is await jobs.find(None, job.id) is None
        assert await jobs.find_by_reference(OTHER, "scan", "x") is None
        assert not await jobs.ask_cancel(OTHER, job.id)
        assert (await jobs.find(ACME, job.id)) == (await jobs.find_by_reference(ACME, "scan", "x"))

    async def test_a_reference_is_asked_for_once_among_those_of_a_tenant_and_kind(self, jobs: Jobs) -> None:
        first = await jobs.enqueue(NewJob("scan", tenant_id=ACME, reference="x"))
        assert (await jobs.enqueue(NewJob("scan", tenant_id=ACME, reference="x"))).id == first.id
        others = [
            await jobs.enqueue(new)
            for new in (
                NewJob("scan", tenant_id=OTHER, reference="x"),
                NewJob("sweep", tenant_id=ACME, reference="x"),
                NewJob("scan", tenant_id=ACME),
                NewJob("scan", tenant_id=ACME),
            )
        ]
        assert len({first.id, *(job.id for job in others)}) == 5
        assert await jobs.waiting() == {"scan": 4, "sweep": 1}

    async def test_the_installation_has_references_too_within_a_transaction(self, jobs: Jobs) -> None:
        async with jobs.transaction():
            first = await jobs.enqueue(NewJob("sweep", reference="x"))
            assert (await jobs.enqueue(NewJob("sweep", reference="x"))).id == first.id
        assert await jobs.find(None, first.id) == await jobs.find_by_reference(None, "sweep", "x")
        with pytest.raises(RuntimeError, match="within a transaction"):
            await jobs.enqueue(NewJob("sweep", reference="x"))

    async def test_a_job_is_asked_for_with_the_change_or_not_at_all(self, jobs: Jobs) -> None:
        with pytest.raises(ZeroDivisionError):
            async with jobs.transaction():
                await jobs.enqueue(SCAN)
                raise ZeroDivisionError
        assert await jobs.waiting() == {}


class TestFinding:
    async def test_what_a_call_asked_for_is_found_by_it_the_newest_first(self, jobs: Jobs, clock: HandClock) -> None:
        asked = NewJob("scan", tenant_id=ACME, request_id="req_1")
        await jobs.enqueue(asked)
        clock.advance(1)
        newest = await jobs.enqueue(asked)
        found = await jobs.of_request(ACME, "scan", "req_1")
        assert found is not None
        assert (found.id, found.request_id) == (newest.id, "req_1")
        assert await jobs.of_request(OTHER, "scan", "req_1") is None
        assert await jobs.of_request(ACME, "sweep", "req_1") is None
        assert await jobs.of_request(ACME, "scan", "req_2") is None

    async def test_open_are_those_of_a_tenant_and_kind_that_have_not_ended(self, jobs: Jobs) -> None:
        hold = await held(jobs, SCAN)
        await jobs.enqueue(SCAN)
        await jobs.enqueue(NewJob("sweep", tenant_id=ACME))
        await jobs.enqueue(NewJob("scan", tenant_id=OTHER))
        assert await jobs.open(ACME, "scan") == 2
        await jobs.complete(hold)
        assert await jobs.open(ACME, "scan") == 1


class TestEnding:
    async def test_what_was_handed_in_goes_at_once_however_it_ends(self, jobs: Jobs, database: Database) -> None:
        completed, failed, spent, left = [await held(jobs, replace(SCAN, attempts_max=1)) for _ in range(4)]
        cancelled = await jobs.enqueue(SCAN)
        await jobs.complete(completed)
        await jobs.fail(failed, "broken", "It cannot be done.")
        await jobs.retry_later(spent, "gone", "It is gone.")
        await jobs.ask_cancel(ACME, cancelled.id)
        await database.run(sql(sa.text("UPDATE jobs SET lease_until = 0")), {})
        assert await claim(jobs) == []
        assert await jobs.open(ACME, "scan") == 0
        assert {row[0] for row in await look(database, "SELECT payload FROM jobs")} == {b""}
        assert (await now(jobs, left)).problem_code == ABANDONED.code


class TestClaiming:
    async def test_a_job_is_claimed_once_and_with_all_that_it_needs(self, jobs: Jobs) -> None:
        job = await jobs.enqueue(NewJob("scan", b"what", tenant_id=ACME, deadline_seconds=100))
        (claimed,) = await claim(jobs)
        assert (claimed.job.id, claimed.job.state, claimed.payload) == (job.id, JobState.RUNNING, b"what")
        assert claimed.hold == Hold(job.id, "one", 1, LEASE_SECONDS)
        assert claimed.job.started_at is not None
        assert claimed.seconds_left is not None
        assert 90 < claimed.seconds_left <= 100
        assert await claim(jobs) == []

    async def test_the_longest_due_come_first_and_no_more_than_asked(self, jobs: Jobs) -> None:
        made = [await jobs.enqueue(NewJob("scan", due_in_seconds=-ago)) for ago in (1, 3, 2)]
        first = [claimed.job.id for claimed in await claim(jobs, most=2)]
        assert first == [made[1].id, made[2].id]
        assert [claimed.job.id for claimed in await claim(jobs)] == [made[0].id]
        assert await claim(jobs, most=0) == []

    async def test_what_is_not_due_or_of_another_kind_waits(self, jobs: Jobs) -> None:
        await jobs.enqueue(NewJob("scan", due_in_seconds=3600))
        await jobs.enqueue(NewJob("unknown here"))
        assert await claim(jobs) == []

    async def test_two_nodes_never_get_the_same(self, jobs: Jobs, database_place: Path | Secret) -> None:
        other = database_at(database_place, HandClock())
        await other.open()
        for _ in range(30):
            await jobs.enqueue(SCAN)
        found = await asyncio.gather(
            *(claim(one, owner, most=3) for _ in range(5) for one, owner in ((jobs, "one"), (Jobs(other), "two")))
        )
        ids = [claimed.job.id for some in found for claimed in some]
        ids += [claimed.job.id for claimed in await claim(jobs, most=100)]
        assert len(ids) == len(set(ids)) == 30
        await other.close()

    async def test_whose_lease_ran_out_is_overtaken_and_can_write_nothing_more(self, jobs: Jobs) -> None:
        """Fencing: after a takeover no write of the earlier worker reaches the job, whatever it tries."""
        late = await held(jobs, SCAN, lease_seconds=0)
        (claimed,) = await claim(jobs, "two")
        assert (claimed.hold.owner, claimed.hold.attempt) == ("two", 2)
        before = await now(jobs, late)
        writes = [
            jobs.report(late, progress=1, doing="late"),
            jobs.finish_step(late, "first", b"late"),
            jobs.complete(late),
            jobs.fail(late, "c", "m"),
            jobs.cancel(late),
            jobs.time_out(late),
            jobs.retry_later(late, "c", "m"),
            jobs.give_back(late),
        ]
        for write in writes:
            with pytest.raises(LeaseLost):
                await write
        assert await jobs.heartbeat([late]) == {}
        assert await now(jobs, late) == before
        assert await jobs.steps(late.job_id) == {}

    async def test_the_same_worker_that_claims_again_loses_its_earlier_hold(self, jobs: Jobs) -> None:
        early = await held(jobs, SCAN, lease_seconds=0)
        (claimed,) = await claim(jobs)
        assert list(await jobs.heartbeat([early, claimed.hold])) == [claimed.hold]

    async def test_a_job_left_too_often_has_failed_and_others_are_claimed_in_its_place(self, jobs: Jobs) -> None:
        hold = await held(jobs, NewJob("scan", tenant_id=ACME, attempts_max=1, due_in_seconds=-1), lease_seconds=0)
        await jobs.enqueue(SCAN)
        (claimed,) = await claim(jobs, most=1)
        assert claimed.hold.job_id != hold.job_id
        job = await now(jobs, hold)
        assert (job.state, job.attempt, job.problem_code) == (JobState.FAILED, 1, ABANDONED.code)
        assert job.problem_message == ABANDONED.message
        assert job.finished_at is not None

    async def test_what_is_overdue_before_it_begins_has_timed_out(self, jobs: Jobs) -> None:
        job = await jobs.enqueue(NewJob("scan", tenant_id=ACME, deadline_seconds=0))
        assert await claim(jobs) == []
        found = await jobs.find(ACME, job.id)
        assert found is not None
        assert (found.state, found.started_at, found.problem_code) == (JobState.TIMED_OUT, None, None)
        assert found.finished_at is not None


class TestWorking:
    async def test_a_step_is_kept_with_progress_and_what_is_done(self, jobs: Jobs) -> None:
        hold = await held(jobs, SCAN)
        assert await jobs.report(hold, doing="asking") == Standing(is_cancel_asked=False, is_overdue=False)
        await jobs.finish_step(hold, "first", b"\x00\xff", progress=0.4)
        await jobs.finish_step(hold, "second", b"")
        assert await jobs.steps(hold.job_id) == {"first": b"\x00\xff", "second": b""}
        assert [await jobs.step(hold.job_id, name) for name in ("first", "second", "third")] == [b"\x00\xff", b"", None]
        job = await now(jobs, hold)
        assert (job.progress, job.doing) == (0.4, "asking")

    async def test_each_write_renews_the_lease(self, jobs: Jobs) -> None:
        for renew in ("heartbeat", "report", "step"):
            hold = await held(jobs, SCAN, lease_seconds=0)
            longer = Hold(hold.job_id, hold.owner, hold.attempt, LEASE_SECONDS)
            match renew:
                case "heartbeat":
                    assert list(await jobs.heartbeat([longer])) == [longer]
                case "report":
                    await jobs.report(longer)
                case _:
                    await jobs.finish_step(longer, "first", b"")
            assert await claim(jobs, "two") == []

    async def test_a_worker_hears_of_a_wish_to_cancel_and_of_the_deadline(self, jobs: Jobs) -> None:
        hold = await held(jobs, SCAN)
        assert [await jobs.ask_cancel(ACME, hold.job_id) for _ in range(2)] == [True, False]
        assert (await now(jobs, hold)).state is JobState.RUNNING
        wish = Standing(is_cancel_asked=True, is_overdue=False)
        assert await jobs.heartbeat([hold]) == {hold: wish}
        assert await jobs.finish_step(hold, "first", b"") == await jobs.report(hold) == wish
        await jobs.cancel(hold)
        assert (await now(jobs, hold)).state is JobState.CANCELLED

    async def test_who_went_away_when_asked_to_cancel_leaves_a_cancelled_job(self, jobs: Jobs) -> None:
        hold = await held(jobs, SCAN, lease_seconds=0)
        await jobs.ask_cancel(ACME, hold.job_id)
        assert await claim(jobs) == []
        assert (await now(jobs, hold)).state is JobState.CANCELLED

    async def test_the_deadline_is_heard_of(self, jobs: Jobs, clock: HandClock) -> None:
        hold = await held(jobs, NewJob("scan", tenant_id=ACME, deadline_seconds=0.05))
        clock.advance(1)
        async with asyncio.timeout(5):
            while not (await jobs.report(hold)).is_overdue:  # noqa: ASYNC110 - it waits on the database's clock
                await asyncio.sleep(0.01)
        await jobs.time_out(hold)
        assert (await now(jobs, hold)).state is JobState.TIMED_OUT

    async def test_a_waiting_job_is_cancelled_at_once_and_one_that_ended_stays_as_it_ended(self, jobs: Jobs) -> None:
        job = await jobs.enqueue(SCAN)
        assert await jobs.ask_cancel(ACME, job.id)
        cancelled = await jobs.find(ACME, job.id)
        assert cancelled is not None
        assert (cancelled.state, cancelled.finished_at is None) == (JobState.CANCELLED, False)
        hold = await held(jobs, SCAN)
        await jobs.complete(hold)
        assert not await jobs.ask_cancel(ACME, hold.job_id)
        assert (await now(jobs, hold)).state is JobState.COMPLETED

    async def test_completed_is_whole_and_without_a_problem(self, jobs: Jobs) -> None:
        hold = await held(jobs, SCAN)
        await jobs.retry_later(hold, "source_down", "The source is down.")
        (claimed,) = await claim(jobs)
        await jobs.report(claimed.hold, progress=0.5, doing="asking")
        await jobs.complete(claimed.hold)
        job = await now(jobs, hold)
        assert (job.state, job.progress, job.doing, job.problem_code) == (JobState.COMPLETED, 1.0, "", None)
        assert job.started_at is not None
        assert job.finished_at is not None

    async def test_failed_says_why_and_how_far_it_came(self, jobs: Jobs) -> None:
        hold = await held(jobs, SCAN)
        await jobs.report(hold, progress=0.5)
        await jobs.fail(hold, "bad_payload", "It cannot be read.")
        job = await now(jobs, hold)
        assert (job.state, job.progress) == (JobState.FAILED, 0.5)
        assert (job.problem_code, job.problem_message) == ("bad_payload", "It cannot be read.")

    async def test_it_is_tried_again_until_its_attempts_are_spent(self, jobs: Jobs) -> None:
        await jobs.enqueue(NewJob("scan", tenant_id=ACME, attempts_max=2))
        (first,) = await claim(jobs)
        await jobs.retry_later(first.hold, "source_down", "The source is down.")
        waiting = await now(jobs, first.hold)
        assert (waiting.state, waiting.problem_code, waiting.finished_at) == (JobState.QUEUED, "source_down", None)
        (second,) = await claim(jobs)
        assert second.hold.attempt == 2
        await jobs.retry_later(second.hold, "source_down", "The source is down.")
        failed = await now(jobs, first.hold)
        assert (failed.state, failed.finished_at is None) == (JobState.FAILED, False)

    async def test_a_process_that_ends_costs_no_attempt(self, jobs: Jobs) -> None:
        await jobs.enqueue(NewJob("scan", tenant_id=ACME, attempts_max=1))
        for attempt in (1, 2, 3):
            (claimed,) = await claim(jobs)
            assert claimed.hold.attempt == attempt
            await jobs.give_back(claimed.hold)


class TestPauses:
    """With the embedded database, whose clock can be moved; the statements are the same on both."""

    @pytest.fixture
    async def file(self, sqlite_file: Path, clock: HandClock) -> AsyncIterator[Jobs]:
        database = database_at(sqlite_file, clock)
        await database.open()
        yield Jobs(database)
        await database.close()

    async def waited(self, jobs: Jobs, clock: HandClock) -> int | None:
        """After how many seconds an attempt begins and fails; None where none begins in a long time."""
        for seconds in range(1_000):
            if claimed := await claim(jobs):
                await jobs.retry_later(claimed[0].hold, "c", "m")
                return seconds
            clock.advance(1)
        return None

    async def test_they_double_up_to_ten_minutes(self, file: Jobs, clock: HandClock) -> None:
        await file.enqueue(NewJob("scan", attempts_max=12))
        pauses = [await self.waited(file, clock) for _ in range(13)]
        assert pauses == [0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, None]

    async def test_who_knows_when_it_helps_is_heard(self, file: Jobs, clock: HandClock) -> None:
        hold = await held(file, SCAN)
        await file.retry_later(hold, "c", "m", seconds=10)
        assert await self.waited(file, clock) == 10

    async def test_they_end_at_the_deadline_so_that_the_end_is_noted(self, file: Jobs, clock: HandClock) -> None:
        hold = await held(file, NewJob("scan", tenant_id=ACME, deadline_seconds=30))
        await file.retry_later(hold, "c", "m", seconds=600)
        clock.advance(30)
        assert await claim(file) == []
        job = await now(file, hold)
        assert (job.state, job.attempt) == (JobState.TIMED_OUT, 1)
