"""Assessments that nobody waits for: kept as jobs, part by part, so that one goes on where a process was killed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

import msgspec

from cybervault.access.audit import Actor
from cybervault.assessments.analyses import Analyses, Metadata, Submission, refuse_unavailable
from cybervault.assessments.targets import Handed
from cybervault.domain.assessments import Depth, Part
from cybervault.domain.ids import AssessmentId
from cybervault.domain.jobs import Job, NewJob
from cybervault.domain.observables import Observable
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.storage.job_run import JobRun
from cybervault.storage.jobs import Jobs

KIND: Final = "assess"
OPEN_MAX: Final = 200
"""So many of a tenant wait or run at once: what was handed in is kept until then, at most 10 MiB each."""
DEADLINE_SECONDS: Final = 3_600.0

_RETRY_SECONDS: Final = 10
_PARTS_AT_ONCE: Final = {Depth.QUICK: 100, Depth.DEEP: 10}
# What remains is to conclude.
_PROGRESS_OF_PARTS: Final = 0.95


@dataclass(frozen=True, slots=True)
class _Assignment:
    """All that a job needs to know, on whatever node it runs."""

    id: AssessmentId
    handed: Handed
    depth: Depth
    request_id: str
    metadata: Metadata
    actor: Actor


_ASSIGNMENTS: Final = msgspec.msgpack.Decoder(_Assignment)
_PARTS: Final = msgspec.msgpack.Decoder(list[Part])


class Queue(Protocol):
    """Who keeps assessments that are asked for now and come later."""

    async def ask(self, handed: Handed, submission: Submission, *, actor: Actor) -> Job:
        """Have it assessed later; `Problem` UNAVAILABLE `queue_full`, INVALID `mode_unavailable`."""

    async def find(self, tenant_id: TenantId, assessment_id: AssessmentId) -> Job | None:
        """How far an assessment is; None for one that nobody asked for in this way, or long ago."""

    async def of_request(self, tenant_id: TenantId, request_id: str) -> Job | None:
        """As `find`, by the call that asked for it."""


class QueuedAnalyses:
    """The `Queue` over durable jobs. `wake` has them looked at now; without it they are found within a second."""

    def __init__(self, analyses: Analyses, jobs: Jobs, *, wake: Callable[[], None]) -> None:
        self._analyses = analyses
        self._jobs = jobs
        self._wake = wake

    async def ask(self, handed: Handed, submission: Submission, *, actor: Actor) -> Job:
        """Have it assessed later, all of its observables at the depth that is wanted."""
        refuse_unavailable(submission.depth)
        if actor.tenant_id is None:
            raise ValueError("an assessment belongs to a tenant")
        if await self._jobs.open(actor.tenant_id, KIND) >= OPEN_MAX:
            raise _full()
        assignment = _Assignment(
            submission.id, handed, submission.depth, submission.request_id, submission.metadata, actor
        )
        new = NewJob(
            KIND,
            msgspec.msgpack.encode(assignment),
            tenant_id=actor.tenant_id,
            reference=submission.id,
            request_id=submission.request_id,
            deadline_seconds=DEADLINE_SECONDS,
        )
        job = await self._jobs.enqueue(new)
        self._wake()
        return job

    async def find(self, tenant_id: TenantId, assessment_id: AssessmentId) -> Job | None:
        """How far it is."""
        return await self._jobs.find_by_reference(tenant_id, KIND, assessment_id)

    async def of_request(self, tenant_id: TenantId, request_id: str) -> Job | None:
        """How far it is."""
        return await self._jobs.of_request(tenant_id, KIND, request_id)

    async def work(self, run: JobRun) -> None:
        """The handler of the jobs: weigh some observables a step, then conclude and keep it, once."""
        assignment = _ASSIGNMENTS.decode(run.payload)
        reading = await assignment.handed.read()
        count, parts = len(reading.observables), list[Part]()
        while len(parts) < count:
            some = reading.observables[len(parts) : len(parts) + _PARTS_AT_ONCE[assignment.depth]]
            weighed = await run.step(
                f"observables from {len(parts)}",
                partial(self._weighed, some, assignment.depth),
                progress=_PROGRESS_OF_PARTS * (len(parts) + len(some)) / count,
                doing=f"weighing {len(parts) + len(some)} of {count} observables",
            )
            parts += _PARTS.decode(weighed)
        submission = Submission(
            reading, assignment.depth, assignment.request_id, assignment.metadata, assignment.id, is_unhurried=True
        )
        await self._analyses.keep(submission, parts, assignment.actor)

    async def _weighed(self, observables: Sequence[Observable], depth: Depth) -> bytes:
        return msgspec.msgpack.encode(await self._analyses.weigh(observables, depth))


def _full() -> Problem:
    return Problem(
        ProblemKind.UNAVAILABLE,
        code="queue_full",
        message=f"{OPEN_MAX} assessments of your tenant wait already. Ask again when some are done.",
        retry_after_seconds=_RETRY_SECONDS,
    )
