"""The audit log of the Kubernetes API server, single events and lists; names stay native."""

from collections.abc import Iterator, Mapping
from typing import Final

from cybervault.detection.entities import IP, USER, named
from cybervault.detection.normal.values import first, flatten, mappings_of, moment, renamed
from cybervault.detection.record import LogSource, Record

_SOURCE: Final = LogSource("kubernetes", frozenset({"application"}), "audit")
_SPEC: Final = "requestObject.spec"
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "apiGroup": ("objectRef.apiGroup", "requestObject.roleRef.apiGroup"),
    "hostPath": (f"{_SPEC}.volumes.hostPath.path", f"{_SPEC}.template.spec.volumes.hostPath.path"),
    "capabilities": (
        f"{_SPEC}.containers.securityContext.capabilities.add",
        f"{_SPEC}.template.spec.containers.securityContext.capabilities.add",
    ),
}


def recognises(event: Mapping[str, object]) -> bool:
    return next(_events(event), None) is not None


def read(event: Mapping[str, object]) -> tuple[Record, ...]:
    return tuple(_record(one) for one in _events(event))


def _events(event: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    return (one for one in (event, *mappings_of(event.get("items"))) if _is_one(one))


def _is_one(event: Mapping[str, object]) -> bool:
    version = event.get("apiVersion")
    if isinstance(version, str) and version.startswith("audit.k8s.io/"):
        return "verb" in event
    return "auditID" in event and "verb" in event


def _record(event: Mapping[str, object]) -> Record:
    fields = flatten(event)
    fields |= renamed(fields, _NAMES)
    user = first(fields, "user.username", "impersonatedUser.username")
    entities = named([(USER, user), (IP, fields.get("sourceIPs"))])
    at = moment(event.get("requestReceivedTimestamp"), event.get("stageTimestamp"))
    return Record(_SOURCE, fields, at, named=entities)
