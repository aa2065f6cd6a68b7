"""Web servers: real answers on loopback, and heads judged header by header."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.egress.probing import Prober
from cybervault.scans.engines.http import judge_head, look_at_web, parse_head
from cybervault.scans.profiles import ProfileName, load_profiles
from cybervault.scans.seen import CoverageState, Host, Service
from tests.fakes.scanned import HOST, HTTP_BARE, HTTP_SAFE, Issue, answers, greets, listening, server_side

PROBER = Prober(lambda _: True, has_loopback=True)
STANDARD = load_profiles()[ProfileName.STANDARD]
SAFE = parse_head(HTTP_SAFE)[1]


def without(name: str) -> list[tuple[str, str]]:
    return [pair for pair in SAFE if pair[0] != name]


def test_a_head_is_read_without_letter_case() -> None:
    assert parse_head(b"HTTP/1.1 204 No Content\r\nX-A:  b \r\nodd\r\n\r\nbody: no") == (204, [("x-a", "b")])


@given(st.binary(max_size=200))
def test_whatever_a_server_sends_is_read_without_fault(raw: bytes) -> None:
    status, headers = parse_head(raw)
    assert status is None or (100 <= status < 600)
    assert len(headers) <= 200


@pytest.mark.parametrize(
    ("headers", "rules"),
    [
        (SAFE, []),
        (without("strict-transport-security"), ["hsts_missing"]),
        ([*without("strict-transport-security"), ("strict-transport-security", "max-age=60")], ["hsts_missing"]),
        (without("content-security-policy"), ["csp_missing", "framing_allowed"]),
        ([*without("content-security-policy"), ("x-frame-options", "DENY")], ["csp_missing"]),
        (without("x-content-type-options"), ["content_type_sniffing"]),
        ([*SAFE, ("set-cookie", "sid=1; Path=/; HttpOnly")], ["cookie_without_secure"]),
        ([*SAFE, ("set-cookie", "sid=1; Secure")], ["cookie_without_httponly"]),
        ([*SAFE, ("set-cookie", "sid=1; secure; HTTPONLY")], []),
        ([("strict-transport-security", "max-age=31536000"), ("content-type", "application/json")], []),
    ],
)
def test_what_a_safe_page_sends_is_missed_where_it_is_missing(headers: list[tuple[str, str]], rules: list[str]) -> None:
    assert [rule for rule, _ in judge_head(200, headers, is_tls=True)] == rules


def test_plain_http_is_told_unless_all_it_does_is_lead_to_https() -> None:
    away = [("location", "https://web.example/")]
    assert judge_head(301, away, is_tls=False) == []
    assert [rule for rule, _ in judge_head(301, [("location", "/home")], is_tls=False)] == ["http_without_redirect"]
    assert "http_without_redirect" in dict(judge_head(200, SAFE, is_tls=False))


def test_the_value_of_a_cookie_is_never_kept() -> None:
    found = judge_head(200, [("set-cookie", "sid=canary-value")], is_tls=True)
    assert "canary" not in str(found)
    assert dict(found)["cookie_without_secure"] == "sid"


async def test_a_server_is_asked_once_and_by_its_name() -> None:
    async with listening(answers(get=HTTP_BARE)) as server:
        service = Service(Host("web.example", HOST, "web.example"), server.port)
        report = await look_at_web(service, STANDARD, PROBER, is_tls=False)
        assert server.connections == 1
    assert {seen.rule for seen in report.seen} == {
        "http_without_redirect", "csp_missing", "content_type_sniffing", "framing_allowed", "cookie_without_httponly",
    }  # fmt: skip
    assert {(seen.asset, seen.place, seen.engine) for seen in report.seen} == {
        ("web.example", f"{server.port}/tcp", "http")
    }
    assert [line.state for line in report.coverage] == [CoverageState.COVERED]


async def test_it_is_asked_through_tls() -> None:
    async with listening(answers(get=HTTP_SAFE), server_side(Issue())) as server:
        report = await look_at_web(Service(Host(HOST, HOST), server.port), STANDARD, PROBER, is_tls=True)
    assert report.seen == []


async def test_what_is_no_http_is_not_called_covered() -> None:
    async with listening(greets(b"220 hello\r\n")) as server:
        report = await look_at_web(Service(Host(HOST, HOST), server.port), STANDARD, PROBER, is_tls=False)
    assert (report.seen, [line.state for line in report.coverage]) == ([], [CoverageState.FAILED])
