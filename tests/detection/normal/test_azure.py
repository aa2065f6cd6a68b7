"""Azure's and Entra's logs under the several names that rules use for one thing."""

import pytest

from cybervault.detection.normal.azure import read, recognises
from cybervault.detection.record import Record


def read_one(event: dict[str, object]) -> Record:
    assert recognises(event)
    (record,) = read(event)
    assert record.source.product == "azure"
    return record


@pytest.mark.parametrize(
    "event",
    [
        {"time": "2026-03-04T12:00:00Z", "category": "Administrative", "operationName": "A/B", "caller": "ann"},
        {
            "TimeGenerated": "2026-03-04T12:00:00Z",
            "Type": "AzureActivity",
            "OperationNameValue": "A/B",
            "Caller": "ann",
        },
        {
            "eventTimestamp": "2026-03-04T12:00:00Z",
            "operationName": {"value": "A/B"},
            "resourceId": "/x",
            "caller": "ann",
        },
        {"@timestamp": "2026-03-04T12:00:00Z", "azure": {"activitylogs": {"operation_name": "A/B"}}, "caller": "ann"},
    ],
)
def test_an_activity_from_every_way_out(event: dict[str, object]) -> None:
    record = read_one(event)
    assert record.source.service == "activitylogs"
    assert record.fields["operationName"] == "A/B"
    assert record.fields["OperationNameValue"] == "A/B"
    assert record.entities == (("user", "ann"),)
    assert record.at is not None


def test_a_sign_in_has_its_properties_at_hand() -> None:
    properties = {
        "userPrincipalName": "ann@corp.example", "userAgent": "BAV2ROPC",
        "deviceDetail": {"trustType": "", "deviceId": "1"},
        "status": {"errorCode": 0, "additionalDetails": "MFA denied"}, "networkLocationDetails": [],
    }  # fmt: skip
    event: dict[str, object] = {
        "category": "SignInLogs", "operationName": "Sign-in activity", "resultType": "0",
        "callerIpAddress": "203.0.113.1", "properties": properties,
    }  # fmt: skip
    record = read_one(event)
    assert record.source.service == "signinlogs"
    assert record.fields["userAgent"] == "BAV2ROPC"
    assert record.fields["ResultType"] == "0"
    assert record.fields["Username"] == "ann@corp.example"
    assert record.fields["DeviceDetail.deviceId"] == "1"
    assert record.fields["DeviceDetail.trusttype"] == ""
    assert record.fields["properties.deviceDetail.deviceId"] == "1"
    assert record.fields["Status"] == ("Success", "MFA denied")
    assert record.fields["NetworkLocationDetails"] == "[]"
    assert record.entities == (("user", "ann@corp.example"), ("ip", "203.0.113.1"))


def test_a_failed_sign_in_of_graph() -> None:
    event: dict[str, object] = {
        "appDisplayName": "x", "conditionalAccessStatus": "failure", "ipAddress": "203.0.113.1",
        "status": {"errorCode": 50126, "failureReason": "Invalid password"},
    }  # fmt: skip
    record = read_one(event)
    assert record.source.service == "signinlogs"
    assert record.fields["ResultType"] == "50126"
    assert record.fields["Status"] == ("Failure", "Invalid password")


@pytest.mark.parametrize(
    "event",
    [
        {
            "category": "AuditLogs",
            "operationName": "Add user",
            "properties": {"result": "success", "targetResources": [{"a": 1}]},
        },
        {
            "activityDisplayName": "Add user",
            "loggedByService": "Core",
            "result": "success",
            "targetResources": [{"a": 1}],
        },
    ],
)
def test_a_change_in_the_directory(event: dict[str, object]) -> None:
    record = read_one(event)
    assert record.source.service == "auditlogs"
    for name in ("operationName", "OperationName", "properties.message"):
        assert record.fields[name] == "Add user"
    assert record.fields["Status"] == "Success"
    assert record.fields["TargetResources"] == '[{"a":1}]'


def test_what_the_log_calls_status_stays() -> None:
    assert read_one({"Category": "AuditLogs", "OperationName": "x", "Status": "odd"}).fields["Status"] == "odd"


@pytest.mark.parametrize(
    ("kind", "service"), [("unfamiliarFeatures", "riskdetection"), ("staleSignInAlertIncident", "pim")]
)
def test_risks_of_identities_and_of_privileges_are_told_apart(kind: str, service: str) -> None:
    assert read_one({"riskEventType": kind}).source.service == service


@pytest.mark.parametrize(
    "other",
    [{}, {"category": "Other", "operationName": "x"}, {"operationName": "x", "resourceId": "y"}, {"azure": {"x": 1}}],
)
def test_other_events_are_not_recognised(other: dict[str, object]) -> None:
    assert not recognises(other)
