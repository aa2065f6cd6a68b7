"""Who assesses and who keeps findings, put together: for what is real, and for test keys."""

from cybervault.access.journal import Journal
from cybervault.assessments.analyses import Analyses
from cybervault.assessments.assess import Assess
from cybervault.assessments.findings import Findings
from cybervault.assessments.mock import MockAnalyses, MockFindings
from cybervault.assessments.store.assessments import AssessmentStore
from cybervault.assessments.store.findings import FindingStore
from cybervault.assessments.threats import Environments, Threats
from cybervault.domain.clock import Clock
from cybervault.storage.database import Database
from cybervault.storage.outbox import Outbox


def threats_of(database: Database, assess: Assess, journal: Journal, *, clock: Clock) -> Environments:
    """Both sorts of services; those for test keys have no database and no way out."""
    findings = Findings(FindingStore(database), journal, Outbox(database))
    analyses = Analyses(assess, AssessmentStore(database), findings, clock=clock)
    return Environments(Threats(analyses, findings), Threats(MockAnalyses(), MockFindings()))
