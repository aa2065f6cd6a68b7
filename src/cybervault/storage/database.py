"""What stores know of a database: statements compiled once for SQLite and PostgreSQL, and how they are run."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol, TypeAlias, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.sql.util import find_tables
from sqlalchemy.sql.visitors import cloned_traverse

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.sandbox import refuse_in_sandbox

RETRY_SECONDS: Final = 5

Row: TypeAlias = tuple[object, ...]
# The row that could not be inserted, as the columns of its new values.
NewRow: TypeAlias = sa.ColumnCollection[str, sa.ColumnElement[Any]]
_Value = TypeVar("_Value")


REAL_TABLES: Final = frozenset(
    {
        "answers", "budgets", "budget_blocks",
        "assessments", "findings", "finding_tags", "finding_changes", "actions", "entity_risks", "jobs",
        "job_steps", "outbox", "rule_choices", "rule_switches", "rule_filters",
        "scan_grants", "scans", "scan_chunks", "scan_inventories", "scan_findings", "scan_sightings", "scan_schedules",
        "webhooks", "webhook_deliveries", "webhook_attempts",
    }
)  # fmt: skip
"""Of production: no statement on one of them runs while a test key is answered. Rows of access are not among them."""


class _SqliteCompiler(sqlite.base.SQLiteCompiler):
    """Adds no OFFSET of its own to a LIMIT, whose value nobody would give."""

    def limit_clause(self, select: Any, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own arguments
        if select._offset_clause is not None:  # noqa: SLF001 - no public name
            return str(super().limit_clause(select, **options))  # type: ignore[no-untyped-call] # SQLAlchemy's
        return f"\n LIMIT {self.process(select._limit_clause, **options)}"  # noqa: SLF001 - same


_SQLITE: Final = sqlite.dialect(paramstyle="named")
_SQLITE.statement_compiler = _SqliteCompiler
_POSTGRES: Final = PGDialect_asyncpg()  # type: ignore[no-untyped-call] # SQLAlchemy types it loosely


@dataclass(frozen=True, slots=True)
class Sql:
    """One statement in both dialects; `names` are those of its values, in the order of PostgreSQL's $1, $2, ..."""

    sqlite: str
    postgres: str
    names: tuple[str, ...]
    # Whether it touches what test keys must never see.
    is_real: bool = False


def sql(statement: sa.ClauseElement) -> Sql:
    """A Core statement, to be compiled once and run many times.

    A `bindparam` without a value is to be given at each run; values that stand in the statement become literals.
    """
    return _compiled(statement, statement)


def upsert(
    table: sa.Table,
    *,
    at: Sequence[str],
    change: Sequence[str] | Callable[[NewRow], Mapping[str, Any]],
    columns: Sequence[str] = (),
    returning: Sequence[str] = (),
) -> Sql:
    """Insert a row, or `change` the one that has the same values `at` a unique index.

    Changed are the named columns, to what the new row says, or what `change` makes of the new row (the row that stands
    is `table.c`); no names leave the row that stands as it is. Inserted are all columns of the table, or `columns`.
    """
    columns = columns or tuple(table.c.keys())
    statements: list[sa.ClauseElement] = []
    for insert in (sqlite.insert, postgresql.insert):
        new = insert(table).values({name: sa.bindparam(name) for name in columns})
        changed = change(new.excluded) if callable(change) else {name: new.excluded[name] for name in change}
        kept = (
            new.on_conflict_do_update(index_elements=at, set_=changed)
            if changed
            else new.on_conflict_do_nothing(index_elements=at)
        )
        statements.append(kept.returning(*(table.c[name] for name in returning)) if returning else kept)
    return _compiled(*statements)


def refuse_real(statement: Sql) -> None:
    """Raise `SandboxBreachError` for a statement on what is real while a test key is answered."""
    if statement.is_real:
        refuse_in_sandbox("rows of production")


def larger(one: sa.ColumnElement[_Value], other: sa.ColumnElement[_Value]) -> sa.ColumnElement[_Value]:
    """The larger of two values; each engine has a function of its own for it."""
    return sa.case((one > other, one), else_=other)


