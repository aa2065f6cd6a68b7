"""The contract of a connector: what a source is, what to ask it, and how to read what came back.

A connector is two pure functions. It sees no network, no clock and no readable key.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

from cybervault.domain.evidence import Answer, EvidenceGroup
from cybervault.domain.observables import Kind, Observable
from cybervault.domain.secrets import Secret, SecretHeader

DAY_SECONDS: Final = 86_400


class KeyRule(StrEnum):
    """Whether a source wants a key of its own."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Quota:
    """What a source allows: `calls` in any window of `seconds`."""

    calls: int
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An outside service, as data. Documentation, doctor and the console are made from it.

    `url` is the default base address without a trailing slash (empty for DNS); `bins` lists for each item of
    evidence its bins from most benign to most malicious, each of which has a weight in `verdict/weights.toml`;
    `redirect_hosts` may be followed to by keyless requests only ("*" = any public host, for RDAP).
    """

    name: str
    title: str
    homepage: str
    knows: str
    kinds: frozenset[Kind]
    key: KeyRule
    key_header: str
    quota: tuple[Quota, ...]
    group: EvidenceGroup
    url: str
    bins: tuple[tuple[str, tuple[str, ...]], ...]
    key_page: str = ""
    redirect_hosts: frozenset[str] = frozenset()
    timeout_seconds: float = 10.0
    body_bytes_max: int = 4 * 1024 * 1024
    concurrency: int = 4
    known_seconds: int = 900
    unknown_seconds: int = 300


@dataclass(frozen=True, slots=True)
class SourceSetup:
    """What the operator decided about one source."""

    url: str
    key: Secret | None = None
    may_ask_anonymously: bool = False
    is_metered: bool = True
    timeout_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request relative to the source's base address; values of `query` are not yet encoded."""

    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    secret_headers: tuple[SecretHeader, ...] = ()
    method: str = "GET"
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class DnsRequest:
    """A question to a resolver, given by its address ("" = the resolver of this machine)."""

    name: str
    record_type: str
    resolver: str = ""


UpstreamRequest: TypeAlias = HttpRequest | DnsRequest


class Failure(StrEnum):
    """Why there is no reply."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    """Our own guard did not let the request or its redirect through."""
    TOO_LARGE = "too_large"
    BAD_ENCODING = "bad_encoding"
    """The body could not be decompressed, or the reply was no HTTP."""


@dataclass(frozen=True, slots=True)
class UpstreamReply:
    """One reply, or the failure that took its place; then only `received_at` means something.

    HTTP: `status`, `headers` (lower-case names), `body`. DNS: `status` is the response code
    (0 NOERROR, 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED), `records` the texts of the answer section.
    """

    received_at: datetime
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    records: tuple[str, ...] = ()
    failure: Failure | None = None

    def header(self, name: str) -> str:
        """The first value of a header (any letter case), or nothing."""
        return next((value for key, value in self.headers if key == name.lower()), "")


Ask: TypeAlias = Callable[[Observable, Secret | None], tuple[UpstreamRequest, ...]]
Read: TypeAlias = Callable[[Observable, tuple[UpstreamReply, ...]], Answer]


@dataclass(frozen=True, slots=True)
class Connector:
    """Our file that speaks to a source. `ask` gives no request when the observable is nothing for the source."""

    source: Source
    ask: Ask
    read: Read


def key_headers(source: Source, key: Secret | None, scheme: str = "") -> tuple[SecretHeader, ...]:
    """The header that carries the key, or none without a key."""
    return () if key is None else (SecretHeader(source.key_header, key, scheme),)
