"""Telemetry: read what an endpoint, a network sensor or a file scanner reports, under the names in use, into one form.

A field that is there must have its type, a port its range and a destination must be an address; an indicator beside
them that cannot be read is left out with a warning, because the published sample carries one (contract 1.4.5).
"""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from cybervault.domain.observables import (
    HASH_KINDS,
    TEXT_CHARACTERS_MAX,
    Address,
    Kind,
    Observable,
    parse_observable,
)
from cybervault.domain.problems import Problem, ProblemKind

CONNECTIONS_MAX: Final = 500
_PORT_MAX: Final = 65535
_PID_MAX: Final = 2**63 - 1
_TEXT_MAX: Final = 32_768  # characters of the longest command line that Windows starts


class TelemetryType(StrEnum):
    """The types of POST /v3/threats/analyze."""

    ENDPOINT_TELEMETRY = "endpoint_telemetry"
    NETWORK_TRAFFIC = "network_traffic"
    FILE_HASH = "file_hash"


@dataclass(frozen=True, slots=True)
class Connection:
    """One destination; `port` 0 where none was said, `protocol` in lower case and empty where none was said."""

    address: Address
    port: int = 0
    protocol: str = ""


@dataclass(frozen=True, slots=True)
class Telemetry:
    """One event under our own names; empty text, None and empty tuples mean that nothing was said.

    `process_name` is a name without folders, `source` the address that network traffic came from. Every observable
    is there once. `warnings` are sentences for the caller that name fields and never hold what was sent.
    """

    type: TelemetryType
    process_name: str = ""
    process_path: str = ""
    command_line: str = ""
    pid: int | None = None
    host: str = ""
    user: str = ""
    source: Address | None = None
    connections: tuple[Connection, ...] = ()
    hashes: tuple[Observable, ...] = ()
    domains: tuple[Observable, ...] = ()
    urls: tuple[Observable, ...] = ()
    warnings: tuple[str, ...] = ()


_CONNECTIONS: Final = ("network_connections", "connections")
_DESTINATIONS: Final = ("dst_ip", "destination_ip", "dest_ip")
_SOURCES: Final = ("src_ip", "source_ip")
_PORTS: Final = ("port", "dst_port", "destination_port", "dest_port")
_PROTOCOLS: Final = ("protocol", "proto")
_DOMAINS: Final = ("domain", "query")
_URLS: Final = ("url",)
_NAMES: Final = ("process_name", "image")
_PATHS: Final = ("process_path", "image_path", "executable")
_COMMANDS: Final = ("command_line", "cmdline")
_USERS: Final = ("user", "username", "user_name")
_HOSTS: Final = ("hostname", "host_name", "host")
_PIDS: Final = ("pid", "process_id")
_HASHES: Final[Mapping[str, frozenset[Kind]]] = {
    "hash": HASH_KINDS,
    "file_hash": HASH_KINDS,
    "hash_md5": frozenset({Kind.MD5}),
    "md5": frozenset({Kind.MD5}),
    "hash_sha1": frozenset({Kind.SHA1}),
    "sha1": frozenset({Kind.SHA1}),
    "hash_sha256": frozenset({Kind.SHA256}),
    "sha256": frozenset({Kind.SHA256}),
}


@dataclass(slots=True)
class _Collected:
    """What was read so far; a dict keeps the order of appearance and drops what comes twice."""

    connections: dict[Connection, None] = field(default_factory=dict)
    observables: dict[Observable, None] = field(default_factory=dict)
    warnings: dict[str, None] = field(default_factory=dict)

    def of(self, *kinds: Kind) -> tuple[Observable, ...]:
        return tuple(one for one in self.observables if one.kind in kinds)

    def warn(self, text: str) -> None:
        self.warnings[text] = None


class _Fields:
    """One JSON object, read by any of the names that a field goes by; null is as good as absent."""

    def __init__(self, place: str, content: Mapping[str, object]) -> None:
        self._place = place
        self._content = content

    def first(self, names: tuple[str, ...]) -> tuple[str, object] | None:
        """The path and the value of the first of these names that is there."""
        return next(self.all(names), None)

    def all(self, names: tuple[str, ...]) -> Iterator[tuple[str, object]]:
        for name in names:
            value = self._content.get(name)
            if value is not None:
                yield f"{self._place}.{name}", value

    def text(self, names: tuple[str, ...]) -> str:
        found = self.first(names)
        return "" if found is None else _text(*found)

    def number(self, names: tuple[str, ...], most: int) -> int | None:
        found = self.first(names)
        if found is None:
            return None
        path, value = found
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
            raise _invalid(path, f"must be a whole number from 0 to {most}")
        return value

    def address(self, names: tuple[str, ...]) -> Address | None:
        found = self.first(names)
        return None if found is None else _address(*found)