def _compiled(for_sqlite: sa.ClauseElement, for_postgres: sa.ClauseElement) -> Sql:
    text, _ = _text(for_sqlite, _SQLITE)
    postgres, names = _text(for_postgres, _POSTGRES)
    tables = {table.name for table in find_tables(for_sqlite, include_crud=True) if isinstance(table, sa.Table)}
    return Sql(text, postgres, names, is_real=bool(tables & REAL_TABLES))


def _text(statement: sa.ClauseElement, dialect: sa.Dialect) -> tuple[str, tuple[str, ...]]:
    has_values = False

    def settle(bound: sa.BindParameter[Any]) -> None:
        nonlocal has_values
        if bound.required:
            bound.required = False  # else the compiler asks for the value now
        else:
            bound.literal_execute = has_values = True

    settled = cloned_traverse(statement, {}, {"bindparam": settle})
    options = {"render_postcompile": True} if has_values else {}
    compiled: Any = settled.compile(dialect=dialect, compile_kwargs=options)
    asked = {name for name, bound in compiled.binds.items() if not bound.literal_execute}
    given = sorted(name for name in asked if compiled.binds[name].value is not None)
    if given:
        raise ValueError(f"values that nobody would give at a run: {', '.join(given)} in {compiled}")
    return str(compiled), tuple(compiled.positiontup or ())


class Duplicate(Exception):  # noqa: N818 - an expected failure, which a store turns into a Problem
    """A row with these values in a unique index is there already. A transaction in which it comes has failed."""


class SpoiledTransactionError(RuntimeError):
    """A bug: after a failed statement the transaction went on, though nothing of it can be kept."""

    def __init__(self) -> None:
        super().__init__("a statement failed within this transaction: let its error out of it")


class Database(Protocol):
    """One place for rows, used by one event loop.

    What fails because the database cannot be used now is a `Problem` UNAVAILABLE `service_unavailable`.
    """

    @property
    def is_shared(self) -> bool:
        """Whether other nodes write too."""

    @property
    def name(self) -> str:
        """Which engine and where, for people; never a password."""

    async def open(self) -> None:
        """Connect, and create or migrate the schema under a lock; `Problem` UNAVAILABLE `database_unusable`."""

    async def rows(self, statement: Sql, values: Mapping[str, object]) -> list[Row]:
        """All rows of a statement; `Duplicate`."""

    async def search(self, statement: Sql, values: Mapping[str, object]) -> list[Row]:
        """As `rows`, for a statement that changes nothing and may look at many rows: others are answered meanwhile."""

    async def run(self, statement: Sql, values: Mapping[str, object]) -> int:
        """Run a statement; the number of rows it changed. `Duplicate`."""

    async def rows_of_each(self, statement: Sql, many: Sequence[Mapping[str, object]]) -> list[Row]:
        """All rows of a statement run with each of `many` values, in one transaction and one way to the server.

        Where others write the same rows, give them in one order always: two that lock them crosswise fail. `Duplicate`.
        """

    def transaction(self) -> AbstractAsyncContextManager[None]:
        """Several statements of this task that hold together or not at all.

        A bug (RuntimeError) is a transaction within it, a statement of another task that it started, and anything but
        its end after a `Duplicate`.
        """

    async def lock(self, name: str) -> None:
        """Within a transaction: wait until no other, on any node, holds the lock of this name; held to its end."""

    async def now(self) -> datetime:
        """The time that all nodes agree on."""

    async def is_usable(self) -> bool:
        """Whether calls would work at this moment."""

    async def close(self) -> None:
        """Let go of everything; further calls are a bug."""


def unavailable(detail: str) -> Problem:
    """The database fails now; `detail` is for the log and holds no address."""
    return Problem(
        ProblemKind.UNAVAILABLE,
        code="service_unavailable",
        message="The database cannot be used at the moment. Try again in a few seconds.",
        detail=detail,
        retry_after_seconds=RETRY_SECONDS,
    )


def unusable(name: str, reason: str) -> Problem:
    """The database cannot be opened."""
    return Problem(
        ProblemKind.UNAVAILABLE, code="database_unusable", message=f"The database {name} cannot be used: {reason}"
    )
