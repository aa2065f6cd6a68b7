"""Verdicts: closed lists from published standards, and values that nobody changes afterwards."""

from dataclasses import FrozenInstanceError

import pytest

from cybervault.domain.evidence import Evidence, EvidenceGroup
from cybervault.domain.verdicts import Confidence, Priority, Severity, Term, Verdict, Weighing

FACT = Evidence("rdap", "age", "under_7_days", "events.0.eventDate", "2026-10-30", EvidenceGroup.REGISTRATION)
TERM = Term(FACT, weight=1.2, freshness=0.5, share=1.0, points=0.6, reason="Names of this age are often thrown away.")
WEIGHING = Weighing(
    Verdict.SUSPICIOUS,
    score=46,
    low=40,
    high=70,
    prior=-0.76,
    log_odds=-0.16,
    terms=(TERM,),
    coverage=0.5,
    conflict=0.0,
    confidence=Confidence.LOW,
    severity=Severity.MEDIUM,
    summary="One fact speaks against it.",
    weights_version="1",
)


def test_the_results_are_those_of_stix() -> None:
    assert {verdict.value for verdict in Verdict} == {"malicious", "suspicious", "benign", "unknown"}


def test_severity_and_confidence_are_those_of_ocsf_in_rising_order() -> None:
    assert [severity.value for severity in Severity] == ["informational", "low", "medium", "high", "critical"]
    assert [confidence.value for confidence in Confidence] == ["low", "medium", "high"]


def test_a_weighing_has_no_priority_unless_it_is_about_a_cve() -> None:
    assert WEIGHING.priority is None
    assert Priority(is_known_exploited=True, exploit_probability=None, cvss=9.8).exploit_probability is None


@pytest.mark.parametrize(("value", "name"), [(WEIGHING, "score"), (TERM, "points"), (FACT, "value")])
def test_what_was_weighed_never_changes(value: object, name: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(value, name, 100)
