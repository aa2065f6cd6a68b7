"""What a forward proxy reads: one grammar, one spot, and nothing that two servers could read differently."""

import ipaddress
from typing import Final

import pytest

from cybervault.egress.probing import Spot
from cybervault.egress.proxy_head import BODY_BYTES_MAX, Asked, Refusal, read_reply, read_request

SPOT: Final = Spot(ipaddress.ip_address("192.0.2.7"), 8080, "web.example")
KEY: Final = "Basic a2V5"


def head(first: str, *lines: str, key: str = KEY) -> bytes:
    return "\r\n".join([first, f"Proxy-Authorization: {key}", *lines, "", ""]).encode("latin-1")


def refused(raw: bytes, spot: Spot = SPOT) -> tuple[int, bool]:
    with pytest.raises(Refusal) as found:
        read_request(raw, spot, KEY)
    return found.value.status, found.value.has_left


def test_a_request_is_written_anew_for_the_server() -> None:
    """Its Host is that of the URL, whatever it said, and nothing of the way to the proxy goes further."""
    raw = head(
        "POST http://WEB.example:8080/a?b=%0d#c HTTP/1.1", "Host: metadata.example", "host: other", "TE: trailers",
        "Connection: keep-alive, X-Hop, content-length", "X-Hop: 1", "Proxy-Connection: keep-alive", "Upgrade: h2c",
        "Expect: 100-continue", "Cookie:  a=b ", "Content-Length: 3",
    )  # fmt: skip
    assert read_request(raw, SPOT, KEY) == Asked(
        is_tunnel=False,
        head=b"POST /a?b=%0d#c HTTP/1.1\r\nHost: WEB.example:8080\r\nCookie: a=b\r\nContent-Length: 3\r\n"
        b"Connection: close\r\n\r\n",
        body_bytes=3,
    )


@pytest.mark.parametrize(
    ("target", "path"),
    [("http://web.example:8080", "/"), ("http://web.example:8080?q", "/?q"), ("HTTP://web.example:8080//x", "//x")],
)
def test_a_url_without_path_has_one(target: str, path: str) -> None:
    assert read_request(head(f"GET {target} HTTP/1.0"), SPOT, KEY).head.startswith(b"GET " + path.encode() + b" HTTP")


def test_a_tunnel_leads_to_the_spot_and_an_address_counts_where_there_is_no_name() -> None:
    assert read_request(head("CONNECT web.example:8080 HTTP/1.1"), SPOT, KEY) == Asked(is_tunnel=True)
    bare = Spot(ipaddress.ip_address("2001:db8::7"), 443)
    assert read_request(head("CONNECT [2001:DB8::7]:443 HTTP/1.1"), bare, KEY).is_tunnel
    assert refused(head("CONNECT [2001:db8::8]:443 HTTP/1.1"), bare) == (403, True)


@pytest.mark.parametrize(
    "first",
    [
        "GET http://169.254.169.254/latest/meta-data/ HTTP/1.1",
        "GET http://other.example:8080/ HTTP/1.1",
        "GET http://web.example/ HTTP/1.1",
        "GET http://web.example:8081/ HTTP/1.1",
        "GET http://web.example.other.example:8080/ HTTP/1.1",
        "GET http://192.0.2.7:8080/ HTTP/1.1",
        "GET http://[::ffff:192.0.2.7]:8080/ HTTP/1.1",
        "CONNECT web.example:443 HTTP/1.1",
        "CONNECT other.example:8080 HTTP/1.1",
        "CONNECT 127.0.0.1:8080 HTTP/1.1",
    ],
)
def test_another_host_or_port_has_left_the_target(first: str) -> None:
    """The address too, where the target is a name: another site may answer there."""
    assert refused(head(first)) == (403, True)


