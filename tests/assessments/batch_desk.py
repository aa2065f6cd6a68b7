"""A desk at which tests hand in batches of telemetry, work on them as a worker does, and die at one of them."""

import json
from dataclasses import dataclass, field, replace
from random import Random

from cybervault.access.audit import Actor
from cybervault.access.journal import Journal
from cybervault.assessments.assess import Assess
from cybervault.assessments.batch_findings import BatchFindings
from cybervault.assessments.batch_indicators import BatchIndicators
from cybervault.assessments.findings import Findings
from cybervault.assessments.selection import Selection
from cybervault.assessments.store.assessments import AssessmentStore
from cybervault.assessments.telemetry_batches import KIND, Looked, Shelves, TelemetryBatches
from cybervault.detection.batch import BatchDetector, Hit, Tally
from cybervault.detection.detector import Detected
from cybervault.detection.engine import Engine
from cybervault.detection.record import Record
from cybervault.detection.rules.choice import EVERYTHING, Choice
from cybervault.domain.ids import BatchId
from cybervault.domain.jobs import Job
from cybervault.domain.principals import TenantId
from cybervault.egress.breaker import Breaker
from cybervault.egress.budget import Budget
from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard
from cybervault.enrichment.lookup import Lookup, Means
from cybervault.enrichment.store.answers import AnswerStore
from cybervault.enrichment.store.budgets import StoredBudgets
from cybervault.storage.database import Database
from cybervault.storage.ended_jobs import EndedJobs
from cybervault.storage.job_pages import JobPages
from cybervault.storage.job_run import JobRun
from cybervault.storage.jobs import Jobs
from cybervault.verdict.chat_model import ChatModel, ChatModelSetup
from cybervault.verdict.weights import load_weights
from tests.detection.correlation import correlation
from tests.detection.sigma import rule, selecting
from tests.fakes.clock import HandClock

OURS, THEIRS = TenantId("tv_1"), TenantId("tv_2")
ACTOR = Actor("key:key_1 (cv_live_sk_…)", OURS, ip="192.0.2.7", request_id="req_1")
WHOAMI = rule(selecting(Image__endswith="\\whoami.exe"))
EVENT = {
    "EventID": "1", "Channel": "Microsoft-Windows-Sysmon/Operational", "Provider_Name": "Microsoft-Windows-Sysmon",
    "Image": "C:\\Windows\\whoami.exe", "Computer": "finance-07",
}  # fmt: skip
LINES = b"".join(
    (json.dumps(EVENT | {"Image": f"C:\\{number}\\{'whoami' if number % 2 else 'notepad'}.exe"}) if number % 5 else "x")
    .encode() + b"\n"
    for number in range(40)
)  # fmt: skip

# The same, so long, packed too, that no buffer holds much of it.
LONG = b"".join(
    line.replace(b"C:", b"C:" + Random(number).randbytes(12_000).hex().encode()) + b"\n"  # noqa: S311 - no secret
    for number, line in enumerate(LINES.splitlines())
)
# Two runs of three on one host, their lines far apart and out of order.
MANY = correlation({"rules": [WHOAMI.id], "group-by": ["Computer"], "timespan": "1m"})
MINUTES = {1: 30, 4: 0, 12: 0, 19: 30, 30: 30, 35: 0}
APART = b"".join(
    json.dumps(EVENT | {"Image": "C:\\whoami.exe", "UtcTime": f"2026-01-31 12:{MINUTES[number]:02}:{number:02}.000"})
    .encode() + b"\n" if number in MINUTES else b"x\n"
    for number in range(1, 41)
)  # fmt: skip


class Fragile(BatchDetector):
    """Counts what it is asked about, and dies at one of it."""

    asked = 0
    dies_at = 0

    def is_silent(self, event: object) -> bool:
        """Never at a glance: each event is asked about, so that the test knows at which one this dies."""
        del event
        return False

    def of_records(self, records: tuple[Record, ...], choice: Choice = EVERYTHING) -> Detected:
        self.asked += 1
        if self.asked == self.dies_at:
            raise MemoryError
        return super().of_records(records, choice)


@dataclass(slots=True)
class Chosen:
    """What tenants chose among the rules."""

    by: dict[TenantId, Choice] = field(default_factory=dict)

    async def of(self, tenant_id: TenantId) -> Choice:
        return self.by.get(tenant_id, EVERYTHING)


def quiet_assess(database: Database, clock: HandClock) -> Assess:
    """Without sources, lists and a model."""
    egress = Egress(Guard())
    means = Means(egress, Budget(StoredBudgets(database), clock), Breaker(clock), AnswerStore(database, clock), clock)
    chat = ChatModel(egress, ChatModelSetup(url=""))
    return Assess(Lookup((), {}, means), chat, weights=load_weights(), knowledge=lambda: None, clock=clock)


class Desk:
    """The batches on a database of each engine, and a worker's hands."""

    def __init__(self, database: Database, findings: Findings, journal: Journal) -> None:
        self.database = database
        self.findings = findings
        self.clock = HandClock()
        self.jobs = Jobs(database, first_pause_seconds=0)
        self.detector = Fragile()
        self.detector.use(Engine([WHOAMI]))
        self.wakes = 0
        self.chosen = Chosen()
        opening = BatchFindings(AssessmentStore(database), findings, clock=self.clock)
        self.indicators = BatchIndicators(quiet_assess(database, self.clock), clock=self.clock)
        shelves = Shelves(self.jobs, JobPages(database), EndedJobs(database), opening, self.indicators, self.chosen)
        self.batches = TelemetryBatches(
            self.detector, shelves, journal=replace(journal, clock=self.clock), wake=self._wake
        )

    def _wake(self) -> None:
        self.wakes += 1

    async def now(self, content: bytes) -> Looked:
        found = await self.batches.take(content, actor=ACTOR, is_later=False)
        assert isinstance(found, Looked)
        return found

    async def later(self, content: bytes, actor: Actor = ACTOR) -> BatchId:
        job = await self.batches.take(content, actor=actor, is_later=True)
        assert isinstance(job, Job)
        return BatchId(job.reference or "")

    async def claimed(self) -> JobRun:
        (one,) = await self.jobs.claim("one", [KIND], most=1, lease_seconds=30)
        run = JobRun(self.jobs, one, self.clock)
        await run.recall()
        return run

    async def work(self) -> None:
        run = await self.claimed()
        await self.batches.work(run)
        await self.jobs.complete(run.hold)

    async def threats(self) -> list[tuple[str, int]]:
        """Those that stand, and how often each was seen."""
        found = await self.findings.select(OURS, Selection())
        return sorted((one.value, one.sightings) for one in found)

    async def tally(self, batch_id: BatchId) -> Tally:
        _, report = await self.batches.find(OURS, batch_id)
        assert report is not None
        return report.tally

    async def hits(self, batch_id: BatchId, most: int = 3) -> list[Hit]:
        """Those of all pages."""
        found, first = list[Hit](), 0
        while True:
            page = await self.batches.hits(OURS, batch_id, first=first, most=most)
            assert all(hit.rule_id in page.rules for hit in page.hits)
            assert len(page.hits) == most or page.next is None
            found += page.hits
            if page.next is None:
                return found
            first = page.next
