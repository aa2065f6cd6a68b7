"""What answers on an open port, told by what it says, and what is wrong with it being there."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cybervault.egress.probing import Prober, Spot
from cybervault.scans.engines import SERVICES
from cybervault.scans.profiles import Profile
from cybervault.scans.seen import Coverage, CoverageState, Report, Seen, Service, place_of, shown

_GREETING_SECONDS: Final = 1.5
_REDIS: Final = 6379
_MEMCACHED: Final = 11211
_SMTP_PORTS: Final = frozenset({25, 465, 587})
_TELNET_COMMAND: Final = b"\xff"
# What speaks first, by how it begins.
_GREETINGS: Final[tuple[tuple[Callable[[bytes, int], bool], str], ...]] = (
    (lambda said, _: said.startswith(b"SSH-"), "ssh"),
    (lambda said, port: said.startswith(b"220") and (port in _SMTP_PORTS or b"SMTP" in said[:200]), "smtp"),
    (lambda said, _: said.startswith(b"220"), "ftp"),
    (lambda said, _: said.startswith(b"+OK"), "pop3"),
    (lambda said, _: said.startswith(b"* OK"), "imap"),
    (lambda said, _: re.match(rb"RFB \d{3}\.\d{3}", said) is not None, "vnc"),
    (lambda said, _: said.startswith(_TELNET_COMMAND), "telnet"),
    (lambda said, _: re.match(rb".\x00\x00\x00\x0a[0-9]+\.", said, re.DOTALL) is not None, "mysql"),
)
_DATABASES_BY_PORT: Final = {
    1433: "mssql", 1521: "oracle", 3306: "mysql", 5432: "postgresql", 5984: "couchdb", 9042: "cassandra",
    9200: "elasticsearch", 27017: "mongodb",
}  # fmt: skip
_DATABASES: Final = frozenset({*_DATABASES_BY_PORT.values(), "redis"})


@dataclass(frozen=True, slots=True)
class Named:
    """What a port turned out to be; `is_tls` where TLS stands before it."""

    name: str
    said: str = ""
    is_tls: bool = False
    is_open: bool = False
    """It did what was asked without wanting to know who asks."""


async def name(service: Service, profile: Profile, prober: Prober) -> Named:
    """Ask a port what it is, in questions that are harmless to every server."""
    spot = Spot(ipaddress.ip_address(service.host.address), service.port, service.host.name)
    seconds = min(_GREETING_SECONDS, profile.answer_seconds)
    if spot.port in {_REDIS, _MEMCACHED}:
        asked = await _asked(spot, prober, seconds)
        if asked is not None:
            return asked
    said = await prober.converse(spot, b"", seconds=seconds)
    for fits, what in _GREETINGS:
        if fits(said, spot.port):
            return Named(what, shown(said.replace(_TELNET_COMMAND, b"")))
    if await prober.handshake(spot, seconds=profile.answer_seconds) is not None:
        is_web = await _is_web(spot, prober, seconds=profile.answer_seconds, is_tls=True)
        return Named("https" if is_web else "tls", is_tls=True)
    if await _is_web(spot, prober, seconds=profile.answer_seconds, is_tls=False):
        return Named("http")
    return await _asked(spot, prober, seconds) or Named(_DATABASES_BY_PORT.get(spot.port, "unknown"), shown(said))


def judge(service: Service, named: Named) -> Report:
    """What is to be said of a service (pure)."""
    host, place = service.host, place_of(service.port)
    rules = [("service_open", f"{named.name} {named.said}".strip())]
    if named.name == "telnet":
        rules.append(("telnet_open", named.said))
    if named.name == "ftp":
        rules.append(("ftp_cleartext", named.said))
    if named.name == "ssh" and re.match(r"SSH-1\.(?!99)", named.said):
        rules.append(("ssh_protocol_1", named.said))
    if named.name == "redis" and named.is_open:
        rules.append(("redis_without_password", "PING was answered with PONG"))
    if named.name == "memcached":
        rules.append(("memcached_open", named.said))
    if named.name in _DATABASES:
        rules.append(("database_reachable", named.name))
    return Report(
        [Seen(host.asset, rule, SERVICES, place, evidence) for rule, evidence in rules],
        [Coverage(host.asset, SERVICES, CoverageState.COVERED, places=(place,))],
    )


async def _is_web(spot: Spot, prober: Prober, *, seconds: float, is_tls: bool) -> bool:
    question = f"HEAD / HTTP/1.0\r\nHost: {spot.host}\r\n\r\n".encode()
    return (await prober.converse(spot, question, seconds=seconds, is_tls=is_tls)).startswith(b"HTTP/")


async def _asked(spot: Spot, prober: Prober, seconds: float) -> Named | None:
    """The servers that say nothing until they are spoken to in their own language."""
    said = await prober.converse(spot, b"PING\r\n", seconds=seconds)
    if said.startswith(b"+PONG"):
        return Named("redis", "+PONG", is_open=True)
    if said.startswith((b"-NOAUTH", b"-DENIED", b"-ERR operation not permitted")):
        return Named("redis", shown(said))
    if spot.port == _MEMCACHED:
        said = await prober.converse(spot, b"version\r\n", seconds=seconds)
        if said.startswith(b"VERSION "):
            return Named("memcached", shown(said))
    return None
