"""One look at a database: whoever uses it meanwhile, it stays as it is."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from cybervault.domain.problems import Problem
from cybervault.domain.sandbox import SandboxBreachError, sandboxed
from cybervault.domain.secrets import Secret
from cybervault.storage.engines import database_at
from cybervault.storage.glimpse import Asked, rows_at
from tests.fakes.clock import HandClock

_TABLES = Asked("SELECT version_num FROM alembic_version")
_SUM = Asked("SELECT CAST($1 AS BIGINT) + CAST($2 AS BIGINT)", [40, 2])
_WRITE = Asked("DELETE FROM answers WHERE source = $1", ["x"])


async def test_rows_of_all_that_is_asked_while_another_has_it_open(database_place: Path | Secret) -> None:
    database = database_at(database_place, HandClock())
    await database.open()
    try:
        rows = await asyncio.to_thread(rows_at, database_place, [_TABLES, _SUM])
    finally:
        await database.close()
    assert rows[1:] == [(42,)]
    assert len(rows) == 2


def test_nothing_is_written(database_place: Path | Secret) -> None:
    with pytest.raises(Problem, match=r"cannot be used: .*read-?only") as caught:
        rows_at(database_place, [_WRITE])
    assert caught.value.code == "database_unusable"


def test_what_is_no_database_is_told_and_none_is_made(tmp_path: Path) -> None:
    (tmp_path / "noise.db").write_bytes(b"noise" * 999)
    sqlite3.connect(tmp_path / "empty.db").close()
    for name, reason in (("gone.db", "unable to open"), ("noise.db", "not a database"), ("empty.db", "no such table")):
        with pytest.raises(Problem, match=reason):
            rows_at(tmp_path / name, [_TABLES])
    assert not (tmp_path / "gone.db").exists()


def test_a_path_may_hold_what_addresses_spell_otherwise(sqlite_file: Path, tmp_path: Path) -> None:
    odd = tmp_path / "a folder?mode=rw#1"
    odd.mkdir()
    assert rows_at(sqlite_file.rename(odd / "a%20b.db"), [_SUM]) == [(42,)]


def test_a_server_that_is_not_there_is_told_without_its_password() -> None:
    address = Secret("postgresql://me:hidden@127.0.0.1:1/cybervault?sslmode=disable")
    with pytest.raises(Problem, match=r"PostgreSQL at 127\.0\.0\.1:1/cybervault .*: Connection refused") as caught:
        rows_at(address, [_SUM])
    assert "hidden" not in str(caught.value)


def test_on_behalf_of_a_test_key_nothing_is_read(sqlite_file: Path) -> None:
    with sandboxed(), pytest.raises(SandboxBreachError):
        rows_at(sqlite_file, [_SUM])
