"""Name servers on loopback that play public resolvers, plain ones and such that filter; UDP and TCP."""

import asyncio
import contextlib
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias, cast

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from tests.fakes.world import CLEANBROWSING, CLOUDFLARE_SECURITY, DNS4EU, QUAD9, ULTRADNS, Profile

Find: TypeAlias = Callable[[str], Profile | None]

_TTL_SECONDS: Final = 300
_UDP_BYTES_MIN: Final = 512
_TCP_BYTES_MAX: Final = 65_535


class DnsBehaviour(StrEnum):
    """How a resolver answers."""

    OK = "ok"
    NXDOMAIN = "nxdomain"
    """Knows no name at all."""
    SERVER_FAILURE = "server_failure"
    REFUSED = "refused"
    HANG = "hang"
    """Says nothing."""
    GARBAGE = "garbage"
    """Bytes that are no DNS."""


# The public resolvers that are played; what a filtering one says of a blocked name: an address, or "" for NXDOMAIN.
PLAIN: Final = ("1.1.1.1", "8.8.8.8")
BLOCK_FORMS: Final = {
    QUAD9: "",
    CLOUDFLARE_SECURITY: "0.0.0.0",  # noqa: S104 - an answer, nothing listens on it
    CLEANBROWSING: "",
    DNS4EU: "51.15.69.11",
    ULTRADNS: "156.154.112.17",
}
RESOLVERS: Final = (*PLAIN, *BLOCK_FORMS)

_CODES: Final = {
    DnsBehaviour.NXDOMAIN: dns.rcode.NXDOMAIN,
    DnsBehaviour.SERVER_FAILURE: dns.rcode.SERVFAIL,
    DnsBehaviour.REFUSED: dns.rcode.REFUSED,
}


@dataclass
class Resolver:
    """One resolver by its public address; `asked` are the names and types of the questions."""

    address: str
    find: Find
    behaviour: DnsBehaviour = DnsBehaviour.OK
    asked: list[tuple[str, str]] = field(default_factory=list)

    def reply(self, wire: bytes, *, is_datagram: bool) -> bytes | None:
        """The answer to one question in wire form, cut to what a datagram may hold; None is silence."""
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        if not isinstance(query, dns.message.QueryMessage) or not query.question:
            return None
        name, kind = query.question[0].name.to_text(omit_final_dot=True).lower(), query.question[0].rdtype
        self.asked.append((name, kind.name))
        if self.behaviour is DnsBehaviour.HANG:
            return None
        if self.behaviour is DnsBehaviour.GARBAGE:
            return b"no name server"
        return _wire(self._answer(query, name, kind), query, is_datagram=is_datagram)

    def _answer(self, query: dns.message.QueryMessage, name: str, kind: dns.rdatatype.RdataType) -> dns.message.Message:
        answer = dns.message.make_response(query, recursion_available=True)
        profile = self.find(name)
        if self.behaviour in _CODES:
            answer.set_rcode(_CODES[self.behaviour])
            return answer
        records = () if profile is None else profile.records.get(kind.name, ())
        if profile is not None and self.address in profile.blocked_by and self.address in BLOCK_FORMS:
            form = BLOCK_FORMS[self.address]
            records = (form,) if form and kind is dns.rdatatype.A else ()
            profile = profile if form else None
        if profile is None or not profile.records:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif records:
            owner = query.question[0].name
            answer.answer.append(dns.rrset.from_text_list(owner, _TTL_SECONDS, dns.rdataclass.IN, kind, records))
        return answer


def _wire(answer: dns.message.Message, query: dns.message.QueryMessage, *, is_datagram: bool) -> bytes:
    try:
        return answer.to_wire(max_size=max(query.payload, _UDP_BYTES_MIN) if is_datagram else _TCP_BYTES_MAX)
    except dns.exception.TooBig:
        short = dns.message.make_response(query, recursion_available=True)
        short.flags |= dns.flags.TC
        return short.to_wire()


class Datagrams(asyncio.DatagramProtocol):
    """The UDP side of a resolver."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # Python 3.11's own class is none by name

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = self._resolver.reply(data, is_datagram=True)
        if reply is not None and self._transport is not None:
            self._transport.sendto(reply, addr)


async def serve_stream(resolver: Resolver, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The TCP side of a resolver: each message stands behind its length."""
    try:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                reply = resolver.reply(await reader.readexactly(length), is_datagram=False)
                if reply is not None:
                    writer.write(struct.pack("!H", len(reply)) + reply)
                    await writer.drain()
    finally:
        writer.close()
