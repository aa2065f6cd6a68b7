"""Programs that are not ours, and do what none may do: each is ended with all that it started, and told."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from cybervault.confinement import landlock
from cybervault.confinement.program import Bounds, Ended, run_program
from cybervault.scans.engines import SSH_AUDIT
from tests.fakes.scan_engines import stand_in

T = TypeVar("T")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not hold to it, or do not show it")
MIB = 1024 * 1024
FORKS = (
    "import os, time\n"
    "for _ in range(3):\n"
    "    if os.fork() == 0: time.sleep(600)\n"
    "open('forked', 'w').close()\n"
    "time.sleep(600)\n"
)  # fmt: skip


async def ran(script: str, folder: Path, *words: str, bounds: Bounds | None = None) -> Ended:
    return await run_program([sys.executable, "-I", "-c", script, *words], bounds or Bounds(), folder=folder)


async def until(found: Callable[[], T]) -> T:
    """Asks again until there is something; the time limit of tests ends it."""
    while not (value := found()):  # noqa: ASYNC110 - a process tells nobody when it has come so far
        await asyncio.sleep(0.01)
    return value


def within(folder: Path) -> list[str]:
    """The processes whose working folder it is."""
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                if (place / "cwd").resolve() == folder and "State:\tZ" not in (place / "status").read_text():
                    found.append(place.name)
            except OSError:
                continue
    return found


async def test_words_stay_words_and_an_exit_status_is_no_fault(tmp_path: Path) -> None:
    script = "import sys; print(sys.argv[1:]); print('half\x1b[31m said', file=sys.stderr); sys.exit(3)"
    ended = await ran(script, tmp_path, "-oN", "a b; touch c", "$(id)")
    assert ended == Ended(b"['-oN', 'a b; touch c', '$(id)']\n", "half [31m said", 3)
    assert ended.fault == ""
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - in a coroutine


async def test_nothing_of_ours_is_around_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CYBERVAULT_PEPPER", "secret")
    script = (
        "import os, sys\n"
        "def opens(number):\n"
        "    try: return os.fstat(number)\n"
        "    except OSError: return None\n"
        "print(sorted(os.environ), os.getcwd() == os.environ['HOME'], os.getsid(0) == os.getpid(),"
        " sys.stdin.read() == '', [n for n in range(256) if opens(n)])"
    )
    ended = await ran(script, tmp_path)
    assert ended.output == b"['HOME', 'LC_ALL', 'PATH', 'TMPDIR'] True True True [0, 1, 2]\n"


@pytest.mark.parametrize(
    ("script", "bounds", "reason"),
    [
        ("print('before', flush=True); import time; time.sleep(600)", Bounds(0.6), "it took longer than 0.6 seconds"),
        (
            "import os, time; os.write(1, b'before'); os.close(1); time.sleep(600)",
            Bounds(0.6),
            "it took longer than 0.6 seconds",
        ),
        ("print('before' * 400_000)", Bounds(output_bytes=MIB), "it wrote more than 1 MiB"),
        ("print('before', flush=True)\nwhile True: pass", Bounds(cpu_seconds=1), "it took more time of the processor"),
        ("print('before', flush=True); open('f', 'w').write('x' * 9_000)", Bounds(file_bytes=4_096), ""),
        ("print('before', flush=True); import os; os.abort()", Bounds(), "it crashed ("),
    ],
    ids=["hangs", "closes its mouth", "floods", "computes", "fills the disk", "dies"],
)
async def test_who_takes_too_much_is_ended_and_what_was_written_before_is_kept(
    tmp_path: Path, script: str, bounds: Bounds, reason: str
) -> None:
    ended = await ran(script, tmp_path, bounds=bounds)
    assert ended.output.startswith(b"before")
    assert len(ended.output) <= bounds.output_bytes
    if reason:
        assert ended.fault.startswith(reason)
    else:  # Python is told of it and gives up; others are ended by the signal
        assert "File too large" in ended.said
        assert ended.code == 1
    assert not (tmp_path / "f").exists() or (tmp_path / "f").stat().st_size <= bounds.file_bytes


@on_linux
async def test_memory_and_descriptors_are_bounded(tmp_path: Path) -> None:
    ended = await ran(f"x = bytearray({600 * MIB})", tmp_path, bounds=Bounds(memory_bytes=400 * MIB))
    assert "MemoryError" in ended.said
    ended = await ran("f = [open('/dev/null') for _ in range(99)]", tmp_path, bounds=Bounds(files=50))
    assert "Too many open files" in ended.said


async def test_a_program_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    ended = await run_program(["/no/such/engine"], Bounds(), folder=tmp_path)
    assert ended.fault == "it could not be started (/no/such/engine cannot be run: No such file or directory)"


def test_a_file_that_grows_too_large_has_words_of_its_own() -> None:
    assert Ended(b"", "", -25).fault == "it wrote a larger file than it may"


@on_linux
async def test_by_default_it_starts_no_other(tmp_path: Path) -> None:
    ended = await ran(FORKS, tmp_path)
    if ended.stopped:
        pytest.skip("this machine has no filter of system calls")
    assert "Operation not permitted" in ended.said


@on_linux
async def test_when_nobody_wants_it_any_longer_its_whole_group_goes_at_once(tmp_path: Path) -> None:
    task = asyncio.create_task(  # noqa: TID251 - it is to be cancelled
        ran(FORKS, tmp_path, bounds=Bounds(starts_programs=True))
    )
    await until((tmp_path / "forked").exists)
    assert len(within(tmp_path)) == 4
    begun = time.monotonic()  # noqa: TID251 - a real process takes real time
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not within(tmp_path))
    assert time.monotonic() - begun < 1.0  # noqa: TID251 - same


@on_linux
async def test_it_goes_with_its_parent(tmp_path: Path) -> None:
    """After kill -9 of a worker nothing goes on scanning."""
    script = (
        "import asyncio, sys; from pathlib import Path; from cybervault.confinement.program import *;"
        "asyncio.run(run_program([sys.executable, '-c', 'import time; time.sleep(600)'], Bounds(),"
        " folder=Path(sys.argv[1])))"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], env=dict(os.environ)) as parent:  # noqa: TID251, ASYNC220 - a worker
        (child,) = await until(lambda: within(tmp_path))
        await until(lambda: "launch" not in Path(f"/proc/{child}/cmdline").read_text())  # it took over
        parent.kill()
    await until(lambda: not within(tmp_path))


PRIES = """
import os, pathlib, socket, sys
data, server = pathlib.Path(sys.argv[1]), sys.argv[2]
pathlib.Path("way").symlink_to(data / "cybervault.db")
attempts = {
    "read the database": (data / "cybervault.db").read_bytes,
    "read the key file": (data / "pepper").read_bytes,
    "list the folder": lambda: os.listdir(data),
    "list another engine's": lambda: os.listdir(data / "engines" / "other"),
    "follow a link out": pathlib.Path("way").read_bytes,
    "write outside": lambda: (data / "cybervault.db").open("ab").close(),
    "make a file outside": lambda: (data / "mine").touch(),
    "take one away": (data / "pepper").unlink,
    "let others read it": lambda: (data / "pepper").chmod(0o644),
    "read what the server was told": pathlib.Path("/proc", server, "environ").read_bytes,
    "read the server's memory": pathlib.Path("/proc", server, "maps").read_bytes,
    "list its descriptors": lambda: os.listdir(f"/proc/{server}/fd"),
    "ask a daemon of this machine": lambda: socket.socket(socket.AF_UNIX),
    "send the server a signal": lambda: os.kill(int(server), 0),
    "start another": os.fork,
}
for name, attempt in attempts.items():
    try:
        attempt()
        print("it may:", name)
    except PermissionError:
        pass
