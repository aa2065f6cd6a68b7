"""The embedded database: opened, migrated once, and left as it was when something fails."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Generator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.storage.database import Duplicate, SpoiledTransactionError, Sql, sql
from cybervault.storage.sqlite import Sqlite
from cybervault.storage.tables import BUDGET_BLOCKS, METADATA
from tests.fakes.clock import HandClock

Given = TypeVar("Given")

ALL = sql(sa.select(BUDGET_BLOCKS))


def text(statement: str) -> Sql:
    return sql(sa.text(statement))


def add(source: str) -> Sql:
    return sql(sa.insert(BUDGET_BLOCKS).values(source=source, key_fingerprint="", blocked_until=1.5))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "cybervault.db"


@pytest.fixture
async def opened(sqlite_file: Path) -> AsyncIterator[Sqlite]:
    database = Sqlite(sqlite_file, HandClock())
    await database.open()
    yield database
    await database.close()


def tables(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    try:
        return {str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    finally:
        connection.close()


async def test_a_new_file_gets_every_table(path: Path) -> None:
    database = Sqlite(path, HandClock())
    await database.open()
    await database.close()
    assert set(METADATA.tables) <= tables(path)


async def test_what_is_written_is_there_after_reopening(path: Path) -> None:
    for expected in ([], [("a", "", 1.5)]):
        database = Sqlite(path, HandClock())
        await database.open()
        assert await database.rows(ALL, {}) == expected
        await database.run(text("INSERT INTO budget_blocks VALUES ('a', '', 1.5) ON CONFLICT DO NOTHING"), {})
        await database.close()


async def test_many_values_are_written_in_one_transaction(opened: Sqlite) -> None:
    many = [{"source": name} for name in "aba"]
    insert = text("INSERT INTO budget_blocks VALUES (:source, '', 1.5) RETURNING source")
    assert await opened.rows_of_each(insert, many[:2]) == [("a",), ("b",)]
    with pytest.raises(Duplicate):
        await opened.rows_of_each(insert, [{"source": "c"}, *many])
    assert len(await opened.rows(ALL, {})) == 2


@pytest.mark.parametrize("_round", range(5))
def test_processes_that_start_together_do_not_race(path: Path, _round: int) -> None:
    problems: list[BaseException] = []

    async def open_and_close() -> None:
        database = Sqlite(path, HandClock())
        await database.open()
        await database.close()

    def start() -> None:
        try:
            asyncio.run(open_and_close())
        except BaseException as error:  # noqa: BLE001 - the test reports whatever came
            problems.append(error)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert set(METADATA.tables) <= tables(path)


def test_a_file_that_is_no_database_is_a_problem_that_names_it(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a database, and long enough to be read as one" * 100)
    with pytest.raises(Problem) as caught:
        asyncio.run(Sqlite(path, HandClock()).open())
    assert caught.value.kind is ProblemKind.UNAVAILABLE
    assert caught.value.code == "database_unusable"
    assert str(path) in caught.value.message


async def test_a_file_of_a_newer_version_is_left_alone(opened: Sqlite) -> None:
    await opened.run(text("UPDATE alembic_version SET version_num = '9999'"), {})
    with pytest.raises(Problem, match="newer version"):
        await Sqlite(Path(opened.name), HandClock()).open()


async def test_a_file_without_its_version_counts_as_new(path: Path) -> None:
    """As one that somebody began to make by hand."""
    path.parent.mkdir(parents=True)
    sqlite3.connect(path).close()
    database = Sqlite(path, HandClock())
    await database.open()
    assert await database.is_usable()
    await database.close()


async def test_a_file_that_fails_later_is_told_in_words(opened: Sqlite) -> None:
    assert await opened.is_usable()
    await opened.run(text("DROP TABLE alembic_version"), {})
    assert not await opened.is_usable()
    with pytest.raises(Problem, match="Try again"):
        await opened.rows(text("SELECT * FROM alembic_version"), {})


async def test_a_bug_of_ours_is_no_failure_of_the_file(opened: Sqlite) -> None:
    await opened.run(add("a"), {})
    with pytest.raises(Duplicate):
        await opened.run(add("a"), {})
    with pytest.raises(SpoiledTransactionError):
        async with opened.transaction():
            await opened.run(add("b"), {})
            with pytest.raises(Duplicate):
                await opened.run(add("a"), {})
    with pytest.raises(sqlite3.IntegrityError):
        await opened.run(text("INSERT INTO budget_blocks VALUES ('b', '', NULL)"), {})
    with pytest.raises(sqlite3.ProgrammingError):
        await opened.rows(text("SELECT :missing"), {})


async def test_a_transaction_whose_end_fails_leaves_nothing_open(opened: Sqlite) -> None:
    with pytest.raises(Problem, match="cannot be used"):
        async with opened.transaction():
            await opened.run(add("a"), {})
            await opened.run(text("ROLLBACK"), {})  # as SQLite itself does when the disk is full
    async with opened.transaction():
        assert await opened.rows(ALL, {}) == []


async def test_a_failed_transaction_is_rolled_back(opened: Sqlite) -> None:
    with pytest.raises(ValueError, match="stop"):
        async with opened.transaction():
            await opened.run(add("a"), {})
            raise ValueError("stop")
    assert await opened.rows(ALL, {}) == []


def done_at_once(work: Awaitable[Given]) -> Given:
    """What it gives, when it never waits; the loop runs nothing else meanwhile."""
    steps: Generator[Any, None, Given] = work.__await__()
    try:
        next(steps)
    except StopIteration as end:
        found: Given = end.value
        return found
    raise AssertionError("it waited")


async def test_nothing_waits_where_nobody_else_writes(opened: Sqlite) -> None:
    async def work() -> int:
        async with opened.transaction():
            await opened.lock("name")
            await opened.run(add("a"), {})
        await opened.run(add("b"), {})
        return len(await opened.rows(ALL, {}))

    assert done_at_once(work()) == 2


async def test_other_tasks_wait_for_the_end_of_a_transaction(opened: Sqlite) -> None:
    seen: list[str] = []

    async def hold() -> None:
        async with opened.transaction():
            await opened.run(add("a"), {})
            await asyncio.sleep(0.01)
            seen.append("end")

    async def look(name: str) -> None:
        assert len(await opened.rows(ALL, {})) == 1
        await opened.run(text("UPDATE budget_blocks SET blocked_until = 2"), {})
        seen.append(name)

    async with asyncio.TaskGroup() as group:
        group.create_task(hold())
        await asyncio.sleep(0)
        for name in ("one", "other"):
            group.create_task(look(name))
        group.create_task(opened.run(add("b"), {}))
        group.create_task(opened.run(text("DELETE FROM budget_blocks WHERE source = 'b'"), {}))
    assert seen == ["end", "one", "other"]


async def test_a_transaction_waits_for_another(opened: Sqlite) -> None:
    async def add_one(source: str) -> None:
        async with opened.transaction():
            await opened.run(add(source), {})
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for source in "abc":
            group.create_task(add_one(source))
    assert len(await opened.rows(ALL, {})) == 3


async def test_its_time_is_the_clocks(sqlite_file: Path) -> None:
    clock = HandClock()
    clock.advance(5)
    database = Sqlite(sqlite_file, clock)
    assert (await database.now(), database.is_shared) == (clock.now(), False)


async def test_what_is_not_open_is_a_bug(path: Path) -> None:
    database = Sqlite(path, HandClock())
    await database.close()
    with pytest.raises(RuntimeError, match="not open"):
        await database.rows(ALL, {})


async def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    """It holds digests of keys and passwords."""
    database = Sqlite(tmp_path / "new.db", HandClock())
    await database.open()
    async with database.transaction():
        modes = modes_in(tmp_path)
    await database.close()
    assert modes == {"new.db": 0o600, "new.db-wal": 0o600, "new.db-shm": 0o600}


def modes_in(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.glob("new.db*")}
