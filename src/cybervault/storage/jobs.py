"""The rows of jobs: asked for by services, claimed by workers under a lease, fenced against those who lost theirs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, cast

import sqlalchemy as sa

from cybervault.domain.ids import new_job_id
from cybervault.domain.jobs import Job, JobId, JobState, NewJob
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.storage.database import Database, Row, Sql, sql, upsert
from cybervault.storage.work_tables import JOB_STEPS, JOBS

ABANDONED: Final = Problem(
    ProblemKind.UNAVAILABLE,
    code="job_abandoned",
    message="The work was begun as often as it may be, and each time it was left before its end.",
)
_FIRST_PAUSE_SECONDS: Final = 2.0
_PAUSE_SECONDS_MAX: Final = 600.0
# The exponent stays small enough for a float, however often a job may be tried.
_DOUBLINGS_MAX: Final = 30

_C = JOBS.c
VIEW: Final = (
    _C.id, _C.tenant_id, _C.kind, _C.reference, _C.request_id, _C.state, _C.attempt, _C.progress,
    _C.doing, _C.problem_code, _C.problem_message, _C.created_at, _C.started_at, _C.finished_at,
)  # fmt: skip
_REFERENCED = (_C.kind == sa.bindparam("kind"), _C.reference == sa.bindparam("reference"))
_OF_TENANT = _C.tenant_id == sa.bindparam("tenant_id")
_IS_OPEN = _C.state.in_([JobState.QUEUED.value, JobState.RUNNING.value])
_NOW = sa.bindparam("now", type_=sa.Float)
# What was handed in is nobody's business once the job has ended.
_NOTHING = sa.cast(sa.literal("", sa.Text), sa.LargeBinary)
# What every write of a worker names, so that one who was overtaken meanwhile changes nothing.
_FENCE = sa.and_(
    _C.id == sa.bindparam("wanted"),
    _C.owner == sa.bindparam("holder"),
    _C.attempt == sa.bindparam("token"),
    _C.state == JobState.RUNNING.value,
)

_ADD: Final = upsert(JOBS, at=("tenant_id", "kind", "reference"), change=())
_FIND: Final = sql(
    # By primary key; a tenant of NULL is the installation itself.
    sa.select(*VIEW).where(
        _C.id == sa.bindparam("wanted"), _C.tenant_id.is_not_distinct_from(sa.bindparam("tenant_id"))
    )
)
_REFERENCED_OF_TENANT: Final = sql(sa.select(*VIEW).where(_OF_TENANT, *_REFERENCED))
_REFERENCED_OF_NOBODY: Final = sql(sa.select(*VIEW).where(_C.tenant_id.is_(None), *_REFERENCED))
_OF_REQUEST: Final = sql(
    sa.select(*VIEW)
    .where(_OF_TENANT, _C.request_id == sa.bindparam("request_id"), _C.kind == sa.bindparam("kind"))
    .order_by(_C.created_at.desc(), _C.id.desc())
    .limit(1)
)
_OPEN: Final = sql(
    sa.select(sa.func.count()).select_from(JOBS).where(_OF_TENANT, _C.kind == sa.bindparam("kind"), _IS_OPEN)
)
_WAITING: Final = sql(
    sa.select(_C.kind, sa.func.count()).where(_C.state == JobState.QUEUED.value).group_by(_C.kind).order_by(_C.kind)
)
_CANCELLED_VALUES: Final = {
    "is_cancel_asked": True,
    "state": sa.case((_C.state == JobState.QUEUED.value, JobState.CANCELLED.value), else_=_C.state),
    "finished_at": sa.case((_C.state == JobState.QUEUED.value, _NOW), else_=_C.finished_at),
    "payload": sa.case((_C.state == JobState.QUEUED.value, _NOTHING), else_=_C.payload),
}
_CANCELLABLE = (_OF_TENANT, _IS_OPEN, sa.not_(_C.is_cancel_asked))
_ASK_CANCEL: Final = sql(
    sa.update(JOBS).values(_CANCELLED_VALUES).where(_C.id == sa.bindparam("wanted"), *_CANCELLABLE)
)
_ASK_CANCEL_PARTS: Final = sql(
    sa.update(JOBS)
    .values(_CANCELLED_VALUES)
    .where(
        _C.kind == sa.bindparam("kind"),
        sa.func.substr(_C.reference, 1, sa.func.length(sa.bindparam("begin", type_=sa.Text)))
        == sa.bindparam("begin", type_=sa.Text),
        *_CANCELLABLE,
    )
)
_HOLD_ON: Final = sql(
    sa.update(JOBS)
    .values(lease_until=sa.bindparam("until"))
    .where(_FENCE)
    .returning(_C.id, _C.is_cancel_asked, _C.deadline_at)
)
_REPORT: Final = sql(
    sa.update(JOBS)
    .values(
        lease_until=sa.bindparam("until"),
        progress=sa.func.coalesce(sa.bindparam("new_progress", type_=sa.Float), _C.progress),
        doing=sa.func.coalesce(sa.bindparam("new_doing", type_=sa.Text), _C.doing),
    )
    .where(_FENCE)
    .returning(_C.id, _C.is_cancel_asked, _C.deadline_at)
)
_ADD_STEP: Final = sql(sa.insert(JOB_STEPS))
_STEPS: Final = sql(sa.select(JOB_STEPS.c.step, JOB_STEPS.c.output).where(JOB_STEPS.c.job_id == sa.bindparam("wanted")))
_STEP: Final = sql(
    sa.select(JOB_STEPS.c.output).where(
        JOB_STEPS.c.job_id == sa.bindparam("wanted"), JOB_STEPS.c.step == sa.bindparam("step")
    )
)
_END: Final = sql(
    sa.update(JOBS)
    .values(
        state=sa.bindparam("new_state"),
        progress=sa.case((sa.bindparam("is_whole", type_=sa.Boolean), 1.0), else_=_C.progress),
        doing="",
        problem_code=sa.bindparam("new_code"),
        problem_message=sa.bindparam("new_message"),
        finished_at=_NOW,
        payload=_NOTHING,
    )
    .where(_FENCE)
)
_IS_SPENT = _C.attempt >= _C.attempts_max
_RETRY: Final = sql(
    sa.update(JOBS)
    .values(
        state=sa.case((_IS_SPENT, JobState.FAILED.value), else_=JobState.QUEUED.value),
        doing="",
        problem_code=sa.bindparam("new_code"),
        problem_message=sa.bindparam("new_message"),
        # No later than its deadline, so that the end is noted when it comes.
        due_at=sa.case(
            (_C.deadline_at < sa.bindparam("due"), _C.deadline_at), else_=sa.bindparam("due", type_=sa.Float)
        ),
        finished_at=sa.case((_IS_SPENT, _NOW), else_=None),
        payload=sa.case((_IS_SPENT, _NOTHING), else_=_C.payload),
    )
    .where(_FENCE)
)
_GIVE_BACK: Final = sql(
    sa.update(JOBS)
    # The count of attempts is the fence and cannot go back; one more is allowed instead.
    .values(state=JobState.QUEUED.value, doing="", attempts_max=_C.attempts_max + 1)
    .where(_FENCE)
)


@lru_cache(maxsize=64)
def _claiming(kinds: tuple[str, ...]) -> Sql:
    """Take what is due or was left; what has no right to go on ends here and is not run."""
    free = sa.or_(
        sa.and_(_C.state == JobState.QUEUED.value, _C.due_at <= _NOW),
        sa.and_(_C.state == JobState.RUNNING.value, _C.lease_until <= _NOW),
    )
    picked = (
        sa.select(_C.id)
        .where(free, _C.kind.in_(kinds))
        .order_by(_C.due_at, _C.id)
        .limit(sa.bindparam("most"))
        .with_for_update(skip_locked=True)
        # PostgreSQL runs it once, because it locks; as a subquery it could run again and give more than asked.
        .cte("picked")
    )
    ends = sa.or_(_C.is_cancel_asked, _C.deadline_at <= _NOW, _IS_SPENT)
    abandoned = sa.and_(sa.not_(_C.is_cancel_asked), sa.or_(_C.deadline_at.is_(None), _C.deadline_at > _NOW), _IS_SPENT)
    return sql(
        sa.update(JOBS)
        .values(
            state=sa.case(
                (_C.is_cancel_asked, JobState.CANCELLED.value),
                (_C.deadline_at <= _NOW, JobState.TIMED_OUT.value),
                (_IS_SPENT, JobState.FAILED.value),
                else_=JobState.RUNNING.value,
            ),
            attempt=sa.case((ends, _C.attempt), else_=_C.attempt + 1),
            owner=sa.bindparam("holder"),
            lease_until=sa.bindparam("until"),
            problem_code=sa.case((abandoned, ABANDONED.code), else_=_C.problem_code),
            problem_message=sa.case((abandoned, ABANDONED.message), else_=_C.problem_message),
            started_at=sa.case((ends, _C.started_at), else_=sa.func.coalesce(_C.started_at, _NOW)),
            finished_at=sa.case((ends, _NOW), else_=None),
            payload=sa.case((ends, _NOTHING), else_=_C.payload),
        )
        .where(_C.id.in_(sa.select(picked.c.id)))
        .returning(*VIEW, _C.payload, _C.deadline_at, _C.due_at)
    )


@dataclass(frozen=True, slots=True)
class Hold:
    """A worker's right to a job; each write renews it for `lease_seconds`. `attempt` tells it from all others."""

    job_id: JobId
    owner: str
    attempt: int
    lease_seconds: float


