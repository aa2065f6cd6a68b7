"""Ask a server of a test through the real client, which the operator allowed to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard
from cybervault.egress.message import IncomingReply, OutgoingRequest
from cybervault.egress.stream import StreamReply
from tests.egress.servers import Answer, RawServer


async def nowhere(_host: str, _port: int) -> tuple[str, ...]:
    """A look-up that knows no name."""
    raise OSError("no such name")


async def to_loopback(_host: str, _port: int) -> tuple[str, ...]:
    """A look-up for which every name leads inside."""
    return ("127.0.0.1",)


def egress_to(*servers: RawServer) -> Egress:
    """A client that the operator allowed these servers."""
    return Egress(Guard(server.origin for server in servers), look_up=nowhere)


async def fetched(answer: Answer, **wish: object) -> IncomingReply:
    """What one fetch of one answer gives."""
    async with RawServer(answer) as server, egress_to(server) as egress:
        return await egress.fetch(OutgoingRequest(url=server.url(), **wish))  # type: ignore[arg-type]


@asynccontextmanager
async def streamed(answer: Answer, **wish: object) -> AsyncIterator[tuple[RawServer, StreamReply]]:
    """A stream from a server of its own."""
    first = {"first_byte_seconds": wish.pop("first_byte_seconds")} if "first_byte_seconds" in wish else {}
    async with RawServer(answer) as server, egress_to(server) as egress:
        request = OutgoingRequest(url=server.url(), **wish)  # type: ignore[arg-type]
        async with egress.stream(request, **first) as stream:  # type: ignore[arg-type]
            yield server, stream
