"""What webhooks tell: the names of events, the domain events that they are made of, and the body that is sent."""

import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from cybervault.domain.assessments import rank_of
from cybervault.domain.ids import DeliveryId
from cybervault.domain.jobs import Happened
from cybervault.domain.verdicts import Severity


class WebhookEvent(StrEnum):
    """What can be subscribed to, as callers write it."""

    SCAN_STARTED = "scan.started"
    SCAN_PROGRESS = "scan.progress"
    SCAN_COMPLETED = "scan.completed"
    SCAN_FAILED = "scan.failed"
    SCAN_TIMED_OUT = "scan.timed_out"
    SCAN_CANCELLED = "scan.cancelled"
    FINDING_OPENED = "finding.opened"
    FINDING_RESOLVED = "finding.resolved"
    THREAT_DETECTED = "threat.detected"


TEST: Final = "webhook.test"
"""Of a delivery that only tries whether it works."""

# Outside, what scans see is a finding and what was assessed is a threat; inside the latter is the finding.
_OF_TOPIC: Final[Mapping[str, tuple[WebhookEvent, str]]] = {
    "scan.started": (WebhookEvent.SCAN_STARTED, "scan_id"),
    "scan.progress": (WebhookEvent.SCAN_PROGRESS, "scan_id"),
    "scan.completed": (WebhookEvent.SCAN_COMPLETED, "scan_id"),
    "scan.failed": (WebhookEvent.SCAN_FAILED, "scan_id"),
    "scan.timed_out": (WebhookEvent.SCAN_TIMED_OUT, "scan_id"),
    "scan.cancelled": (WebhookEvent.SCAN_CANCELLED, "scan_id"),
    "scan_finding.opened": (WebhookEvent.FINDING_OPENED, "finding_id"),
    "scan_finding.resolved": (WebhookEvent.FINDING_RESOLVED, "finding_id"),
    "finding.opened": (WebhookEvent.THREAT_DETECTED, "threat_id"),
}
TOPICS: Final = frozenset(_OF_TOPIC)
_NUMBERS: Final = frozenset({"progress"})


def event_of(topic: str) -> WebhookEvent:
    """What a domain event of `TOPICS` is called outside."""
    return _OF_TOPIC[topic][0]


def reaches(happened: Happened, severity_min: Severity | None) -> bool:
    """Whether an event is grave enough; one that says no severity always is."""
    said = happened.payload.get("severity")
    return severity_min is None or said is None or rank_of(Severity(said)) >= rank_of(severity_min)


def data_of(happened: Happened) -> Mapping[str, object]:
    """What an event says, with the id of what it is about."""
    said = {name: float(text) if name in _NUMBERS else text for name, text in happened.payload.items()}
    return {_OF_TOPIC[happened.topic][1]: happened.subject, **said}


def body_of(delivery_id: DeliveryId, event: str, *, at: datetime, data: Mapping[str, object]) -> bytes:
    """The envelope (contract 1.4.10), with `type` besides as Standard Webhooks names it."""
    envelope = {"id": delivery_id, "event": event, "type": event, "timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}", "data": data}
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()
