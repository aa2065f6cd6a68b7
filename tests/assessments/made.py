"""An assessment, a finding and a weighing, to be changed as a test needs."""

from typing import Final

from cybervault.domain.observables import Kind
from cybervault.domain.verdicts import Confidence, Severity, Verdict, Weighing
from tests.domain.test_assessments import assessment
from tests.domain.test_findings import FINDING

__all__ = ["ASSESSMENT", "FINDING", "WEIGHING", "weighed"]

ASSESSMENT: Final = assessment()


def weighed(verdict: Verdict, score: int | None, severity: Severity = Severity.HIGH) -> Weighing:
    """What came of an observable."""
    return Weighing(
        verdict, score, 0, 100, 0.0, 0.0, (), 0.5, 0.0, Confidence.MEDIUM, severity, "As it is.", "test",
        kind=Kind.IPV4,
    )  # fmt: skip


WEIGHING: Final = weighed(Verdict.MALICIOUS, 92, Severity.CRITICAL)
