"""Findings: when a sighting is the same finding again, and which changes need the right to write."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from cybervault.domain.assessments import Category
from cybervault.domain.findings import ENDING, Finding, Status, needs_write
from cybervault.domain.ids import AssessmentId, FindingId
from cybervault.domain.principals import TenantId
from cybervault.domain.verdicts import Severity, Verdict

NOON = datetime(2027, 1, 31, 12, tzinfo=UTC)
FINDING = Finding(
    FindingId("thr_0123456789"),
    TenantId("tv_1"),
    NOON,
    NOON,
    NOON,
    "key:key_1",
    type=Category.COMMAND_AND_CONTROL,
    severity=Severity.HIGH,
    score=80,
    verdict=Verdict.MALICIOUS,
    status=Status.NEW,
    kind="ipv4",
    value="203.0.113.42",
    source_ip="203.0.113.42",
    sightings=1,
    assessment_id=AssessmentId("asm_0000000001"),
    indicators=("ip:203.0.113.42",),
    techniques=("T1571",),
)


@pytest.mark.parametrize("status", Status)
def test_what_was_dealt_with_comes_anew_and_all_else_takes_the_sighting(status: Status) -> None:
    """A false positive stays one: the same target does not come back as a new finding."""
    takes = replace(FINDING, status=status).takes_sightings
    assert takes is (status not in {Status.CLOSED, Status.MITIGATED})


def test_a_sighting_brings_the_newer_evidence_and_leaves_the_life_alone() -> None:
    later = replace(
        FINDING,
        id=FindingId("thr_9999999999"),
        created_at=NOON + timedelta(hours=1),
        type=Category.UNKNOWN,
        severity=Severity.CRITICAL,
        score=95,
        source_ip=None,
        assessment_id=AssessmentId("asm_0000000002"),
        indicators=("domain:evil.example", "ip:203.0.113.42"),
        techniques=(),
    )
    seen = replace(FINDING, status=Status.INVESTIGATING).seen_again(later)
    assert (seen.id, seen.status, seen.created_at) == (FINDING.id, Status.INVESTIGATING, NOON)
    assert (seen.sightings, seen.last_seen_at, seen.assessment_id) == (2, later.created_at, later.assessment_id)
    assert (seen.severity, seen.score, seen.type) == (Severity.CRITICAL, 95, Category.COMMAND_AND_CONTROL)
    assert seen.source_ip == FINDING.source_ip
    assert seen.indicators == ("ip:203.0.113.42", "domain:evil.example")
    assert seen.techniques == ("T1571",)


def test_a_newer_category_replaces_the_older_one() -> None:
    assert FINDING.seen_again(replace(FINDING, type=Category.BOTNET)).type is Category.BOTNET


@pytest.mark.parametrize(("before", "after"), list(product(Status, Status)))
def test_to_set_and_to_leave_closed_or_ignored_needs_the_right_to_write(before: Status, after: Status) -> None:
    assert needs_write(before, after) is (before is not after and (before in ENDING or after in ENDING))
