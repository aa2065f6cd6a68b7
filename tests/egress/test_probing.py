"""The way to what is scanned: real connections on loopback, and none to what may not be reached."""

import ipaddress

import pytest

from cybervault.domain.sandbox import SandboxBreachError, sandboxed
from cybervault.egress.message import EgressError, EgressFailure
from cybervault.egress.probing import REPLY_BYTES_MAX, Contact, Prober, Spot
from tests.fakes.processes import free_port
from tests.fakes.scanned import Issue, answers, greets, listening, server_side, silent

HERE = ipaddress.ip_address("127.0.0.1")
OPEN = Prober(lambda _: True, has_loopback=True)


def at(port: int, name: str = "") -> Spot:
    return Spot(HERE, port, name)


async def test_a_port_is_open_closed_or_silent() -> None:
    async with listening(silent) as server:
        assert await OPEN.connect(at(server.port), 5) is Contact.OPEN
    assert await OPEN.connect(at(free_port()), 5) is Contact.CLOSED
    assert await OPEN.connect(at(free_port()), 0) is Contact.SILENT


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "10.0.0.1"])
async def test_what_may_not_be_reached_is_never_connected_to(address: str) -> None:
    """Neither without a grant, nor with one where the address is closed to scans."""
    target = ipaddress.ip_address(address)
    async with listening(silent) as server:
        for prober in (Prober(lambda _: True), Prober(lambda _: False, has_loopback=True)):
            if prober.may(target):
                continue
            spot = Spot(target, server.port)
            for asking in (
                prober.connect(spot, 1),
                prober.converse(spot, b"", seconds=1),
                prober.handshake(spot, seconds=1),
                prober.distrust(spot, seconds=1),
            ):
                with pytest.raises(EgressError) as caught:
                    await asking
                assert caught.value.failure is EgressFailure.REFUSED
        assert server.connections == 0


async def test_nothing_is_scanned_while_a_test_key_is_answered() -> None:
    with sandboxed(), pytest.raises(SandboxBreachError):
        await OPEN.connect(at(1), 1)


class TestConverse:
    async def test_a_greeting_is_heard_to_its_line(self) -> None:
        async with listening(greets(b"SSH-2.0-OpenSSH_9.2\r\n")) as server:
            assert await OPEN.converse(at(server.port), b"", seconds=5) == b"SSH-2.0-OpenSSH_9.2\r\n"

    async def test_an_answer_is_read_to_its_end_and_not_beyond_its_size(self) -> None:
        async with listening(answers(get=b"a\nb" * 100_000)) as server:
            said = await OPEN.converse(at(server.port), b"GET /\r\n", seconds=5)
        assert len(said) == REPLY_BYTES_MAX

    async def test_silence_ends_in_time_and_is_nothing(self) -> None:
        async with listening(silent) as server:
            assert await OPEN.converse(at(server.port), b"", seconds=0.05) == b""
        assert await OPEN.converse(at(free_port()), b"", seconds=1) == b""

    async def test_it_speaks_through_tls(self) -> None:
        async with listening(answers(get=b"hello\n"), server_side(Issue())) as server:
            assert await OPEN.converse(at(server.port), b"GET /\r\n", seconds=5, is_tls=True) == b"hello\n"


class TestHandshake:
    async def test_a_server_is_asked_for_one_version_alone(self) -> None:
        async with listening(silent, server_side(Issue())) as server:
            agreed = await OPEN.handshake(at(server.port, "web.example"), seconds=5)
            assert agreed is not None
            assert (agreed.version, agreed.certificate[:1], bool(agreed.cipher)) == ("TLSv1.3", b"\x30", True)
            assert await OPEN.handshake(at(server.port), "TLSv1", seconds=5) is None
            older = await OPEN.handshake(at(server.port), "TLSv1.2", seconds=5)
            assert older is not None
            assert older.version == "TLSv1.2"

    async def test_who_speaks_no_tls_agrees_to_nothing(self) -> None:
        async with listening(greets(b"220 hello\r\n")) as server:
            assert await OPEN.handshake(at(server.port), seconds=5) is None
            assert await OPEN.distrust(at(server.port), seconds=5) == ""

    async def test_a_chain_that_nobody_signed_is_not_trusted(self) -> None:
        async with listening(silent, server_side(Issue())) as server:
            assert "self" in await OPEN.distrust(at(server.port, "web.example"), seconds=5)


def test_a_host_is_written_as_http_wants_it() -> None:
    assert at(80, "web.example").host == "web.example"
    assert at(80).host == "127.0.0.1"
    assert Spot(ipaddress.ip_address("fd12::1"), 80).host == "[fd12::1]"
