"""The program that becomes another: what it sets before, and what it does where it cannot."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest

from cybervault.confinement import launch
from cybervault.confinement.launch import EXIT_NOT_RUN, forbid_children, main
from tests.confinement.test_walls import in_a_thread

NUMBERS = ["1000000000", "7", "64", "5000", "starts", "0", ""]


class Became(Exception):  # noqa: N818 - what a test looks for
    """In place of a program that takes over."""


def become(path: str, command: list[str]) -> NoReturn:
    raise Became(path, command)


@pytest.fixture(autouse=True)
def _as_it_was() -> Any:  # noqa: ANN401 - a fixture that yields nothing
    before = signal.getsignal(signal.SIGPIPE)
    yield
    signal.signal(signal.SIGPIPE, before)


@pytest.fixture(autouse=True)
def walls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """What would be raised around this process, in its order; that they hold is what test_program proves."""
    raised: list[tuple[object, ...]] = []
    for name in ("leave_alone", "leave_only", "leave_files"):
        monkeypatch.setattr(launch, name, lambda *words, name=name: raised.append((name, *words)))
    return raised


def test_limits_are_set_before_the_program_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "bind_to_parent", lambda: None)
    limits: dict[int, tuple[int, int]] = {}
    with pytest.raises(Became) as found:
        main([str(os.getppid()), *NUMBERS, "/bin/true", "-oN"], execute=become, set_limit=limits.__setitem__)
    assert found.value.args == ("/bin/true", ["/bin/true", "-oN"])
    assert limits == {
        resource.RLIMIT_AS: (1_000_000_000, 1_000_000_000),
        resource.RLIMIT_CPU: (7, 8),
        resource.RLIMIT_NOFILE: (64, 64),
        resource.RLIMIT_FSIZE: (5000, 5000),
        resource.RLIMIT_CORE: (0, 0),
    }
    assert signal.getsignal(signal.SIGPIPE) is signal.SIG_DFL


def test_files_are_shut_last_for_what_shuts_the_rest_is_read_from_one(
    monkeypatch: pytest.MonkeyPatch, walls: list[tuple[object, ...]]
) -> None:
    monkeypatch.setattr(launch, "bind_to_parent", lambda: None)
    for port, reads in (("0", ""), ("80", "/a")):
        with pytest.raises(Became):
            main([str(os.getppid()), *NUMBERS[:5], port, reads, "/bin/true"], execute=become, set_limit=lambda *_: None)
    program, here = Path("/bin/true"), Path.cwd()
    assert walls[:2] == [("leave_alone",), ("leave_files", program, here, None)]
    assert walls[2:] == [("leave_alone",), ("leave_only", 80), ("leave_files", program, here, Path("/a"))]


def test_without_its_parent_it_becomes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "bind_to_parent", lambda: None)
    assert main(["1", *NUMBERS, "/bin/true"], execute=become, set_limit=lambda *_: None) == EXIT_NOT_RUN


def test_a_program_that_cannot_be_run_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launch, "bind_to_parent", lambda: None)
    assert main([str(os.getppid()), *NUMBERS, "/no/such"], set_limit=lambda *_: None) == EXIT_NOT_RUN
    assert capsys.readouterr().err == "/no/such cannot be run: No such file or directory\n"


def test_alone_means_that_threads_start_and_processes_do_not() -> None:
    seen: list[object] = []

    def work() -> None:
        seen.append(forbid_children())
        in_a_thread(lambda: seen.append("a thread"))
        try:
            subprocess.run([sys.executable, "-c", ""], check=True)
        except PermissionError as error:
            seen.append(type(error))

    in_a_thread(work)
    if seen[0] is False:
        pytest.skip("this machine has no filter of system calls")
    assert seen == [True, "a thread", PermissionError]


def test_where_nothing_can_forbid_them_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyseccomp", None)
    monkeypatch.setattr(launch, "bind_to_parent", lambda: None)
    with pytest.raises(Became):
        main(
            [str(os.getppid()), *NUMBERS[:4], "alone", *NUMBERS[5:], "/bin/true"],
            execute=become,
            set_limit=lambda *_: None,
        )
