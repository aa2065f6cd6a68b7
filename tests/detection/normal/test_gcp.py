"""Google Cloud's audit log and Workspace, under the three ways in which rules write its names."""

import pytest

from cybervault.detection.normal.gcp import read, recognises
from cybervault.detection.record import LogSource

ENTRY: dict[str, object] = {
    "logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity",
    "timestamp": "2026-03-04T12:00:00Z",
    "resource": {"type": "k8s_cluster"},
    "protoPayload": {
        "methodName": "storage.buckets.delete",
        "serviceName": "storage.googleapis.com",
        "authorizationInfo": [{"permission": "a", "granted": True}],
        "authenticationInfo": {"principalEmail": "ann@corp.example"},
        "requestMetadata": {"callerIp": "203.0.113.1"},
    },
}


@pytest.mark.parametrize("event", [ENTRY, {"data": ENTRY}])
def test_an_entry_alone_or_wrapped(event: dict[str, object]) -> None:
    assert recognises(event)
    (record,) = read(event)
    assert record.source == LogSource("gcp", service="gcp.audit")
    assert record.fields["gcp.audit.method_name"] == "storage.buckets.delete"
    assert record.fields["data.protoPayload.authorizationInfo.granted"] == "true"
    assert record.fields["data.protoPayload.resource.type"] == "k8s_cluster"
    assert record.fields["data.protoPayload.logName"] == (ENTRY["logName"], "cloudaudit.googleapis.com%2Factivity")
    assert record.entities == (("user", "ann@corp.example"), ("ip", "203.0.113.1"))
    assert record.at is not None


@pytest.mark.parametrize("name", ["admin", "login"])
def test_workspace_has_logs_of_its_own(name: str) -> None:
    payload = {"serviceName": f"{name}.googleapis.com", "metadata": {"event": [{"eventName": "GRANT"}]}}
    (record,) = read({"protoPayload": payload})
    assert record.source == LogSource("gcp", service=f"google_workspace.{name}")
    assert record.fields["eventName"] == "GRANT"
    assert record.fields["protoPayload.metadata.event.eventName"] == "GRANT"


def test_each_event_of_a_report_is_one() -> None:
    event: dict[str, object] = {
        "kind": "admin#reports#activity",
        "id": {"time": "2026-03-04T12:00:00Z", "applicationName": "admin"},
        "actor": {"email": "ann@corp.example"},
        "ipAddress": "203.0.113.1",
        "events": [
            {
                "name": "CHANGE_SETTING",
                "parameters": [{"name": "SETTING_NAME", "value": "x"}, {"name": "L", "multiValue": ["a", "b"]}, {}],
            },
            {"name": "OTHER"},
        ],
    }
    assert recognises(event)
    change, other = read(event)
    assert change.source == LogSource("gcp", service="google_workspace.admin")
    assert change.fields["eventService"] == "admin.googleapis.com"
    assert change.fields["setting_name"] == "x"
    assert change.fields["l"] == ("a", "b")
    assert other.fields["eventName"] == "OTHER"
    assert other.at is not None


@pytest.mark.parametrize(
    "event",
    [{"gcp": {"audit": {"method_name": "x"}}}, {"gcp.audit.method_name": "x", "source": {"ip": "203.0.113.1"}}],
)
def test_beats_names_are_kept(event: dict[str, object]) -> None:
    assert recognises(event)
    (record,) = read(event)
    assert record.fields["gcp.audit.method_name"] == "x"


@pytest.mark.parametrize("other", [{}, {"protoPayload": {}}, {"kind": "admin#reports#activity"}, {"gcp": {}}])
def test_other_events_are_not_recognised(other: dict[str, object]) -> None:
    assert not recognises(other)
