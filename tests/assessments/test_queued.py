"""Assessments that nobody waits for: each comes once, whatever happens to the process that works on it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from cybervault.access.audit import Actor
from cybervault.assessments import queued as module
from cybervault.assessments.analyses import DEEP_OBSERVABLES_MAX, Analyses, Submission
from cybervault.assessments.findings import Findings
from cybervault.assessments.queued import KIND, QueuedAnalyses
from cybervault.assessments.selection import Selection
from cybervault.assessments.store.assessments import AssessmentStore
from cybervault.assessments.store.entity_risks import EntityRiskStore
from cybervault.assessments.store.findings import FindingStore
from cybervault.assessments.targets import Handed
from cybervault.assessments.telemetry_risks import TelemetryRisks
from cybervault.detection.detector import Detector
from cybervault.domain.assessments import Assessment, Depth, Part
from cybervault.domain.ids import new_assessment_id
from cybervault.domain.jobs import Job, JobState
from cybervault.domain.observables import Observable
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.storage.database import Database
from cybervault.storage.job_run import JobRun
from cybervault.storage.jobs import Jobs
from cybervault.storage.outbox import Outbox
from tests.access.conftest import world_on
from tests.access.statements import look
from tests.fakes.threats import BAD, SEED, ThreatWorld

OURS, THEIRS = TenantId("tv_1"), TenantId("tv_2")
ACTOR = Actor("key:key_1 (cv_live_sk_…)", OURS, ip="192.0.2.7", request_id="req_1")
TELEMETRY = Handed(kind="endpoint_telemetry", record=SEED["payload"])  # type: ignore[arg-type] # a JSON object
MANY = Handed("\n".join(f"host{number}.example" for number in range(DEEP_OBSERVABLES_MAX + 5)))


class Counted(Analyses):
    """Counts the observables that it weighs, and dies at one of them."""

    weighed = 0
    dies_at = 0

    async def weigh(self, observables: Sequence[Observable], depth: Depth) -> list[Part]:
        self.weighed += len(observables)
        if self.weighed == self.dies_at:
            raise MemoryError
        return await super().weigh(observables, depth)


class Desk:
    """The queue on a database of each engine, and a worker's hands."""

    def __init__(self, threats: ThreatWorld, database: Database, findings: Findings) -> None:
        self.threats = threats
        self.database = database
        self.findings = findings
        self.jobs = Jobs(database, first_pause_seconds=0)
        product = threats.product
        self.analyses = Counted(
            product.assess, AssessmentStore(database), findings, risks=TelemetryRisks(EntityRiskStore(database)),
            detector=Detector(), choices=product.choices, clock=threats.clock,
        )  # fmt: skip
        self.wakes = 0
        self.queue = QueuedAnalyses(self.analyses, self.jobs, wake=self._wake)

    def _wake(self) -> None:
        self.wakes += 1

    async def ask(self, handed: Handed, depth: Depth = Depth.QUICK, actor: Actor = ACTOR) -> Submission:
        submission = Submission(await handed.read(), depth, "req_1", {"case": "42"})
        await self.queue.ask(handed, submission, actor=actor)
        return submission

    async def claimed(self) -> JobRun:
        (one,) = await self.jobs.claim("one", [KIND], most=1, lease_seconds=30)
        run = JobRun(self.jobs, one, self.threats.clock)
        await run.recall()
        return run

    async def work(self) -> None:
        run = await self.claimed()
        await self.queue.work(run)
        await self.jobs.complete(run.hold)

    async def found(self, submission: Submission) -> Assessment:
        return await self.analyses.find(OURS, submission.id)


@pytest.fixture
async def desk(database: Database, threats: ThreatWorld) -> Desk:
    world = await world_on(database)
    return Desk(threats, database, Findings(FindingStore(database), world.journal, Outbox(database)))


def standing(job: Job | None) -> tuple[JobState, float, str]:
    assert job is not None
    return job.state, job.progress, job.doing


async def test_it_is_asked_for_under_the_id_that_it_will_have(desk: Desk) -> None:
    asked = await desk.ask(Handed(BAD))
    assert desk.wakes == 1
    assert standing(await desk.queue.find(OURS, asked.id)) == (JobState.QUEUED, 0.0, "")
    assert await desk.queue.find(OURS, asked.id) == await desk.queue.of_request(OURS, "req_1")
    assert await desk.queue.find(THEIRS, asked.id) is None
    assert await desk.queue.of_request(THEIRS, "req_1") is None
    await desk.work()
    found = await desk.found(asked)
    assert (found.request_id, found.metadata, found.by) == ("req_1", {"case": "42"}, ACTOR.name)
    assert standing(await desk.queue.find(OURS, asked.id)) == (JobState.COMPLETED, 1.0, "")


