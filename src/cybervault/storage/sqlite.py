"""The embedded database: one SQLite file in WAL mode, migrated at start under a lock."""

import asyncio
import fcntl
import sqlite3
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Final

from cybervault.domain.clock import Clock
from cybervault.domain.problems import Problem
from cybervault.storage.database import Duplicate, Row, Sql, refuse_real, unavailable, unusable
from cybervault.storage.holding import Holding
from cybervault.storage.readers import Readers
from cybervault.storage.schema import HEAD
from cybervault.storage.upgrade import REVISION, NewerSchemaError, upgrade_sqlite

# Only a new file: who has loosened an old one knows why. SQLite gives the files beside it the same rights.
_OWNER_ONLY: Final = 0o600
_BUSY_MILLISECONDS: Final = 5_000
# More than all stores have, so that none is compiled again and again.
_STATEMENTS_MAX: Final = 512
# The look-up of a key touches pages all over the file; SQLite's own 2 MB hold those of a few thousand keys.
_PAGES_KIBIBYTES: Final = 32_768
_DUPLICATE: Final = frozenset({sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY})


class Sqlite:
    """One connection for the event loop's thread, and readers beside it.

    Look-ups by key take microseconds, so they run in the loop: without a transaction of another task no call waits.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._opened: sqlite3.Connection | None = None
        self._turn = asyncio.Lock()
        self._holding: Holding[sqlite3.Connection] = Holding()
        self._told_in_words = _ToldInWords(self._holding)
        self._readers = Readers(self._reader)

    @property
    def is_shared(self) -> bool:
        """False: all processes that share the file share the machine and its clock."""
        return False

    @property
    def name(self) -> str:
        """The path of the file."""
        return str(self._path)

    async def open(self) -> None:
        """Open (and create or migrate) the file.

        Raises `Problem` UNAVAILABLE `database_unusable` when the file is no database or cannot be written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.with_suffix(".lock").open("w") as lock:
                # Who creates the schema or turns a new file to WAL locks out everybody else, without waiting for them.
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._path.touch(mode=_OWNER_ONLY)
                if _revision(self._path) != HEAD:
                    upgrade_sqlite(self._path)
                self._opened = _connect(self._path)
        except (sqlite3.Error, OSError, NewerSchemaError) as error:
            raise unusable(self.name, str(error)) from error

    async def rows(self, statement: Sql, values: Mapping[str, object]) -> list[Row]:
        """All rows of a statement."""
        refuse_real(statement)
        if self._must_wait():
            async with self._turn:
                return self._rows(statement.sqlite, values)
        return self._rows(statement.sqlite, values)

    async def search(self, statement: Sql, values: Mapping[str, object]) -> list[Row]:
        """All rows of a statement that may look at many; within a transaction as `rows`, which sees its changes."""
        if self._holding.current() is not None:
            return await self.rows(statement, values)
        refuse_real(statement)
        with self._told_in_words:
            return await self._readers.rows(statement.sqlite, values)

    async def run(self, statement: Sql, values: Mapping[str, object]) -> int:
        """Run a statement, outside of a transaction in one of its own."""
        refuse_real(statement)
        if self._must_wait():
            async with self._turn:
                return self._run(statement.sqlite, values)
        return self._run(statement.sqlite, values)

    async def rows_of_each(self, statement: Sql, many: Sequence[Mapping[str, object]]) -> list[Row]:
        """All rows of a statement run with each of `many` values, in one transaction."""
        refuse_real(statement)
        async with nullcontext() if self._holding.current() is not None else self.transaction():
            return [row for values in many for row in self._rows(statement.sqlite, values)]

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[None]:
        """Statements that hold together; those of other tasks wait until its end."""
        self._holding.refuse_second()
        async with self._turn:
            with self._holding.holding(self._connection):
                self._run("BEGIN IMMEDIATE", {})
                try:
                    yield
                    self._holding.require()
                    self._run("COMMIT", {})
                except BaseException:
                    if self._connection.in_transaction:  # some failures of the file have rolled back already
                        self._connection.execute("ROLLBACK")
                    raise

    async def lock(self, name: str) -> None:  # noqa: ARG002 - one lock for all names
        """Nothing to wait for: every transaction holds the file alone from its beginning."""
        self._holding.require()

    async def now(self) -> datetime:
        """The machine's time."""
        return self._clock.now()

    async def is_usable(self) -> bool:
        """Whether the file can be read at this moment."""
        try:
            await self.rows(REVISION, {})
        except Problem:
            return False
        return True

    async def close(self) -> None:
        """Close the file."""
        self._readers.close()
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    @property
    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            raise RuntimeError("the database is not open")
        return self._opened

    def _reader(self) -> sqlite3.Connection:
        if self._opened is None:
            raise RuntimeError("the database is not open")
        return _connect(self._path)

    def _must_wait(self) -> bool:
        return self._turn.locked() and self._holding.current() is None

    def _rows(self, text: str, values: Mapping[str, object]) -> list[Row]:
        with self._told_in_words:
            return self._connection.execute(text, values).fetchall()

    def _run(self, text: str, values: Mapping[str, object]) -> int:
        with self._told_in_words:
            return max(0, self._connection.execute(text, values).rowcount)


class _ToldInWords:
    """Around every statement; a class, because a generator takes three times as long."""

    def __init__(self, holding: Holding[sqlite3.Connection]) -> None:
        self._holding = holding

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        match error:
            case sqlite3.IntegrityError() if error.sqlite_errorcode in _DUPLICATE:
                self._holding.spoil()  # as on PostgreSQL, so that what works here works there
                raise Duplicate(str(error)) from error
            case sqlite3.IntegrityError() | sqlite3.ProgrammingError():
                pass  # a bug of ours, not a file that fails
            case sqlite3.DatabaseError():
                raise unavailable(str(error)) from error


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=_STATEMENTS_MAX)
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA cache_size = -{_PAGES_KIBIBYTES}")
    return connection


def _revision(path: Path) -> str:
    if not path.exists():
        return ""
    connection = _connect(path)
    try:
        tables = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchall()
        found = connection.execute(REVISION.sqlite).fetchone() if tables else None
        return str(found[0]) if found else ""
    finally:
        connection.close()
