"""Jobs in lists: those of a tenant and kind, the newest first, each with what one of its steps gave."""

from dataclasses import dataclass
from typing import Any, Final, cast

import sqlalchemy as sa

from cybervault.domain.jobs import Job
from cybervault.domain.principals import TenantId
from cybervault.storage.database import Database, sql
from cybervault.storage.jobs import VIEW, job_of
from cybervault.storage.work_tables import JOB_STEPS, JOBS

_NEWEST_FIRST = (JOBS.c.created_at.desc(), JOBS.c.id.desc())
_STEP = sa.and_(JOB_STEPS.c.job_id == JOBS.c.id, JOB_STEPS.c.step == sa.bindparam("step"))
_ALL = (
    sa.select(*VIEW, JOB_STEPS.c.output)
    .select_from(JOBS.outerjoin(JOB_STEPS, _STEP))
    .where(JOBS.c.tenant_id == sa.bindparam("tenant_id"), JOBS.c.kind == sa.bindparam("kind"))
    .order_by(*_NEWEST_FIRST)
    .limit(sa.bindparam("most"))
)
_FIRST: Final = sql(_ALL)
_NEXT: Final = sql(
    _ALL.where(
        sa.tuple_(JOBS.c.created_at, JOBS.c.id)
        < sa.tuple_(sa.bindparam("at", type_=sa.Float), sa.bindparam("after", type_=sa.Text))
    )
)


@dataclass(frozen=True, slots=True)
class ListedJob:
    """A job, and what the step that was asked for gave; None where it has not been finished."""

    job: Job
    output: bytes | None

    @property
    def place(self) -> tuple[float, str]:
        """Where it stands in its list, which never changes."""
        return self.job.created_at.timestamp(), self.job.id


class JobPages:
    """The jobs of tenants, each seen by its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, tenant_id: TenantId, kind: str, step: str, *, most: int, behind: tuple[float, str] | None = None
    ) -> tuple[ListedJob, ...]:
        """At most so many from behind a place."""
        values: dict[str, object] = {"tenant_id": tenant_id, "kind": kind, "step": step, "most": most}
        if behind is not None:
            values |= {"at": behind[0], "after": behind[1]}
        rows = await self._database.rows(_FIRST if behind is None else _NEXT, values)
        return tuple(
            ListedJob(job_of(row[:-1]), None if row[-1] is None else bytes(cast("Any", row[-1]))) for row in rows
        )
