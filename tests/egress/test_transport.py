"""One exchange against servers on loopback, honest and hostile."""

import asyncio
import gzip
import ssl
import zlib
from pathlib import Path

import pytest

from cybervault.domain.secrets import Secret, SecretHeader
from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard, Origin
from cybervault.egress.message import EgressFailure, IncomingReply, OutgoingRequest
from tests.egress.asks import egress_to, fetched, nowhere, to_loopback
from tests.egress.servers import (
    AUTHORITY,
    CHUNKED,
    GZIPPED,
    Answer,
    Asked,
    RawServer,
    endless,
    hanging,
    in_turn,
    ok,
    reset,
    says,
    server_tls,
    slowly,
)

ENDLESS_DEFLATE = zlib.compressobj(wbits=-zlib.MAX_WBITS).flush(zlib.Z_SYNC_FLUSH)


class TestHostile:
    @pytest.mark.parametrize(
        ("answer", "failure"),
        [
            (endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65_536), EgressFailure.TOO_LARGE),
            (endless(CHUNKED, b"4\r\nabcd\r\n" * 1000), EgressFailure.TOO_LARGE),
            (endless(GZIPPED, gzip.compress(bytes(10_000_000))), EgressFailure.TOO_LARGE),
            (
                endless(b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n\r\n\x02", ENDLESS_DEFLATE * 1000),
                EgressFailure.TOO_LARGE,
            ),
            (says(b"HTTP/1.1 200 OK\r\nContent-Length: 4194305\r\n\r\n"), EgressFailure.TOO_LARGE),
            (says(ok(b"", b"X-Long: " + b"a" * 20_000)), EgressFailure.TOO_LARGE),
            (says(b"HTTP/1.1 200 " + b"a" * 20_000 + b"\r\n\r\n"), EgressFailure.TOO_LARGE),
            (endless(b"HTTP/1.1 200 OK\r\n", b"X-Many: 1\r\n" * 100), EgressFailure.BAD_ENCODING),
            (says(b"SSH-2.0-OpenSSH_9.9\r\n"), EgressFailure.BAD_ENCODING),
            (says(b"\x16\x03\x01\x02\x00garbage\r\n\r\n"), EgressFailure.BAD_ENCODING),
            (says(b"HTTP/1.1 999999 X\r\n\r\n"), EgressFailure.BAD_ENCODING),
            (says(b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"), EgressFailure.BAD_ENCODING),
            (says(CHUNKED + b"zz\r\nabc\r\n"), EgressFailure.BAD_ENCODING),
            (says(CHUNKED + b"-1\r\nabc\r\n"), EgressFailure.BAD_ENCODING),
            (slowly(CHUNKED + b"2\r\nok\r\n", b"zz\r\nabc\r\n"), EgressFailure.BAD_ENCODING),
            (slowly(CHUNKED, b"x" * 100_000), EgressFailure.BAD_ENCODING),
            (slowly(CHUNKED + b"2\r\nok\r\n", b"5\r\nno"), EgressFailure.UNREACHABLE),
            (says(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc"), EgressFailure.BAD_ENCODING),
            (says(ok(b"abcd", b"Content-Length: 3")), EgressFailure.BAD_ENCODING),
            (says(GZIPPED + b"this is no gzip"), EgressFailure.BAD_ENCODING),
            (says(GZIPPED + gzip.compress(b"cut short" * 99, mtime=0)[:-4]), EgressFailure.BAD_ENCODING),
            (says(ok(b"brotli?", b"Content-Encoding: br")), EgressFailure.BAD_ENCODING),
            (says(ok(b"x", b"Content-Encoding: gzip", b"Content-Encoding: gzip")), EgressFailure.BAD_ENCODING),
            (says(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"), EgressFailure.UNREACHABLE),
            (says(CHUNKED + b"5\r\nabc"), EgressFailure.UNREACHABLE),
            (says(b"HTTP/1.1 200 OK\r\nContent-"), EgressFailure.UNREACHABLE),
            (says(b""), EgressFailure.UNREACHABLE),
            (reset(), EgressFailure.UNREACHABLE),
            (reset(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nsh"), EgressFailure.UNREACHABLE),
        ],
    )  # fmt: skip
    async def test_every_fault_has_its_name(self, answer: Answer, failure: EgressFailure) -> None:
        got = await fetched(answer, retries=0, body_bytes_max=500_000, timeout_seconds=30.0)
        assert got == IncomingReply(failure=failure)

    async def test_a_bomb_is_stopped_at_the_cap_and_the_connection_closed(self) -> None:
        answer = endless(GZIPPED, gzip.compress(bytes(10_000_000)))
        async with RawServer(answer) as server, egress_to(server) as egress:
            got = await egress.fetch(OutgoingRequest(url=server.url(), body_bytes_max=100_000))
            assert got.failure is EgressFailure.TOO_LARGE
            async with asyncio.timeout(2):
                await server.gone.wait()

    async def test_a_body_of_exactly_the_cap_passes(self) -> None:
        assert len((await fetched(says(ok(b"x" * 1000)), body_bytes_max=1000)).body) == 1000
        assert (await fetched(says(ok(b"x" * 1001)), body_bytes_max=1000)).failure is EgressFailure.TOO_LARGE

    async def test_a_source_that_hangs_ends_at_its_timeout(self) -> None:
        """Contract check 49."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        assert (await fetched(hanging, timeout_seconds=0.2)).failure is EgressFailure.TIMEOUT
        assert loop.time() - began < 2

    async def test_a_drip_does_not_stretch_the_timeout(self) -> None:
        """The whole exchange is bounded, not the time between two bytes."""

        async def drip(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                writer.write(b".")
                await writer.drain()
                await asyncio.sleep(0.01)

        async with RawServer(drip) as server, egress_to(server) as egress:
            got = await egress.fetch(OutgoingRequest(url=server.url(), timeout_seconds=0.2))
            assert got.failure is EgressFailure.TIMEOUT
            async with asyncio.timeout(2):
                await server.gone.wait()

    async def test_interim_replies_without_end_are_stopped_by_the_timeout(self) -> None:
        got = await fetched(endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), timeout_seconds=0.3)
        assert got.failure is EgressFailure.TIMEOUT

    async def test_nobody_there_is_unreachable(self) -> None:
        async with RawServer(says(ok())) as server:
            pass
        async with egress_to(server) as egress:
            assert (await egress.fetch(OutgoingRequest(url=server.url()))).failure is EgressFailure.UNREACHABLE

    async def test_a_name_that_does_not_exist_is_unreachable(self) -> None:
        async with Egress(Guard(), look_up=nowhere) as egress:
            got = await egress.fetch(OutgoingRequest(url="https://source.test/"))
        assert got.failure is EgressFailure.UNREACHABLE


def trusting() -> ssl.SSLContext:
    """A client's side of TLS that trusts the test certificate only."""
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


class TestTls:
    async def test_a_certificate_that_nobody_signed_gets_no_request(self) -> None:
        """The key is sent after the handshake only, so it never reaches the wrong server."""
        async with RawServer(says(ok()), server_tls()) as server, egress_to(server) as egress:
            got = await egress.fetch(
                OutgoingRequest(
                    url=server.url(), secret_headers=(SecretHeader("x-apikey", Secret("a-key-of-some-length")),)
                )
            )
            assert (got.failure, server.asked) == (EgressFailure.UNREACHABLE, [])

    async def test_a_trusted_certificate_must_name_the_host(self) -> None:
        async with RawServer(says(ok()), server_tls()) as server:
            hosts = ("upstream.test", "other.test")
            guard = Guard(Origin("https", host, server.port) for host in hosts)
            async with Egress(guard, look_up=to_loopback, tls=trusting()) as egress:
                right, wrong = [await egress.fetch(OutgoingRequest(url=server.url("/", host))) for host in hosts]
        assert (right.status, wrong.failure) == (200, EgressFailure.UNREACHABLE)
        assert [asked.headers["host"] for asked in server.asked] == [f"upstream.test:{server.port}"]

    async def test_a_server_without_tls_is_unreachable(self) -> None:
        async def speak(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            writer.close()

        async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with Egress(Guard({Origin("https", "127.0.0.1", port)})) as egress:
                got = await egress.fetch(OutgoingRequest(url=f"https://127.0.0.1:{port}/"))
        assert got.failure is EgressFailure.UNREACHABLE


class TestConnections:
    async def test_a_connection_is_used_again_and_keeps_no_cookie(self) -> None:
        async with (
            RawServer(says(ok(b"", b"Set-Cookie: id=1; Path=/"), keep=True)) as server,
            egress_to(server) as egress,
        ):
            for _ in range(3):
                await egress.fetch(OutgoingRequest(url=server.url()))
            assert server.connections == 1
        assert not any("cookie" in asked.headers for asked in server.asked)

    async def test_the_environment_has_no_say(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """No proxy and no netrc of the machine: both would carry requests or keys elsewhere."""
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login somebody password something\n")
        monkeypatch.setenv("NETRC", str(netrc))
        async with RawServer(says(ok())) as proxy, RawServer(says(ok())) as server, egress_to(server) as egress:
            for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
                monkeypatch.setenv(name, proxy.url())
            got = await egress.fetch(OutgoingRequest(url=server.url()))
            assert got.status == 200
            assert proxy.connections == 0
        assert "authorization" not in server.asked[0].headers

    async def test_a_name_that_leads_inside_is_never_connected_to(self) -> None:
        async with RawServer(says(ok())) as server, Egress(Guard(), look_up=to_loopback) as egress:
            got = await egress.fetch(OutgoingRequest(url=f"https://source.test:{server.port}/"))
            assert (got.failure, server.connections) == (EgressFailure.REFUSED, 0)

    async def test_a_name_is_resolved_once_and_the_checked_address_is_used(self) -> None:
        """A name server that answers otherwise the second time finds nobody asking."""
        asked: list[str] = []

        async def rebinding(host: str, _port: int) -> tuple[str, ...]:
            asked.append(host)
            return ("127.0.0.1",) if len(asked) == 1 else ("127.0.0.9",)

        async with RawServer(says(ok())) as server:
            guard = Guard({Origin("http", "upstream.test", server.port)})
            async with Egress(guard, look_up=rebinding) as egress:
                got = [await egress.fetch(OutgoingRequest(url=server.url("/", "upstream.test"))) for _ in range(3)]
        assert [each.status for each in got] == [200, 200, 200]
        assert (asked, server.connections) == (["upstream.test"], 3)

    async def test_a_connection_closed_while_idle_costs_no_retry(self) -> None:
        """The server promised to keep it and closed at the next request, unanswered: that request is sent anew."""
        idle = in_turn(says(ok(b"one"), keep=True), reset(), says(ok(b"two"), keep=True))
        async with RawServer(idle) as server, egress_to(server) as egress:
            request = OutgoingRequest(url=server.url(), retries=0)
            assert [(await egress.fetch(request)).body for _ in range(2)] == [b"one", b"two"]
            assert (server.connections, len(server.asked)) == (2, 3)

    async def test_a_reused_connection_lost_within_a_reply_was_a_call(self) -> None:
        short = says(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort")
        async with RawServer(in_turn(says(ok(b"one"), keep=True), short)) as server, egress_to(server) as egress:
            request = OutgoingRequest(url=server.url(), retries=0)
            got = [await egress.fetch(request) for _ in range(2)]
            assert [each.failure for each in got] == [None, EgressFailure.UNREACHABLE]
            assert len(server.asked) == 2
