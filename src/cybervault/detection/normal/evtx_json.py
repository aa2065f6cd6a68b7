"""Windows events with the structure of their XML, as readers of EVTX files print it: Event, System, EventData.

EventID may be a number, a text or an object around one; nameless texts stand in Data. UserData may hold a Channel of
its own (104 names the log that was cleared): it is a value to match, never where the event is routed by.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from cybervault.detection.normal.values import (
    clean,
    flatten,
    gathered,
    mapping_at,
    mappings_of,
    moment,
    text_of,
    value_of,
)
from cybervault.detection.normal.windows import WindowsEvent, records_of
from cybervault.detection.record import Record, Value

_TEXT: Final = "#text"
SYSTEM_NAMES: Final = ("Level", "Task", "Opcode", "Keywords", "Version", "EventRecordID")
ATTRIBUTES: Final = frozenset({"#attributes", "@attributes", "@xmlns", "xmlns", "@Name"})


def recognises(event: Mapping[str, object]) -> bool:
    return "EventID" in _system(event)


def read(event: Mapping[str, object]) -> tuple[Record, ...]:
    return records_of(event_of(event))


def event_of(event: Mapping[str, object]) -> WindowsEvent:
    system = _system(event)
    body = mapping_at(event, "Event") or event
    fields = gathered((*_data(body), *_user_data(body)))
    for name in SYSTEM_NAMES:
        if (value := scalar(system.get(name))) is not None:
            fields.setdefault(name, value)
    if (user := attribute(system, "Security", "UserID")) is not None:
        fields.setdefault("UserID", text_of(user))
    return WindowsEvent(
        channel=scalar(system.get("Channel")) or "",
        provider=_provider_in(system),
        event_id=scalar(system.get("EventID")) or "",
        fields=fields,
        host=scalar(system.get("Computer")) or "",
        at=moment(attribute(system, "TimeCreated", "SystemTime"), is_utc=True),
    )


def provider_of(event: Mapping[str, object]) -> str:
    """The provider alone, which costs little of the whole."""
    return _provider_in(_system(event))


def _provider_in(system: Mapping[str, object]) -> str:
    return text_of(attribute(system, "Provider", "Name")) or ""


def _system(event: Mapping[str, object]) -> Mapping[str, object]:
    return mapping_at(event, "Event", "System") or mapping_at(event, "System")


def attribute(parent: Mapping[str, object], element: str, name: str) -> object:
    """An attribute of a child element; each reader of EVTX has its own place for them."""
    inside = mapping_at(parent, element)
    attributes = mapping_at(inside, "#attributes")
    if name in attributes:  # as in what comes of EVTX here
        return attributes[name]
    beside = mapping_at(parent, f"{element}_attributes")
    for attributes, key in ((beside, name), (inside, f"@{name}"), (inside, name)):
        if key in attributes:
            return attributes[key]
    return None


def scalar(value: object) -> str | None:
    """The text of an element, with or without attributes around it."""
    if isinstance(value, dict):
        value = value.get(_TEXT, value.get("Value"))
    return text_of(value)


def _data(body: Mapping[str, object]) -> Iterator[tuple[str, Value]]:
    for part in mappings_of(body.get("EventData")):
        for name, value in part.items():
            if name == "Data":
                yield from _texts(value)
            elif name.isascii() and " " not in name and name not in ATTRIBUTES:
                yield name, _plain(value)  # as nearly all are
            elif name not in ATTRIBUTES:
                yield from ((one, _plain(value)) for one in names_of(name))


def _plain(value: object) -> Value:
    if type(value) is str and value.isascii():
        return value
    return value_of(value.get(_TEXT)) if isinstance(value, dict) else value_of(value)


def _texts(data: object) -> Iterator[tuple[str, Value]]:
    """Data elements that the reader did not name: texts, or objects which carry their name as an attribute."""
    for item in data if isinstance(data, list) else [data]:
        name = None
        if isinstance(item, dict):
            name = text_of(mapping_at(item, "#attributes").get("Name", item.get("@Name", item.get("Name"))))
        yield from ((one, _plain(item)) for one in names_of(name or "Data"))


def names_of(name: str) -> Iterator[str]:
    """The name that rules know a field by; of one with blanks ("Threat Name") the two spellings in use."""
    name = clean(name)
    if " " in name:
        yield "".join(letter for letter in name if letter.isalnum())
        yield name.replace(" ", "_")
    else:
        yield name


def _user_data(body: Mapping[str, object]) -> Iterator[tuple[str, Value]]:
    """Fields of UserData under their last names: the elements around them differ from provider to provider."""
    for path, value in flatten(mapping_at(body, "UserData")).items():
        steps = [step for step in path.split(".") if step != _TEXT]
        if steps and not any(step in ATTRIBUTES or step.startswith("xmlns") for step in steps):
            yield from ((one, value) for one in names_of(steps[-1]))
