"""Who assesses and who keeps findings, put together: for what is real, and for test keys."""

from collections.abc import Callable
from dataclasses import dataclass

from cybervault.access.journal import Journal
from cybervault.assessments.analyses import Analyses
from cybervault.assessments.assess import Assess
from cybervault.assessments.batch_findings import BatchFindings
from cybervault.assessments.batch_indicators import BatchIndicators
from cybervault.assessments.findings import Findings
from cybervault.assessments.mock import MockAnalyses, MockFindings
from cybervault.assessments.queued import QueuedAnalyses
from cybervault.assessments.rule_questions import RuleQuestions
from cybervault.assessments.store.assessments import AssessmentStore
from cybervault.assessments.store.entity_risks import EntityRiskStore
from cybervault.assessments.store.findings import FindingStore
from cybervault.assessments.telemetry_batches import Shelves, TelemetryBatches
from cybervault.assessments.telemetry_risks import TelemetryRisks
from cybervault.assessments.threats import Environments, Threats
from cybervault.detection.batch import BatchDetector, LeadingDetector
from cybervault.detection.choices import Choices
from cybervault.detection.detector import Detector
from cybervault.detection.rules.catalogue import Catalogue
from cybervault.detection.store import ChoiceStore
from cybervault.domain.clock import Clock
from cybervault.domain.never import Ground
from cybervault.storage.database import Database
from cybervault.storage.ended_jobs import EndedJobs
from cybervault.storage.job_pages import JobPages
from cybervault.storage.jobs import Jobs
from cybervault.storage.outbox import Outbox


@dataclass(frozen=True, slots=True)
class ThreatParts:
    """The services behind the threat faces, those that jobs need, who asks the rules, and which count for whom."""

    environments: Environments
    queue: QueuedAnalyses
    batches: TelemetryBatches
    questions: RuleQuestions
    detector: Detector
    choices: Choices


def threats_of(  # noqa: PLR0913 - each is a part of its own
    database: Database, assess: Assess, journal: Journal, *, ground: Ground, clock: Clock, wake: Callable[[], None]
) -> ThreatParts:
    """Both sorts of services; those for test keys have no database and no way out. `ground` is what is our own."""
    follower = BatchDetector()
    detector, jobs = LeadingDetector(follower), Jobs(database)
    findings = Findings(FindingStore(database), journal, Outbox(database))
    choices = Choices(ChoiceStore(database), journal, Catalogue())
    risks = TelemetryRisks(EntityRiskStore(database))
    analyses = Analyses(
        assess, AssessmentStore(database), findings,
        risks=risks, detector=detector, choices=choices, clock=clock, ground=ground,
    )  # fmt: skip
    queue = QueuedAnalyses(analyses, jobs, wake=wake)
    opening = BatchFindings(AssessmentStore(database), findings, clock=clock, ground=ground)
    indicators = BatchIndicators(assess, clock=clock, ground=ground)
    shelves = Shelves(jobs, JobPages(database), EndedJobs(database), opening, indicators, choices)
    batches = TelemetryBatches(follower, shelves, journal=journal, wake=wake)
    production, sandbox = Threats(analyses, findings, queue), Threats(MockAnalyses(), MockFindings())
    questions = RuleQuestions(follower)
    return ThreatParts(Environments(production, sandbox), queue, batches, questions, detector, choices)
