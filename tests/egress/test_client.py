"""The outgoing client: what goes out, what comes back, what is refused, and that no key is ever seen."""

import asyncio
import base64
import gzip
import json
import logging
import traceback
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from cybervault import __version__
from cybervault.domain.sandbox import SandboxBreachError, sandboxed
from cybervault.domain.secrets import Secret, SecretHeader
from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard, Origin
from cybervault.egress.message import DnsQuestion, EgressError, EgressFailure, OutgoingRequest
from tests.egress.asks import egress_to, fetched, streamed, to_loopback
from tests.egress.dns_server import DnsServer
from tests.egress.servers import CHUNKED, GZIPPED, RawServer, hanging, ok, reply, reset, says, to

CANARY = "canary-2b7e151628aed2a6"
KEY = (SecretHeader("x-apikey", Secret(CANARY)),)


class TestReply:
    async def test_gives_status_headers_and_body(self) -> None:
        got = await fetched(
            says(reply(404, b'{"error": 1}', b"Content-Type: application/json", b"X-Two: a", b"X-Two: b"))
        )
        assert (got.status, got.body, got.failure) == (404, b'{"error": 1}', None)
        assert got.headers == (
            ("content-length", "12"),
            ("content-type", "application/json"),
            ("x-two", "a"),
            ("x-two", "b"),
        )

    async def test_names_itself_and_asks_only_for_what_it_can_decode(self) -> None:
        async with RawServer(says(ok())) as server, egress_to(server) as egress:
            await egress.fetch(OutgoingRequest(url=server.url("/a?b=%2F%3D+c")))
        asked = server.asked[0]
        assert (asked.method, asked.target) == ("GET", "/a?b=%2F%3D+c")
        assert asked.headers["user-agent"] == f"cybervault/{__version__}"
        assert asked.headers["accept-encoding"] == "gzip, deflate"

    async def test_sends_headers_body_and_key_as_given(self) -> None:
        request = {
            "method": "POST",
            "headers": (("User-Agent", "other/1"), ("Content-Type", "text/x")),
            "secret_headers": (SecretHeader("Authorization", Secret(CANARY), "Bearer "),),
            "body": b"hash=1",
        }
        async with RawServer(says(ok())) as server, egress_to(server) as egress:
            got = await egress.fetch(OutgoingRequest(url=server.url(), **request))  # type: ignore[arg-type]
        asked = server.asked[0]
        assert got.status == 200
        assert (asked.method, asked.body) == ("POST", b"hash=1")
        assert asked.headers["user-agent"] == "other/1"
        assert asked.headers["content-type"] == "text/x"
        assert asked.headers["authorization"] == f"Bearer {CANARY}"

    async def test_an_oauth_client_and_its_secret_travel_as_http_basic(self) -> None:
        """Each form-encoded first (RFC 6749, 2.3.1), so that no colon or letter of theirs is taken for another."""
        header = SecretHeader("Authorization", Secret("a secret/of: me"), "Basic ", oauth_client="the:client")
        async with RawServer(says(ok())) as server, egress_to(server) as egress:
            await egress.fetch(OutgoingRequest(url=server.url(), secret_headers=(header,)))
        scheme, _, text = server.asked[0].headers["authorization"].partition(" ")
        assert (scheme, base64.b64decode(text)) == ("Basic", b"the%3Aclient:a+secret%2Fof%3A+me")

    async def test_a_name_and_its_password_travel_as_http_basic_as_they_are(self) -> None:
        """RFC 7617: registries know `robot$ci` by these very letters."""
        header = SecretHeader("Authorization", Secret("a secret/of: me%"), "Basic ", user="robot$ci")
        async with RawServer(says(ok())) as server, egress_to(server) as egress:
            await egress.fetch(OutgoingRequest(url=server.url(), secret_headers=(header,)))
        assert base64.b64decode(server.asked[0].headers["authorization"][6:]) == b"robot$ci:a secret/of: me%"

    async def test_an_echoed_http_basic_is_masked(self) -> None:
        header = SecretHeader("Authorization", Secret(CANARY), "Basic ", oauth_client="client")
        text = base64.b64encode(f"client:{CANARY}".encode())
        got = await fetched(says(ok(b"you sent " + text)), secret_headers=(header,))
        assert got.body == "you sent •••".encode()

    @pytest.mark.parametrize(
        ("coding", "raw"), [("gzip", gzip.compress(b"content", mtime=0)), ("deflate", zlib.compress(b"content"))]
    )
    async def test_decompresses(self, coding: str, raw: bytes) -> None:
        assert (await fetched(says(ok(raw, b"Content-Encoding: " + coding.encode())))).body == b"content"

    async def test_takes_chunks_and_bodies_that_end_with_the_connection(self) -> None:
        chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        assert (await fetched(says(chunked))).body == b"abcde"
        assert (await fetched(says(b"HTTP/1.0 200 OK\r\n\r\nto the end"))).body == b"to the end"

    async def test_an_empty_reply_may_claim_a_coding(self) -> None:
        got = await fetched(says(b"HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n"))
        assert (got.status, got.body, got.failure) == (204, b"", None)

    async def test_a_head_reply_may_announce_any_length(self) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"
        got = await fetched(says(head), method="HEAD")
        assert (got.status, got.body, got.failure) == (200, b"", None)

    async def test_two_megabytes_of_json_pass_below_the_cap(self) -> None:
        """VirusTotal and crt.sh send megabytes; aiohttp's own server compresses them as a real one would."""
        wanted = {"rows": ["x" * 100] * 20_000}

        async def rows(_request: web.Request) -> web.Response:
            answer = web.json_response(wanted)
            answer.enable_compression(web.ContentCoding.gzip)
            return answer

        app = web.Application()
        app.router.add_get("/rows", rows)
        async with TestServer(app) as server:
            guard = Guard({Origin("http", "127.0.0.1", server.port or 0)})
            async with Egress(guard) as egress:
                got = await egress.fetch(OutgoingRequest(url=str(server.make_url("/rows"))))
        assert ("content-encoding", "gzip") in got.headers
        assert len(got.body) > 2_000_000
        assert json.loads(got.body) == wanted

    async def test_headers_that_are_no_text_can_still_be_stored(self) -> None:
        got = await fetched(says(ok(b"", b"X-Odd: caf\xe9 \xff")))
        odd = dict(got.headers)["x-odd"]
        assert odd.encode() == "caf\ufffd \ufffd".encode()


