"""Sysmon for Linux: the events and names of Sysmon on Windows, told apart by their provider only."""

from collections.abc import Mapping
from typing import Final

from cybervault.detection.normal import evtx_json, sysmon, windows_flat
from cybervault.detection.normal.values import mapping_at, moment
from cybervault.detection.record import EVENT_ID, LogSource, Record

PROVIDER: Final = "Linux-Sysmon"
_NOTHING: Final[frozenset[str]] = frozenset()


def recognises(event: Mapping[str, object]) -> bool:
    if PROVIDER in (event.get("Provider_Name"), event.get("SourceName"), event.get("ProviderName")):
        return windows_flat.recognises(event)
    if "winlog" in event:
        return mapping_at(event, "winlog").get("provider_name") == PROVIDER
    is_structured = "Event" in event or "System" in event
    return is_structured and evtx_json.recognises(event) and evtx_json.provider_of(event) == PROVIDER


def read(event: Mapping[str, object]) -> tuple[Record, ...]:
    reader = evtx_json if evtx_json.recognises(event) else windows_flat
    found = reader.event_of(event)
    fields = found.fields | {EVENT_ID: found.event_id, "Provider_Name": PROVIDER}
    if found.host:
        fields["Computer"] = found.host
    source = LogSource("linux", sysmon.CATEGORIES.get(found.event_id, _NOTHING), "sysmon")
    at = found.at or moment(fields.get("UtcTime"), is_utc=True)
    return (Record(source, fields, at),)
