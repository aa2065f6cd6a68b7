"""Reading beside the event loop: others are answered meanwhile, and nobody looks for a caller who has gone."""

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from cybervault.storage.readers import Readers

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
LONG = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 300000) SELECT count(*) FROM n"


@pytest.fixture
def opened() -> list[sqlite3.Connection]:
    return []


@pytest.fixture
def readers(tmp_path: Path, opened: list[sqlite3.Connection]) -> Iterator[Readers]:
    def connect() -> sqlite3.Connection:
        opened.append(sqlite3.connect(tmp_path / "x.db", check_same_thread=False))
        return opened[-1]

    readers = Readers(connect, most=2)
    yield readers
    readers.close()


async def test_rows_come_as_they_are(readers: Readers) -> None:
    assert await readers.rows("SELECT :x, 'y'", {"x": 1}) == [(1, "y")]


async def test_others_are_answered_while_one_looks(readers: Readers) -> None:
    turns = 0
    async with asyncio.TaskGroup() as group:
        task = group.create_task(readers.rows(LONG, {}))
        while not task.done():
            await asyncio.sleep(0)
            turns += 1
    assert task.result() == [(300_000,)]
    assert turns > 2


async def test_connections_are_used_again_and_no_more_are_opened_than_may_look_at_once(
    readers: Readers, opened: list[sqlite3.Connection]
) -> None:
    found = await asyncio.gather(*(readers.rows("SELECT :x", {"x": number}) for number in range(20)))
    assert found == [[(number,)] for number in range(20)]
    assert len(opened) == 2


async def test_who_has_gone_is_not_looked_for_and_the_connection_serves_the_next(
    readers: Readers, opened: list[sqlite3.Connection]
) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await readers.rows(ENDLESS, {})
    assert await readers.rows("SELECT 1", {}) == [(1,)]
    assert len(opened) == 1


async def test_what_fails_is_the_callers_and_the_connection_serves_the_next(readers: Readers) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await readers.rows("SELECT * FROM no_such_table", {})
    assert await readers.rows("SELECT 1", {}) == [(1,)]
