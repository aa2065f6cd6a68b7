"""Events of Windows at a glance: which rules one is for, and where in it their fields are, before all of it is read.

Most telemetry is of this kind, and rules ask for a few of an event's many fields. What is not quite plain is left to
`windows_flat` and `evtx_json`, with which every answer here must agree.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final, TypeAlias

from cybervault.detection.normal import ecs, sysmon_linux, windows_flat
from cybervault.detection.normal.evtx_json import ATTRIBUTES, SYSTEM_NAMES, attribute, scalar
from cybervault.detection.normal.values import mapping_at, moment, text_of, value_of
from cybervault.detection.normal.windows import SYSTEM_FIELDS, Derive, WindowsEvent, derivation, derived, source_of
from cybervault.detection.record import EVENT_ID, LogSource, Record, Value

ROUTES_MAX: Final = 2_000

Content: TypeAlias = Mapping[str, object]
Make: TypeAlias = Callable[[Content], object]

Signs: TypeAlias = tuple[tuple[object, ...], type]

# Who has none of these is of no other format.
_OTHERS: Final = ("winlog", "Event", "System")
_PROVIDERS: Final = ("Provider_Name", "SourceName", "ProviderName")
HOSTS: Final = ("Computer", "Hostname", "ComputerName", "MachineName")
"""Under which names a flat event tells its host, the best first."""
_ROUTING: Final = ("Channel", EVENT_ID, *_PROVIDERS, "EventType")
_SIGNS: Final = (*_ROUTING, *_OTHERS)
_CLASSIC_POWERSHELL: Final = "Windows PowerShell"
_NOT_OF_DATA: Final = ATTRIBUTES | {*SYSTEM_FIELDS, "#text"}
_BEATS: Final = ("provider_name", "channel", "computer_name")
_BEATS_ELSEWHERE: Final = ecs.ROOTS - {"host"} | {EVENT_ID, "Event", "System", "event_data", "user_data"}
_NOWHERE: Final = "-"
_NOT_PLAIN: Final = list[object]()
"""Stands for a value that takes a whole reading, as lists and objects do."""


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """What events have in common that say the same of where they come from.

    A field of the record is what `made` makes of the event, or else the event's own under its name in `names`, or else
    under the same name; what is no text there is as `text_of` has it, and a list or an object takes a whole reading.
    """

    source: LogSource
    event_id: str
    names: Mapping[str, str]
    made: Mapping[str, Make]
    derive: Derive | None

    def second(self, event: Content) -> Record | None:
        """The record in Sysmon's words, where there is one: its source and its fields, and no more."""
        if self.derive is None:
            return None
        return derived(self.derive, _Read(self, event))


class _Read(Mapping[str, Value]):
    """The fields of an event, each read when it is asked for: of forty a second record takes ten."""

    def __init__(self, route: Route, event: Content) -> None:
        self._route = route
        self._event = event

    def __getitem__(self, name: str) -> Value:
        if name == EVENT_ID:
            return self._route.event_id
        make = self._route.made.get(name)
        value = self._event.get(self._route.names.get(name, name)) if make is None else make(self._event)
        return value_of(value)

    def __iter__(self) -> Iterator[str]:
        return iter(self._event)

    def __len__(self) -> int:
        return len(self._event)


def signs_of(event: Content) -> Signs:
    """What `route_of` goes by: events with the same signs have the same route. A list among them has no hash."""
    found = tuple(map(event.get, _SIGNS))
    return found, type(found[1])  # 1 is equal to True and to 1.0


def flat_of(event: Content) -> Content | None:
    """The event itself, or one of Beats or with the structure of XML as a flat one would have it; None: not plain."""
    if "winlog" in event:
        return _flat_of_beats(event)
    if len(event) != 1 or "Event" not in event:
        return event
    body = event["Event"]
    if not isinstance(body, dict) or "UserData" in body:
        return None
    system, data = body.get("System"), body.get("EventData")
    if not isinstance(system, dict) or not isinstance(data, dict) or not _is_plain(data):
        return None
    provider, computer = attribute(system, "Provider", "Name"), system.get("Computer")
    if not (isinstance(provider, str) and isinstance(computer, str) and provider and computer):
        return None
    found: dict[str, object] = {name: text for name in SYSTEM_NAMES if (text := scalar(system.get(name))) is not None}
    if (user := attribute(system, "Security", "UserID")) is not None:
        found["UserID"] = text_of(user)
    found |= data
    found["Channel"], found[EVENT_ID] = scalar(system.get("Channel")), scalar(system.get(EVENT_ID))
    found["Provider_Name"], found["Computer"] = provider, computer
    return found


