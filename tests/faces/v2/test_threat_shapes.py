"""How v2 spells assessments and findings."""

from dataclasses import replace

import pytest

from cybervault.domain.assessments import Category, Depth, Sort, Target
from cybervault.domain.findings import Status
from cybervault.domain.problems import Problem
from cybervault.domain.verdicts import Severity, Verdict
from cybervault.faces.v2.threat_shapes import AnalyzeReply, AnalyzeRequest, ChangedThreat, StatusRequest, ThreatItem
from tests.assessments.made import ASSESSMENT, FINDING


def test_an_assessment_has_the_fields_of_the_document() -> None:
    assert AnalyzeReply.of(ASSESSMENT).model_dump(mode="json") == {
        "analysis_id": "anl_0123456789",
        "threat_score": 92,
        "classification": "command_and_control",
        "confidence": 0.95,
        "mitigation": {"action": "block_immediately", "rule_id": None, "scope": "tenant"},
    }


FILE = Target(Sort.INDICATOR, "sha256", "0" * 64)


@pytest.mark.parametrize(
    ("verdict", "severity", "target", "action"),
    [
        (Verdict.MALICIOUS, Severity.HIGH, ASSESSMENT.target, "block"),
        (Verdict.MALICIOUS, Severity.CRITICAL, FILE, "quarantine"),
        (Verdict.MALICIOUS, Severity.CRITICAL, Target(Sort.PAYLOAD, "payload", "0"), "quarantine"),
        (Verdict.SUSPICIOUS, Severity.MEDIUM, ASSESSMENT.target, "monitor"),
        (Verdict.UNKNOWN, Severity.LOW, ASSESSMENT.target, "none"),
        (Verdict.BENIGN, Severity.LOW, ASSESSMENT.target, "none"),
    ],
)
def test_each_verdict_has_its_mitigation(verdict: Verdict, severity: Severity, target: Target, action: str) -> None:
    reply = AnalyzeReply.of(replace(ASSESSMENT, verdict=verdict, severity=severity, target=target))
    assert reply.mitigation.action == action
    assert reply.mitigation.scope == ("none" if action == "none" else "tenant")


def test_an_item_has_exactly_the_seven_fields_and_its_indicators_as_they_were_stored() -> None:
    """The document's own sample has an MD5 of six characters."""
    item = ThreatItem.of(replace(FINDING, indicators=("hash:md5:a1b2c3", "domain:evil-payload.net")))
    assert item.model_dump() == {
        "id": "thr_0123456789",
        "type": "command_and_control",
        "severity": "high",
        "timestamp": "2027-01-31T12:00:00Z",
        "source_ip": "203.0.113.42",
        "indicators": ["hash:md5:a1b2c3", "domain:evil-payload.net"],
        "status": "new",
    }


def test_a_changed_threat_says_who_changed_it_when() -> None:
    changed = ChangedThreat.of(replace(FINDING, type=Category.MALWARE, status=Status.CLOSED))
    assert (changed.status, changed.updated_by, changed.updated_at) == ("closed", "key:key_1", "2027-01-31T12:00:00Z")


async def test_a_wish_keeps_the_plain_part_of_its_context_as_tags() -> None:
    context = {"environment": "production", "depth": "deep", "nested": {"a": 1}, "n": 7}
    wish = await AnalyzeRequest.model_validate({"target": "203.0.113.42", "context": context}).to_core("req_9")
    assert wish.depth is Depth.DEEP
    assert wish.metadata == {"environment": "production", "depth": "deep", "n": 7}


@pytest.mark.parametrize("depth", ["sandbox", "turbo", 7, None, []])
async def test_a_depth_that_v2_does_not_know_is_refused(depth: object) -> None:
    request = AnalyzeRequest.model_validate({"target": "203.0.113.42", "context": {"depth": depth}})
    with pytest.raises(Problem, match=r"context\.depth is quick or deep"):
        await request.to_core("req_9")


def test_a_wish_for_a_status_is_read() -> None:
    wish = StatusRequest.model_validate({"status": "closed", "comment": "Done."}).to_core()
    assert (wish.status, wish.comment) == (Status.CLOSED, "Done.")
