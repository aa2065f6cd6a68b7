"""The one way out: what it leaves open, and that every other way is shut."""

import socket
import sys
from collections.abc import Callable
from typing import Any, Final

import pytest

from cybervault.confinement import walls, ways
from cybervault.confinement.ways import NOWHERE, leave_only
from tests.confinement.refusing import answering
from tests.confinement.test_walls import in_a_thread
from tests.fakes.loopback import HOST

SCTP, MPTCP = 132, 262
OTHERS: Final[dict[str, Callable[[], socket.socket]]] = {
    "datagrams": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "datagrams that do not wait": lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK),
    "raw": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
    "packets": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    "streams of another protocol": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM, SCTP),
    "TCP over many paths": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM, MPTCP),
    "another family": lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM),
    "an old family": lambda: socket.socket(4, socket.SOCK_STREAM),
}


def listener() -> socket.socket:
    return socket.create_server((HOST, 0))


def port_of(one: socket.socket) -> int:
    port: int = one.getsockname()[1]
    return port


def test_tcp_to_one_port_is_left_and_nothing_else() -> None:
    seen: dict[str, object] = {}

    def fails(what: Callable[[], socket.socket]) -> object:
        try:
            what().close()
        except OSError as error:
            return type(error)
        return "it was let through"

    with listener() as ours, listener() as other:
        mine, another = port_of(ours), port_of(other)

        def work() -> None:
            walls.bind_to_parent()
            seen["held"] = leave_only(mine)
            socket.create_connection((HOST, mine), timeout=5).close()
            for one in socket.socketpair():
                one.close()
                seen["a pair on this machine"] = "is left"
            seen["another port"] = fails(lambda: socket.create_connection((HOST, another), timeout=5))
            seen["listening"] = fails(listener)
            seen.update((name, fails(what)) for name, what in OTHERS.items())

        in_a_thread(work)
    if seen["held"] is False:
        pytest.skip("this machine cannot shut the ways of a program: Linux 6.7 and libseccomp are needed")
    refused = dict.fromkeys(("another port", "listening", *OTHERS), PermissionError)
    assert seen == {"held": True, "a pair on this machine": "is left"} | refused


def test_a_program_may_be_left_no_way_at_all() -> None:
    found: list[object] = []

    def work() -> None:
        walls.bind_to_parent()
        found.append(leave_only(NOWHERE))
        try:
            socket.create_connection((HOST, port), timeout=5).close()
        except PermissionError:
            found.append("refused")

    with listener() as ours:
        port = port_of(ours)
        in_a_thread(work)
    if found[0] is False:
        pytest.skip("this machine cannot shut the ways of a program: Linux 6.7 and libseccomp are needed")
    assert found == [True, "refused"]


@pytest.mark.parametrize("answers", [[3], [4, -1], [4, None, -1], [4, None, 0, -1]], ids=str)
def test_a_machine_that_cannot_hold_it_says_so(monkeypatch: pytest.MonkeyPatch, answers: list[int | None]) -> None:
    with answering(monkeypatch, answers):
        assert leave_only(80) is False


def test_without_the_filter_or_on_other_systems_it_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "_only_tcp_to", lambda _port: True)
    monkeypatch.setitem(sys.modules, "pyseccomp", None)
    assert leave_only(80) is False
    monkeypatch.setattr(sys, "platform", "darwin")
    found: Any = leave_only(80)
    assert found is False
