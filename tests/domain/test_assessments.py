"""Assessments: how sure, how grave, and how observables are named in them."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from cybervault.domain.assessments import (
    Assessment,
    Category,
    Depth,
    Sign,
    Sort,
    Target,
    rank_of,
    severity_of_rank,
    severity_of_score,
    tag_of,
)
from cybervault.domain.ids import AssessmentId
from cybervault.domain.observables import parse_observable
from cybervault.domain.principals import TenantId
from cybervault.domain.verdicts import Confidence, Severity, Verdict


def assessment(**changed: object) -> Assessment:
    """One on an address."""
    fields: dict[str, object] = {
        "id": AssessmentId("asm_0123456789"),
        "tenant_id": TenantId("tv_1"),
        "request_id": "req_1",
        "created_at": datetime(2027, 1, 31, 12, tzinfo=UTC),
        "by": "key:key_1 (cv_live_sk_…)",
        "target": Target(Sort.INDICATOR, "ipv4", "203.0.113.42"),
        "depth": Depth.QUICK,
        "verdict": Verdict.MALICIOUS,
        "score": 92,
        "severity": Severity.CRITICAL,
        "confidence": Confidence.HIGH,
        "coverage": 0.8,
        "conflict": 0.0,
        "category": Category.COMMAND_AND_CONTROL,
        "family": "cobalt_strike",
        "summary": "Bad.",
    }
    return Assessment(**fields | changed)  # type: ignore[arg-type] # the fields above


def test_more_coverage_is_surer_and_conflict_is_less_sure_within_the_band_of_the_confidence() -> None:
    sure = [assessment(confidence=confidence, coverage=0.5).certainty for confidence in Confidence]
    assert sure == sorted(sure)
    assert assessment(coverage=1.0).certainty == 1.0
    assert assessment(coverage=0.2).certainty < assessment(coverage=0.9).certainty
    assert assessment(conflict=0.5).certainty < assessment().certainty


def test_techniques_are_named_once_each_in_their_order() -> None:
    signs = tuple(Sign("x", 1.0, "Why.", technique) for technique in ("T1571", None, "T1059", "T1571"))
    assert assessment(signs=signs).techniques == ("T1571", "T1059")


@pytest.mark.parametrize(
    ("verdict", "is_finding"),
    [(Verdict.MALICIOUS, True), (Verdict.SUSPICIOUS, True), (Verdict.UNKNOWN, False), (Verdict.BENIGN, False)],
)
def test_what_is_bad_is_a_finding(verdict: Verdict, *, is_finding: bool) -> None:
    assert assessment(verdict=verdict).is_finding is is_finding


def test_ranks_are_those_of_ocsf_and_lead_back() -> None:
    assert [rank_of(severity) for severity in Severity] == [1, 2, 3, 4, 5]
    assert [severity_of_rank(rank_of(severity)) for severity in Severity] == list(Severity)


def test_severity_follows_the_score_by_the_steps_of_the_contract() -> None:
    steps = {0: Severity.LOW, 39: Severity.LOW, 40: Severity.MEDIUM, 69: Severity.MEDIUM, 70: Severity.HIGH}
    steps |= {89: Severity.HIGH, 90: Severity.CRITICAL, 100: Severity.CRITICAL}
    assert {score: severity_of_score(score) for score in steps} == steps
    assert all(
        rank_of(severity_of_score(low)) <= rank_of(severity_of_score(high)) for low, high in pairwise(range(101))
    )


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("203.0.113.42", "ip:203.0.113.42"),
        ("2001:db8::1", "ip:2001:db8::1"),
        ("evil.example", "domain:evil.example"),
        ("44d88612fea8a8f36de82e1278abb02f", "hash:md5:44d88612fea8a8f36de82e1278abb02f"),
        ("http://evil.example/x", "url:http://evil.example/x"),
    ],
)
def test_an_observable_is_named_as_the_document_names_it(text: str, tag: str) -> None:
    assert tag_of(parse_observable(text)) == tag
