"""Microsoft 365's unified audit log, as its activity API gives it, and records that carry rules' names already."""

import json
from collections.abc import Mapping
from typing import Final

from cybervault.detection.entities import IP, USER, named
from cybervault.detection.normal.values import first, flatten, moment
from cybervault.detection.record import LogSource, Record, Value

_PRODUCT: Final = "m365"
_SOURCES: Final[Mapping[str, LogSource]] = {
    workload: LogSource(_PRODUCT, service=service)
    for workload, service in (
        ("exchange", "exchange"),
        ("securitycompliancecenter", "threat_management"),
        ("threatintelligence", "threat_detection"),
    )
}
_AUDIT: Final = LogSource(_PRODUCT, service="audit")
_WRITTEN_OUT: Final = frozenset({"Parameters", "OperationProperties", "ExtendedProperties", "ModifiedProperties"})
_SIGNS: Final = ("RecordType", "OrganizationId", "UserType", "CreationTime")
_CHARACTERS_MAX: Final = 1_000_000


def recognises(event: Mapping[str, object]) -> bool:
    if "Operation" in event and "Workload" in event:
        return any(name in event for name in _SIGNS)
    if isinstance(event.get("AuditData"), dict | str):
        return "Operations" in event or "RecordType" in event
    source = event.get("eventSource")
    return "eventName" in event and isinstance(source, str) and source.lower() in _SOURCES


def read(event: Mapping[str, object]) -> tuple[Record, ...]:
    event = _unwrapped(event)
    fields = flatten(event, written_out=_WRITTEN_OUT)
    at = moment(event.get("CreationTime"), is_utc=True)
    entities = named([(USER, first(fields, "UserId")), (IP, _address(first(fields, "ClientIP", "ClientIPAddress")))])
    source = _SOURCES.get(first(fields, "Workload", "eventSource").lower())
    audit = Record(_AUDIT, fields, at, named=entities)
    if source is None:
        return (audit,)
    return audit, Record(source, _with_alert(fields), at, named=entities)


def _unwrapped(event: Mapping[str, object]) -> Mapping[str, object]:
    """Exports of the audit search keep the event as JSON text in a column."""
    inner = event.get("AuditData")
    if isinstance(inner, str) and len(inner) <= _CHARACTERS_MAX:
        try:
            inner = json.loads(inner)
        except (ValueError, RecursionError):
            return event
    return inner if isinstance(inner, dict) else event


def _with_alert(fields: dict[str, Value]) -> dict[str, Value]:
    """Rules know an alert by its title, as eventName."""
    found = dict(fields)
    names = (("eventSource", "Workload"), ("eventName", "Name"), ("eventName", "Operation"))
    for new, old in names:
        if found.get(new) is None and fields.get(old) is not None:
            found[new] = fields[old]
    if found.get("status") is None and first(fields, "ResultStatus").lower() in {"succeeded", "success", "true"}:
        found["status"] = "success"
    return found


def _address(text: str) -> str:
    """Without the port that Exchange adds: 203.0.113.7:443, [2001:db8::7]:443."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
