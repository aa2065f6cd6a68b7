"""Windows events without the structure of their XML: NXLog and the like at the top level, Beats below winlog.

Names may be nested or dotted, whichever a pipeline made of them.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from cybervault.detection.normal import ecs
from cybervault.detection.normal.evtx_json import names_of
from cybervault.detection.normal.values import first, flatten, gathered, moment
from cybervault.detection.normal.windows import WindowsEvent, records_of
from cybervault.detection.record import EVENT_ID, Record, Value

_DATA_PREFIXES: Final = ("winlog.event_data.", "winlog.user_data.", "event_data.", "user_data.")


def recognises(event: Mapping[str, object]) -> bool:
    if EVENT_ID in event:
        return "Channel" in event or "SourceName" in event or "Provider_Name" in event or "ProviderName" in event
    return _is_beats(event)


def read(event: Mapping[str, object]) -> tuple[Record, ...]:
    return records_of(event_of(event))


def event_of(event: Mapping[str, object]) -> WindowsEvent:
    return _beats(event) if EVENT_ID not in event and _is_beats(event) else _flat(event)


def _is_beats(event: Mapping[str, object]) -> bool:
    if "winlog" in event or "winlog.event_id" in event:
        return True
    return "event_id" in event and ("event_data" in event or "log_name" in event)


def _flat(event: Mapping[str, object]) -> WindowsEvent:
    fields = flatten(event)
    return WindowsEvent(
        channel=first(fields, "Channel"),
        provider=first(fields, "Provider_Name", "SourceName", "ProviderName"),
        event_id=first(fields, EVENT_ID),
        fields=fields,
        host=first(fields, "Computer", "Hostname", "ComputerName", "MachineName"),
        at=moment_of(fields),
    )


def moment_of(fields: Mapping[str, object]) -> datetime | None:
    """Sysmon's own time, else what has a zone: the times that NXLog writes are local."""
    return moment(fields.get("UtcTime"), is_utc=True) or moment(
        fields.get("TimeCreated"), fields.get("SystemTime"), fields.get("EventTime"), fields.get("@timestamp")
    )


def _beats(event: Mapping[str, object]) -> WindowsEvent:
    flat = flatten(event)
    fields = gathered(_data(flat))
    if "message" in flat:
        fields.setdefault("Message", flat["message"])
    return WindowsEvent(
        channel=first(flat, "winlog.channel", "log_name"),
        provider=first(flat, "winlog.provider_name", "source_name"),
        event_id=first(flat, "winlog.event_id", "event_id", "event.code"),
        fields=ecs.fields_of(flat) | fields,  # the Sysmon module moves what Sysmon said to the names of ECS
        host=first(flat, "winlog.computer_name", "computer_name", "host.name"),
        at=moment(flat.get("@timestamp")),
    )


def _data(flat: Mapping[str, Value]) -> Iterator[tuple[str, Value]]:
    """What the event itself says; what stands deeper in user data is known by its last name."""
    for path, value in flat.items():
        prefix = next((prefix for prefix in _DATA_PREFIXES if path.startswith(prefix)), None)
        if prefix is not None:
            name = path[len(prefix) :]
            yield from ((one, value) for one in names_of(name.rpartition(".")[2] if "user_data" in prefix else name))
