"""What webhooks tell, and in which envelope."""

import json
from datetime import UTC, datetime

import pytest

from cybervault.domain.ids import DeliveryId
from cybervault.domain.jobs import Happened
from cybervault.domain.verdicts import Severity
from cybervault.response.webhooks.events import TOPICS, WebhookEvent, body_of, data_of, event_of, reaches

NOW = datetime(2026, 11, 1, 12, 30, 5, 999999, tzinfo=UTC)


def happened(topic: str, **payload: str) -> Happened:
    return Happened(topic, "x_1", None, payload)


def test_every_event_has_one_topic() -> None:
    assert sorted(map(event_of, TOPICS)) == sorted(WebhookEvent)


@pytest.mark.parametrize(
    ("topic", "event", "name"),
    [
        ("finding.opened", "threat.detected", "threat_id"),
        ("scan_finding.opened", "finding.opened", "finding_id"),
        ("scan_finding.resolved", "finding.resolved", "finding_id"),
        ("scan.completed", "scan.completed", "scan_id"),
    ],
)
def test_outside_words_differ_from_ours(topic: str, event: str, name: str) -> None:
    assert event_of(topic) == event
    assert data_of(happened(topic, severity="high")) == {name: "x_1", "severity": "high"}


def test_progress_is_a_number() -> None:
    assert data_of(happened("scan.progress", progress="0.25")) == {"scan_id": "x_1", "progress": 0.25}


@pytest.mark.parametrize(
    ("least", "said", "expected"),
    [
        (None, "low", True),
        (Severity.HIGH, "low", False),
        (Severity.HIGH, "high", True),
        (Severity.HIGH, "critical", True),
        (Severity.HIGH, None, True),
    ],
)
def test_a_lesser_severity_is_left_out(least: Severity | None, said: str | None, expected: bool) -> None:  # noqa: FBT001 - a case
    payload = {} if said is None else {"severity": said}
    assert reaches(happened("finding.opened", **payload), least) is expected


def test_the_envelope_is_the_contracts() -> None:
    body = body_of(DeliveryId("wh_1"), "threat.detected", at=NOW, data={"target": "büro.example"})
    assert json.loads(body) == {
        "id": "wh_1", "event": "threat.detected", "type": "threat.detected", "timestamp": "2026-11-01T12:30:05Z",
        "data": {"target": "büro.example"},
    }  # fmt: skip
