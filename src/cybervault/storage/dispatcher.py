"""The worker in each process: it takes jobs that are due, runs their handlers, and says how they ended."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeAlias

import structlog

from cybervault.domain.clock import Clock
from cybervault.domain.ids import random_characters
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.storage.job_run import Ending, JobRun, RunEnded, ending_of
from cybervault.storage.jobs import Hold, Jobs, LeaseLost
from cybervault.storage.outbox import KeptEvent, Outbox, event_of, kind_of

Handler: TypeAlias = Callable[[JobRun], Awaitable[None]]

_LOG: Final = structlog.get_logger("cybervault.storage")
_OWNER_CHARACTERS: Final = 12
_TOLD_AT_ONCE: Final = 50
_BEATS_PER_LEASE: Final = 3
# Who cancels a job need not wait for the end of its step: within two seconds it has ended.
_BEAT_SECONDS_MAX: Final = 1.5
# Of a kind that is tried again: the next version, or another node, may do better.
_BUG: Final = Problem(
    ProblemKind.UNAVAILABLE, code="job_failed", message="The work failed by a fault of ours. The log says more."
)


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Who is told of events. `tell` may hear of one more than once, and knows it by its id."""

    topics: frozenset[str]
    tell: Callable[[KeptEvent], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is done at once, how long a job of a dead process waits, and how often is looked without being woken."""

    at_once: int = 4
    lease_seconds: float = 15.0
    poll_seconds: float = 0.5


class Dispatcher:
    """Runs the jobs that it has handlers for; those of other kinds are left to nodes that have.

    Handlers raise `Problem`: the job has failed with its code and message, and of kind UNAVAILABLE it is tried again,
    as after a bug. `woken` is set, as by `wake`, where something was enqueued that should be looked at now.
    """

    def __init__(  # noqa: PLR0913 - each says something of its own, and the last two may be left out
        self,
        jobs: Jobs,
        outbox: Outbox,
        *,
        handlers: Mapping[str, Handler],
        subscribers: Mapping[str, Subscriber],
        clock: Clock,
        pace: Pace = Pace(),
        woken: asyncio.Event | None = None,
    ) -> None:
        self._jobs = jobs
        self._outbox = outbox
        self._clock = clock
        self._pace = pace
        self._topics = {name: subscriber.topics for name, subscriber in subscribers.items()}
        self._handlers = dict(handlers) | {kind_of(name): _telling(one) for name, one in subscribers.items()}
        self._owner = random_characters(_OWNER_CHARACTERS)
        self._running: dict[Hold, JobRun] = {}
        self._woken = woken or asyncio.Event()
        self._is_cut_off = False

    def wake(self) -> None:
        """Look now: something was enqueued or happened, and is committed."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; what runs then is given back, and goes on elsewhere behind its last step."""
        idle = asyncio.Event()
        async with asyncio.TaskGroup() as around:
            around.create_task(self._beat(idle))
            stopping = around.create_task(self._wake_at(stop))
            async with asyncio.TaskGroup() as work:
                while not stop.is_set():
                    await self._look(work)
                    await self._pause()
                for run in self._running.values():
                    run.end(Ending.STOPPED)
            await stopping
            idle.set()

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self.wake()

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pace.poll_seconds):
                await self._woken.wait()
        # Python 3.11 traces nothing of what runs on straight from a time-out.
        await asyncio.sleep(0)
        self._woken.clear()

    async def _look(self, work: asyncio.TaskGroup) -> None:
        try:
            # One without subscribers leaves events to one that has them: to tell them to nobody would lose them.
            if self._topics and await self._outbox.tell(self._topics, _TOLD_AT_ONCE) == _TOLD_AT_ONCE:
                self.wake()
            free = self._pace.at_once - len(self._running)
            claimed = await self._jobs.claim(
                self._owner, self._handlers, most=free, lease_seconds=self._pace.lease_seconds
            )
        except Problem as problem:
            if not self._is_cut_off:
                _LOG.warning("jobs wait", code=problem.code, detail=problem.detail)
            self._is_cut_off = True
            return
        self._is_cut_off = False
        for one in claimed:
            run = self._running[one.hold] = JobRun(self._jobs, one, self._clock)
            work.create_task(self._work(run))

    async def _work(self, run: JobRun) -> None:
        """One job from its claim to its end; the handler has a task of its own, which can be cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                task = group.create_task(self._outcome(run))
                run.started(task)
            await self._conclude(run, (run.ending or _BUG) if task.cancelled() else task.result())
        except LeaseLost:
            _LOG.warning("job lost", job=run.job.id, kind=run.job.kind, attempt=run.hold.attempt)
        except Problem as problem:
            # Nobody could be told how it ended: when the lease has run out it is tried again behind its last step.
            _LOG.warning("end of a job not written", job=run.job.id, kind=run.job.kind, code=problem.code)
        finally:
            del self._running[run.hold]
            self.wake()

    async def _outcome(self, run: JobRun) -> Ending | Problem:
        """Run the handler. Nothing stands above it that could answer for its bugs, so they are caught here."""
        outcome: Ending | Problem = Ending.COMPLETED
        try:
            async with asyncio.timeout(run.seconds_left) as deadline:
                await run.recall()
                await self._handlers[run.job.kind](run)
        except asyncio.CancelledError:
            if run.ending is None:
                raise
            outcome = run.ending
        except RunEnded as ended:
            outcome = ended.ending
        except LeaseLost:
            outcome = Ending.LOST
        except Problem as problem:
            outcome = problem
        except Exception:  # noqa: BLE001 - logged, and tried again
            outcome = Ending.TIMED_OUT if deadline.expired() else _bug(run)
        return outcome

    async def _conclude(self, run: JobRun, outcome: Ending | Problem) -> None:
        jobs, hold = self._jobs, run.hold
        match outcome:
            case Ending.COMPLETED:
                await jobs.complete(hold)
            case Ending.CANCELLED:
                await jobs.cancel(hold)
            case Ending.TIMED_OUT:
                await jobs.time_out(hold)
            case Ending.STOPPED:
                await jobs.give_back(hold)
            case Ending.LOST:
                raise LeaseLost(hold.job_id)
            case Problem(kind=ProblemKind.UNAVAILABLE, code=code, message=message, retry_after_seconds=seconds):
                await jobs.retry_later(hold, code, message, seconds=seconds or 0)
            case Problem(code=code, message=message):
                await jobs.fail(hold, code, message)

    async def _beat(self, idle: asyncio.Event) -> None:
        """Renew all leases three times in their length or oftener, and bring into long steps what others want."""
        pause = min(self._pace.lease_seconds / _BEATS_PER_LEASE, _BEAT_SECONDS_MAX)
        while not idle.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await idle.wait()
            await asyncio.sleep(0)  # for tracers, as above
            if self._running:
                await self._renew(tuple(self._running.values()))

    async def _renew(self, runs: tuple[JobRun, ...]) -> None:
        begun = self._clock.boot_seconds()
        try:
            standings = await self._jobs.heartbeat(run.hold for run in runs)
        except Problem:
            # Who cannot renew stops before another begins: better late than twice.
            for run in runs:
                if run.may_be_lost:
                    run.end(Ending.LOST)
            return
        for run in runs:
            standing = standings.get(run.hold)
            if standing is None:
                run.end(Ending.LOST)
                continue
            run.renewed(begun)
            ending = ending_of(standing)
            if ending is not None:
                run.end(ending)


def _telling(subscriber: Subscriber) -> Handler:
    async def tell(run: JobRun) -> None:
        await subscriber.tell(event_of(run.payload))

    return tell


def _bug(run: JobRun) -> Problem:
    _LOG.exception("bug in a job", job=run.job.id, kind=run.job.kind, attempt=run.hold.attempt)
    return _BUG
