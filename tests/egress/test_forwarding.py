"""The proxy of an engine that follows links: it reaches one spot, and whatever it tries else is counted and refused."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

import pytest

from cybervault.domain.sandbox import sandboxed
from cybervault.egress.forwarding import Limits, Way, forwarding
from cybervault.egress.probing import Prober, Spot
from tests.fakes.processes import free_port
from tests.fakes.scanned import HOST, Listening, Talk, greets, listening, silent

OPEN: Final = Prober(lambda _: True, has_loopback=True)
NAME: Final = "rebound.example"
FINE: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine"
QUICK: Final = Limits(head_seconds=0.2, connect_seconds=2, silent_seconds=0.2, exchange_seconds=0.4)


def spot(port: int, name: str = NAME) -> Spot:
    return Spot(ipaddress.ip_address(HOST), port, name)


class Recorder:
    """A server that says one thing, and keeps what it heard until nothing came for a moment."""

    def __init__(self, says: bytes = FINE, *, stays: bool = False) -> None:
        self.says, self.stays, self.heard = says, stays, bytearray()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard += await reader.readuntil(b"\r\n\r\n")
        writer.write(self.says)
        await writer.drain()
        try:
            async with asyncio.timeout(30 if self.stays else 0.05):
                while piece := await reader.read(1024):
                    self.heard += piece
        except TimeoutError:
            pass


@asynccontextmanager
async def before(
    talk: Talk, limits: Limits | None = None, prober: Prober = OPEN
) -> AsyncIterator[tuple[Way, Listening]]:
    """A proxy before such a server."""
    async with listening(talk) as server, forwarding(prober, spot(server.port), limits) as way:
        yield way, server


async def said(way: Way, raw: bytes, *, then: bytes = b"") -> bytes:
    """All that comes back for these bytes; `KEY` in them stands for what lets one in."""
    reader, writer = await asyncio.open_connection(HOST, way.port)
    writer.write(raw.replace(b"KEY", f"Proxy-Authorization: {way.credentials}".encode()))
    if then:
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        writer.write(then)
    heard = b""
    try:
        async with asyncio.timeout(10):
            heard = await reader.read()
    except ConnectionError:
        pass
    finally:
        writer.transport.abort()
    return heard


def get(port: int, path: str = "/", host: str = NAME) -> bytes:
    return f"GET http://{host}:{port}{path} HTTP/1.1\r\nKEY\r\n\r\n".encode()


def tunnel(port: int, host: str = NAME) -> bytes:
    return f"CONNECT {host}:{port} HTTP/1.1\r\nKEY\r\n\r\n".encode()


def counts(way: Way) -> dict[str, int]:
    found = {name: getattr(way, name) for name in ("asked", "unanswered", "left", "refused")}
    return {name: count for name, count in found.items() if count}


@pytest.fixture
def _names_are_asked_for_nowhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """Whoever looked the name up would be led to a metadata service by now."""
    asked: list[object] = []
    real = socket.getaddrinfo

    def answer(host: Any, *words: Any, **more: Any) -> Any:  # noqa: ANN401 - that of the real one
        if host == NAME:
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 80))]
        return real(host, *words, **more)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    yield asked
    assert asked == []


@pytest.mark.usefixtures("_names_are_asked_for_nowhere")
async def test_a_request_goes_to_the_address_that_was_checked_whatever_its_name_says_now() -> None:
    recorder = Recorder()
    async with before(recorder.talk) as (way, server):
        assert await said(way, get(server.port, "/a?b")) == (
            b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfine"
        )
        assert bytes(recorder.heard) == (
            f"GET /a?b HTTP/1.1\r\nHost: {NAME}:{server.port}\r\nConnection: close\r\n\r\n".encode()
        )
        assert counts(way) == {"asked": 1}


async def test_whatever_leads_elsewhere_reaches_nobody_and_is_counted() -> None:
    other = Recorder()
    async with listening(other.talk) as elsewhere, before(Recorder().talk) as (way, server):
        for raw in (
            get(80, "/latest/meta-data/", "169.254.169.254"),
            get(elsewhere.port, "/", HOST),
            get(elsewhere.port),
            get(server.port, "/", "localhost"),
            tunnel(elsewhere.port),
            tunnel(server.port, HOST),
        ):
            assert (await said(way, raw)).startswith(b"HTTP/1.1 403 ")
        assert (elsewhere.connections, server.connections) == (0, 0)
        assert counts(way) == {"left": 6}


async def test_each_connection_is_allowed_anew() -> None:
    """A grant that is withdrawn, and addresses that nobody may scan: nothing is connected to."""
    allowed = True
    prober = Prober(lambda _: allowed, has_loopback=True)
    async with before(Recorder().talk, prober=prober) as (way, server):
        assert (await said(way, get(server.port))).startswith(b"HTTP/1.1 200 ")
        allowed = False
        for raw in (get(server.port), tunnel(server.port)):
            assert (await said(way, raw)).startswith(b"HTTP/1.1 403 ")
        assert (server.connections, way.left) == (1, 2)
    metadata = Spot(ipaddress.ip_address("169.254.169.254"), 80, NAME)
    async with forwarding(OPEN, metadata) as way:
        assert (await said(way, get(80))).startswith(b"HTTP/1.1 403 ")


async def test_what_follows_a_request_on_its_connection_goes_nowhere() -> None:
    recorder = Recorder()
    async with before(recorder.talk) as (way, server):
        url = f"http://{NAME}:{server.port}/"
        smuggled = f"GET {url}admin HTTP/1.1\r\nHost: inner.example\r\n\r\n".encode()
        head = f"POST {url} HTTP/1.1\r\nKEY\r\nContent-Length: 3\r\n\r\n".encode()
        await said(way, head + b"a=b" + smuggled)
        assert recorder.heard.endswith(b"\r\n\r\na=b")
        for line in (b"Transfer-Encoding: chunked", b"Content-Length: 3\r\nContent-Length: 90", b"A: b\nHost: inner"):
            await said(way, f"POST {url} HTTP/1.1\r\nKEY\r\n".encode() + line + b"\r\n\r\n" + b"a=b" + smuggled)
        assert b"inner" not in recorder.heard
        assert counts(way) == {"asked": 1, "refused": 3}


async def test_who_was_not_told_the_key_gets_nothing() -> None:
    async with before(Recorder().talk) as (way, server):
        for key in ("", "Proxy-Authorization: Basic ZW5naW5lOg==\r\n"):
            raw = f"GET http://{NAME}:{server.port}/ HTTP/1.1\r\n{key}\r\n".encode()
            assert (await said(way, raw)).startswith(b"HTTP/1.1 407 ")
        assert server.connections == 0
        assert way.credentials not in repr(way)
        assert way.url not in repr(way)


async def test_heads_without_end_and_clients_without_haste_are_let_go() -> None:
    async with before(Recorder().talk, QUICK) as (way, server):
        huge = b"GET / HTTP/1.1\r\nA: " + b"x" * 70_000
        assert b"fine" not in await said(way, huge)
        assert (await said(way, b"GET / HT")).startswith(b"HTTP/1.1 408 ")
        half = f"POST http://{NAME}:{server.port}/ HTTP/1.1\r\nKEY\r\nContent-Length: 9\r\n\r\nabc".encode()
        assert await said(way, half) == b""
        reader, writer = await asyncio.open_connection(HOST, way.port)
        writer.close()
        assert await reader.read() == b""
        assert counts(way) == {"asked": 1, "unanswered": 1, "refused": 2}


async def test_no_more_than_so_many_are_served_at_once() -> None:
    async with before(Recorder().talk, replace(QUICK, connections=1, head_seconds=30)) as (way, server):
        _, first = await asyncio.open_connection(HOST, way.port)
        first.write(b"GET")
        while not way.under_way:  # noqa: ASYNC110 - that it was taken in is told to nobody
            await asyncio.sleep(0.01)
        assert b"fine" not in await said(way, get(server.port))
        assert (counts(way), server.connections) == ({"refused": 1}, 0)
        first.close()


@pytest.mark.parametrize(
    ("talk", "status"),
    [
        (greets(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), b"HTTP/1.1 502 "),
        (greets(b""), b""),
        (Recorder(b"HTTP/1.1 200 OK\r\nA: " + b"x" * 70_000).talk, b"HTTP/1.1 502 "),
        (Recorder(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 half").talk, b"HTTP/1.1 502 "),
        (silent, b""),
    ],
    ids=["no HTTP", "hangs up", "a head without end", "breaks off", "silent"],
)
async def test_a_server_that_gives_no_reply_is_counted(talk: Talk, status: bytes) -> None:
    async with before(talk, QUICK) as (way, server):
        assert (await said(way, get(server.port))).startswith(status)
        assert counts(way) == {"asked": 1, "unanswered": 1}


async def test_where_nothing_listens_it_is_said() -> None:
    port = free_port()
    async with forwarding(OPEN, spot(port)) as way:
        for raw in (get(port), tunnel(port)):
            assert (await said(way, raw)).startswith(b"HTTP/1.1 502 ")
        assert counts(way) == {"asked": 2, "unanswered": 2}


async def test_an_interim_reply_is_not_the_reply_and_a_long_one_is_cut() -> None:
    reply = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + b"y" * 1_000_000
    async with before(Recorder(reply).talk, Limits(moved_bytes=100_000)) as (way, server):
        heard = await said(way, get(server.port))
        assert heard.startswith(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nyyy")
        assert 100_000 < len(heard) < 300_000
        assert counts(way) == {"asked": 1}


async def test_a_server_that_keeps_its_connection_holds_nobody() -> None:
    """The program has its reply whole, and goes."""
    async with before(Recorder(stays=True).talk) as (way, server):
        reader, writer = await asyncio.open_connection(HOST, way.port)
        writer.write(get(server.port).replace(b"KEY", f"Proxy-Authorization: {way.credentials}".encode()))
        assert (await reader.readuntil(b"fine")).endswith(b"fine")
        writer.close()
        async with asyncio.timeout(10):
            while way.under_way:  # noqa: ASYNC110 - that it is done with is told to nobody
                await asyncio.sleep(0.01)
        assert counts(way) == {"asked": 1}


class TestTunnel:
    async def test_bytes_go_both_ways_until_one_side_ends(self) -> None:
        recorder = Recorder(b"\x16\x03")
        async with before(recorder.talk) as (way, server):
            assert await said(way, tunnel(server.port), then=b"\x16\x03hello\r\n\r\n") == b"\x16\x03"
            assert bytes(recorder.heard) == b"\x16\x03hello\r\n\r\n"
            assert counts(way) == {"asked": 1}

    async def test_silence_ends_it(self) -> None:
        async with before(silent, QUICK) as (way, server):
            assert await said(way, tunnel(server.port), then=b"?") == b""
            assert counts(way) == {"asked": 1, "unanswered": 1}


async def test_nothing_is_left_when_it_is_taken_down() -> None:
    async with listening(silent) as server:
        async with forwarding(OPEN, spot(server.port)) as way:
            reader, writer = await asyncio.open_connection(HOST, way.port)
            writer.write(tunnel(server.port).replace(b"KEY", f"Proxy-Authorization: {way.credentials}".encode()))
            assert await reader.readuntil(b"\r\n\r\n")
        with pytest.raises((ConnectionError, EOFError)):
            await reader.readexactly(1)
        writer.close()
        assert not way.under_way
        with pytest.raises(OSError, match="Connect"):
            await asyncio.open_connection(HOST, way.port)


async def test_nothing_passes_while_a_test_key_is_answered() -> None:
    with sandboxed():
        async with before(Recorder().talk) as (way, server):
            assert await said(way, get(server.port)) == b""
            assert server.connections == 0
