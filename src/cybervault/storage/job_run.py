"""One run of a job: what its handler is given, and by which others end it."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum, auto

from cybervault.domain.clock import Clock
from cybervault.storage.jobs import Claimed, Hold, Jobs, Standing


class Ending(Enum):
    """Why a run is over."""

    COMPLETED = auto()
    CANCELLED = auto()
    TIMED_OUT = auto()
    # Another worker has the job, or may have it.
    LOST = auto()
    # The process goes down; the job goes on elsewhere.
    STOPPED = auto()


class RunEnded(Exception):  # noqa: N818 - no bug: the run was asked to end
    """Raised in a handler at its next step; it lets go of what it holds and does not catch it."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.name)
        self.ending = ending


class JobRun:
    """A job in the hands of its handler, which divides the work into steps.

    A step that was finished is never run again, whatever happens to the process; one that was not may run twice, also
    at the same time for as long as a frozen process takes to notice. Its effects elsewhere must bear that.
    """

    def __init__(self, jobs: Jobs, claimed: Claimed, clock: Clock) -> None:
        self._jobs = jobs
        self._clock = clock
        self._hold = claimed.hold
        self._held_until = clock.boot_seconds() + claimed.hold.lease_seconds
        self._remembered: dict[str, bytes] = {}
        self._named: set[str] = set()
        self._task: asyncio.Task[object] | None = None
        self.job = claimed.job
        self.payload = claimed.payload
        left = claimed.seconds_left
        self._deadline = None if left is None else clock.boot_seconds() + left
        self.ending: Ending | None = None

    @property
    def hold(self) -> Hold:
        """The right to write."""
        return self._hold

    @property
    def seconds_left(self) -> float | None:
        """Until its deadline, from now; None where it has none."""
        return None if self._deadline is None else self._deadline - self._clock.boot_seconds()

    @property
    def may_be_lost(self) -> bool:
        """Whether the lease has run out by this machine's clock, so that another may have the job."""
        return self._clock.boot_seconds() >= self._held_until

    async def step(
        self,
        name: str,
        work: Callable[[], Awaitable[bytes]],
        *,
        progress: Callable[[], float] | float | None = None,
        doing: str = "",
    ) -> bytes:
        """Run a step and keep its result, or give the result that was kept before.

        `doing` is shown while it runs, `progress` from its end on; where steps go side by side it is asked for then.
        Raises `RunEnded` or `LeaseLost` where the job
        should not go on, and ValueError for a name that this run has used already.
        """
        if name in self._named:
            raise ValueError(f"two steps of one job have the name {name!r}")
        self._named.add(name)
        if name in self._remembered:
            return self._remembered[name]
        if doing:
            await self.report(doing=doing)
        output = await work()
        begun, far = self._clock.boot_seconds(), progress() if callable(progress) else progress
        self.heed(await self._jobs.finish_step(self._hold, name, output, progress=far), begun)
        return output

    async def report(self, *, progress: float | None = None, doing: str | None = None) -> None:
        """Say within a long step how far it is; raises as `step` does."""
        begun = self._clock.boot_seconds()
        self.heed(await self._jobs.report(self._hold, progress=progress, doing=doing), begun)

    async def recall(self) -> None:
        """Learn what earlier attempts have finished; the first one has nothing to learn."""
        if self._hold.attempt > 1:
            self._remembered = await self._jobs.steps(self._hold.job_id)

    def heed(self, standing: Standing, begun: float) -> None:
        """Take note of an answer that was asked for at `begun` of the boot clock; `RunEnded`."""
        self.renewed(begun)
        ending = ending_of(standing)
        if ending is not None:
            raise RunEnded(ending)

    def renewed(self, begun: float) -> None:
        """The lease was renewed not before `begun` of the boot clock."""
        self._held_until = begun + self._hold.lease_seconds

    def started(self, task: "asyncio.Task[object]") -> None:
        """Name the task that `end` is to cancel, or has wanted to."""
        self._task = task
        if self.ending is not None:
            task.cancel()

    def end(self, ending: Ending) -> None:
        """End the run wherever it is; the first reason counts."""
        if self.ending is not None:
            return
        self.ending = ending
        if self._task is not None:
            self._task.cancel()


def ending_of(standing: Standing) -> Ending | None:
    """Why a run should end; None where it should go on."""
    if standing.is_cancel_asked:
        return Ending.CANCELLED
    return Ending.TIMED_OUT if standing.is_overdue else None
