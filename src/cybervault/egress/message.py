"""What leaves and what comes back, as values."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cybervault.domain.secrets import SecretHeader
from cybervault.egress.signing import AwsSigning

BODY_BYTES_MAX: Final = 4 * 1024 * 1024


class EgressFailure(StrEnum):
    """Why there is no reply."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    """No connection, no trusted certificate, or the connection was lost before the reply was complete."""
    REFUSED = "refused"
    """Our own guard did not let the request, its redirect or its address through."""
    TOO_LARGE = "too_large"
    BAD_ENCODING = "bad_encoding"
    """The reply was no HTTP or no DNS, its body could not be decompressed, or a DNS question was malformed."""


class EgressError(Exception):
    """A failure where no reply value can carry it: inside a stream, and between the parts of this package.

    `reason` is for the log; it is made of our own words and public names, never of a header or a reply.
    """

    def __init__(self, failure: EgressFailure, reason: str = "") -> None:
        super().__init__(f"{failure.value}: {reason}" if reason else failure.value)
        self.failure = failure
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingRequest:
    """One HTTP request. `url` is absolute and holds no secret; secrets travel in `secret_headers` only.

    With a `signing` it is signed as AWS wants it, and never redirected. Nor is one with secret headers, unless it
    `drops_key_on_redirect`; without them only to `redirect_hosts` ("*" = any public host). `timeout_seconds` bounds the
    whole exchange, its retry and redirects included. `body_bytes_max` counts after decompression. `retries` (GET only)
    is 0 where every call is metered.
    """

    url: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    secret_headers: tuple[SecretHeader, ...] = ()
    signing: AwsSigning | None = None
    body: bytes | None = None
    redirect_hosts: frozenset[str] = frozenset()
    drops_key_on_redirect: bool = False
    timeout_seconds: float = 10.0
    body_bytes_max: int = BODY_BYTES_MAX
    retries: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingReply:
    """An HTTP reply (header names in lower case, body decompressed), or the failure that took its place.

    A key of the request that the source echoed is masked in headers and body.
    """

    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    failure: EgressFailure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsQuestion:
    """One DNS question to a resolver ("" = this machine's), given by address, or "address:port" where configured."""

    name: str
    record_type: str
    resolver: str = ""
    timeout_seconds: float = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsReply:
    """The response code (0 NOERROR, 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED) and answer texts, or the failure.

    `records` holds the answers of the asked type only (a CNAME on the way is followed by the resolver), in
    presentation form; a TXT record is its strings joined, without the quotes.
    """

    code: int = 0
    records: tuple[str, ...] = ()
    failure: EgressFailure | None = None
