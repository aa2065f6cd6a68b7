"""PostgreSQL, shared by many nodes: a pool of connections that heals itself when the server comes back."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

import asyncpg  # type: ignore[import-untyped] # it brings no types
import sqlalchemy as sa

from cybervault.domain.problems import Problem
from cybervault.domain.secrets import Secret
from cybervault.storage.database import Duplicate, Row, Sql, refuse_real, sql, unavailable, unusable
from cybervault.storage.holding import Holding
from cybervault.storage.postgres_words import reason_of, server_name
from cybervault.storage.schema import HEAD
from cybervault.storage.upgrade import REVISION, NewerSchemaError, upgrade_postgres

_CONNECTIONS_MAX: Final = 10
_SESSION: Final = {
    "application_name": "cybervault",
    # A node that hangs, or is cut off, must not hold its locks against all others.
    "idle_in_transaction_session_timeout": "10s",
    "statement_timeout": "5s",
}
# Classes of SQLSTATE in which the server tells of itself, not of a statement that is wrong: connection, authorisation,
# no such database, rolled back for others' sake, out of resources, in a wrong state, stopped by an operator, broken.
_SERVER_CLASSES: Final = frozenset({"08", "28", "3D", "40", "53", "55", "57", "58", "XX"})
_READ_ONLY: Final = "25006"
# Idle for too long in a transaction, read-only, no right, and a table that is gone.
_SERVER_STATES: Final = frozenset({"25P03", _READ_ONLY, "42501", "42P01"})

# The client's own words for a connection that cannot be used; the second one where a killed server left it in the
# middle of an answer.
_OF_CLIENT: Final = (asyncpg.InterfaceError, asyncpg.InternalClientError)
_LOST: Final = (OSError, asyncpg.PostgresError, *_OF_CLIENT)

_LOCK: Final = sql(
    sa.text("SELECT pg_advisory_xact_lock(:number)").bindparams(sa.bindparam("number", type_=sa.BigInteger))
)
_NOW: Final = sql(sa.text("SELECT clock_timestamp()"))
_USABLE: Final = sql(
    sa.text("SELECT version_num FROM alembic_version WHERE current_setting('transaction_read_only') = 'off'")
)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait for a connection, for the end of a statement, and for work under way when closing."""

    connection: float = 2.0
    statement: float = 5.0
    closing: float = 2.0