class TestGuarded:
    @pytest.mark.parametrize("path", ["http://127.0.0.1:{port}/", "https://127.0.0.1:{port}/", "http://[::1]:{port}/"])
    async def test_loopback_is_asked_only_where_configured(self, path: str) -> None:
        async with RawServer(says(ok())) as server, Egress(Guard(), look_up=to_loopback) as egress:
            got = await egress.fetch(OutgoingRequest(url=path.format(port=server.port)))
            assert (got.failure, server.connections) == (EgressFailure.REFUSED, 0)

    @pytest.mark.parametrize(
        "wish",
        [
            {"headers": (("Host", "other.test"),)},
            {"headers": (("content-length", "5"),)},
            {"headers": (("Transfer-Encoding", "chunked"),)},
            {"headers": (("X-A", "1\r\nHost: other.test"),)},
            {"headers": (("X-A\r\nB", "1"),)},
            {"headers": (("X-A", "\ud83d\ude00"),)},
            {"secret_headers": (SecretHeader("x-apikey", Secret("two\nlines-of-a-key")),)},
            {"secret_headers": (SecretHeader("Host", Secret("other.test")),)},
            {"method": "CONNECT"},
            {"method": "get"},
        ],
    )
    async def test_what_could_change_the_request_itself_is_refused(self, wish: dict[str, object]) -> None:
        async with RawServer(says(ok())) as server, egress_to(server) as egress:
            got = await egress.fetch(OutgoingRequest(url=server.url(), **wish))  # type: ignore[arg-type]
            assert (got.failure, server.connections) == (EgressFailure.REFUSED, 0)


