"""AWS CloudTrail under native names."""

import pytest

from cybervault.detection.normal.cloudtrail import read, recognises
from cybervault.detection.record import LogSource

EVENT: dict[str, object] = {
    "eventVersion": "1.08",
    "eventTime": "2026-03-04T12:00:00Z",
    "eventSource": "ecs.amazonaws.com",
    "eventName": "RegisterTaskDefinition",
    "sourceIPAddress": "203.0.113.1",
    "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::1:user/ann"},
    "requestParameters": {"containerDefinitions": [{"command": ["a", "b"]}, {"command": ["c"]}], "enable": False},
}


@pytest.mark.parametrize("event", [EVENT, {"detail-type": "x", "detail": EVENT}, {"Records": [EVENT, 3]}])
def test_an_event_alone_wrapped_or_in_a_file(event: dict[str, object]) -> None:
    assert recognises(event)
    (record,) = read(event)
    assert record.source == LogSource("aws", service="cloudtrail")
    assert record.fields["userIdentity.type"] == "IAMUser"
    assert record.fields["requestParameters.enable"] == "false"
    assert record.fields["requestParameters.containerDefinitions.command"] == ("a", "b", "c")
    assert '"command":["c"]' in str(record.fields["requestParameters"])
    assert record.entities == (("user", "arn:aws:iam::1:user/ann"), ("ip", "203.0.113.1"))
    assert record.at is not None


@pytest.mark.parametrize("other", [{}, {"eventSource": "x", "eventName": "y"}, {"Records": []}, {"detail": 1}])
def test_other_events_are_not_recognised(other: dict[str, object]) -> None:
    assert not recognises(other)
