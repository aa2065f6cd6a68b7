"""The walls stand for whoever raised them; that they hold in a child is what test_parse proves."""

import os
import resource
import socket
import sys
import threading
from collections.abc import Callable

import pytest

from cybervault.confinement.walls import Wall, raise_walls


def in_a_thread(work: Callable[[], object]) -> None:
    """The filter holds for the thread that raised it, and goes with it."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_the_limits_are_those_asked_for_and_none_else_stays_open() -> None:
    limits: dict[int, tuple[int, int]] = {}
    in_a_thread(lambda: raise_walls(1_000_000_000, 7, limits.__setitem__))
    assert limits == {
        resource.RLIMIT_AS: (1_000_000_000, 1_000_000_000),
        resource.RLIMIT_CPU: (7, 8),
        resource.RLIMIT_NOFILE: (0, 0),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_NPROC: (0, 0),
        resource.RLIMIT_CORE: (0, 0),
    }


def test_a_limit_that_is_lower_already_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: dict[int, tuple[int, int]] = {}
    monkeypatch.setattr(resource, "getrlimit", lambda _: (3, 3))
    in_a_thread(lambda: raise_walls(1_000_000_000, 7, limits.__setitem__))
    assert limits[resource.RLIMIT_CPU] == (3, 3)
    assert limits[resource.RLIMIT_AS] == (3, 3)


def test_behind_the_filter_no_file_is_opened_and_no_socket_made() -> None:
    seen: list[object] = []

    def work() -> None:
        standing = raise_walls(1_000_000_000, 7, lambda _what, _limits: None)
        seen.append(standing)
        for attempt in (lambda: os.open(os.devnull, os.O_RDONLY), socket.socket, os.getppid):
            try:
                seen.append(attempt())
            except OSError as error:
                seen.append(type(error))

    in_a_thread(work)
    standing, *attempts = seen
    if standing != frozenset(Wall):
        pytest.skip("this machine has no filter of system calls")
    assert attempts[:2] == [PermissionError, PermissionError]
    with open(os.devnull, "rb"):  # noqa: PTH123 - a device
        pass


def test_what_the_system_refuses_does_not_stand() -> None:
    found: list[frozenset[Wall]] = []

    def refused(_what: int, _limits: tuple[int, int]) -> None:
        raise ValueError("current limit exceeds maximum limit")

    in_a_thread(lambda: found.append(raise_walls(1_000_000_000, 7, refused)))
    assert not {Wall.MEMORY, Wall.TIME} & found[0]


def test_without_the_library_what_remains_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyseccomp", None)
    found: list[frozenset[Wall]] = []
    in_a_thread(lambda: found.append(raise_walls(1_000_000_000, 7, lambda _what, _limits: None)))
    assert found[0] == ({Wall.MEMORY, Wall.TIME, Wall.NETWORK} - ({Wall.MEMORY} if sys.platform != "linux" else set()))


def test_a_kernel_without_filters_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    pyseccomp = pytest.importorskip("pyseccomp", exc_type=ImportError)

    def refused(_self: object) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(pyseccomp.SyscallFilter, "load", refused)
    found: list[frozenset[Wall]] = []
    in_a_thread(lambda: found.append(raise_walls(1_000_000_000, 7, lambda _what, _limits: None)))
    assert Wall.FILES not in found[0]
