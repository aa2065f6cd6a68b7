"""Names: the addresses a host may be connected to, each checked by the guard, and questions to DNS resolvers."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeAlias

import dns.asyncquery
import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.rdtypes.txtbase
import dns.resolver
from aiohttp.abc import AbstractResolver, ResolveResult

from cybervault.egress.guard import Guard, Origin
from cybervault.egress.message import DnsQuestion, DnsReply, EgressError, EgressFailure

LookUp: TypeAlias = Callable[[str, int], Awaitable[tuple[str, ...]]]
"""From host and port to address texts; raises OSError when the name has none."""

_RESOLVING_THREADS: Final = 16
_RECORDS_MAX: Final = 256
_ROUNDS: Final = 2
"""A lost datagram is asked again, as every stub resolver does."""

_UDP_PAYLOAD_BYTES: Final = 1232
"""Larger answers come over TCP, so none depends on fragments (DNS flag day 2020)."""

# A server that fails to answer, rather than answers: the next of the machine's own is asked.
_UNANSWERED: Final = frozenset({dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.NOTIMP})


class SystemLookUp:
    """Asks this machine as every program does (hosts file, search list), in threads of its own.

    The loop's default threads are few, and a dead name server holds each for seconds.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_RESOLVING_THREADS, thread_name_prefix="cybervault-resolve")

    async def __call__(self, host: str, port: int) -> tuple[str, ...]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _getaddrinfo, host, port)
        return tuple(dict.fromkeys(found))

    def close(self) -> None:
        """Let go of the threads without waiting for a name server."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _getaddrinfo(host: str, port: int) -> list[str]:
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class PinnedResolver(AbstractResolver):
    """Looks a host up once, lets the guard see every address, and gives exactly these to connect to.

    One forbidden address refuses all: a name that points inside and outside at once is an attack.
    """

    def __init__(self, guard: Guard, look_up: LookUp) -> None:
        self._guard = guard
        self._look_up = look_up

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - aiohttp's interface; we take either family
    ) -> list[ResolveResult]:
        addresses = [ipaddress.ip_address(text) for text in await self._look_up(host, port)]
        if not addresses:
            raise OSError("the name has no address")
        if not all(self._guard.may_connect(host, port, address) for address in addresses):
            raise EgressError(EgressFailure.REFUSED, "the name leads to an address inside")
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if isinstance(address, ipaddress.IPv4Address) else socket.AF_INET6,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Hold nothing: whoever made the look-up closes it."""


class DnsClient:
    """Asks DNS questions; `own_servers` are this machine's resolvers (None = read from the system once)."""

    def __init__(self, guard: Guard, own_servers: tuple[Origin, ...] | None = None) -> None:
        self._guard = guard
        self._own_servers = own_servers

    async def ask(self, question: DnsQuestion) -> DnsReply:
        """Ask one question; never raises for a fault of the network, the resolver or the question."""
        try:
            return await self._ask(question)
        except EgressError as error:
            return DnsReply(failure=error.failure)

    async def _ask(self, question: DnsQuestion) -> DnsReply:
        query = _query(question)
        servers = self._servers(question.resolver)
        seconds = question.timeout_seconds / (len(servers) * _ROUNDS)
        reply = DnsReply(failure=EgressFailure.TIMEOUT)
        heard: set[Origin] = set()
        for server in servers * _ROUNDS:
            if server in heard:
                continue
            latest = await _exchange(query, server, seconds)
            if latest.failure is EgressFailure.TIMEOUT:
                continue
            reply = latest
            heard.add(server)
            if reply.failure is None and reply.code not in _UNANSWERED:
                break
        return reply

    def _servers(self, resolver: str) -> tuple[Origin, ...]:
        if self._own_servers is None:
            self._own_servers = _system_servers()
        if not resolver and not self._own_servers:
            raise EgressError(EgressFailure.UNREACHABLE, "this machine has no resolver")
        if not resolver:
            return self._own_servers
        own = {server.host: server for server in self._own_servers}
        return (own[resolver] if resolver in own else self._guard.check_resolver(resolver),)


def _system_servers() -> tuple[Origin, ...]:
    try:
        configured = dns.resolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        return ()
    return tuple(Origin("dns", str(server), configured.port) for server in configured.nameservers)


def _query(question: DnsQuestion) -> dns.message.QueryMessage:
    try:
        name = dns.name.from_text(question.name if question.name.isascii() else "")
        record_type = dns.rdatatype.from_text(question.record_type)
    except (dns.exception.DNSException, ValueError):
        name, record_type = dns.name.empty, dns.rdatatype.NONE
    if len(name) < 2 or dns.rdatatype.is_metatype(record_type):  # noqa: PLR2004 - the root, and one label below it
        raise EgressError(EgressFailure.BAD_ENCODING, "not a question that DNS knows")
    return dns.message.make_query(name, record_type, use_edns=0, payload=_UDP_PAYLOAD_BYTES)


async def _exchange(query: dns.message.QueryMessage, server: Origin, seconds: float) -> DnsReply:
    try:
        # Datagrams from elsewhere or for another question are passed over: a forger must also guess port and id.
        async with asyncio.timeout(seconds):
            answer, _ = await dns.asyncquery.udp_with_fallback(
                query, server.host, port=server.port, ignore_unexpected=True, ignore_errors=True
            )
    except TimeoutError:
        return DnsReply(failure=EgressFailure.TIMEOUT)
    except dns.exception.DNSException:
        return DnsReply(failure=EgressFailure.BAD_ENCODING)
    except (OSError, EOFError):
        return DnsReply(failure=EgressFailure.UNREACHABLE)
    return DnsReply(code=int(answer.rcode()), records=_records(answer, query.question[0].rdtype))


def _records(answer: dns.message.Message, record_type: dns.rdatatype.RdataType) -> tuple[str, ...]:
    found = [record for records in answer.answer if records.rdtype == record_type for record in records]
    return tuple(_text(record) for record in found[:_RECORDS_MAX])


def _text(record: dns.rdata.Rdata) -> str:
    if isinstance(record, dns.rdtypes.txtbase.TXTBase):
        return b"".join(record.strings).decode("utf-8", "replace")
    return record.to_text()
