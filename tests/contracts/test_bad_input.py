"""CyberThreat AI against callers who send what no client sends: refused in the face's form, and nothing else breaks.

One real server process takes it all; after each oddity a good request is answered as before.
"""

import json
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, quote_from_bytes

import httpx2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.contracts.saying import ADDRESS
from tests.fakes.clock import HandClock
from tests.fakes.processes import NO_TLS, Served, family, peak_bytes, say, served
from tests.fakes.serving import Reply, Running
from tests.fakes.upstream import UpstreamFarm

REFUSED_GROWTH_BYTES: Final = 24 * 1024 * 1024
NOT_OURS: Final = ("Traceback", "Internal Server Error", "detail", "<html", "pydantic", "starlette", "/src/", ".py")
MISSING: Final = {"error": "Falta el parámetro de IoC"}
UNKNOWN: Final = {"error": "Tipo de IoC desconocido"}


@pytest.fixture(scope="module")
def process(
    whole_farm: UpstreamFarm, prepared_state: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """The server, warm; after the whole file nothing has crashed in it and nothing was logged at length."""
    folder = tmp_path_factory.mktemp("bad")
    shutil.copytree(prepared_state, folder / "data")
    whole_farm.reset()
    settings = whole_farm.environment() | {"CYBERVAULT_RATE_LIMIT__POINTS": "1000000"}
    with served(folder / "data", settings, folder / "output") as server:
        good_request_works(server)
        yield server
        printed = server.output.read_text()
    assert "Traceback" not in printed
    assert max(map(len, printed.splitlines())) < 1_000


def good_request_works(server: Served) -> None:
    """The server says that it lives, and analyses."""
    reply = Running(server.url, HandClock()).ctai(ADDRESS)
    assert (reply.status, reply.names[0], reply.names[-1]) == (200, "meta", "done")
    assert reply.words


@pytest.fixture
def server(process: Served) -> Iterator[Served]:
    yield process
    good_request_works(process)


def assert_ours(status: int, body: bytes) -> None:
    """A whole answer of one of our faces, or an empty one of the protocol; never the framework's."""
    assert status in {200, 400, 403, 404, 405, 414, 431}
    text = body.decode()
    assert not [word for word in NOT_OURS if status != 200 and word in text]
    if status != 200 and text:
        assert list(json.loads(text)) in (["error"], ["error", "code"])


def parsed(answer: bytes) -> tuple[int, bytes]:
    """Status and body of a raw answer with a length."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 ", b"HTTP/1.0 ")), answer[:200]
    return int(head.split()[1]), body


def get(path: str, *, after: bytes = b"", method: bytes = b"GET") -> bytes:
    """The bytes of a request after which the server closes; `after` are more header lines."""
    return method + f" {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n".encode() + after + b"\r\n"


class TestIndicators:
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("", MISSING),
            ("?", MISSING),
            ("?ioc", MISSING),
            ("?IOC=1.2.3.4", MISSING),
            ("?ioc[]=1.2.3.4", MISSING),
            ("?ioc=&ioc=1.2.3.4", MISSING),
            ("?ioc=%00", UNKNOWN),
            ("?ioc=1.2.3.4%00", UNKNOWN),
            ("?ioc=a%0d%0aSet-Cookie:%20x", UNKNOWN),
            ("?ioc=%ff%fe", UNKNOWN),
            ("?ioc=%ed%a0%80", UNKNOWN),
            ("?ioc=%zz", UNKNOWN),
            ("?ioc=%", UNKNOWN),
            ("?ioc=%e2%80%ae8.8.8.8", UNKNOWN),
            ("?ioc=%EF%BC%98.8.8.8", UNKNOWN),
            ("?ioc=%D9%A1.%D9%A2.%D9%A3.%D9%A4", UNKNOWN),
            ("?ioc=1.2.3.4.5", UNKNOWN),
            ("?ioc=01.02.03.04", UNKNOWN),
            ("?ioc=0x7f.1", UNKNOWN),
            ("?ioc=2130706433", UNKNOWN),
            ("?ioc=::ffff:1.2.3.4.5", UNKNOWN),
            ("?ioc=-a.example", UNKNOWN),
            ("?ioc=a..example", UNKNOWN),
            ("?ioc=.example", UNKNOWN),
            ("?ioc=" + "a." * 127 + "example", UNKNOWN),
            ("?ioc=" + "a" * 64 + ".example", UNKNOWN),
            ("?ioc=..%2f..%2fetc%2fpasswd", UNKNOWN),
            ("?ioc=%24%7Bjndi:ldap://a.example%7D", UNKNOWN),
            ("?ioc='%20OR%201=1--", UNKNOWN),
            ("?ioc={{7*7}}", UNKNOWN),
            ("?ioc=" + "f" * 60_000, UNKNOWN),
            ("?" + "&".join(f"a{number}=1" for number in range(5_000)), MISSING),
        ],
    )
    def test_a_wrong_indicator_is_told_in_the_documented_words(
        self, server: Served, query: str, expected: dict[str, str]
    ) -> None:
        for path in ("/api/ctai", "/api/ctai/stream"):
            status, body = parsed(say(server.port, get(path + query)))
            assert status == 400
            answer = json.loads(body)
            if path == "/api/ctai":
                assert answer == expected
            else:
                assert (answer["error"], set(answer)) == (expected["error"], {"error", "code"})

    def test_the_first_of_several_indicators_counts(self, server: Served) -> None:
        reply = running(server).get(f"/api/ctai/stream?ioc={ADDRESS}&ioc=%00&lang=en&lang=xx&model=&model=%ff")
        assert (reply.names[-1], reply.meta["value"]) == ("done", ADDRESS)

    @given(text=st.text(max_size=80), language=st.sampled_from(["es", "en", "", "\x00"]))
    @example(text="\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"), language="es")
    @example(text="8.8.8.8\u202e", language="en")
    def test_any_text_gets_one_of_the_two_answers(self, process: Served, text: str, language: str) -> None:
        query = f"?ioc={quote(text, safe='')}&lang={quote(language)}&model={quote(text, safe='')}"
        for path in ("/api/ctai", "/api/ctai/stream"):
            assert_told_or_streamed(running(process).get(path + query), text)

    @given(raw=st.binary(max_size=40))
    def test_any_bytes_get_one_of_the_two_answers(self, process: Served, raw: bytes) -> None:
        text = raw.decode("utf-8", "replace")
        assert_told_or_streamed(running(process).get(f"/api/ctai/stream?ioc={quote_from_bytes(raw, safe='')}"), text)

    @given(
        text=st.one_of(
            st.ip_addresses().map(str),
            st.from_regex(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}", fullmatch=True),
            st.from_regex(r"(?:[a-z0-9_-]{1,12}\.){1,4}[a-z]{1,6}\.?", fullmatch=True),
            st.from_regex(r"h(?:tt|xx)ps?(?::|\[:\])//[ -~]{1,40}", fullmatch=True),
            st.from_regex(r"[0-9.:\[\]()dot ]{1,30}", fullmatch=True),
        )
    )
    def test_what_looks_like_an_indicator_gets_one_of_the_two_answers(self, process: Served, text: str) -> None:
        assert_told_or_streamed(running(process).get(f"/api/ctai/stream?ioc={quote(text, safe='')}"), text)


def running(server: Served) -> Running:
    return Running(server.url, HandClock())


def assert_told_or_streamed(reply: Reply, text: str) -> None:
    """Either the documented refusal or a whole stream that repeats the text as it was sent."""
    if reply.status == 200:
        assert reply.names[-1] == "done"
        assert reply.meta["ioc"] == text
    else:
        assert reply.status == 400
        known = {"Falta el parámetro de IoC", "The ioc parameter is missing"}
        assert reply.json["error"] in known | {"Tipo de IoC desconocido", "Unknown IoC type"}
        assert set(reply.json) <= {"error", "code"}


HEALTHY: Final = b'{"status":"ok"}'


class TestRequests:
    @pytest.mark.parametrize(
        ("request_bytes", "expected"),
        [
            (b"GET /api/health HTTP/1.0\r\n\r\n", 200),
            (b"GET /api/health HTTP/1.1\r\nConnection: close\r\n\r\n", 200),
            (get("/api/health", after=b"Content-Length: 3\r\n") + b"abc", 200),
            (get("/api/health", after=b"Transfer-Encoding: chunked\r\n") + b"3\r\nabc\r\n0\r\n\r\n", 200),
            (get("/api/health", after=b"Expect: 100-continue\r\nContent-Length: 3\r\n") + b"abc", 200),
            (get("http://y/api/health"), 200),
            (get("/api/health", after=b"Host: y\r\n"), 200),
            (get("/api/health", after=b"X-A: \xe9\xff\r\n"), 200),
            (get("/api/health", after=b"X-A: " + b"a" * 50_000 + b"\r\n"), 200),
            (get("/api/health", after=b"".join(b"X-A: %d\r\n" % number for number in range(80))), 200),
            (get("/api/health", after=b"Range: bytes=0-1\r\nIf-None-Match: *\r\n"), 200),
            (get("/api/health", after=b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"), 200),
            (get("/api/health", after=b"X-Request-ID: a\tb<script>\r\n"), 200),
            (get("/api/health", method=b"BREW"), 405),
            (get("/api/ctai", method=b"get"), 405),
            (get("/api/ctai", method=b"HEAD"), 405),
            (get("/api/ctai", method=b"OPTIONS"), 405),
            (get("/api/ctai", method=b"TRACE", after=b"X-VT-Key: k\r\n"), 405),
            (get("/api/ctai", method=b"POST", after=b"Content-Length: 10000000\r\n") + b"a" * 10_000_000, 405),
            (get("/api/ctai/stream", method=b"POST", after=b"Content-Type: application/json\r\n"), 405),
            (get("*", method=b"OPTIONS"), 404),
            (get("x:443", method=b"CONNECT"), 404),
            (get("/api/ctai/?ioc=1.2.3.4"), 404),
            (get("/api/ctai%00"), 404),
            (get("/api/%ff%fe"), 404),
            (get("//api//health"), 404),
            (get("/assets/../../../../etc/passwd"), 404),
            (get("/assets/%2e%2e%2f%2e%2e%2fetc/passwd"), 404),
            (get("/openapi.json"), 404),
            (get("/docs"), 404),
        ],
    )
    def test_an_odd_request_is_answered_in_our_form(self, server: Served, request_bytes: bytes, expected: int) -> None:
        status, body = parsed(say(server.port, request_bytes))
        assert status == expected
        assert_ours(status, body)
        if status == 200:
            assert HEALTHY in body

    @pytest.mark.parametrize(
        "request_bytes",
        [
            b"GET /api/health HTTP/9.9\r\n\r\n",
            b"GET /api/health\r\n\r\n",
            b"GET /api/ctai?ioc=a b HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET /api/ctai?ioc=a\x00b HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET /api/ctai?ioc=a\x01b HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET /api/ctai?ioc=\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
            get("/api/health", after=b"no colon\r\n"),
            get("/api/health", after=b": no name\r\n"),
            get("/api/health", after=b"a b: x\r\n"),
            get("/api/health", after=b"A: x\r\n folded\r\n"),
            get("/api/health", after=b"A: x\x00y\r\n"),
            get("/api/health", after=b"A: x\x01y\r\n"),
            get("/api/health", after=b"A: " + b"a" * 100_000 + b"\r\n"),
            get("/api/health", after=b"".join(b"X-%d: a\r\n" % number for number in range(1_000))),
            get("/api/health", after=b"Content-Length: x\r\n"),
            get("/api/health", after=b"Content-Length: -1\r\n"),
            get("/api/health", after=b"Content-Length: 3\r\nContent-Length: 5\r\n") + b"abc",
            get("/api/health", after=b"Transfer-Encoding: gzip\r\n"),
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            bytes(range(256)),
            get("/api/ctai?ioc=" + "a" * 10_000_000),
        ],
        ids=lambda request_bytes: repr(request_bytes[:40]),
    )
    def test_what_is_no_request_is_refused_without_a_word(self, server: Served, request_bytes: bytes) -> None:
        answer = say(server.port, request_bytes)
        status, body = parsed(answer) if answer else (400, b"")
        assert status in {400, 414, 431}
        assert body == b""

    def test_ten_megabytes_in_the_first_line_cost_no_memory(self, server: Served) -> None:
        before = peak_bytes(family(server.pid))
        for _ in range(5):
            assert parsed(say(server.port, get("/api/ctai?ioc=" + "a" * 10_000_000)))[0] in {414, 431}
        assert peak_bytes(family(server.pid)) - before < REFUSED_GROWTH_BYTES

    def test_a_websocket_is_refused(self, server: Served) -> None:
        key = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
        request = b"GET /api/ctai HTTP/1.1\r\nHost: x\r\n" + upgrade + key + b"\r\n"
        assert parsed(say(server.port, request, patience_seconds=0.3)) == (403, b"")

    def test_half_a_request_holds_up_nobody(self, server: Served) -> None:
        for beginning in (b"", b"G", b"GET /api/health HTTP/1.1\r\nHost:", b"\r\n" * 100):
            assert say(server.port, beginning, patience_seconds=0.2) == b""

    def test_two_requests_at_once_and_one_broken_behind_a_good_one(self, server: Served) -> None:
        good = b"GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n"
        assert say(server.port, good + get("/api/health")).count(HEALTHY) == 2
        answer = say(server.port, good + b"BREW\r\n\r\n")
        assert answer.count(HEALTHY) == 1
        assert b"400 Bad Request" in answer

    def test_a_request_is_not_smuggled_in_a_body(self, server: Served) -> None:
        """Both lengths at once (RFC 9112, 6.3): what stands behind the body is no second request."""
        inner = b"GET /api/ctai/models HTTP/1.1\r\nHost: x\r\n\r\n"
        head = b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n" % (5 + len(inner))
        answer = say(server.port, get("/api/health", after=head) + b"0\r\n\r\n" + inner)
        assert answer.count(b"HTTP/1.1 ") == 1
        assert b"models" not in answer


class TestHeaders:
    @pytest.mark.parametrize(
        "lines",
        [
            b"X-VT-Key: caf\xe9\r\n",
            "X-VT-Key: ключ\r\n".encode(),
            b"X-VT-Key: first-key-1\r\nX-VT-Key: second-key-2\r\n",
            b"X-VT-Key:    \r\nX-AbuseIPDB-Key:\r\nX-OpenRouter-Key: \t\r\n",
            b"X-VT-Key: " + b"k" * 20_000 + b"\r\n",
            b"X-Forwarded-For: " + b"1.2.3.4, " * 2_000 + b"\r\n",
            b"X-Forwarded-For: \xff\r\nCF-Connecting-IP: no\r\nX-Real-IP: ::ffff:zz\r\nForwarded: for=_x\r\n",
            b"Accept: " + b"text/event-stream;q=0.0, " * 500 + b"\r\n",
            b"Accept-Language: \xff\xfe\r\nCookie: a=b; \xff\r\nAccept-Encoding: gzip;q=x\r\n",
        ],
    )
    def test_an_odd_header_ends_in_a_documented_answer(self, server: Served, farm: UpstreamFarm, lines: bytes) -> None:
        for path in ("/api/ctai", "/api/ctai/stream"):
            answer = say(server.port, get(f"{path}?ioc={ADDRESS}", after=lines), patience_seconds=10)
            assert parsed(answer)[0] == 200
            assert b"event: done" in answer
        assert not [call for call in farm.calls("virustotal") if "second-key-2" in str(call.headers)]

    @given(
        headers=st.dictionaries(
            st.sampled_from(
                [
                    "accept", "x-request-id", "x-forwarded-for", "cf-connecting-ip", "accept-encoding", "cookie",
                    "authorization", "x-polyswarm-key", "content-type", "origin", "if-modified-since",
                ]
            ),
            st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=60),
        )
    )  # fmt: skip
    def test_any_values_of_headers_change_nothing(self, process: Served, headers: dict[str, Any]) -> None:
        raw = [(name.encode(), value.strip().encode("latin-1")) for name, value in headers.items()]
        with httpx2.Client(trust_env=False, timeout=10, verify=NO_TLS) as client:
            health = client.get(f"{process.url}/api/health", headers=raw)
            refused = client.get(f"{process.url}/api/ctai?ioc=x", headers=raw)
        assert (health.status_code, health.content) == (200, HEALTHY)
        assert (refused.status_code, refused.json()) == (400, UNKNOWN)
        assert len(health.headers["x-request-id"]) <= 128


class TestOtherProtocols:
    def test_http2_by_prior_knowledge_is_served_or_refused_and_nothing_breaks(self, server: Served) -> None:
        preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        settings = struct.pack(">I", 0)[1:] + b"\x04\x00" + bytes(4)
        endless_header = struct.pack(">I", 16_000)[1:] + b"\x01\x00" + bytes([0, 0, 0, 1]) + b"\x00" * 16_000
        say(server.port, preface, patience_seconds=0.2)
        say(server.port, preface + settings + endless_header * 20, patience_seconds=0.2)
