"""Who may use what: a test key never comes near what is real. And how what is asked for later is found."""

from dataclasses import replace

import pytest

from cybervault.access.audit import Actor
from cybervault.assessments.analyses import Submission
from cybervault.assessments.mock import MockAnalyses, MockFindings
from cybervault.assessments.targets import Handed
from cybervault.assessments.threats import Environments, Threats
from cybervault.domain.assessments import Assessment
from cybervault.domain.ids import AssessmentId
from cybervault.domain.jobs import Job, JobState
from cybervault.domain.principals import Environment, Plan, Principal, TenantId
from cybervault.domain.problems import Problem
from tests.assessments.made import ASSESSMENT
from tests.faces.test_queued import JOB

ACME = TenantId("tv_1")
REAL, MADE_UP = Threats(MockAnalyses(), MockFindings()), Threats(MockAnalyses(), MockFindings())


@pytest.mark.parametrize(("environment", "expected"), [(Environment.PRODUCTION, REAL), (Environment.SANDBOX, MADE_UP)])
def test_each_caller_is_served_by_the_services_of_its_environment(environment: Environment, expected: Threats) -> None:
    caller = Principal(ACME, frozenset(), Plan.STARTER, environment)
    assert Environments(REAL, MADE_UP).of(caller) is expected


class Kept(MockAnalyses):
    """Has one assessment, or none."""

    def __init__(self, *, is_there: bool) -> None:
        self.is_there = is_there

    async def find(self, tenant_id: TenantId, assessment_id: AssessmentId) -> Assessment:
        return ASSESSMENT if self.is_there else await super().find(tenant_id, assessment_id)

    async def of_request(self, tenant_id: TenantId, request_id: str) -> Assessment:
        return ASSESSMENT if self.is_there else await super().of_request(tenant_id, request_id)


class Queued:
    """Has one job, or none."""

    def __init__(self, job: Job | None) -> None:
        self.job = job

    async def ask(self, handed: Handed, submission: Submission, *, actor: Actor) -> Job:
        raise NotImplementedError

    async def find(self, tenant_id: TenantId, assessment_id: AssessmentId) -> Job | None:  # noqa: ARG002 - as in earnest
        return self.job

    async def of_request(self, tenant_id: TenantId, request_id: str) -> Job | None:  # noqa: ARG002 - as in earnest
        return self.job


def job(state: JobState) -> Job:
    return replace(JOB, state=state)


@pytest.mark.parametrize(
    ("queue", "is_kept", "expected"),
    [
        (None, True, ASSESSMENT),
        (Queued(None), True, ASSESSMENT),
        (Queued(job(JobState.COMPLETED)), True, ASSESSMENT),
        (Queued(job(JobState.RUNNING)), False, job(JobState.RUNNING)),
        (Queued(job(JobState.FAILED)), False, job(JobState.FAILED)),
        # An older call had the same id.
        (Queued(job(JobState.QUEUED)), True, job(JobState.QUEUED)),
        (None, False, None),
        (Queued(None), False, None),
    ],
)
async def test_what_is_asked_for_later_is_a_job_until_it_is_there(
    queue: Queued | None, expected: object, *, is_kept: bool
) -> None:
    threats = Threats(Kept(is_there=is_kept), MockFindings(), queue)
    for look in (threats.find(ACME, AssessmentId("asm_1")), threats.of_request(ACME, "req_1")):
        if expected is None:
            with pytest.raises(Problem, match="nothing at this path"):
                await look
        else:
            assert await look == expected