class TestRedirects:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    async def test_a_key_never_follows_a_redirect(self, status: int) -> None:
        """Measured in another client: it drops Authorization on the way, yet forwards x-apikey."""
        async with RawServer(says(ok())) as elsewhere, RawServer(to(elsewhere.url(), status)) as server:
            async with egress_to(server, elsewhere) as egress:
                got = await egress.fetch(
                    OutgoingRequest(url=server.url(), secret_headers=KEY, redirect_hosts=frozenset({"*", "127.0.0.1"}))
                )
            assert got.failure is EgressFailure.REFUSED
            assert (len(server.asked), elsewhere.connections) == (1, 0)

    async def test_a_request_may_be_led_on_without_its_key(self) -> None:
        async with (
            RawServer(says(ok(b"found"))) as elsewhere,
            RawServer(to(elsewhere.url("/b"))) as server,
            egress_to(server, elsewhere) as egress,
        ):
            wish = OutgoingRequest(
                url=server.url(), secret_headers=KEY, redirect_hosts=frozenset({"*"}), drops_key_on_redirect=True
            )
            got = await egress.fetch(wish)
            refused = await egress.fetch(replace(wish, redirect_hosts=frozenset()))
        assert (got.status, got.body) == (200, b"found")
        assert KEY[0].name.lower() in server.asked[0].headers
        assert KEY[0].name.lower() not in elsewhere.asked[0].headers
        assert refused.failure is EgressFailure.REFUSED

    @pytest.mark.parametrize(
        "location",
        [
            "http://169.254.169.254/latest/meta-data/",
            "https://169.254.169.254/latest/meta-data/",
            "file:///etc/passwd",
            "https://other.test/",
            "http://127.0.0.1:1/",
            "//[::1]/",
        ],
    )
    async def test_a_redirect_elsewhere_is_refused(self, location: str) -> None:
        async with RawServer(to(location)) as server, Egress(Guard({server.origin}), look_up=to_loopback) as egress:
            got = await egress.fetch(OutgoingRequest(url=server.url(), redirect_hosts=frozenset({"*"})))
            assert (got.failure, len(server.asked)) == (EgressFailure.REFUSED, 1)

    async def test_a_listed_host_is_followed_to_with_the_same_headers(self) -> None:
        async with (
            RawServer(says(ok(b"found"))) as elsewhere,
            RawServer(to(elsewhere.url("/b"))) as server,
            egress_to(server, elsewhere) as egress,
        ):
            got = await egress.fetch(
                OutgoingRequest(
                    url=server.url("/a"),
                    headers=(("Accept", "application/rdap+json"),),
                    redirect_hosts=frozenset({"127.0.0.1"}),
                )
            )
        assert (got.status, got.body) == (200, b"found")
        assert (elsewhere.asked[0].target, elsewhere.asked[0].headers["accept"]) == ("/b", "application/rdap+json")

    @pytest.mark.parametrize("location", ["/again", "", "?x"])
    async def test_a_loop_ends_after_three_hops(self, location: str) -> None:
        async with RawServer(to(location)) as server, egress_to(server) as egress:
            got = await egress.fetch(OutgoingRequest(url=server.url(), redirect_hosts=frozenset({"127.0.0.1"})))
            assert (got.failure, len(server.asked)) == (EgressFailure.REFUSED, 4)

    async def test_without_a_location_the_reply_stands(self) -> None:
        assert (await fetched(says(reply(302, b"where?")), secret_headers=KEY)).status == 302
        assert (await fetched(says(reply(300, b"choose", b"Location: /b")), secret_headers=KEY)).status == 300