def read_telemetry(kind: str, payload: Mapping[str, object]) -> Telemetry:
    """Read the payload of an event of type `kind`; fields that we do not know are ignored.

    Raises `Problem` INVALID `invalid_parameter`, its details naming the field ("payload.network_connections.0.port").
    """
    try:
        type_ = TelemetryType(kind)
    except ValueError:
        raise _invalid("type", f"must be one of {', '.join(TelemetryType)}") from None
    fields, collected = _Fields("payload", payload), _Collected()
    _read_hashes(fields, collected, is_needed=type_ is TelemetryType.FILE_HASH)
    _read_connections(fields, collected)
    name, path = _process(fields)
    event = Telemetry(
        type_,
        process_name=name,
        process_path=path,
        command_line=fields.text(_COMMANDS),
        pid=fields.number(_PIDS, _PID_MAX),
        host=_host(fields, collected),
        user=fields.text(_USERS),
        source=fields.address(_SOURCES),
        connections=tuple(collected.connections),
        hashes=collected.of(*HASH_KINDS),
        domains=collected.of(Kind.DOMAIN),
        urls=collected.of(Kind.URL),
        warnings=tuple(collected.warnings),
    )
    return _with_word_on_emptiness(event)


def _with_word_on_emptiness(event: Telemetry) -> Telemetry:
    said = (event.process_name, event.process_path, event.command_line, event.connections, event.source)
    if any(said) or event.hashes or event.domains or event.urls:
        return event
    warning = "Nothing in payload could be read that can be assessed."
    return Telemetry(event.type, pid=event.pid, host=event.host, user=event.user, warnings=(*event.warnings, warning))


def _process(fields: _Fields) -> tuple[str, str]:
    """Name and path; some sensors send the whole path as the name."""
    name, path = fields.text(_NAMES), fields.text(_PATHS)
    bare = _last_part(name or path)
    return bare, path or (name if bare != name else "")


def _last_part(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def _host(fields: _Fields, collected: _Collected) -> str:
    """The reporting machine. A "host" that is a full name may as well be whom it talked to: it is looked up too."""
    name = fields.text(_HOSTS)
    if found := fields.first(("host",)):
        observable = _observable(_text(*found))
        if observable is not None and observable.kind is Kind.DOMAIN:
            collected.observables[observable] = None
    return name


def _read_hashes(fields: _Fields, collected: _Collected, *, is_needed: bool) -> None:
    for path, value in fields.all(tuple(_HASHES)):
        kinds = _HASHES[path.rpartition(".")[2]]
        observable = _observable(_text(path, value))
        if observable is not None and observable.kind in kinds:
            collected.observables[observable] = None
            continue
        wish = f"is no {' or '.join(sorted(kind.upper() for kind in kinds))} in hexadecimal digits"
        if is_needed:
            raise _invalid(path, wish)
        collected.warn(f"{path} {wish} and was ignored.")
    if is_needed and not collected.observables:
        raise _invalid("payload.hash", "is needed for the type file_hash")


def _read_connections(fields: _Fields, collected: _Collected) -> None:
    _read_connection(fields, collected)
    found = fields.first(_CONNECTIONS)
    if found is None:
        return
    path, items = found
    if not isinstance(items, list | tuple):
        raise _invalid(path, "must be a list")
    if len(items) > CONNECTIONS_MAX:
        raise _invalid(path, f"has more than {CONNECTIONS_MAX} items")
    for number, item in enumerate(items):
        place = f"{path}.{number}"
        if not isinstance(item, Mapping):
            raise _invalid(place, "must be an object")
        if not _read_connection(_Fields(place, item), collected):
            collected.warn(f"{place} names no destination and was ignored.")


def _read_connection(fields: _Fields, collected: _Collected) -> bool:
    """Take what one object says of where traffic went; whether it said anything."""
    address = fields.address(_DESTINATIONS)
    port, protocol = fields.number(_PORTS, _PORT_MAX) or 0, fields.text(_PROTOCOLS).lower()
    names = [_named(found, Kind.DOMAIN, collected) for found in fields.all(_DOMAINS)]
    names += [_named(found, Kind.URL, collected) for found in fields.all(_URLS)]
    if address is not None:
        collected.connections[Connection(address, port, protocol)] = None
    return address is not None or any(names)


def _named(found: tuple[str, object], kind: Kind, collected: _Collected) -> bool:
    path, value = found
    observable = _observable(_text(path, value))
    if observable is None or observable.kind is not kind:
        collected.warn(f"{path} is no {'URL' if kind is Kind.URL else 'domain'} and was ignored.")
        return False
    collected.observables[observable] = None
    return True


def _observable(text: str) -> Observable | None:
    try:
        return parse_observable(text)
    except Problem:
        return None


def _text(path: str, value: object) -> str:
    if not isinstance(value, str):
        raise _invalid(path, "must be a string")
    if len(value) > _TEXT_MAX:
        raise _invalid(path, f"has more than {_TEXT_MAX} characters")
    return value.strip()


def _address(path: str, value: object) -> Address:
    text = _text(path, value)
    try:
        # A zone index names an interface of the machine that reports.
        address = ipaddress.ip_address(text[:TEXT_CHARACTERS_MAX].partition("%")[0])
    except ValueError:
        raise _invalid(path, "must be an IPv4 or IPv6 address") from None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _invalid(path: str, reason: str) -> Problem:
    return Problem(
        ProblemKind.INVALID, code="invalid_parameter", message=f"{path} {reason}.", details=((path, reason),)
    )