@dataclass(frozen=True, slots=True)
class Standing:
    """What a worker learns each time it writes: whether it should go on."""

    is_cancel_asked: bool
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job in the hands of a worker; `seconds_left` until its deadline."""

    job: Job
    payload: bytes
    hold: Hold
    seconds_left: float | None


class LeaseLost(Exception):  # noqa: N818 - no bug: the worker was away for too long, and another has the job
    """The job is another's now, or has ended: whoever hears this stops and writes nothing more."""


class Jobs:
    """Durable work. All times are the database's, so that nodes whose clocks differ agree on leases."""

    def __init__(self, database: Database, first_pause_seconds: float = _FIRST_PAUSE_SECONDS) -> None:
        self._database = database
        self._first_pause_seconds = first_pause_seconds
        self.transaction = database.transaction

    async def enqueue(self, new: NewJob) -> Job:
        """Ask for work, in the caller's transaction where there is one; the job that has the reference, if one has.

        A job of the installation with a reference needs a transaction (RuntimeError): only its lock makes it unique.
        """
        if new.tenant_id is None and new.reference is not None:
            await self._database.lock(f"job {new.kind} {new.reference}")
            before = await self._referenced(None, new.kind, new.reference)
            if before:
                return before[0]
        job = _queued(new, await self._database.now())
        if await self._database.run(_ADD, _columns(job, new)) == 1:
            return job
        return (await self._referenced(new.tenant_id, new.kind, new.reference))[0]

    async def find(self, tenant_id: TenantId | None, job_id: JobId) -> Job | None:
        """The job of this id; None as tenant asks for those of the installation, not for everybody's."""
        rows = await self._database.rows(_FIND, {"wanted": job_id, "tenant_id": tenant_id})
        return job_of(rows[0]) if rows else None

    async def find_by_reference(self, tenant_id: TenantId | None, kind: str, reference: str) -> Job | None:
        """The one job of this kind that others know by this reference."""
        found = await self._referenced(tenant_id, kind, reference)
        return found[0] if found else None

    async def of_request(self, tenant_id: TenantId, kind: str, request_id: str) -> Job | None:
        """What a call asked for; where several calls had one id, the newest."""
        values = {"tenant_id": tenant_id, "kind": kind, "request_id": request_id}
        rows = await self._database.rows(_OF_REQUEST, values)
        return job_of(rows[0]) if rows else None

    async def open(self, tenant_id: TenantId, kind: str) -> int:
        """How many jobs of this kind a tenant has that have not ended."""
        rows = await self._database.rows(_OPEN, {"tenant_id": tenant_id, "kind": kind})
        return int(cast("Any", rows[0])[0])

    async def ask_cancel(self, tenant_id: TenantId, job_id: JobId) -> bool:
        """End a job that waits, and tell the worker of one that runs; False where it had ended or was told before."""
        now = (await self._database.now()).timestamp()
        values = {"wanted": job_id, "tenant_id": tenant_id, "now": now}
        return await self._database.run(_ASK_CANCEL, values) == 1

    async def ask_cancel_parts(self, tenant_id: TenantId, kind: str, begin: str) -> int:
        """The same for all jobs of a kind whose references begin so; how many that were."""
        now = (await self._database.now()).timestamp()
        return await self._database.run(
            _ASK_CANCEL_PARTS, {"kind": kind, "begin": begin, "tenant_id": tenant_id, "now": now}
        )

    async def waiting(self) -> Mapping[str, int]:
        """How many jobs of each kind wait, for whatever reason."""
        return {str(kind): int(cast("Any", count)) for kind, count in await self._database.rows(_WAITING, {})}

    async def claim(self, owner: str, kinds: Iterable[str], *, most: int, lease_seconds: float) -> tuple[Claimed, ...]:
        """Take at most so many jobs that are due or whose worker is gone, the longest due first."""
        statement, claimed = _claiming(tuple(sorted(kinds))), list[Claimed]()
        while len(claimed) < most:
            async with self._database.transaction():
                now = (await self._database.now()).timestamp()
                rows = await self._database.rows(
                    statement,
                    {"now": now, "until": now + lease_seconds, "holder": owner, "most": most - len(claimed)},
                )
            taken = [row for row in rows if row[5] == JobState.RUNNING]
            claimed += [
                _claimed(row, owner, lease_seconds=lease_seconds, now=now)
                for row in sorted(taken, key=lambda row: cast("Any", (row[-1], row[0])))
            ]
            if len(taken) == len(rows):
                break
        return tuple(claimed)

    async def heartbeat(self, holds: Iterable[Hold]) -> Mapping[Hold, Standing]:
        """Renew leases; a hold that is missing in the answer is lost."""
        by_id = {hold.job_id: hold for hold in sorted(holds, key=lambda hold: (hold.job_id, hold.attempt))}
        now = (await self._database.now()).timestamp()
        many = [_fence(hold) | {"until": now + hold.lease_seconds} for hold in by_id.values()]
        rows = await self._database.rows_of_each(_HOLD_ON, many)
        return {by_id[JobId(str(row[0]))]: _standing(row, now) for row in rows}

    async def report(self, hold: Hold, *, progress: float | None = None, doing: str | None = None) -> Standing:
        """Say how far it is and what is done now, and renew the lease; None leaves it as it is. `LeaseLost`."""
        now = (await self._database.now()).timestamp()
        return await self._advance(hold, now, {"new_progress": progress, "new_doing": doing})

    async def finish_step(self, hold: Hold, step: str, output: bytes, *, progress: float | None = None) -> Standing:
        """Keep the result of a step, together with the progress and the renewed lease; `LeaseLost` keeps nothing."""
        async with self._database.transaction():
            now = (await self._database.now()).timestamp()
            standing = await self._advance(hold, now, {"new_progress": progress, "new_doing": None})
            await self._database.run(
                _ADD_STEP, {"job_id": hold.job_id, "step": step, "output": output, "finished_at": now}
            )
        return standing

    async def steps(self, job_id: JobId) -> dict[str, bytes]:
        """The finished steps of a job by name, from all attempts."""
        rows = await self._database.rows(_STEPS, {"wanted": job_id})
        return {str(step): bytes(cast("Any", output)) for step, output in rows}

    async def step(self, job_id: JobId, name: str) -> bytes | None:
        """What one finished step gave."""
        rows = await self._database.rows(_STEP, {"wanted": job_id, "step": name})
        return bytes(cast("Any", rows[0])[0]) if rows else None

    async def complete(self, hold: Hold) -> None:
        """All is done. `LeaseLost`, as from all that follow."""
        await self._end(hold, JobState.COMPLETED)

    async def fail(self, hold: Hold, code: str, message: str) -> None:
        """It cannot be done, however often it is tried."""
        await self._end(hold, JobState.FAILED, (code, message))

    async def cancel(self, hold: Hold) -> None:
        """The worker has stopped because it was asked to."""
        await self._end(hold, JobState.CANCELLED)

    async def time_out(self, hold: Hold) -> None:
        """The worker has stopped at the deadline."""
        await self._end(hold, JobState.TIMED_OUT)

    async def retry_later(self, hold: Hold, code: str, message: str, *, seconds: float = 0.0) -> None:
        """Try again after a pause that doubles, at least `seconds`; after the last attempt it has failed."""
        now = (await self._database.now()).timestamp()
        pause = max(seconds, self._pause_seconds(hold.attempt))
        await self._write(_RETRY, hold, {"new_code": code, "new_message": message, "now": now, "due": now + pause})

    async def give_back(self, hold: Hold) -> None:
        """The process ends, the job does not: another takes it at once, and this attempt does not count."""
        await self._write(_GIVE_BACK, hold, {})

    async def _referenced(self, tenant_id: TenantId | None, kind: str, reference: str | None) -> list[Job]:
        statement = _REFERENCED_OF_NOBODY if tenant_id is None else _REFERENCED_OF_TENANT
        values = {"tenant_id": tenant_id, "kind": kind, "reference": reference}
        return [job_of(row) for row in await self._database.rows(statement, values)]

    async def _advance(self, hold: Hold, now: float, said: Mapping[str, object]) -> Standing:
        values = _fence(hold) | {"until": now + hold.lease_seconds} | dict(said)
        rows = await self._database.rows(_REPORT, values)
        if not rows:
            raise LeaseLost(hold.job_id)
        return _standing(rows[0], now)

    def _pause_seconds(self, attempt: int) -> float:
        return min(_PAUSE_SECONDS_MAX, self._first_pause_seconds * 2.0 ** min(attempt - 1, _DOUBLINGS_MAX))

    async def _end(self, hold: Hold, state: JobState, problem: tuple[str | None, str | None] = (None, None)) -> None:
        code, message = problem
        now = (await self._database.now()).timestamp()
        is_whole = state is JobState.COMPLETED
        values: dict[str, object] = {"new_state": state.value, "is_whole": is_whole, "now": now}
        await self._write(_END, hold, values | {"new_code": code, "new_message": message})

    async def _write(self, statement: Sql, hold: Hold, values: Mapping[str, object]) -> None:
        if await self._database.run(statement, _fence(hold) | dict(values)) == 0:
            raise LeaseLost(hold.job_id)


