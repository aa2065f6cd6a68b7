"""Microsoft 365's audit log, and its alerts under the names of rules."""

import json

import pytest

from cybervault.detection.normal.m365 import read, recognises
from cybervault.detection.record import LogSource

EVENT: dict[str, object] = {
    "CreationTime": "2026-03-04T12:00:00",
    "RecordType": 1,
    "Operation": "New-InboxRule",
    "Workload": "Exchange",
    "UserId": "ann@corp.example",
    "ClientIP": "203.0.113.1:4711",
    "ResultStatus": "Succeeded",
    "Parameters": [{"Name": "ForwardTo", "Value": "x@example.net"}],
}


@pytest.mark.parametrize(
    "event", [EVENT, {"AuditData": json.dumps(EVENT), "RecordType": 1}, {"AuditData": EVENT, "Operations": "x"}]
)
def test_a_change_in_exchange(event: dict[str, object]) -> None:
    assert recognises(event)
    audit, exchange = read(event)
    assert audit.source == LogSource("m365", service="audit")
    assert exchange.source == LogSource("m365", service="exchange")
    assert '"Name":"ForwardTo"' in str(audit.fields["Parameters"])
    assert exchange.fields["eventName"] == "New-InboxRule"
    assert exchange.fields["eventSource"] == "Exchange"
    assert exchange.fields["status"] == "success"
    assert audit.entities == (("user", "ann@corp.example"), ("ip", "203.0.113.1"))
    assert audit.at is not None


def test_an_alert_is_known_by_its_title() -> None:
    event = EVENT | {"Workload": "SecurityComplianceCenter", "Operation": "AlertTriggered", "Name": "Mass download"}
    _, alert = read(event)
    assert alert.source.service == "threat_management"
    assert alert.fields["eventName"] == "Mass download"


def test_names_of_rules_are_taken_as_they_are() -> None:
    event: dict[str, object] = {"eventSource": "SecurityComplianceCenter", "eventName": "x", "status": "failed"}
    assert recognises(event)
    _, alert = read(event)
    assert alert.fields == event


def test_other_workloads_are_audited_only() -> None:
    (audit,) = read(EVENT | {"Workload": "AzureActiveDirectory", "ClientIP": "[2001:db8::1]:80"})
    assert ("ip", "2001:db8::1") in audit.entities
    (bare,) = read(EVENT | {"Workload": "SharePoint", "ClientIP": "2001:db8::1"})
    assert ("ip", "2001:db8::1") in bare.entities


def test_an_export_that_is_no_json_is_read_as_it_is() -> None:
    (record,) = read({"AuditData": "{broken", "Operations": "x"})
    assert record.fields["AuditData"] == "{broken"


@pytest.mark.parametrize(
    "other", [{}, {"Operation": "x", "Workload": "y"}, {"eventSource": "aws", "eventName": "x"}, {"AuditData": "x"}]
)
def test_other_events_are_not_recognised(other: dict[str, object]) -> None:
    assert not recognises(other)
