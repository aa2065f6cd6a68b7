"""The outgoing HTTP and DNS client: every request of the product passes here, under guard, caps and one deadline.

Beside `signing` the only reader of `Secret.reveal`. Nothing here logs.
"""

import asyncio
import base64
import itertools
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote_plus

import aiohttp

from cybervault import __version__
from cybervault.domain.sandbox import refuse_in_sandbox
from cybervault.domain.secrets import SecretHeader
from cybervault.egress.body import LostError, by, content, timed
from cybervault.egress.decode import ACCEPTED
from cybervault.egress.guard import REDIRECT_STATUSES, Guard, Origin
from cybervault.egress.message import (
    DnsQuestion,
    DnsReply,
    EgressError,
    EgressFailure,
    IncomingReply,
    OutgoingRequest,
)
from cybervault.egress.resolver import DnsClient, LookUp, SystemLookUp
from cybervault.egress.retry import pause_before_retry
from cybervault.egress.signing import signed_headers
from cybervault.egress.stream import FIRST_BYTE_SECONDS, StreamReply
from cybervault.egress.transport import Transport

_USER_AGENT: Final = f"cybervault/{__version__}"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
# The client writes these itself; from outside they could name another host or another end of the body.
_OWN_HEADERS: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "expect", "upgrade", "te"}
)
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_HEADER_VALUE: Final = re.compile(r"[ -~\t]*", re.ASCII)
# A reader learns of its deadline before the connection goes.
_CLOSING_GRACE_SECONDS: Final = 0.1
_MASK: Final = "•••"
_OUTSIDE: Final = "an outside service"
# A shorter "key" would be found in any text.
_MASKED_CHARACTERS_MIN: Final = 8


