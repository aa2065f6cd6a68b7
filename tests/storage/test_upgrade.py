"""One history of migrations, applied to both engines."""

import subprocess
import sys
from pathlib import Path

import asyncpg  # type: ignore[import-untyped] # it brings no types
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from cybervault.domain.secrets import Secret
from cybervault.storage.database import sql
from cybervault.storage.engines import database_at
from cybervault.storage.schema import HEAD
from cybervault.storage.tables import METADATA
from cybervault.storage.upgrade import NewerSchemaError, upgrade_postgres, upgrade_sqlite
from tests.fakes.clock import HandClock
from tests.fakes.engines import Postgres


def history() -> Config:
    config = Config()
    config.set_main_option("script_location", "cybervault.storage:schema")
    return config


def test_the_named_head_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(history()).get_heads() == [HEAD]


@pytest.fixture
def empty(postgres: Postgres) -> str:
    """A database without any table; it goes with the cluster."""
    return postgres.empty_database()


def described(found: sa.Inspector) -> None:
    """Hold that the tables that were made are those that statements are compiled for."""
    assert set(found.get_table_names()) == {*METADATA.tables, "alembic_version"}
    for name, table in METADATA.tables.items():
        made = {column["name"]: column["nullable"] for column in found.get_columns(name)}
        assert made == {column.name: column.nullable for column in table.columns}
        assert found.get_pk_constraint(name)["constrained_columns"] == [c.name for c in table.primary_key.columns]
        assert {index["name"] for index in table_indexes(found, name)} == {index.name for index in table.indexes}


def table_indexes(found: sa.Inspector, name: str) -> list[dict[str, object]]:
    """Without those that only stand behind a constraint."""
    return [dict(index) for index in found.get_indexes(name) if not index.get("duplicates_constraint")]


def test_the_migrations_make_exactly_the_described_tables_on_sqlite(tmp_path: Path) -> None:
    upgrade_sqlite(tmp_path / "x.db")
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'x.db'}")
    described(sa.inspect(engine))
    engine.dispose()


async def test_the_migrations_make_exactly_the_described_tables_on_postgresql(empty: str) -> None:
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 - as in the code under test

    await upgrade_postgres(lambda: asyncpg.connect(empty))
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(empty))
    async with engine.connect() as connection:
        await connection.run_sync(lambda one: described(sa.inspect(one)))
    await engine.dispose()


def test_a_file_of_the_version_before_is_brought_forward_with_its_rows(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with engine.begin() as connection:
        old = history()
        old.attributes["connection"] = connection
        command.upgrade(old, "0001")
        connection.execute(sa.text("INSERT INTO budget_blocks VALUES ('a', '', 1.5)"))
    upgrade_sqlite(tmp_path / "x.db")
    with engine.begin() as connection:
        assert connection.execute(sa.text("SELECT source FROM budget_blocks")).all() == [("a",)]
        assert connection.execute(sa.text("SELECT * FROM tenants")).all() == []
    engine.dispose()


def test_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    upgrade_sqlite(tmp_path / "x.db")
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(NewerSchemaError):
        upgrade_sqlite(tmp_path / "x.db")


async def test_a_newer_schema_on_a_server_is_left_alone(postgres_url: str) -> None:
    database = database_at(Secret(postgres_url), HandClock())
    await database.open()
    await database.run(sql(sa.text("UPDATE alembic_version SET version_num = '9999'")), {})
    with pytest.raises(NewerSchemaError):
        await upgrade_postgres(lambda: asyncpg.connect(postgres_url))
    assert await database.rows(sql(sa.text("SELECT version_num FROM alembic_version")), {}) == [("9999",)]
    await database.close()


def test_a_warm_start_does_without_the_migration_library(sqlite_file: Path) -> None:
    program = f"""
import asyncio, sys
from pathlib import Path
from cybervault.domain.clock import SystemClock
from cybervault.storage.engines import database_at
database = database_at(Path({str(sqlite_file)!r}), SystemClock())
asyncio.run(database.open())
print([name for name in ("alembic", "asyncpg", "sqlalchemy.ext.asyncio", "mako") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=50)
    assert done.stdout == "[]\n"
