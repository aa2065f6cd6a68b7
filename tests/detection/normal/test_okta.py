"""Okta's system log under native names."""

import pytest

from cybervault.detection.normal.okta import read, recognises
from cybervault.detection.record import LogSource


def test_an_event() -> None:
    event: dict[str, object] = {
        "eventType": "policy.rule.deactivate",
        "displayMessage": "x",
        "actor": {"alternateId": "ann@corp.example"},
        "client": {"ipAddress": "203.0.113.1"},
        "target": [{"displayName": "a"}, {"displayName": "b"}],
        "securityContext": {"isProxy": True},
        "published": "2026-03-04T12:00:00.000Z",
    }
    assert recognises(event)
    (record,) = read(event)
    assert record.source == LogSource("okta", service="okta")
    assert record.fields["target.displayName"] == ("a", "b")
    assert record.fields["securityContext.isProxy"] == "true"
    assert record.entities == (("user", "ann@corp.example"), ("ip", "203.0.113.1"))
    assert record.at is not None


@pytest.mark.parametrize("other", [{}, {"eventType": "x"}, {"eventType": "x", "actor": {}}])
def test_other_events_are_not_recognised(other: dict[str, object]) -> None:
    assert not recognises(other)
