"""How v1 spells assessments and findings."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from cybervault.domain.assessments import Depth, Sign
from cybervault.domain.verdicts import Verdict
from cybervault.faces.v1.threat_shapes import AnalysisReply, AnalyzeReply, AnalyzeRequest, FeedItem, fraction
from tests.assessments.made import ASSESSMENT, FINDING


def test_an_assessment_has_the_seven_fields_of_the_document() -> None:
    signs = (Sign("abuseipdb_reports", 3.4, "Many."), Sign("abuseipdb_reports", 1.0, "More."), Sign("c2", 1.0, "C2."))
    assert AnalyzeReply.of(replace(ASSESSMENT, signs=signs)).model_dump() == {
        "request_id": "req_1",
        "threat_score": 0.92,
        "classification": "malicious",
        "family": "cobalt_strike",
        "indicators": ["abuseipdb_reports", "c2"],
        "action": "block_and_alert",
        "timestamp": "2027-01-31T12:00:00Z",
    }


@pytest.mark.parametrize(
    ("verdict", "action"),
    [("malicious", "block_and_alert"), ("suspicious", "alert"), ("unknown", "monitor"), ("benign", "allow")],
)
def test_each_verdict_has_its_action(verdict: str, action: str) -> None:
    assert AnalyzeReply.of(replace(ASSESSMENT, verdict=Verdict(verdict))).action == action


@pytest.mark.parametrize(("score", "expected"), [(None, 0.0), (0, 0.0), (7, 0.07), (100, 1.0)])
def test_a_score_is_a_fraction_of_two_decimals(score: int | None, expected: float) -> None:
    assert fraction(score) == expected


def test_an_analysis_shows_what_it_rests_on_and_the_tags() -> None:
    reply = AnalysisReply.of(
        replace(ASSESSMENT, metadata={"case": "42", "n": 7}, signs=(Sign("c2", 1.0, "C2."),), missing=("virustotal",))
    )
    assert (reply.state, reply.mode, reply.metadata) == ("completed", "quick", {"case": "42", "n": 7})
    assert [one.name for one in reply.evidence] == ["c2"]
    assert reply.missing == ["virustotal"]


def test_a_finding_is_an_item_of_the_feed() -> None:
    item = FeedItem.of(FINDING)
    assert (item.id, item.threat_score, item.severity) == (FINDING.id, 0.8, "high")
    assert item.target == "203.0.113.42"


async def test_a_wish_is_read_with_its_tags() -> None:
    request = AnalyzeRequest.model_validate({"target": "203.0.113.42", "mode": "deep", "metadata": {"a": None}})
    wish = await request.to_core("req_9")
    assert (wish.depth, wish.request_id, wish.metadata) == (Depth.DEEP, "req_9", {"a": None})


@pytest.mark.parametrize(
    "metadata",
    [
        [],
        {"a": []},
        {"a": {}},
        {"": "x"},
        {"x" * 65: "x"},
        {"a": "x" * 513},
        {"a": float("inf")},
        {str(number): 1 for number in range(51)},
    ],
)
def test_tags_have_their_limits(metadata: object) -> None:
    with pytest.raises(ValidationError):
        AnalyzeRequest.model_validate({"target": "x", "metadata": metadata})
