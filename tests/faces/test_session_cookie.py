"""The cookie of a session: its name and flags by the way a request came."""

import ipaddress

import pytest

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret
from cybervault.faces.session_cookie import (
    Channel,
    channel_of,
    dropped_cookie,
    kept_cookie,
    presented_cookie,
    refuse_plain,
)

NEAR, NEAR_6 = ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")
FAR = ipaddress.ip_address("192.0.2.7")


@pytest.mark.parametrize(
    ("scheme", "host", "peer", "public_url", "expected"),
    [
        ("https", "cv.example", FAR, None, Channel.HTTPS),
        ("http", "cv.example", FAR, "https://cv.example", Channel.HTTPS),
        ("http", "localhost:8000", NEAR, "http://localhost:8000", Channel.LOCAL),
        ("http", "127.0.0.1", NEAR, None, Channel.LOCAL),
        ("http", "127.9.9.9:80", NEAR, None, Channel.LOCAL),
        ("http", "[::1]:8000", NEAR_6, None, Channel.LOCAL),
        ("http", "LOCALHOST", NEAR_6, None, Channel.LOCAL),
        ("http", "::1", NEAR_6, None, Channel.LOCAL),
        # A proxy of this machine that nobody trusts: its callers sit elsewhere.
        ("http", "cv.example", NEAR, None, Channel.PLAIN),
        ("http", "", NEAR, None, Channel.PLAIN),
        ("http", "localhost", FAR, None, Channel.PLAIN),
        ("http", "localhost", None, None, Channel.PLAIN),
        ("http", "localhost.evil.example", NEAR, None, Channel.PLAIN),
        ("http", "192.0.2.7:8000", NEAR, None, Channel.PLAIN),
    ],
)
def test_how_a_request_came(
    scheme: str, host: str, peer: ipaddress.IPv4Address | None, public_url: str | None, expected: Channel
) -> None:
    assert channel_of(scheme, host, peer, public_url=public_url) is expected


def test_over_https_the_cookie_is_bound_to_this_host_and_unseen_by_scripts() -> None:
    assert kept_cookie(Channel.HTTPS, Secret("tok")) == (
        "__Host-cybervault=tok; Path=/; HttpOnly; SameSite=Lax; Max-Age=43200; Secure"
    )
    assert dropped_cookie(Channel.HTTPS) == "__Host-cybervault=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure"


def test_on_this_machine_it_has_another_name_and_needs_no_https() -> None:
    assert kept_cookie(Channel.LOCAL, Secret("tok")) == (
        "cybervault-local=tok; Path=/; HttpOnly; SameSite=Lax; Max-Age=43200"
    )
    assert dropped_cookie(Channel.LOCAL).startswith("cybervault-local=; ")


@pytest.mark.parametrize("give", [refuse_plain, dropped_cookie, lambda channel: kept_cookie(channel, Secret("tok"))])
def test_over_plain_http_from_elsewhere_nobody_gets_one(give: object) -> None:
    assert callable(give)
    with pytest.raises(Problem) as caught:
        give(Channel.PLAIN)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.FORBIDDEN, "https_required")


def test_encrypted_and_near_requests_are_not_plain() -> None:
    refuse_plain(Channel.HTTPS)
    refuse_plain(Channel.LOCAL)


@pytest.mark.parametrize(
    ("headers", "channel", "expected"),
    [
        (["__Host-cybervault=tok"], Channel.HTTPS, "tok"),
        (["a=b; __Host-cybervault=tok; c=d"], Channel.HTTPS, "tok"),
        (["a=b", "__Host-cybervault=tok"], Channel.HTTPS, "tok"),
        (["cybervault-local=tok"], Channel.LOCAL, "tok"),
        ([], Channel.HTTPS, ""),
        (["__Host-cybervault"], Channel.HTTPS, ""),
        # What was set over plain HTTP never counts over HTTPS, nor the other way round.
        (["cybervault-local=tok"], Channel.HTTPS, ""),
        (["__Host-cybervault=tok"], Channel.LOCAL, ""),
        (["__Host-cybervault=tok; cybervault-local=tok"], Channel.PLAIN, ""),
        (["__host-cybervault=tok"], Channel.HTTPS, ""),
        (["__Host-cybervault=one; __Host-cybervault=two"], Channel.HTTPS, ""),
    ],
)
def test_which_cookie_counts(headers: list[str], channel: Channel, expected: str) -> None:
    assert presented_cookie(headers, channel) == expected
