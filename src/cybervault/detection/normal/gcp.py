"""Google Cloud's audit log, Workspace's part of it, and Workspace's own report API.

Rules write the same field in three ways: protoPayload.x, data.protoPayload.x (as Pub/Sub wraps it), gcp.audit.x.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from cybervault.detection.entities import IP, USER, named
from cybervault.detection.normal.values import (
    clean,
    first,
    flatten,
    joined,
    mapping_at,
    mappings_of,
    moment,
    renamed,
    value_of,
)
from cybervault.detection.record import LogSource, Record, Value

_AUDIT: Final = LogSource("gcp", service="gcp.audit")
_WORKSPACE: Final[Mapping[str, LogSource]] = {
    "admin.googleapis.com": LogSource("gcp", service="google_workspace.admin"),
    "login.googleapis.com": LogSource("gcp", service="google_workspace.login"),
}
_BEATS: Final[Mapping[str, tuple[str, ...]]] = {
    "gcp.audit.method_name": ("protoPayload.methodName",),
    "gcp.audit.service_name": ("protoPayload.serviceName",),
    "gcp.audit.resource_name": ("protoPayload.resourceName",),
    "gcp.audit.authentication_info.principal_email": ("protoPayload.authenticationInfo.principalEmail",),
    "eventService": ("protoPayload.serviceName",),
    "eventName": ("protoPayload.metadata.event.eventName",),
}
_SHARED_MAX: Final = 50


def recognises(event: Mapping[str, object]) -> bool:
    return bool(_entry(event)) or _is_report(event) or _is_beats(event)


def read(event: Mapping[str, object]) -> tuple[Record, ...]:
    if entry := _entry(event):
        return (_of_entry(entry),)
    return tuple(_of_report(event)) if _is_report(event) else (_of_beats(event),)


def _entry(event: Mapping[str, object]) -> Mapping[str, object]:
    for candidate in (event, mapping_at(event, "data"), mapping_at(event, "jsonPayload")):
        payload = mapping_at(candidate, "protoPayload")
        if "methodName" in payload or "serviceName" in payload:
            return candidate
    return {}


def _is_report(event: Mapping[str, object]) -> bool:
    kind = event.get("kind")
    return isinstance(kind, str) and kind == "admin#reports#activity" and "events" in event


def _is_beats(event: Mapping[str, object]) -> bool:
    return bool(mapping_at(event, "gcp", "audit")) or "gcp.audit.method_name" in event


def _of_entry(entry: Mapping[str, object]) -> Record:
    fields = flatten(entry)
    fields |= renamed(fields, _BEATS)
    fields |= {f"data.{name}": value for name, value in fields.items() if name.startswith("protoPayload.")}
    log = first(fields, "logName")
    wrapped: dict[str, Value] = {
        "data.protoPayload.resource.type": fields.get("resource.type"),
        "data.protoPayload.logName": joined(log or None, log.rpartition("/logs/")[2] or None),
    }
    fields |= {name: value for name, value in wrapped.items() if value is not None}
    user = first(fields, "protoPayload.authenticationInfo.principalEmail")
    entities = named([(USER, user), (IP, first(fields, "protoPayload.requestMetadata.callerIp"))])
    source = _WORKSPACE.get(first(fields, "protoPayload.serviceName"), _AUDIT)
    return Record(source, fields, moment(entry.get("timestamp")), named=entities)


def _of_beats(event: Mapping[str, object]) -> Record:
    fields = flatten(event)
    user = first(fields, "gcp.audit.authentication_info.principal_email", "client.user.email", "user.email")
    entities = named([(USER, user), (IP, first(fields, "source.ip"))])
    return Record(_AUDIT, fields, moment(event.get("@timestamp")), named=entities)


def _of_report(event: Mapping[str, object]) -> Iterator[Record]:
    """A record for each event of the activity; its parameters under their names in lower case."""
    shared = flatten({name: value for name, value in event.items() if name != "events"})
    base = dict(islice(shared.items(), _SHARED_MAX))  # each of many events has them all
    service = f"{first(base, 'id.applicationName')}.googleapis.com"
    source = _WORKSPACE.get(service, LogSource("gcp", service="google_workspace"))
    entities = named([(USER, first(base, "actor.email")), (IP, first(base, "ipAddress"))])
    for part in mappings_of(event.get("events")):
        fields: dict[str, Value] = {"eventService": service, "eventName": value_of(part.get("name"))}
        for parameter in mappings_of(part.get("parameters")):
            if isinstance(name := parameter.get("name"), str):
                fields[clean(name).lower()] = value_of(parameter.get("value", parameter.get("multiValue")))
        yield Record(source, base | fields, moment(base.get("id.time")), named=entities)