def _queued(new: NewJob, now: datetime) -> Job:
    return Job(
        new_job_id(), new.tenant_id, new.kind, new.reference, new.request_id, JobState.QUEUED, 0, 0.0, "",
        problem_code=None, problem_message=None, created_at=now, started_at=None, finished_at=None,
    )  # fmt: skip


def _columns(job: Job, new: NewJob) -> dict[str, object]:
    now = job.created_at.timestamp()
    empty = dict.fromkeys(("owner", "lease_until", "problem_code", "problem_message", "started_at", "finished_at"))
    return empty | {
        "id": job.id,
        "tenant_id": job.tenant_id,
        "kind": job.kind,
        "reference": job.reference,
        "request_id": job.request_id,
        "payload": new.payload,
        "state": job.state.value,
        "attempt": job.attempt,
        "attempts_max": new.attempts_max,
        "due_at": now + new.due_in_seconds,
        "deadline_at": None if new.deadline_seconds is None else now + new.deadline_seconds,
        "is_cancel_asked": False,
        "progress": job.progress,
        "doing": job.doing,
        "created_at": now,
    }


def _fence(hold: Hold) -> dict[str, object]:
    return {"wanted": hold.job_id, "holder": hold.owner, "token": hold.attempt}


def _standing(row: Row, now: float) -> Standing:
    _, is_cancel_asked, deadline_at = cast("Any", row)
    return Standing(bool(is_cancel_asked), is_overdue=deadline_at is not None and deadline_at <= now)


def _claimed(row: Row, owner: str, *, lease_seconds: float, now: float) -> Claimed:
    payload, deadline_at, _ = cast("Any", row[-3:])
    job = job_of(row[:-3])
    left = None if deadline_at is None else deadline_at - now
    return Claimed(job, bytes(payload), Hold(job.id, owner, job.attempt, lease_seconds), left)


def job_of(row: Row) -> Job:
    """The job that a row of `VIEW` is."""
    id_, tenant_id, kind, reference, request_id, state, attempt, progress, doing, code, message, *times = cast(
        "Any", row
    )
    created_at, started_at, finished_at = map(_moment, times)
    return Job(
        JobId(id_), tenant_id, kind, reference, request_id, JobState(state), attempt, progress, doing,
        problem_code=code, problem_message=message,
        created_at=cast("datetime", created_at), started_at=started_at, finished_at=finished_at,
    )  # fmt: skip


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
