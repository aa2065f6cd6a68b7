"""A server on loopback for a program that is not ours, whose connections are gone when it is."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, TypeAlias

HERE: Final = "127.0.0.1"

Talk: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class Loopback:
    """Where it is, and the connections that are under way."""

    port: int = 0
    under_way: "set[asyncio.Task[None]]" = field(default_factory=set, repr=False)


@asynccontextmanager
async def loopback(talk: Talk, place: Loopback, *, line_bytes: int) -> AsyncIterator[None]:
    """Have `talk` answer each connection for as long as the context lasts; lines are at most so long."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine that runs is in one
        place.under_way.add(task)
        try:
            await talk(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()  # it is taken down
        finally:
            place.under_way.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, HERE, 0, limit=line_bytes)
    place.port = server.sockets[0].getsockname()[1]
    try:
        yield
    finally:
        server.close()
        for task in list(place.under_way):
            task.cancel()
        await asyncio.gather(*place.under_way, return_exceptions=True)
