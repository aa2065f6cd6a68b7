"""One HTTP exchange over one pool of connections: no cookies, no proxies, no redirects, nothing sent twice.

Errors leave it without the traceback and context of the library, whose frames hold the headers of the request.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Final

import aiohttp
from yarl import URL

from cybervault.egress.body import LostError, failure_of
from cybervault.egress.guard import Guard
from cybervault.egress.message import EgressError, EgressFailure, OutgoingRequest
from cybervault.egress.resolver import LookUp, PinnedResolver

_HEADER_BYTES_MAX: Final = 16 * 1024
_HEADERS_MAX: Final = 128
_CONNECTIONS_MAX: Final = 256
_ADDRESSES_KEPT_SECONDS: Final = 60
# Below the 5 s after which common servers close, so that a POST rarely meets a connection that is just going.
_KEEPALIVE_SECONDS: Final = 4.0
_FINAL_STATUS_MIN: Final = 200


@dataclass(slots=True)
class _Connection:
    is_kept: bool = False
    """Whether it had served another request before."""


class Transport:
    """Sends requests whose URL the guard has let through; the addresses of its host are checked here.

    `headers_of` writes a request's headers, secret ones too: a function, so that no frame of ours holds them.
    """

    def __init__(
        self,
        guard: Guard,
        look_up: LookUp,
        *,
        headers_of: Callable[[OutgoingRequest], list[tuple[str, str]]],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._resolver = PinnedResolver(guard, look_up)
        self._headers_of = headers_of
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: OutgoingRequest, url: str) -> aiohttp.ClientResponse:
        """Send a request to a URL (its own, or where a redirect leads) and give the reply's head; raises `EgressError`.

        The caller closes the response.
        """
        while True:
            connection = _Connection()
            try:
                return await self._ask(request, url, connection)
            except EgressError as error:
                failure = error.with_traceback(None)
            # A kept connection that the source closed before it read us: sending anew spends nothing (RFC 9110, 9.2.2),
            # and ends, because each time one kept connection fewer is left.
            if not (isinstance(failure, LostError) and connection.is_kept and request.method == "GET"):
                raise failure

    async def close(self) -> None:
        """Close every connection, for good."""
        if self._session is not None:
            await self._session.close()

    async def _ask(self, request: OutgoingRequest, url: str, connection: _Connection) -> aiohttp.ClientResponse:
        self._session = self._session or self._new_session()
        try:
            response = await self._session.request(
                request.method,
                URL(url, encoded=True),
                headers=self._headers_of(request),
                data=request.body,
                allow_redirects=False,
                trace_request_ctx=connection,
            )
        except (aiohttp.ClientError, OSError) as error:
            failure = failure_of(error)
        else:
            if response.status >= _FINAL_STATUS_MIN:
                return response
            response.close()
            failure = EgressError(EgressFailure.BAD_ENCODING, "a reply that ends HTTP")
        raise failure

    def _new_session(self) -> aiohttp.ClientSession:
        tracing = aiohttp.TraceConfig()
        tracing.on_connection_reuseconn.append(_note_kept)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=self._resolver,
                ttl_dns_cache=_ADDRESSES_KEPT_SECONDS,
                keepalive_timeout=_KEEPALIVE_SECONDS,
                limit=_CONNECTIONS_MAX,
                ssl=self._tls or True,
            ),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            skip_auto_headers=("Content-Type",),
            middlewares=(_send_once,),
            trace_configs=[tracing],
            max_line_size=_HEADER_BYTES_MAX,
            max_field_size=_HEADER_BYTES_MAX,
            max_headers=_HEADERS_MAX,
        )


async def _note_kept(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _params: aiohttp.TraceConnectionReuseconnParams
) -> None:
    context.trace_request_ctx.is_kept = True


async def _send_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep the library from sending again by itself, which could spend a metered call twice."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        pass
    raise LostError
