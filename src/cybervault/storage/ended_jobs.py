"""Jobs that have ended: they go with all that their steps kept, after a while, or when their tenant wants it."""

from typing import Final

import sqlalchemy as sa

from cybervault.domain.jobs import JobId, JobState
from cybervault.domain.principals import TenantId
from cybervault.storage.database import Database, sql
from cybervault.storage.work_tables import JOB_STEPS, JOBS

_C = JOBS.c
_HAS_ENDED = _C.state.not_in([JobState.QUEUED.value, JobState.RUNNING.value])
_LONG_AGO = sa.and_(_C.finished_at < sa.bindparam("before"), _HAS_ENDED)
_FORGET_STEPS: Final = sql(sa.delete(JOB_STEPS).where(JOB_STEPS.c.job_id.in_(sa.select(_C.id).where(_LONG_AGO))))
_FORGET: Final = sql(sa.delete(JOBS).where(_LONG_AGO))
_REMOVE: Final = sql(
    sa.delete(JOBS).where(_C.id == sa.bindparam("wanted"), _C.tenant_id == sa.bindparam("tenant_id"), _HAS_ENDED)
)
_REMOVE_STEPS: Final = sql(sa.delete(JOB_STEPS).where(JOB_STEPS.c.job_id == sa.bindparam("wanted")))


class EndedJobs:
    """The rows of jobs on which nobody works any more."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def forget(self, before: float) -> int:
        """Delete the jobs that ended before a moment (Unix seconds), with their steps; how many they were."""
        async with self._database.transaction():
            await self._database.run(_FORGET_STEPS, {"before": before})
            return await self._database.run(_FORGET, {"before": before})

    async def remove(self, tenant_id: TenantId, job_id: JobId) -> bool:
        """Delete one with its steps, in the caller's transaction; False where the tenant has no such one that ended."""
        if await self._database.run(_REMOVE, {"wanted": job_id, "tenant_id": tenant_id}) == 0:
            return False
        await self._database.run(_REMOVE_STEPS, {"wanted": job_id})
        return True
