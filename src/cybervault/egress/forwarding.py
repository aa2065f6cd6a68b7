"""A forward proxy on loopback by which a program that is not ours reaches one spot, and nothing else.

No name is resolved here: a request must name the spot, and goes to its address, which is checked as it is connected to.
"""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from cybervault.egress.loopback import HERE, Loopback, loopback
from cybervault.egress.message import EgressError
from cybervault.egress.probing import Prober, Spot
from cybervault.egress.proxy_head import HEAD_BYTES_MAX, Asked, Refusal, read_reply, read_request

_USER: Final = "engine"
_TOKEN_BYTES: Final = 16
_PIECE_BYTES: Final = 64 * 1024
_END: Final = b"\r\n\r\n"
_UNANSWERED: Final = 502


@dataclass(frozen=True, slots=True)
class Limits:
    """What the proxy bears with: seconds for a head, for a connection, for silence in a tunnel, for a whole exchange.

    `moved_bytes` are those of a reply, or of a tunnel in one direction.
    """

    head_seconds: float = 10.0
    connect_seconds: float = 10.0
    silent_seconds: float = 20.0
    exchange_seconds: float = 30.0
    moved_bytes: int = 64 * 1024 * 1024
    connections: int = 64


@dataclass(slots=True)
class Way(Loopback):
    """The proxy while it stands. `url` says where it is and holds what lets one in; the counts grow until it is gone.

    `asked` were passed on, and of those the server left so many `unanswered`; `left` led somewhere else; `refused` were
    no requests that anybody should send, or too many at once.
    """

    url: str = field(default="", repr=False)
    asked: int = 0
    unanswered: int = 0
    left: int = 0
    refused: int = 0
    credentials: str = field(default="", repr=False)


@asynccontextmanager
async def forwarding(prober: Prober, spot: Spot, limits: Limits | None = None) -> AsyncIterator[Way]:
    """A proxy for as long as the context lasts; then its connections are gone too."""
    way, token, bounds = Way(), secrets.token_urlsafe(_TOKEN_BYTES), limits or Limits()
    way.credentials = "Basic " + base64.b64encode(f"{_USER}:{token}".encode()).decode()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _Exchange(reader, writer, way=way, limits=bounds).serve(prober, spot)

    async with loopback(talk, way, line_bytes=HEAD_BYTES_MAX):
        way.url = f"http://{_USER}:{token}@{HERE}:{way.port}/"
        yield way


@dataclass(slots=True)
class _Exchange:
    """One connection of the program: one request, or one tunnel."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    way: Way
    limits: Limits

    async def serve(self, prober: Prober, spot: Spot) -> None:
        """Until it is answered or has gone."""
        try:
            asked = await self._ask(spot)
            async with asyncio.timeout(None if asked.is_tunnel else self.limits.exchange_seconds):
                await self._pass_on(asked, prober, spot)
        except Refusal as refusal:
            await self._refuse(refusal)
        except TimeoutError:
            self.way.unanswered += 1
        except (OSError, EOFError):
            pass  # the program itself has gone, and needs no answer

    async def _ask(self, spot: Spot) -> Asked:
        if len(self.way.under_way) > self.limits.connections:
            raise Refusal(503)
        try:
            async with asyncio.timeout(self.limits.head_seconds):
                head = await self.reader.readuntil(_END)
        except asyncio.LimitOverrunError:
            raise Refusal(431) from None
        except TimeoutError:
            raise Refusal(408) from None
        return read_request(head, spot, self.way.credentials)

    async def _refuse(self, refusal: Refusal) -> None:
        if refusal.status == _UNANSWERED:
            self.way.unanswered += 1
        elif refusal.has_left:
            self.way.left += 1
        else:
            self.way.refused += 1
        reason = "It is not the target of this scan." if refusal.has_left else "It is not passed on."
        head = f"HTTP/1.1 {refusal.status} Refused\r\nContent-Type: text/plain\r\nContent-Length: {len(reason)}"
        self.writer.write(f"{head}\r\nConnection: close\r\n\r\n{reason}".encode())

    async def _pass_on(self, asked: Asked, prober: Prober, spot: Spot) -> None:
        try:
            prober.check(spot.address)
        except EgressError:
            raise Refusal(403, has_left=True) from None
        self.way.asked += 1
        async with _reached(prober, spot, self.limits.connect_seconds) as (reader, writer):
            if asked.is_tunnel:
                await self._tunnel(reader, writer)
            else:
                await self._send(asked, writer)
                await self._answer(reader)

    async def _send(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(asked.head)
        left = asked.body_bytes
        # Not a byte more than was said: what follows would be another request, which nobody has looked at.
        while left:
            piece = await self.reader.read(min(left, _PIECE_BYTES))
            if not piece:
                raise EOFError
            left -= len(piece)
            with suppress(OSError):  # it has hung up before it heard all, and may have answered
                writer.write(piece)
                await writer.drain()

    async def _answer(self, reader: asyncio.StreamReader) -> None:
        is_interim, passed = True, b""
        while is_interim:
            try:
                is_interim, passed = read_reply(await reader.readuntil(_END))
            except (asyncio.LimitOverrunError, EOFError, OSError):
                raise Refusal(_UNANSWERED) from None
        self.writer.write(passed)
        await _together(
            _pump(reader, self.writer, self.limits.moved_bytes),
            # Some servers keep a connection that they were told to close; then the program ends it.
            self.reader.read(1),
        )

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        heard = bytearray()

        def alive() -> None:
            silence.reschedule(asyncio.get_running_loop().time() + self.limits.silent_seconds)

        def answered() -> None:
            heard[:] = b"."
            alive()

        most = self.limits.moved_bytes
        with suppress(TimeoutError):
            async with asyncio.timeout(self.limits.silent_seconds) as silence:
                await _together(
                    _pump(self.reader, writer, most, moved=alive), _pump(reader, self.writer, most, moved=answered)
                )
        self.way.unanswered += not heard


async def _pump(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, most: int, *, moved: Callable[[], None] | None = None
) -> None:
    """Pass on what comes until it ends, or is more than it may be."""
    while most > 0 and (piece := await source.read(_PIECE_BYTES)):
        most -= len(piece)
        if moved is not None:
            moved()
        sink.write(piece)
        await sink.drain()


async def _together(*works: Coroutine[object, object, object]) -> None:
    """Until the first has ended, or one side has gone: then all have."""

    async def ending(work: Coroutine[object, object, object]) -> None:
        await work
        raise EOFError

    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(ending(work))
    except* (OSError, EOFError):
        pass


@asynccontextmanager
async def _reached(
    prober: Prober, spot: Spot, seconds: float
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to the spot; `Refusal` where it takes none in time."""
    is_open = False
    try:
        async with asyncio.timeout(seconds) as clock, prober.opened(spot) as streams:
            clock.reschedule(None)
            is_open = True
            yield streams
    except (TimeoutError, OSError):
        if is_open:
            raise
        raise Refusal(_UNANSWERED) from None
