"""The audit log of the Kubernetes API server."""

import pytest

from cybervault.detection.normal.kubernetes import read, recognises
from cybervault.detection.record import LogSource

EVENT: dict[str, object] = {
    "kind": "Event",
    "apiVersion": "audit.k8s.io/v1",
    "auditID": "1",
    "verb": "create",
    "user": {"username": "ann"},
    "sourceIPs": ["203.0.113.1"],
    "objectRef": {"resource": "pods", "namespace": "kube-system", "apiGroup": "batch"},
    "responseStatus": {"code": 201},
    "requestObject": {
        "spec": {
            "volumes": [{"name": "a"}, {"hostPath": {"path": "/"}}],
            "containers": [{"securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}}}],
        }
    },
    "requestReceivedTimestamp": "2026-03-04T12:00:00.000000Z",
}


@pytest.mark.parametrize("event", [EVENT, {"kind": "EventList", "items": [EVENT]}])
def test_a_created_pod(event: dict[str, object]) -> None:
    assert recognises(event)
    (record,) = read(event)
    assert record.source == LogSource("kubernetes", frozenset({"application"}), "audit")
    assert record.fields["objectRef.resource"] == "pods"
    assert record.fields["apiGroup"] == "batch"
    assert record.fields["hostPath"] == "/"
    assert record.fields["capabilities"] == "SYS_ADMIN"
    assert record.fields["responseStatus.code"] == "201"
    assert record.entities == (("user", "ann"), ("ip", "203.0.113.1"))
    assert record.at is not None


@pytest.mark.parametrize(
    "other", [{}, {"verb": "get"}, {"apiVersion": "audit.k8s.io/v1"}, {"items": [{}]}, {"apiVersion": 1}]
)
def test_other_events_are_not_recognised(other: dict[str, object]) -> None:
    assert not recognises(other)


def test_an_audit_id_is_sign_enough() -> None:
    assert recognises({"auditID": "1", "verb": "get"})