pathlib.Path("own").write_text("mine")
print("its own:", pathlib.Path("own").read_text())
"""


@on_linux
async def test_nothing_of_the_servers_is_within_its_reach(tmp_path: Path) -> None:
    """An engine is of the server's user: what that user has is shut to it all the same."""
    if landlock.version() < 6:
        pytest.skip("this machine cannot shut everything: Linux 6.12 is needed")
    data, work = tmp_path / "data", tmp_path / "work"
    program = stand_in(data, SSH_AUDIT, PRIES).folder / SSH_AUDIT / "bin" / "python"
    (data / "engines" / "other").mkdir()
    work.mkdir()
    for name in ("cybervault.db", "pepper"):
        (data / name).write_text("secret")
    ended = await run_program([str(program), str(data), str(os.getpid())], Bounds(), folder=work)
    assert (ended.output, ended.said, ended.code) == (b"its own: mine\n", "", 0)
    assert {(data / name).read_text() for name in ("cybervault.db", "pepper")} == {"secret"}


@on_linux
async def test_it_reads_what_it_is_given_besides(tmp_path: Path) -> None:
    given, work = tmp_path / "given", tmp_path / "work"
    given.write_text("to read")
    work.mkdir()
    ended = await ran("import sys; print(open(sys.argv[1]).read())", work, str(given), bounds=Bounds(reads=given))
    assert (ended.output, ended.said) == (b"to read\n", "")