async def test_telemetry_comes_to_what_it_comes_to_at_once(desk: Desk) -> None:
    asked = await desk.ask(TELEMETRY)
    await desk.work()
    later = await desk.found(asked)
    (finding,) = await desk.findings.select(OURS, Selection())
    assert (finding.assessment_id, finding.sightings) == (later.id, 1)
    now = await desk.analyses.analyze(replace(asked, id=new_assessment_id()), actor=ACTOR)
    assert replace(now, id=later.id) == later


async def test_what_was_handed_in_is_gone_when_it_has_ended(desk: Desk) -> None:
    await desk.ask(Handed(f"{BAD} and a secret of the sender"))
    (payload,) = (await look(desk.database, "SELECT payload FROM jobs"))[0]
    assert b"secret of the sender" in payload  # type: ignore[operator] # a column of bytes
    await desk.work()
    assert await look(desk.database, "SELECT payload FROM jobs") == [(b"",)]


async def test_sources_are_asked_about_all_of_many_observables(desk: Desk) -> None:
    asked = await desk.ask(MANY, Depth.DEEP)
    await desk.work()
    found = await desk.found(asked)
    assert len(found.parts) == len(asked.reading.observables) > DEEP_OBSERVABLES_MAX
    assert not any("only" in warning for warning in found.warnings)
    paths = {call.path for call in desk.threats.farm.calls("virustotal")}
    assert any(asked.reading.observables[-1].value in path for path in paths)


async def test_it_says_how_far_it_is_and_goes_on_there_after_a_crash(desk: Desk) -> None:
    asked = await desk.ask(MANY, Depth.DEEP)
    count = len(asked.reading.observables)
    desk.analyses.dies_at = 20
    run = await desk.claimed()
    with pytest.raises(MemoryError):
        await desk.queue.work(run)
    state, progress, doing = standing(await desk.queue.find(OURS, asked.id))
    assert (state, doing) == (JobState.RUNNING, f"weighing 20 of {count} observables")
    assert 0.3 < progress < 0.5
    await desk.jobs.retry_later(run.hold, "job_failed", "It failed.")
    desk.analyses.dies_at = 0
    await desk.work()
    # Ten were weighed and kept before, ten more were lost with the process.
    assert desk.analyses.weighed == count + 10
    assert [part.observable for part in (await desk.found(asked)).parts] == list(asked.reading.observables)


async def test_who_dies_between_the_assessment_and_the_end_of_the_job_makes_no_second_one(desk: Desk) -> None:
    asked = await desk.ask(TELEMETRY)
    run = await desk.claimed()
    await desk.queue.work(run)
    first = await desk.found(asked)
    await desk.jobs.give_back(run.hold)
    desk.threats.clock.advance(60)
    await desk.work()
    assert list(await desk.analyses.page(OURS, 10, behind=None)) == [first]
    (finding,) = await desk.findings.select(OURS, Selection())
    assert finding.sightings == 1


async def test_a_tenant_keeps_only_so_many_waiting(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OPEN_MAX", 1)
    await desk.ask(Handed(BAD))
    with pytest.raises(Problem) as caught:
        await desk.ask(Handed(BAD))
    assert (caught.value.kind, caught.value.code) == (ProblemKind.UNAVAILABLE, "queue_full")
    assert caught.value.retry_after_seconds
    await desk.ask(Handed(BAD), actor=Actor("key:key_2", THEIRS))
    await desk.work()
    await desk.work()
    await desk.ask(Handed(BAD))


async def test_without_an_engine_the_sandbox_is_refused_at_once(desk: Desk) -> None:
    with pytest.raises(Problem) as caught:
        await desk.ask(Handed(BAD), Depth.SANDBOX)
    assert caught.value.code == "mode_unavailable"
    assert await desk.jobs.waiting() == {}


async def test_an_assessment_without_a_tenant_is_a_fault(desk: Desk) -> None:
    with pytest.raises(ValueError, match="belongs to a tenant"):
        await desk.ask(Handed(BAD), actor=Actor("operator", None))
