"""Flat Windows events at a glance: which rules one is for, and where in it their fields are, before all of it is read.

Most telemetry is of this kind, and rules ask for a few of an event's many fields. What is not quite plain is left to
`windows_flat`, with which every answer here must agree.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from cybervault.detection.normal import sysmon_linux
from cybervault.detection.normal.values import value_of
from cybervault.detection.normal.windows import Derive, WindowsEvent, derivation, derived, source_of
from cybervault.detection.record import EVENT_ID, LogSource, Record

ROUTES_MAX: Final = 2_000

Content: TypeAlias = Mapping[str, object]
Make: TypeAlias = Callable[[Content], object]

# Who has none of these is of no other format.
_OTHERS: Final = frozenset({"winlog", "Event", "System"})
_PROVIDERS: Final = ("Provider_Name", "SourceName", "ProviderName")
_HOSTS: Final = ("Computer", "Hostname", "ComputerName", "MachineName")
_ROUTING: Final = ("Channel", EVENT_ID, *_PROVIDERS, "EventType")
_CLASSIC_POWERSHELL: Final = "Windows PowerShell"
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
        flat = {name: value if type(value) is str else value_of(value) for name, value in event.items()}
        named = {name: flat.get(own) for name, own in self.names.items()}
        made = {name: text for name, make in self.made.items() if isinstance(text := make(event), str)}
        return derived(self.derive, flat | named | made | {EVENT_ID: self.event_id})


def route_of(event: Content) -> Route | None:
    """None for what is not plainly a flat event of Windows."""
    if not _OTHERS.isdisjoint(event):
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
    found = next((value for name in _HOSTS if (value := event.get(name)) is not None), None)
    return found if found is None or (found and isinstance(found, str)) else _NOT_PLAIN


def _data(event: Content) -> object:
    return _NOT_PLAIN if "param1" in event and "Data" not in event else event.get("Data")


def _message_as_data(event: Content) -> object:
    return _data(event) if "Data" in event or "param1" in event else event.get("Message")
