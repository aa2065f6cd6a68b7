"""The services behind the threat faces: for what is real, and for test keys."""

from dataclasses import dataclass
from typing import TypeGuard

from cybervault.assessments.analyses import Analyst
from cybervault.assessments.findings import FindingBook
from cybervault.assessments.queued import Queue
from cybervault.domain.assessments import Assessment
from cybervault.domain.ids import AssessmentId
from cybervault.domain.jobs import Job, JobState
from cybervault.domain.principals import Environment, Principal, TenantId


@dataclass(frozen=True, slots=True)
class Threats:
    """Who assesses, who keeps what was found, and who assesses later: None where each answer is ready at once."""

    analyst: Analyst
    findings: FindingBook
    queue: Queue | None = None

    async def find(self, tenant_id: TenantId, assessment_id: AssessmentId) -> Assessment | Job:
        """The assessment of this id, or how it stands until it is there; `Problem` NOT_FOUND `not_found`."""
        job = None if self.queue is None else await self.queue.find(tenant_id, assessment_id)
        return job if _is_ahead(job) else await self.analyst.find(tenant_id, assessment_id)

    async def of_request(self, tenant_id: TenantId, request_id: str) -> Assessment | Job:
        """As `find`, by the call that asked for it."""
        job = None if self.queue is None else await self.queue.of_request(tenant_id, request_id)
        return job if _is_ahead(job) else await self.analyst.of_request(tenant_id, request_id)


@dataclass(frozen=True, slots=True)
class Environments:
    """Both sorts."""

    production: Threats
    sandbox: Threats

    def of(self, principal: Principal) -> Threats:
        """Those that this caller may use: a test key never comes near what is real."""
        return self.sandbox if principal.environment is Environment.SANDBOX else self.production


def _is_ahead(job: Job | None) -> TypeGuard[Job]:
    """Whether a job tells more than what was kept: it has not come to an assessment, or never will."""
    return job is not None and job.state is not JobState.COMPLETED