@pytest.mark.parametrize(
    "first",
    [
        "GET / HTTP/1.1", "GET //web.example:8080/ HTTP/1.1", "GET https://web.example:8080/ HTTP/1.1",
        "GET ftp://web.example:8080/ HTTP/1.1", "GET http://web.example:8080@other.example/ HTTP/1.1",
        "GET http://other.example@web.example:8080/ HTTP/1.1", "GET http:web.example:8080/ HTTP/1.1",
        "GET http://web.example:8080\\@other.example/ HTTP/1.1", "GET http://web.example%2eother:8080/ HTTP/1.1",
        "GET http://web.example:8080:80/ HTTP/1.1", "GET http://web.example:99999/ HTTP/1.1",
        "GET http://2130706433:8080/ HTTP/1.1", "GET http://0x7f.1:8080/ HTTP/1.1", "GET http://web.example: HTTP/1.1",
        "GET http://web.example:8080/ x HTTP/1.1", "GET  http://web.example:8080/ HTTP/1.1",
        "GET http://web.example:8080/ HTTP/2", "GET http://web.example:8080/", "G(T http://web.example:8080/ HTTP/1.1",
        "GET http://web.example:8080/\xff HTTP/1.1", " GET http://web.example:8080/ HTTP/1.1", "",
        "CONNECT web.example:8080/ HTTP/1.1", "CONNECT http://web.example:8080 HTTP/1.1",
        "CONNECT a@web.example:8080 HTTP/1.1", "CONNECT web.example:8080?x HTTP/1.1", "CONNECT / HTTP/1.1",
        "GET http://web.example:8080/\rGET http://other.example/ HTTP/1.1",
    ],
)  # fmt: skip
def test_what_could_be_read_in_two_ways_is_not_passed_on(first: str) -> None:
    assert refused(head(first)) == (400, False)


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (("Transfer-Encoding: chunked",), 411),
        (("Content-Length: 1", "transfer-encoding: identity"), 411),
        (("Content-Length: 1", "content-length: 2"), 400),
        (("Content-Length: 1", "Content-Length: 1"), 400),
        (("Content-Length: +1",), 400),
        (("Content-Length: 1, 1",), 400),
        (("Content-Length: 0x1",), 400),
        (("Content-Length:",), 400),
        ((f"Content-Length: {BODY_BYTES_MAX + 1}",), 413),
        (("Content-Length : 1",), 400),
        (("A: b", " folded: c"), 400),
        (("A: b\nTransfer-Encoding: chunked",), 400),
        (("A: b\rC: d",), 400),
        (("A: b\0",), 400),
        ((": b",), 400),
        (("nothing",), 400),
        (tuple(f"X-{number}: y" for number in range(100)), 431),
    ],
)
def test_no_header_smuggles_another_request(lines: tuple[str, ...], status: int) -> None:
    assert refused(head("GET http://web.example:8080/ HTTP/1.1", *lines)) == (status, False)


def test_only_who_was_told_the_key_is_let_in() -> None:
    first = "GET http://web.example:8080/ HTTP/1.1"
    assert refused(head(first, key="Basic b3RoZXI=")) == (407, False)
    assert refused(head(first, f"Proxy-Authorization: {KEY}")) == (407, False)
    assert refused(f"{first}\r\n\r\n".encode()) == (407, False)


def test_a_reply_says_that_no_other_follows_on_its_connection() -> None:
    raw = b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: 5\r\nTransfer-Encoding: chunked\r\nA: \xff\r\n\r\n"
    passed = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: \xff\r\nConnection: close\r\n\r\n"
    assert read_reply(raw) == (False, passed)
    assert read_reply(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")[0] is True


@pytest.mark.parametrize("raw", [b"", b"SSH-2.0-x", b"HTTP/1.1 99 x", b"HTTP/1.1 200 \0", b"HTTP/1.1 200 OK\r\nx"])
def test_what_is_no_reply_is_not_passed_on(raw: bytes) -> None:
    with pytest.raises(Refusal) as found:
        read_reply(raw + b"\r\n\r\n")
    assert found.value.status == 502