class Postgres:
    """One pool of the event loop; `address` is a URL, which no message and no log line repeats."""

    def __init__(self, address: Secret, patience: Patience = Patience()) -> None:
        self._address = address
        self._patience = patience
        self._opened: Any = None
        self._holding: Holding[Any] = Holding()

    @property
    def is_shared(self) -> bool:
        """True: other nodes write too."""
        return True

    @property
    def name(self) -> str:
        """Host and database, without user, password and options."""
        return server_name(self._address)

    async def open(self) -> None:
        """Connect, and migrate the schema, one node after another."""
        try:
            self._opened = await asyncpg.create_pool(
                self._address.reveal(),
                min_size=0,  # to keep a floor it would log a traceback at every try while the server is gone
                max_size=_CONNECTIONS_MAX,
                timeout=self._patience.connection,
                command_timeout=self._patience.statement,
                server_settings=_SESSION,
                reset=_left_clean,
            )
            if await self._revision() != HEAD:
                await upgrade_postgres(self._connect_to_migrate)
        except NewerSchemaError as error:
            await self.close()
            raise unusable(self.name, str(error)) from None
        except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            await self.close()
            raise unusable(self.name, reason_of(error)) from None
        except sa.exc.DBAPIError as error:
            await self.close()
            cause = error.orig.__cause__ if error.orig else None
            raise unusable(self.name, f"its tables cannot be made: {reason_of(cause)}") from None

    async def rows(self, statement: Sql, values: Mapping[str, object]) -> list[Row]:
        """All rows of a statement."""
        refuse_real(statement)
        given = [values[name] for name in statement.names]
        async with self._connection() as connection, self._told_in_words():
            found = await connection.fetch(statement.postgres, *given)
        return [tuple(row) for row in found]

    async def search(self, statement: Sql, values: Mapping[str, object]) -> list[Row]:
        """As `rows`: the server looks, and nobody here waits for it but the caller."""
        return await self.rows(statement, values)

    async def run(self, statement: Sql, values: Mapping[str, object]) -> int:
        """Run a statement, outside of a transaction in one of its own."""
        refuse_real(statement)
        given = [values[name] for name in statement.names]
        async with self._connection() as connection:
            said = await self._execute(connection, statement.postgres, *given)
        count = said.rpartition(" ")[2]  # "UPDATE 3"
        return int(count) if count.isdigit() else 0

    async def rows_of_each(self, statement: Sql, many: Sequence[Mapping[str, object]]) -> list[Row]:
        """All rows of a statement run with each of `many` values, in one transaction and one way to the server."""
        refuse_real(statement)
        given = [[values[name] for name in statement.names] for values in many]
        async with self._connection() as connection, self._told_in_words():
            found = await connection.fetchmany(statement.postgres, given)
        return [tuple(row) for row in found]

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[None]:
        """Statements that hold together, each of which sees what others have committed before it."""
        self._holding.refuse_second()
        async with self._acquired() as connection:
            try:
                await self._execute(connection, "BEGIN")
                with self._holding.holding(connection):
                    yield
                    self._holding.require()
                await self._execute(connection, "COMMIT")
            except BaseException:
                # A connection that is gone has rolled back already; the first failure is the one to be told.
                with suppress(*_LOST):
                    await connection.execute("ROLLBACK")
                raise

    async def lock(self, name: str) -> None:
        """Wait for the lock of this name; given back by the end of the transaction."""
        self._holding.require()
        await self.rows(_LOCK, {"number": _number(name)})

    async def now(self) -> datetime:
        """The server's time at this moment, also within a transaction."""
        return cast("datetime", (await self.rows(_NOW, {}))[0][0])

    async def is_usable(self) -> bool:
        """Whether rows can be read and written."""
        try:
            return bool(await self.rows(_USABLE, {}))
        except Problem:
            return False

    async def close(self) -> None:
        """Close all connections, kindly while that goes fast."""
        if self._opened is None:
            return
        try:
            async with asyncio.timeout(self._patience.closing):
                await self._opened.close()
        except TimeoutError:
            self._opened.terminate()

    async def _revision(self) -> str:
        try:
            found = await self._opened.fetchval(REVISION.postgres)
        except asyncpg.UndefinedTableError:
            return ""
        return str(found)

    async def _connect_to_migrate(self) -> object:
        return await asyncpg.connect(self._address.reveal(), timeout=self._patience.connection)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        """The transaction's connection, else one of the pool for a moment."""
        held = self._holding.current()
        if held is not None:
            yield held
            return
        async with self._acquired() as connection:
            yield connection

    @asynccontextmanager
    async def _acquired(self) -> AsyncIterator[Any]:
        if self._opened is None:
            raise RuntimeError("the database is not open")
        async with self._told_in_words():
            connection = await self._opened.acquire(timeout=self._patience.connection)
        try:
            yield connection
        finally:
            with suppress(*_LOST):  # it was lost; the pool knows
                await self._opened.release(connection)

    async def _execute(self, connection: Any, text: str, *given: object) -> str:  # noqa: ANN401 - asyncpg has no types
        async with self._told_in_words():
            return str(await connection.execute(text, *given))

    @asynccontextmanager
    async def _told_in_words(self) -> AsyncIterator[None]:
        try:
            yield
        except asyncpg.UniqueViolationError as error:
            self._holding.spoil()
            raise Duplicate(str(error)) from error
        except asyncpg.PostgresError as error:
            if error.sqlstate[:2] not in _SERVER_CLASSES and error.sqlstate not in _SERVER_STATES:
                raise  # a bug of ours, not a server that fails
            if error.sqlstate == _READ_ONLY:
                # After a fail-over the old connections lead to what is a copy now.
                await self._opened.expire_connections()
            raise unavailable(f"{type(error).__name__}: {error}") from error
        except (*_OF_CLIENT, OSError) as error:
            if isinstance(error, ValueError):
                raise  # a value of a wrong type: a bug of ours
            raise unavailable(reason_of(error)) from error


async def _left_clean(_connection: object) -> None:
    """Nothing to do when a connection goes back: we change no session, and end every transaction."""


def _number(name: str) -> int:
    """A name as one of PostgreSQL's 64-bit numbers of locks."""
    digest = hashlib.blake2b(name.encode(), digest_size=8, person=b"cv-lock").digest()
    return int.from_bytes(digest, "big", signed=True)
