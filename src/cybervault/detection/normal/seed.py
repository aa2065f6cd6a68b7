"""Events of POST /v3/threats/analyze as rules see them: a process, and each of its connections.

The sender names a few fields only, so every record is an excerpt, and a process without its folder is a bare name.
"""

from collections.abc import Iterator
from typing import Final

from cybervault.detection.entities import DOMAIN, HASH, HOST, IP, PROCESS, USER, Entities, named
from cybervault.detection.record import LogSource, Record, Value
from cybervault.domain.telemetry import Connection, Telemetry

_PROCESS: Final = frozenset({"process_creation"})
_NETWORK: Final = frozenset({"network_connection"})


def records_of(telemetry: Telemetry) -> tuple[Record, ...]:
    """A process record where anything is known of a process, and a network record for each connection."""
    return tuple(_records(telemetry))


def _records(event: Telemetry) -> Iterator[Record]:
    product, image, entities = _product(event), _image(event), _entities(event)
    bare = frozenset({"Image"}) if image and not _has_folder(image) else frozenset[str]()
    who = _without_blanks({"Image": image, "User": event.user, "ProcessId": _pid(event), "Computer": event.host})
    if image or event.command_line:
        source = LogSource(product, _PROCESS)
        fields = who | _without_blanks({"CommandLine": event.command_line, "Hashes": _hashes(event)})
        yield Record(source, fields, bare=bare, is_excerpt=True, named=entities)
    for connection in event.connections:
        source = LogSource(product, _NETWORK)
        fields = who | _connection(event, connection)
        yield Record(source, fields, bare=bare, is_excerpt=True, named=entities)


def _product(event: Telemetry) -> str:
    """By the form of the path, else of what the command line starts with; empty where it could be any system's."""
    program = _image(event) or event.command_line.lstrip("\"'").partition(" ")[0].rstrip("\"'")
    if program.lower().endswith(".exe") or "\\" in program:
        return "windows"
    return "linux" if program.startswith("/") else ""


def _image(event: Telemetry) -> str:
    return event.process_path or event.process_name


def _has_folder(image: str) -> bool:
    return "\\" in image or "/" in image


def _pid(event: Telemetry) -> str:
    return "" if event.pid is None else str(event.pid)


def _hashes(event: Telemetry) -> str:
    """In Sysmon's form."""
    return ",".join(f"{one.kind.upper()}={one.value.upper()}" for one in event.hashes)


def _connection(event: Telemetry, connection: Connection) -> dict[str, Value]:
    return _without_blanks(
        {
            "Initiated": "true",
            "DestinationIp": str(connection.address),
            "DestinationPort": str(connection.port or ""),
            "Protocol": connection.protocol,
            "SourceIp": "" if event.source is None else str(event.source),
        }
    )


def _without_blanks(fields: dict[str, str]) -> dict[str, Value]:
    return {name: value for name, value in fields.items() if value}


def _entities(event: Telemetry) -> Entities:
    return named(
        [
            (HOST, event.host),
            (USER, event.user),
            (PROCESS, _image(event)),
            *((IP, str(one.address)) for one in event.connections),
            *((DOMAIN, one.value) for one in event.domains),
            (HASH, tuple(f"{one.kind.upper()}={one.value}" for one in event.hashes)),
        ]
    )
