"""The worker: what becomes of a job whatever its handler does, and whatever happens to the process that runs it."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from cybervault.domain.jobs import Happened, Job, JobState, NewJob
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret
from cybervault.storage import dispatcher as module
from cybervault.storage.database import Database
from cybervault.storage.dispatcher import Dispatcher, Handler, Pace, Subscriber
from cybervault.storage.job_run import JobRun
from cybervault.storage.jobs import Claimed, Hold, Jobs, Standing
from cybervault.storage.outbox import KeptEvent, Outbox
from tests.fakes.clock import HandClock
from tests.fakes.working import KIND, Worker, effects, let_go, working

ACME = TenantId("tv_1")
PATIENCE_SECONDS = 15.0
# Beats every 20 ms, and looks only when it is woken.
FAST = Pace(lease_seconds=0.06, poll_seconds=PATIENCE_SECONDS)
GONE = Problem(ProblemKind.UNAVAILABLE, code="service_unavailable", message="gone")


class Flaky(Jobs):
    """A database that goes away for some of what a worker asks."""

    fails: frozenset[str] = frozenset()
    asked = 0
    beats = 0

    def _ask(self, what: str) -> None:
        if what in self.fails:
            self.asked += 1
            raise GONE

    async def claim(self, owner: str, kinds: Iterable[str], *, most: int, lease_seconds: float) -> tuple[Claimed, ...]:
        self._ask("claim")
        return await super().claim(owner, kinds, most=most, lease_seconds=lease_seconds)

    async def heartbeat(self, holds: Iterable[Hold]) -> Mapping[Hold, Standing]:
        self._ask("heartbeat")
        self.beats += 1
        return await super().heartbeat(holds)

    async def complete(self, hold: Hold) -> None:
        self._ask("complete")
        await super().complete(hold)


@dataclass
class World:
    """A database, and workers on it."""

    jobs: Flaky
    outbox: Outbox
    clock: HandClock = field(default_factory=HandClock)

    def dispatcher(
        self, handler: Handler, pace: Pace = FAST, subscribers: Mapping[str, Subscriber] | None = None
    ) -> Dispatcher:
        return Dispatcher(
            self.jobs, self.outbox, handlers={"scan": handler}, subscribers=subscribers or {}, clock=self.clock,
            pace=pace,
        )  # fmt: skip

    @asynccontextmanager
    async def at_work(self, dispatcher: Dispatcher) -> AsyncIterator[None]:
        """The time of one process; it ends as an operator ends it."""
        stop = asyncio.Event()
        async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
            group.create_task(dispatcher.run(stop))
            yield
            stop.set()

    async def ended(self, job: Job) -> Job:
        """The job when nothing more comes."""
        return await self.becomes(job, lambda found: found.state.is_final)

    async def becomes(self, job: Job, is_so: Callable[[Job], bool]) -> Job:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                found = await self.jobs.find(job.tenant_id, job.id)
                assert found is not None
                if is_so(found):
                    return found
                await asyncio.sleep(0.01)

    async def done(self, handler: Handler, new: NewJob, pace: Pace = FAST) -> Job:
        """What becomes of one job."""
        job = await self.jobs.enqueue(new)
        async with self.at_work(self.dispatcher(handler, pace)):
            return await self.ended(job)


@pytest.fixture
def world(database: Database) -> World:
    return World(Flaky(database, first_pause_seconds=0), Outbox(database))


SCAN = NewJob("scan", b"what", tenant_id=ACME, attempts_max=3)


async def forever(_run: JobRun) -> None:
    await asyncio.Event().wait()


async def nothing(_run: JobRun) -> None:
    pass


class TestHowAJobEnds:
    async def test_a_handler_that_returns_completes_it(self, world: World) -> None:
        seen: list[bytes] = []

        async def scan(run: JobRun) -> None:
            async def work() -> bytes:
                return run.payload.upper()

            seen.append(await run.step("first", work, progress=0.5, doing="asking"))

        job = await world.done(scan, SCAN)
        assert (job.state, job.progress, job.doing, job.attempt) == (JobState.COMPLETED, 1.0, "", 1)
        assert seen == [b"WHAT"]

    async def test_a_problem_fails_it_with_its_words(self, world: World) -> None:
        async def refuse(_run: JobRun) -> None:
            raise Problem(ProblemKind.INVALID, code="planted", message="It cannot be read.")

        job = await world.done(refuse, SCAN)
        assert (job.state, job.attempt) == (JobState.FAILED, 1)
        assert (job.problem_code, job.problem_message) == ("planted", "It cannot be read.")

    async def test_what_may_pass_is_tried_again_until_the_attempts_are_spent(self, world: World) -> None:
        async def fail(_run: JobRun) -> None:
            raise GONE

        job = await world.done(fail, SCAN)
        assert (job.state, job.attempt, job.problem_code) == (JobState.FAILED, 3, "service_unavailable")

    async def test_a_bug_is_logged_and_tried_again_and_its_words_stay_in_the_log(self, world: World) -> None:
        async def crash(_run: JobRun) -> None:
            raise ZeroDivisionError

        with capture_logs() as logs:
            job = await world.done(crash, SCAN)
        assert (job.state, job.attempt, job.problem_code) == (JobState.FAILED, 3, "job_failed")
        assert [(one["event"], one["job"], one["log_level"]) for one in logs] == [("bug in a job", job.id, "error")] * 3

    async def test_a_handler_that_cancels_itself_has_a_bug(self, world: World) -> None:
        async def cancel(_run: JobRun) -> None:
            raise asyncio.CancelledError

        job = await world.done(cancel, SCAN)
        assert (job.state, job.attempt, job.problem_code) == (JobState.FAILED, 3, "job_failed")

    async def test_the_deadline_ends_it_within_a_long_step(self, world: World) -> None:
        job = await world.done(forever, NewJob("scan", tenant_id=ACME, deadline_seconds=0.1))
        assert (job.state, job.attempt) == (JobState.TIMED_OUT, 1)

    async def test_a_wish_to_cancel_ends_it_within_a_long_step(self, world: World) -> None:
        job = await world.jobs.enqueue(SCAN)
        async with world.at_work(world.dispatcher(forever)):
            await world.becomes(job, lambda found: found.state is JobState.RUNNING)
            await world.jobs.ask_cancel(ACME, job.id)
            assert (await world.ended(job)).state is JobState.CANCELLED

    async def test_a_wish_to_cancel_is_heard_within_two_seconds_however_long_the_lease(self, world: World) -> None:
        job = await world.jobs.enqueue(SCAN)
        async with world.at_work(world.dispatcher(forever, Pace(lease_seconds=600))):
            await world.becomes(job, lambda found: found.state is JobState.RUNNING)
            await world.jobs.ask_cancel(ACME, job.id)
            # Somewhat more than two on a machine that does much else.
            async with asyncio.timeout(5):
                assert (await world.ended(job)).state is JobState.CANCELLED

    async def test_a_wish_to_cancel_ends_it_at_its_next_step(self, world: World) -> None:
        async def scan(run: JobRun) -> None:
            await world.jobs.ask_cancel(ACME, run.job.id)
            await run.report(progress=0.5)
            raise AssertionError

        job = await world.done(scan, SCAN, Pace())
        assert (job.state, job.progress) == (JobState.CANCELLED, 0.5)

    async def test_who_has_lost_a_job_is_stopped_within_a_long_step_and_at_the_next(self, world: World) -> None:
        async def lose(run: JobRun) -> None:
            await world.jobs.fail(run.hold, "other", "It was ended by another.")
            if run.payload == b"long":
                await forever(run)
            await run.report(progress=0.9)

        for payload in (b"long", b"short"):
            with capture_logs() as logs:
                job = await world.done(lose, NewJob("scan", payload, tenant_id=ACME))
            assert (job.problem_code, job.progress) == ("other", 0.0)
            assert [one["event"] for one in logs] == ["job lost"]


class TestHowItWorks:
    async def test_it_looks_when_it_is_woken(self, world: World) -> None:
        dispatcher = world.dispatcher(nothing)
        async with world.at_work(dispatcher):
            await asyncio.sleep(0.05)
            job = await world.jobs.enqueue(SCAN)
            dispatcher.wake()
            assert (await world.ended(job)).state is JobState.COMPLETED

    async def test_it_looks_from_time_to_time_where_nobody_wakes_it(self, world: World) -> None:
        async with world.at_work(world.dispatcher(nothing, Pace(poll_seconds=0.02))):
            await asyncio.sleep(0.05)
            job = await world.jobs.enqueue(SCAN)
            assert (await world.ended(job)).state is JobState.COMPLETED

    async def test_no_more_run_at_once_than_it_may(self, world: World) -> None:
        now, most = 0, 0

        async def count(_run: JobRun) -> None:
            nonlocal now, most
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.01)
            now -= 1

        made = [await world.jobs.enqueue(SCAN) for _ in range(7)]
        async with world.at_work(world.dispatcher(count, Pace(at_once=2, poll_seconds=PATIENCE_SECONDS))):
            for job in made:
                assert (await world.ended(job)).state is JobState.COMPLETED
        assert most == 2

    async def test_a_long_job_keeps_its_lease(self, world: World) -> None:
        async def long(_run: JobRun) -> None:
            while world.jobs.beats < 5:  # noqa: ASYNC110 - the work under test counts, and has no event
                await asyncio.sleep(0.01)

        job = await world.done(long, SCAN)
        assert (job.state, job.attempt) == (JobState.COMPLETED, 1)

    async def test_what_runs_at_the_end_of_the_process_goes_on_behind_its_last_step(self, world: World) -> None:
        log: list[str] = []

        async def scan(run: JobRun) -> None:
            async def first() -> bytes:
                log.append("first")
                return b""

            await run.step("first", first, progress=0.5)
            if run.job.attempt == 1:
                await forever(run)
            log.append("second")

        job = await world.jobs.enqueue(NewJob("scan", tenant_id=ACME, attempts_max=1))
        async with world.at_work(world.dispatcher(scan)):
            await world.becomes(job, lambda found: found.progress > 0)
        assert (await world.becomes(job, lambda found: found.state is not JobState.RUNNING)).state is JobState.QUEUED
        async with world.at_work(world.dispatcher(scan)):
            assert (await world.ended(job)).state is JobState.COMPLETED
        assert log == ["first", "second"]

    async def test_what_is_claimed_while_the_process_ends_is_not_begun(self, database: Database) -> None:
        stop = asyncio.Event()

        class Stopping(Flaky):
            async def claim(
                self, owner: str, kinds: Iterable[str], *, most: int, lease_seconds: float
            ) -> tuple[Claimed, ...]:
                claimed = await super().claim(owner, kinds, most=most, lease_seconds=lease_seconds)
                stop.set()
                dispatcher.wake()
                return claimed

        world = World(Stopping(database), Outbox(database))
        job = await world.jobs.enqueue(SCAN)
        dispatcher = world.dispatcher(forever)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await dispatcher.run(stop)
        found = await world.jobs.find(ACME, job.id)
        assert found is not None
        assert found.state is JobState.QUEUED


class TestEvents:
    async def test_each_subscriber_of_a_topic_is_told_what_happened(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "_TOLD_AT_ONCE", 1)
        told: list[KeptEvent] = []

        async def tell(event: KeptEvent) -> None:
            told.append(event)

        happened = [Happened("finding.opened", f"thr_{number}", ACME, {"severity": "high"}) for number in range(3)]
        async with world.outbox.transaction():
            for event in (*happened, Happened("key.revoked", "key_1", ACME, {})):
                await world.outbox.append(event)
        subscriber = Subscriber(frozenset({"finding.opened"}), tell)
        async with world.at_work(world.dispatcher(nothing, subscribers={"hooks": subscriber})):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while len(told) < 3 or await world.outbox.untold(1):  # noqa: ASYNC110 - it waits on the database
                    await asyncio.sleep(0.01)
        assert {one.event.subject for one in told} == {event.subject for event in happened}


class TestWithoutTheDatabase:
    async def test_it_waits_says_so_once_and_goes_on(self, world: World) -> None:
        world.jobs.fails = frozenset({"claim"})
        job = await world.jobs.enqueue(SCAN)
        with capture_logs() as logs:
            async with world.at_work(world.dispatcher(nothing, Pace(poll_seconds=0.01))):
                while world.jobs.asked < 3:  # noqa: ASYNC110 - the work under test counts, and has no event
                    await asyncio.sleep(0.01)
                world.jobs.fails = frozenset()
                await world.ended(job)
        assert [one["event"] for one in logs] == ["jobs wait"]

    async def test_who_cannot_renew_goes_on_as_long_as_the_lease_and_then_stops(self, world: World) -> None:
        """Better late than twice: when another may have the job, this worker does nothing more for it."""
        is_over = asyncio.Event()

        async def long(run: JobRun) -> None:
            try:
                await forever(run)
            finally:
                is_over.set()

        world.jobs.fails = frozenset({"heartbeat"})
        await world.jobs.enqueue(SCAN)
        with capture_logs() as logs:
            async with world.at_work(world.dispatcher(long)):
                while world.jobs.asked < 3:  # noqa: ASYNC110 - same
                    await asyncio.sleep(0.01)
                assert not is_over.is_set()
                world.clock.advance(FAST.lease_seconds)
                await is_over.wait()
        assert "job lost" in [one["event"] for one in logs]

    async def test_an_end_that_cannot_be_written_is_left_to_the_lease(self, world: World) -> None:
        world.jobs.fails = frozenset({"complete"})
        job = await world.jobs.enqueue(SCAN)
        with capture_logs() as logs:
            async with world.at_work(world.dispatcher(nothing, Pace(poll_seconds=PATIENCE_SECONDS))):
                while not world.jobs.asked:  # noqa: ASYNC110 - same
                    await asyncio.sleep(0.01)
        assert [one["event"] for one in logs] == ["end of a job not written"]
        found = await world.jobs.find(ACME, job.id)
        assert found is not None
        assert found.state is JobState.RUNNING


class TestProcesses:
    """Real processes on one database. A job of six steps notes the begin and the end of each in a file."""

    steps = 6
    lease_seconds = 1.0
    new = NewJob(KIND, tenant_id=ACME)

    @contextmanager
    def two_workers(self, place: Path | Secret, file: Path) -> Iterator[tuple[Worker, Worker]]:
        with (
            working(place, file, self.steps, self.lease_seconds) as first,
            working(place, file, self.steps, self.lease_seconds) as second,
        ):
            yield first, second

    async def until_begun(self, file: Path, step: int) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while step not in [one.step for one in effects(file)]:  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.005)

    def begun(self, file: Path, worker: Worker) -> list[int]:
        return [one.step for one in effects(file) if (one.what, one.pid) == ("begin", worker.pid)]

    def goes_on(self, steps: list[int], last: int) -> None:
        """Behind all that was finished: only the step that the other was in may be begun again."""
        assert steps in (list(range(last, self.steps + 1)), list(range(last + 1, self.steps + 1)))

    async def test_a_killed_process_is_overtaken_and_no_finished_step_is_run_twice(
        self, world: World, database_place: Path | Secret, tmp_path: Path
    ) -> None:
        file = tmp_path / "effects"
        job = await world.jobs.enqueue(self.new)
        with self.two_workers(database_place, file) as (first, second):
            let_go(first)
            await self.until_begun(file, 4)
            os.kill(first.pid, signal.SIGKILL)
            first.wait()
            let_go(second)
            done = await world.ended(job)
        assert (done.state, done.attempt, done.progress) == (JobState.COMPLETED, 2, 1.0)
        last = max(self.begun(file, first))
        assert self.begun(file, first) == list(range(1, last + 1))
        self.goes_on(self.begun(file, second), last)

    async def test_a_frozen_process_stops_at_its_first_step_when_it_wakes(
        self, world: World, database_place: Path | Secret, tmp_path: Path
    ) -> None:
        """Fencing: a process that slept through its lease ends with the step it is in, and writes none of it."""
        file = tmp_path / "effects"
        job = await world.jobs.enqueue(self.new)
        with self.two_workers(database_place, file) as (frozen, second):
            let_go(frozen)
            await self.until_begun(file, 3)
            os.kill(frozen.pid, signal.SIGSTOP)
            let_go(second)
            done = await world.ended(job)
            last = max(self.begun(file, frozen))
            os.kill(frozen.pid, signal.SIGCONT)
            assert frozen.stdout is not None
            said = await asyncio.to_thread(frozen.stdout.readline)
        assert b"job lost" in said
        assert (done.state, done.attempt) == (JobState.COMPLETED, 2)
        assert await world.jobs.find(ACME, job.id) == done
        assert max(self.begun(file, frozen)) == last
        self.goes_on(self.begun(file, second), last)