class Egress:
    """The one way out. Use it as an async context manager or call `close` at the end; it belongs to one event loop.

    `look_up` resolves host names (None = as this machine does), `own_servers` are this machine's DNS resolvers
    (None = as its configuration says), `tls` the trust to use (None = the authorities this machine trusts).
    """

    def __init__(
        self,
        guard: Guard,
        *,
        look_up: LookUp | None = None,
        own_servers: tuple[Origin, ...] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._guard = guard
        self._system = SystemLookUp()
        self._transport = Transport(guard, look_up or self._system, headers_of=_wire_headers, tls=tls)
        self._dns = DnsClient(guard, own_servers)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection, for good."""
        self._system.close()
        await self._transport.close()

    async def fetch(self, request: OutgoingRequest) -> IncomingReply:
        """Ask, and give the whole reply or the failure in its place; never raises for what others do."""
        refuse_in_sandbox(_OUTSIDE)
        deadline = asyncio.get_running_loop().time() + request.timeout_seconds
        try:
            return await by(deadline, self._fetch(request))
        except EgressError as error:
            return IncomingReply(failure=error.failure)

    @asynccontextmanager
    async def stream(
        self, request: OutgoingRequest, *, first_byte_seconds: float = FIRST_BYTE_SECONDS
    ) -> AsyncIterator[StreamReply]:
        """Ask, and give a reply that is read as it comes; leaving the context closes the connection at once.

        `first_byte_seconds` bounds the time to the first byte of the body, the request's timeout the whole, even
        when nobody reads. Never retried. Raises `EgressError`, and so does the reading.
        """
        refuse_in_sandbox(_OUTSIDE)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + request.timeout_seconds
        first = min(deadline, loop.time() + first_byte_seconds)
        response = await by(first, self._open(request))
        closing = loop.call_at(deadline + _CLOSING_GRACE_SECONDS, response.close)
        try:
            yield StreamReply(
                response.status,
                _readable_headers(request, response),
                pieces=timed(content(response, request.body_bytes_max), first, deadline),
                mask=partial(_masked, request),
            )
        finally:
            closing.cancel()
            response.close()

    async def resolve(self, question: DnsQuestion) -> DnsReply:
        """Ask a DNS question; never raises for what others do."""
        refuse_in_sandbox(_OUTSIDE)
        return await self._dns.ask(question)

    async def _fetch(self, request: OutgoingRequest) -> IncomingReply:
        # No retry library: a retry is decided by a reply as often as by a failure, and its wait by the reply's header.
        reply, is_lost = await self._try(request)
        pause = pause_before_retry(request, reply, is_lost=is_lost)
        if pause is None:
            return reply
        await asyncio.sleep(pause)
        reply, _ = await self._try(request)
        return reply

    async def _try(self, request: OutgoingRequest) -> tuple[IncomingReply, bool]:
        """Ask once; also say whether the connection was lost on the way."""
        try:
            response = await self._open(request)
            try:
                pieces = [piece async for piece in content(response, request.body_bytes_max)]
            finally:
                response.close()
        except EgressError as error:
            return IncomingReply(failure=error.failure), isinstance(error, LostError)
        headers = _readable_headers(request, response)
        return IncomingReply(status=response.status, headers=headers, body=_masked(request, b"".join(pieces))), False

    async def _open(self, request: OutgoingRequest) -> aiohttp.ClientResponse:
        _check_request(request)
        self._guard.check_url(request.url)
        url = request.url
        for hops in itertools.count():
            response = await self._transport.send(request, url)
            location = response.headers.get("Location")
            if location is None or response.status not in REDIRECT_STATUSES:
                break
            response.close()
            if request.drops_key_on_redirect:
                request = replace(request, secret_headers=())
            url = self._guard.check_redirect(request, url=url, location=_readable(location), hops=hops)
        return response


def _check_request(request: OutgoingRequest) -> None:
    if request.method not in _METHODS:
        raise EgressError(EgressFailure.REFUSED, "a method that is not sent")
    names = [name for name, _ in request.headers] + [header.name for header in request.secret_headers]
    if not all(_HEADER_NAME.fullmatch(name) and name.lower() not in _OWN_HEADERS for name in names):
        raise EgressError(EgressFailure.REFUSED, "a header name that is not sent")
    if not all(_HEADER_VALUE.fullmatch(value) for _, value in _wire_headers(request)):
        raise EgressError(EgressFailure.REFUSED, "a header value that HTTP cannot carry")


def _wire_headers(request: OutgoingRequest) -> list[tuple[str, str]]:
    given = {name.lower() for name, _ in request.headers}
    own = () if "user-agent" in given else (("User-Agent", _USER_AGENT),)
    secret = [(header.name, f"{header.scheme}{_wire_secret(header)}") for header in request.secret_headers]
    return [*own, ("Accept-Encoding", ACCEPTED), *request.headers, *secret, *_signature(request)]


def _signature(request: OutgoingRequest) -> list[tuple[str, str]]:
    if request.signing is None:
        return []
    return signed_headers(
        request.signing, request.method, request.url, headers=request.headers, body=request.body or b""
    )


def _wire_secret(header: SecretHeader) -> str:
    text = header.secret.reveal()
    if header.user:
        return base64.b64encode(f"{header.user}:{text}".encode()).decode()
    if not header.oauth_client:
        return text
    return base64.b64encode(f"{quote_plus(header.oauth_client)}:{quote_plus(text)}".encode()).decode()


def _readable_headers(request: OutgoingRequest, response: aiohttp.ClientResponse) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.lower(), _masked(request, _readable(value).encode()).decode()) for name, value in response.headers.items()
    )


def _readable(value: str) -> str:
    """A header value without the lone surrogates that stand for bytes outside UTF-8: no store could keep those."""
    return value if value.isascii() else value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _masked(request: OutgoingRequest, text: bytes) -> bytes:
    """Some sources echo the key they got; it must not reach a report or a log that way."""
    shown = {text for header in request.secret_headers for text in (header.secret.reveal(), _wire_secret(header))}
    if request.signing is not None:
        shown |= {secret.reveal() for secret in request.signing.key.secrets}
    for one in shown:
        if len(one) >= _MASKED_CHARACTERS_MIN:
            text = text.replace(one.encode(), _MASK.encode())
    return text
