"""What a program reaches of the disk and of its neighbours: its own things, and nothing of ours."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cybervault.confinement import landlock, walls
from cybervault.confinement.landlock import Below, Rule
from cybervault.confinement.reach import leave_alone, leave_files, places_of
from tests.confinement.test_walls import in_a_thread


def outcome(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except OSError as error:
        return type(error).__name__
    return "done"


def test_its_folder_is_its_own_and_everything_else_of_ours_is_shut(tmp_path: Path) -> None:
    own, data = tmp_path / "own", tmp_path / "data"
    (own / "sub").mkdir(parents=True)
    data.mkdir()
    secret, more = data / "pepper", tmp_path / "more"
    secret.write_text("secret")
    more.write_text("for it to read")
    (own / "way").symlink_to(secret)
    (own / "program").write_text("of no form that could be run")
    (own / "program").chmod(0o755)
    attempts: dict[str, Callable[[], object]] = {
        "write in its own": lambda: (own / "a").write_text("x"),
        "read in its own": (own / "a").read_text,
        "move within its own": lambda: (own / "a").rename(own / "sub" / "a"),
        "read what it was given": more.read_text,
        "read the system's": lambda: os.listdir("/usr/lib"),  # noqa: PTH208 - the same as below
        "write nowhere": lambda: Path(os.devnull).write_text("x"),
        "write what it was given": lambda: more.write_text("x"),
        "read a secret": secret.read_text,
        "follow a way to it": (own / "way").read_text,
        "link it": lambda: (own / "link").hardlink_to(secret),
        "empty it": lambda: os.truncate(secret, 0),
        "take it away": secret.unlink,
        "move it": lambda: secret.rename(own / "pepper"),
        "list the folder of data": lambda: os.listdir(data),  # noqa: PTH208 - an iterator opens late
        "write beside": lambda: (data / "new").write_text("x"),
        "run what it wrote": lambda: os.execv(own / "program", ["a"]),  # noqa: S606 - it is none
        "look at a process": Path("/proc/self/environ").read_text,
    }
    found: dict[str, str] = {}
    held: list[bool] = []

    def work() -> None:
        walls.bind_to_parent()
        held.append(leave_files(Path(sys.executable), own, more))
        found.update((name, outcome(attempt)) for name, attempt in attempts.items())

    in_a_thread(work)
    if held == [False]:
        pytest.skip("this machine cannot shut files: Linux 6.2 is needed")
    may = {"write in its own", "read in its own", "move within its own", "read what it was given"}
    may |= {"read the system's", "write nowhere"}
    assert {name for name, came in found.items() if came == "done"} == may
    # As if its own were on another disk.
    refused = dict.fromkeys(attempts.keys() - may, "PermissionError") | {"link it": "OSError"}
    assert {name: came for name, came in found.items() if name not in may} == refused
    assert secret.read_text() == "secret"


def test_neighbours_have_neither_sockets_nor_modes_for_it(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.touch(0o600)
    found: list[object] = []

    def pair() -> None:
        for one in socket.socketpair():
            one.close()

    def work() -> None:
        walls.bind_to_parent()
        found.append(leave_alone())
        found.append(outcome(lambda: socket.socket(socket.AF_UNIX)))
        found.append(outcome(lambda: kept.chmod(0o666)))
        found.append(outcome(pair))
        found.append(outcome(lambda: socket.socket().close()))

    in_a_thread(work)
    if found[0] is False:
        pytest.skip("this machine has no filter of system calls")
    assert found == [True, "PermissionError", "PermissionError", "done", "done"]
    assert kept.stat().st_mode & 0o777 == 0o600


def test_its_neighbours_get_no_signal_from_it(tmp_path: Path) -> None:
    with subprocess.Popen(["/bin/sleep", "600"]) as other:
        found: list[str] = []

        def work() -> None:
            walls.bind_to_parent()
            leave_files(Path("/bin/sleep"), tmp_path)
            found.append(outcome(lambda: os.kill(other.pid, 0)))

        in_a_thread(work)
        other.kill()
    if landlock.version() < 6:
        pytest.skip("this machine cannot keep signals: Linux 6.12 is needed")
    assert found == ["PermissionError"]


def test_a_program_is_made_of_what_lies_beside_its_folder_and_of_its_environment(tmp_path: Path) -> None:
    base = tmp_path / "base" / "bin" / "python3.11"
    mine = tmp_path / "mine" / "bin" / "python"
    for one in (base, mine):
        one.parent.mkdir(parents=True)
    base.touch()
    mine.symlink_to(base)
    parts = [base, *(tmp_path / "base" / name for name in ("lib", "lib32", "lib64", "libexec", "share"))]
    assert list(places_of(mine)) == parts
    (tmp_path / "mine" / "pyvenv.cfg").touch()
    assert list(places_of(mine)) == [*parts, tmp_path / "mine"]
    odd = tmp_path / "odd"
    odd.touch()
    assert list(places_of(odd)) == [odd]


@pytest.mark.parametrize(("version", "is_held", "scoped"), [(0, False, 0), (2, False, 0), (3, True, 0), (6, True, 3)])
def test_what_an_older_system_cannot_hold_is_not_said_to_hold(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: int, *, is_held: bool, scoped: int
) -> None:
    asked: list[tuple[int, int]] = []

    def lay(rules: list[Rule], *, files: int, scoped: int) -> bool:
        assert all(isinstance(rule, Below) and rule.what & ~files == 0 for rule in rules)
        asked.append((files, scoped))
        return True

    monkeypatch.setattr(landlock, "version", lambda: version)
    monkeypatch.setattr(landlock, "lay", lay)
    assert leave_files(Path("/bin/true"), tmp_path) is is_held
    assert asked == ([(landlock.files_of(version), scoped)] if version else [])


def test_without_the_filter_or_on_other_systems_it_is_not_held(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:  # fmt: skip
    monkeypatch.setitem(sys.modules, "pyseccomp", None)
    assert leave_alone() is False
    monkeypatch.setattr(sys, "platform", "darwin")
    found: bool = leave_files(Path("/bin/true"), tmp_path)
    assert found is False
