"""What answers on a port, told by what it says; and what is wrong with it."""

from dataclasses import replace

import pytest

from cybervault.egress.probing import Prober
from cybervault.scans.engines import services as module
from cybervault.scans.engines.services import Named, judge, name
from cybervault.scans.profiles import ProfileName, load_profiles
from cybervault.scans.seen import CoverageState, Host, Service
from tests.fakes.scanned import HOST, HTTP_BARE, Issue, Talk, answers, greets, listening, server_side, silent

PROBER = Prober(lambda _: True, has_loopback=True)
# Plain servers of these tests wait for a line that a handshake may never send.
STANDARD = load_profiles()[ProfileName.STANDARD]
QUICK = replace(STANDARD, answer_seconds=0.7)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that say nothing by themselves are waited for a moment only."""
    monkeypatch.setattr(module, "_GREETING_SECONDS", 0.3)


@pytest.mark.parametrize(
    ("talk", "expected"),
    [
        (greets(b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n"), Named("ssh", "SSH-2.0-OpenSSH_9.2p1 Debian")),
        (greets(b"220 mail.example ESMTP\r\n"), Named("smtp", "220 mail.example ESMTP")),
        (greets(b"220 ready\r\n"), Named("ftp", "220 ready")),
        (greets(b"+OK pop\r\n"), Named("pop3", "+OK pop")),
        (greets(b"* OK imap\r\n"), Named("imap", "* OK imap")),
        (greets(b"RFB 003.008\n"), Named("vnc", "RFB 003.008")),
        (greets(b"\xff\xfd\x18login:\n"), Named("telnet", "\ufffd login:")),
        (greets(b"J\x00\x00\x00\x0a8.0.36\x00\n"), Named("mysql", "J    8.0.36")),
        (answers(get=HTTP_BARE, head=HTTP_BARE), Named("http")),
        (answers(ping=b"+PONG\r\n"), Named("redis", "+PONG", is_open=True)),
        (answers(ping=b"-NOAUTH Authentication required.\r\n"), Named("redis", "-NOAUTH Authentication required.")),
        (greets(b"\x1b[2Jwho knows\n"), Named("unknown", "[2Jwho knows")),
    ],
)
async def test_a_server_is_named_by_what_it_says(talk: Talk, expected: Named) -> None:
    async with listening(talk) as server:
        assert await name(Service(Host(HOST, HOST), server.port), QUICK, PROBER) == expected


@pytest.mark.parametrize(
    ("talk", "expected"),
    [(answers(head=HTTP_BARE), Named("https", is_tls=True)), (silent, Named("tls", is_tls=True))],
)
async def test_what_stands_behind_tls_is_told_too(talk: Talk, expected: Named, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_GREETING_SECONDS", 0.1)
    async with listening(talk, server_side(Issue())) as server:
        assert (
            await name(Service(Host(HOST, HOST), server.port), replace(STANDARD, answer_seconds=2.0), PROBER)
            == expected
        )


@pytest.mark.parametrize(
    ("talk", "expected"),
    [
        (answers(version=b"VERSION 1.6.18\r\n", ping=b"ERROR\r\n"), Named("memcached", "VERSION 1.6.18")),
        (greets(b"something else\n"), Named("unknown", "something else")),
    ],
)
async def test_a_port_that_is_known_is_asked_in_its_own_language(
    talk: Talk, expected: Named, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listening(talk) as server:
        monkeypatch.setattr(module, "_MEMCACHED", server.port)
        assert await name(Service(Host(HOST, HOST), server.port), QUICK, PROBER) == expected


@pytest.mark.parametrize(
    ("named", "rules"),
    [
        (Named("ssh", "SSH-2.0-OpenSSH_9.2"), []),
        (Named("ssh", "SSH-1.5-old"), ["ssh_protocol_1"]),
        (Named("ssh", "SSH-1.99-both"), []),
        (Named("telnet", "login:"), ["telnet_open"]),
        (Named("ftp", "220"), ["ftp_cleartext"]),
        (Named("redis", "-NOAUTH"), ["database_reachable"]),
        (Named("redis", "+PONG", is_open=True), ["redis_without_password", "database_reachable"]),
        (Named("memcached", "VERSION 1"), ["memcached_open"]),
        (Named("postgresql"), ["database_reachable"]),
        (Named("http"), []),
    ],
)
def test_a_service_is_judged_by_what_it_is(named: Named, rules: list[str]) -> None:
    report = judge(Service(Host("10.1.0.7", "10.1.0.7"), 1234), named)
    assert [seen.rule for seen in report.seen] == ["service_open", *rules]
    assert {(seen.asset, seen.place) for seen in report.seen} == {("10.1.0.7", "1234/tcp")}
    assert [(line.state, line.places) for line in report.coverage] == [(CoverageState.COVERED, ("1234/tcp",))]
