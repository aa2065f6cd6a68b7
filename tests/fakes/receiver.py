"""A real receiver of webhooks on loopback: it keeps what it was sent and behaves as a test wants."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypeAlias

from standardwebhooks.webhooks import Webhook

HOST: Final = "127.0.0.1"
_MEGABYTE: Final = b"x" * 1_000_000

Behaviour: TypeAlias = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Received:
    """One request: its path, its headers (names in lower case) and its body."""

    path: str
    headers: Mapping[str, str]
    body: bytes


def is_signed_by(secret: str, call: Received) -> bool:
    """What the independent library says of a signature, of whatever time: by the hand clock's it would be too old."""
    moment = datetime.fromtimestamp(int(call.headers["webhook-timestamp"]), UTC)
    own = Webhook(secret).sign(call.headers["webhook-id"], moment, call.body.decode())
    return own in call.headers["webhook-signature"].split()


def answering(status: int, text: str = "", **headers: str) -> Behaviour:
    """Answer so."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} Some Words", f"Content-Length: {len(text.encode())}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", text]).encode())
        await writer.drain()

    return answer


async def hanging(_writer: asyncio.StreamWriter) -> None:
    """Never answer."""
    await asyncio.Event().wait()


async def stalling(writer: asyncio.StreamWriter) -> None:
    """Answer 200, and never say what was promised."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun")
    await writer.drain()
    await asyncio.Event().wait()


async def closing(_writer: asyncio.StreamWriter) -> None:
    """Close without a word."""


async def flooding(writer: asyncio.StreamWriter) -> None:
    """Answer 200 and a gigabyte."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    for _ in range(1_000):
        writer.write(_MEGABYTE)
        await writer.drain()


async def babbling(writer: asyncio.StreamWriter) -> None:
    """Say what is no HTTP."""
    writer.write(b"220 mail.example ESMTP\r\n\r\n")
    await writer.drain()


@dataclass(slots=True)
class Receiver:
    """The server; `behaviours` are for the next requests, then `behaviour` for all others."""

    port: int = 0
    behaviour: Behaviour = field(default_factory=lambda: answering(200, "thanks"))
    behaviours: list[Behaviour] = field(default_factory=list)
    calls: list[Received] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    _at_work: set["asyncio.Task[None]"] = field(default_factory=set)

    @property
    def origin(self) -> str:
        """What an operator allows."""
        return f"http://{HOST}:{self.port}"

    @property
    def url(self) -> str:
        """Where it takes events."""
        return f"{self.origin}/hook"

    async def until(self, count: int, seconds: float = 20.0) -> list[Received]:
        """Wait for so many requests."""
        async with asyncio.timeout(seconds):
            while len(self.calls) < count:
                self.came.clear()
                await self.came.wait()
        return self.calls

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        task = asyncio.current_task()
        assert task is not None
        self._at_work.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                self.calls.append(await _read(reader))
                self.came.set()
                await (self.behaviours.pop(0) if self.behaviours else self.behaviour)(writer)
        finally:
            self._at_work.discard(task)
            writer.close()

    def stop(self) -> None:
        """Let go of those that hang."""
        for task in self._at_work:
            task.cancel()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver, for as long as it is needed."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, HOST, 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        receiver.stop()


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *rest = head.strip().split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(first.split(" ")[1], headers, body)
