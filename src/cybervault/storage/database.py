"""The embedded database: one SQLite file in WAL mode, migrated at start under a lock."""

import fcntl
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.storage.schema import HEAD

_BUSY_MILLISECONDS: Final = 5_000
_RETRY_SECONDS: Final = 5
_DIALECT: Final = sqlite.dialect(paramstyle="named")


class Statement(Protocol):
    """Anything SQLAlchemy Core can compile."""

    def compile(self, *, dialect: sa.Dialect) -> object: ...


def sql(statement: Statement) -> str:
    """The text of a Core statement with named parameters, to be compiled once and run many times."""
    return str(statement.compile(dialect=_DIALECT))


class Database:
    """One connection for the event loop's thread; look-ups by key take microseconds, so they run in the loop."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, path: Path) -> "Database":
        """Open (and create or migrate) the file.

        Raises `Problem` UNAVAILABLE `database_unusable` when the file is no database or cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.with_suffix(".lock").open("w") as lock:
                # Who creates the schema or turns a new file to WAL locks out everybody else, without waiting for them.
                fcntl.flock(lock, fcntl.LOCK_EX)
                if _revision(path) != HEAD:
                    _upgrade(path)
                return cls(_connect(path))
        except (sqlite3.Error, OSError) as error:
            raise Problem(
                ProblemKind.UNAVAILABLE,
                code="database_unusable",
                message=f"The database {path} cannot be used: {error}",
            ) from error

    def rows(self, text: str, values: Mapping[str, object]) -> list[tuple[object, ...]]:
        """All rows of a query; `Problem` UNAVAILABLE `service_unavailable` when the file cannot be used now."""
        with _told_in_words():
            return self._connection.execute(text, values).fetchall()

    def run(self, text: str, values: Mapping[str, object]) -> int:
        """Run one statement in its own transaction; the number of rows it changed. Fails as `rows` does."""
        with _told_in_words():
            return self._connection.execute(text, values).rowcount

    def is_usable(self) -> bool:
        """Whether the file can be read at this moment."""
        try:
            self.rows("SELECT version_num FROM alembic_version", {})
        except Problem:
            return False
        return True

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Several statements that hold together or not at all."""
        self.run("BEGIN IMMEDIATE", {})
        try:
            yield
            self.run("COMMIT", {})
        except BaseException:
            if self._connection.in_transaction:  # some failures of the file have rolled back already
                self._connection.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Close the file; further calls are a bug."""
        self._connection.close()


@contextmanager
def _told_in_words() -> Iterator[None]:
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise  # a bug of ours, not a file that fails
    except sqlite3.DatabaseError as error:
        raise Problem(
            ProblemKind.UNAVAILABLE,
            code="service_unavailable",
            message="The database cannot be used at the moment. Try again in a few seconds.",
            detail=str(error),
            retry_after_seconds=_RETRY_SECONDS,
        ) from error


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _revision(path: Path) -> str:
    if not path.exists():
        return ""
    connection = _connect(path)
    try:
        tables = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchall()
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone() if tables else None
        return str(found[0]) if found else ""
    finally:
        connection.close()


def _upgrade(path: Path) -> None:
    from alembic import command  # noqa: PLC0415 - a warm start does without the migration library
    from alembic.config import Config  # noqa: PLC0415 - same
    from alembic.util import CommandError  # noqa: PLC0415 - same

    config = Config()
    config.set_main_option("script_location", "cybervault.storage:schema")
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise OSError("a newer version of CyberVault wrote it") from error
        finally:
            engine.dispose()
