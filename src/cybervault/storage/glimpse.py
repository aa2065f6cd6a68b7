"""One look at a database that stays as it is: nothing is made, migrated or locked in it, whoever uses it meanwhile.

It does without the library that compiles statements, which takes longer to load than most looks take.
"""

import asyncio
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias
from urllib.parse import quote

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.sandbox import refuse_in_sandbox
from cybervault.domain.secrets import Secret

Row: TypeAlias = tuple[object, ...]
_CONNECTION_SECONDS: Final = 5.0
_STATEMENT_SECONDS: Final = 30.0
_SESSION: Final = {"application_name": "cybervault", "default_transaction_read_only": "on"}


class Asked(NamedTuple):
    """A SELECT that both engines read, with $1, $2 and so on for its values."""

    statement: str
    values: Sequence[object] = ()


def rows_at(place: Path | Secret, asked: Iterable[Asked]) -> list[Row]:
    """The rows of all that is asked, in a SQLite file or at an address of PostgreSQL.

    `Problem` UNAVAILABLE `database_unusable`, also where the tables are not there.
    """
    refuse_in_sandbox("the database")
    return _of_file(place, asked) if isinstance(place, Path) else asyncio.run(_of_server(place, asked))


def _of_file(path: Path, asked: Iterable[Asked]) -> list[Row]:
    try:
        with closing(sqlite3.connect(f"file:{quote(bytes(path.absolute()))}?mode=ro", uri=True)) as connection:
            return [row for one in asked for row in connection.execute(one.statement, _named(one.values))]
    except sqlite3.Error as error:
        raise _unusable(str(path), str(error)) from None


def _named(values: Sequence[object]) -> dict[str, object]:
    return {str(number): value for number, value in enumerate(values, 1)}


async def _of_server(address: Secret, asked: Iterable[Asked]) -> list[Row]:
    import asyncpg  # type: ignore[import-untyped] # noqa: PLC0415 - the embedded default does without it

    from cybervault.storage.postgres_words import reason_of, server_name  # noqa: PLC0415 - same

    try:
        connection = await asyncpg.connect(
            address.reveal(),
            timeout=_CONNECTION_SECONDS,
            command_timeout=_STATEMENT_SECONDS,
            server_settings=_SESSION,
        )
        try:
            return [tuple(row) for one in asked for row in await connection.fetch(one.statement, *one.values)]
        finally:
            await connection.close()
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise _unusable(server_name(address), reason_of(error)) from None


def _unusable(name: str, reason: str) -> Problem:
    return Problem(
        ProblemKind.UNAVAILABLE, code="database_unusable", message=f"The database {name} cannot be used: {reason}"
    )