def moment_of(event: Content) -> datetime | None:
    """When what `flat_of` takes happened."""
    if "winlog" in event:
        at, data = moment(event.get("@timestamp")), mapping_at(event, "winlog", "event_data")
    elif "Event" in event:
        at = moment(attribute(mapping_at(event, "Event", "System"), "TimeCreated", "SystemTime"), is_utc=True)
        data = mapping_at(event, "Event", "EventData")
    else:
        return windows_flat.moment_of(event)
    return at or moment(data.get("UtcTime"), is_utc=True)


def _flat_of_beats(event: Content) -> Content | None:
    """Where a module has moved fields to the names of ECS, it takes a whole reading."""
    winlog = event["winlog"]
    if not isinstance(winlog, dict) or "user_data" in winlog or not _BEATS_ELSEWHERE.isdisjoint(event):
        return None
    data, told = winlog.get("event_data", {}), [*map(winlog.get, _BEATS), _other_host(event.get("host"))]
    if not isinstance(data, dict) or not _is_plain(data) or "." in "".join(event):
        return None
    if not all(isinstance(one, str) and one for one in told):
        return None
    found = dict(data)
    if "message" in event:
        found.setdefault("Message", event["message"])
    found["Provider_Name"], found["Channel"], host, other = told
    found["Computer"] = host if other in {host, _NOWHERE} else [host, other]
    found[EVENT_ID] = winlog.get("event_id")
    return found


def _other_host(host: object) -> object:
    if not isinstance(host, dict):
        return _NOWHERE
    return next((host[name] for name in ("hostname", "name") if host.get(name) is not None), _NOWHERE)


def _is_plain(data: Content) -> bool:
    """Whether names and values are those of fields, with nothing to be read out of them."""
    return (
        _NOT_OF_DATA.isdisjoint(data)
        and " " not in "".join(data)
        and dict not in map(type, data.values())
        and type(data.get("Data", "")) is str
    )


def route_of(event: Content) -> Route | None:
    """None for what is not plainly a flat event of Windows."""
    if any(event.get(name) is not None for name in _OTHERS):
        return None
    try:
        return _route(*map(event.get, _ROUTING))
    except TypeError:  # a list or an object, which cannot be looked up
        return None


@lru_cache(ROUTES_MAX, typed=True)
def _route(channel: object, event_id: object, *more: object) -> Route | None:
    *providers, event_type = more
    texts = [one for one in (channel, *more) if one is not None]
    if not texts or not all(isinstance(one, str) and one for one in texts):
        return None
    if not isinstance(event_id, str | int) or isinstance(event_id, bool) or event_id == "":
        return None
    if not any((channel, *providers)) or sysmon_linux.PROVIDER in providers:
        return None
    own = next((name for name, one in zip(_PROVIDERS, providers, strict=True) if one), None)
    provider = next(filter(None, providers), "")
    told = WindowsEvent(str(channel or ""), str(provider), str(event_id), {"EventType": event_type})  # type: ignore[dict-item] # a text or None
    source = source_of(told)
    names = {} if own is None else {"Provider_Name": own}
    made = {"Computer": _host, "Data": _message_as_data if channel == _CLASSIC_POWERSHELL else _data}
    return Route(source, told.event_id, names, made, derivation(source, told.event_id))


def _host(event: Content) -> object:
    found = next((value for name in HOSTS if (value := event.get(name)) is not None), None)
    text = found[0] if found and isinstance(found, list) else found
    return found if found is None or (text and isinstance(text, str)) else _NOT_PLAIN


def _data(event: Content) -> object:
    return _NOT_PLAIN if "param1" in event and "Data" not in event else event.get("Data")


def _message_as_data(event: Content) -> object:
    return _data(event) if "Data" in event or "param1" in event else event.get("Message")
