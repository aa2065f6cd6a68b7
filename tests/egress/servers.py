"""HTTP servers on loopback that say exactly the bytes a test wants, and remember what they were asked."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self, TypeAlias

import trustme

from cybervault.egress.guard import Origin

AUTHORITY: Final = trustme.CA()
"""Vouches for loopback, in this test run only."""


@dataclass(frozen=True)
class Asked:
    """One request as it came over the wire; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


Answer: TypeAlias = Callable[[Asked, asyncio.StreamWriter], Awaitable[bool | None]]
"""Writes a reply; True keeps the connection for another request."""


def says(*pieces: bytes, keep: bool = False) -> Answer:
    """An answer of fixed bytes."""

    async def answer(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        return keep

    return answer


def ok(body: bytes = b"fine", *headers: bytes) -> bytes:
    """A whole 200 reply."""
    return reply(200, body, *headers)


def reply(status: int, body: bytes = b"", *headers: bytes) -> bytes:
    """A whole reply with its length."""
    lines = [b"HTTP/1.1 %d Some Reason" % status, b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def in_turn(*answers: Answer) -> Answer:
    """Answers request by request; the last one stays."""
    waiting = list(answers)

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> bool | None:
        return await (waiting.pop(0) if len(waiting) > 1 else waiting[0])(asked, writer)

    return answer


@dataclass
class RawServer:
    """An HTTP server that does as it is told, over TLS when given a context."""

    answer: Answer
    tls: ssl.SSLContext | None = None
    asked: list[Asked] = field(default_factory=list, repr=False)
    connections: int = 0
    called: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client closed while or after it was answered."""

    async def __aenter__(self) -> Self:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def origin(self) -> Origin:
        return Origin("http" if self.tls is None else "https", "127.0.0.1", self.port)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{self.origin.scheme}://{host}:{self.port}{path}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            self.gone.set()
        except asyncio.CancelledError:
            pass  # The test is over; asyncio of Python 3.11 would report a cancelled handler as a fault.
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        asked = Asked(method, target, headers, body)
        self.asked.append(asked)
        self.called.set()
        watching = asyncio.Task(self._watch(reader))
        try:
            return bool(await self.answer(asked, writer)) and not watching.done()
        finally:
            watching.cancel()

    async def _watch(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(ConnectionError):
            while not reader.at_eof():  # noqa: ASYNC110 - a reader has no event for its end
                await asyncio.sleep(0.005)
        self.gone.set()


def server_tls() -> ssl.SSLContext:
    """A server's side of TLS for 127.0.0.1 and upstream.test, signed by our own authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("127.0.0.1", "upstream.test").configure_cert(context)
    return context


def endless(start: bytes, more: bytes) -> Answer:
    """An answer without end, at full speed."""

    async def answer(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
        writer.write(start)
        while True:
            writer.write(more)
            await writer.drain()

    return answer


async def hanging(_asked: Asked, _writer: asyncio.StreamWriter) -> bool:
    await asyncio.Event().wait()
    return False


def reset(start: bytes = b"") -> Answer:
    """An answer that ends in a TCP reset."""

    async def answer(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
        writer.write(start)
        await writer.drain()
        transport = writer.transport
        assert isinstance(transport, asyncio.Transport)
        transport.abort()
        return False

    return answer


def slowly(*pieces: bytes) -> Answer:
    """An answer whose pieces arrive one by one."""

    async def answer(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(0.05)
        return False

    return answer


def to(location: str, status: int = 302) -> Answer:
    return says(reply(status, b"moved", b"Location: " + location.encode()))


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
GZIPPED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
SSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


class Gate:
    """An answer that sends each further piece when the test says so."""

    def __init__(self, start: bytes, *pieces: bytes) -> None:
        self.start = start
        self.pieces = pieces
        self.go = asyncio.Semaphore(0)

    async def __call__(self, _asked: Asked, writer: asyncio.StreamWriter) -> bool:
        writer.write(self.start)
        for piece in self.pieces:
            await self.go.acquire()
            writer.write(piece)
            await writer.drain()
        await asyncio.Event().wait()
        return False
