"""Parts of a scan as jobs of their own, which are done by whoever has a hand free, on this server or another."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from cybervault.domain.ids import ScanId
from cybervault.domain.jobs import Job, JobState, NewJob
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.scans.plan import Part
from cybervault.scans.profiles import ProfileName
from cybervault.storage.job_run import Ending, JobRun, RunEnded
from cybervault.storage.jobs import Jobs

KIND: Final = "scan_part"
_REPORT: Final = "report"
# How long an end that another server wrote goes unnoticed; one of this process rings.
_LOOK_SECONDS: Final = 0.25


class Order(msgspec.Struct, frozen=True):
    """A part, and what of its scan is to be known to do it."""

    profile: ProfileName
    targets: tuple[str, ...]
    absent: frozenset[str]
    number: int
    part: Part


_ORDERS: Final = msgspec.msgpack.Decoder(Order)


class Hands:
    """Hands out parts and waits for them. One that was finished is never done again, whoever of the two goes away."""

    def __init__(self, jobs: Jobs, wake: Callable[[], None]) -> None:
        self._jobs = jobs
        self._wake = wake
        self._rung = asyncio.Event()

    async def hand_out(self, run: JobRun, order: Order) -> bytes:
        """What a part of the scan that is `run` gave, done by others.

        Raises as a step of it does, and what made the part fail.
        """
        # In one transaction, so that no part begins behind the back of who cancels the scan and then its parts.
        async with self._jobs.transaction():
            await run.report()
            job = await self._jobs.enqueue(
                NewJob(
                    KIND,
                    msgspec.msgpack.encode(order),
                    tenant_id=run.job.tenant_id,
                    reference=f"{run.job.reference} {order.number}",
                    request_id=run.job.request_id,
                    deadline_seconds=run.seconds_left,
                )
            )
        self._wake()
        while True:
            # In this order: what is final has its report by then, if it ever has one.
            now = await self._jobs.find(job.tenant_id, job.id)
            report = await self._jobs.step(job.id, _REPORT)
            if report is not None:
                return report
            if now is None or now.state.is_final:
                raise _ended(now)
            await self._ring_or_a_while()

    async def take(self, run: JobRun, work: Callable[[Order], Awaitable[bytes]]) -> None:
        """Do what a job of this kind asks for."""
        order = _ORDERS.decode(run.payload)
        await run.step(_REPORT, lambda: work(order))
        self._rung.set()
        self._rung = asyncio.Event()

    async def cancel(self, tenant_id: TenantId, scan_id: ScanId) -> None:
        """Stop all parts of a scan that was cancelled just before."""
        await self._jobs.ask_cancel_parts(tenant_id, KIND, f"{scan_id} ")

    async def _ring_or_a_while(self) -> None:
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                await self._rung.wait()
        except TimeoutError:
            await asyncio.sleep(0)  # Python 3.11 traces nothing of what runs on straight from a time-out


def _ended(job: Job | None) -> Exception:
    """Why a scan cannot go on without a part: it ends as that did."""
    if job is not None and job.state is JobState.TIMED_OUT:
        return RunEnded(Ending.TIMED_OUT)
    if job is None or job.state is JobState.CANCELLED:
        return RunEnded(Ending.CANCELLED)
    return Problem(
        ProblemKind.INVALID, code=job.problem_code or "job_failed", message=job.problem_message or "A part failed."
    )