class Everything(logging.Handler):
    """Keeps each record of every logger, formatted with its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record) + repr(record.__dict__))


@pytest.fixture
async def everything() -> AsyncIterator[Everything]:
    root = logging.getLogger()
    handler, level = Everything(), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    logging.getLogger("elsewhere").debug("heard")
    try:
        yield handler
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def seen_by_a_reporter(error: BaseException) -> str:
    """What an error reporter with local variables would send."""
    report = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(report.format()) + repr(error.__context__) + repr(error.__cause__)


class TestSecrecy:
    async def test_no_key_reaches_a_log_at_debug(self, everything: Everything) -> None:
        """Contract check 51, over every way a request can go wrong."""
        answers = [
            says(ok()), says(reply(401, CANARY.encode())), reset(), says(b"SSH-2.0\r\n"), hanging, to("https://a.test/"),
            says(GZIPPED + b"no"), says(ok(b"", b"X-Long: " + b"a" * 20_000)), says(CHUNKED + b"5\r\nabc"),
        ]  # fmt: skip
        for answer in answers:
            await fetched(answer, secret_headers=KEY, timeout_seconds=0.3)
            try:
                async with streamed(answer, secret_headers=KEY, timeout_seconds=0.3) as (_, stream):
                    await stream.read()
            except EgressError:
                logging.getLogger("test").exception("a stream failed")
        assert any("heard" in line for line in everything.lines)
        assert any("a stream failed" in line for line in everything.lines)
        assert not any(CANARY in line for line in everything.lines)

    async def test_an_error_holds_no_request(self) -> None:
        """An exception of the library as context would carry the headers into any error report."""
        for answer in (reset(), says(b"SSH-2.0\r\n"), hanging, says(GZIPPED + b"no gzip")):
            async with RawServer(answer) as server, egress_to(server) as egress:
                request = OutgoingRequest(url=server.url(), secret_headers=KEY, timeout_seconds=0.2)
                with pytest.raises(EgressError) as caught:
                    async with egress.stream(request) as stream:
                        await stream.read()
            assert (caught.value.__context__, caught.value.__cause__) == (None, None)
            assert CANARY not in seen_by_a_reporter(caught.value)

    async def test_an_echoed_key_comes_back_masked(self) -> None:
        """Some sources repeat a wrong key in their error, and errors reach reports."""
        echo = says(reply(401, f"bad key {CANARY}!".encode(), f"X-Echo: {CANARY}".encode()))
        got = await fetched(echo, secret_headers=KEY)
        assert (got.body.decode(), dict(got.headers)["x-echo"]) == ("bad key •••!", "•••")
        async with streamed(echo, secret_headers=KEY) as (_, stream):
            assert (await stream.read()).decode() == "bad key •••!"
            assert stream.header("X-Echo") == "•••"

    async def test_a_tiny_key_does_not_garble_the_reply(self) -> None:
        got = await fetched(says(ok(b"a plain reply")), secret_headers=(SecretHeader("x-apikey", Secret("a")),))
        assert got.body == b"a plain reply"


class TestLife:
    async def test_closing_without_a_request_is_fine(self) -> None:
        async with Egress(Guard()):
            pass

    async def test_closing_leaves_no_task_behind(self) -> None:
        async with RawServer(says(ok(), keep=True)) as server, egress_to(server) as egress:
            await asyncio.gather(*(egress.fetch(OutgoingRequest(url=server.url())) for _ in range(20)))
        assert asyncio.all_tasks() == {asyncio.current_task()}

    async def test_dns_questions_go_the_same_way_out(self) -> None:
        async with DnsServer(lambda _query: None) as server, Egress(Guard({server.origin})) as egress:
            question = DnsQuestion(name="a.test", record_type="A", resolver=server.place, timeout_seconds=0.1)
            assert (await egress.resolve(question)).failure is EgressFailure.TIMEOUT
            refused = DnsQuestion(name="a.test", record_type="A", resolver="127.0.0.1:1")
            assert (await egress.resolve(refused)).failure is EgressFailure.REFUSED


class TestSandbox:
    async def test_nobody_is_asked_while_a_test_key_is_answered(self) -> None:
        async with RawServer(says(ok())) as server, egress_to(server) as egress:
            request = OutgoingRequest(url=server.url("/"))
            with sandboxed():
                with pytest.raises(SandboxBreachError, match="an outside service"):
                    await egress.fetch(request)
                with pytest.raises(SandboxBreachError, match="an outside service"):
                    async with egress.stream(request):
                        pass
                with pytest.raises(SandboxBreachError, match="an outside service"):
                    await egress.resolve(DnsQuestion(name="example.org", record_type="A", resolver="127.0.0.1"))
        assert not server.asked
