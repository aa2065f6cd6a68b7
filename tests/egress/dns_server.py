"""A DNS server on loopback that says exactly what a test wants, and remembers what it was asked."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeAlias

import dns.flags
import dns.message

from cybervault.egress.guard import Origin

DnsAnswer: TypeAlias = Callable[[dns.message.Message], dns.message.Message | bytes | None]
"""Makes a response (None = silence); called for each question over UDP or TCP."""


class DnsServer(asyncio.DatagramProtocol):
    """A DNS server on one UDP and TCP port; over UDP it cuts answers that would not fit."""

    def __init__(self, answer: DnsAnswer) -> None:
        self._answer = answer
        self.asked: list[tuple[str, str]] = []
        """Transport and question, in order."""

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._tcp = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._tcp.sockets[0].getsockname()[1]
        self._udp, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", self.port))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._udp.close()
        self._tcp.close()
        await self._tcp.wait_closed()

    @property
    def origin(self) -> Origin:
        return Origin("dns", "127.0.0.1", self.port)

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
        wire = self._wire("udp", data)
        if len(wire) > 512:
            cut = dns.message.make_response(dns.message.from_wire(data))
            cut.flags |= dns.flags.TC
            wire = cut.to_wire()
        if wire:
            self._udp.sendto(wire, addr)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int.from_bytes(await reader.readexactly(2), "big")
        wire = self._wire("tcp", await reader.readexactly(size))
        writer.write(len(wire).to_bytes(2, "big") + wire)
        writer.close()

    def _wire(self, transport: str, data: bytes) -> bytes:
        query = dns.message.from_wire(data)
        self.asked.append((transport, query.question[0].to_text()))
        answer = self._answer(query)
        return answer.to_wire(max_size=65_535) if isinstance(answer, dns.message.Message) else answer or b""
