"""PostgreSQL: a pool that says in words when the server is gone, and works again when it is back."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import asyncpg  # type: ignore[import-untyped] # it brings no types
import pytest
import sqlalchemy as sa

from cybervault.domain.clock import SystemClock
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret
from cybervault.storage.database import Database, Duplicate, SpoiledTransactionError, Sql, sql
from cybervault.storage.postgres import Patience, Postgres
from cybervault.storage.tables import BUDGET_BLOCKS
from tests.fakes.engines import Postgres as Cluster
from tests.fakes.processes import free_port

PASSWORD = "canary-p4ssw0rd"
HASTE = Patience(connection=0.5, statement=0.5, closing=0.1)
ALL = sql(sa.select(BUDGET_BLOCKS.c.source).order_by(BUDGET_BLOCKS.c.source))
ADD = sql(sa.insert(BUDGET_BLOCKS).values(source=sa.bindparam("source"), key_fingerprint="", blocked_until=1.5))
SLEEP = sql(sa.text("SELECT pg_sleep(10)"))


def text(statement: str) -> Sql:
    return sql(sa.text(statement))


@pytest.fixture
async def opened(postgres_url: str) -> AsyncIterator[Postgres]:
    database = Postgres(Secret(postgres_url), HASTE)
    await database.open()
    yield database
    await database.close()


async def soon(work: Callable[[], Awaitable[object]], *, seconds: float = 10) -> None:
    """Wait until it works: a server that is started takes connections a little later."""
    end = SystemClock().seconds() + seconds
    while True:
        try:
            await work()
        except Problem:
            assert SystemClock().seconds() < end
            await asyncio.sleep(0.02)
        else:
            return


async def refused(work: Awaitable[object]) -> Problem:
    """The problem, which tells callers nothing but to try again."""
    with pytest.raises(Problem) as caught:
        await work
    problem = caught.value
    assert (problem.kind, problem.code) == (ProblemKind.UNAVAILABLE, "service_unavailable")
    assert problem.retry_after_seconds == 5
    return problem


class TestOpen:
    async def test_an_empty_database_gets_every_table_once_though_nodes_start_together(self, postgres: Cluster) -> None:
        url = Secret(postgres.empty_database())
        nodes = [Postgres(url) for _ in range(4)]
        async with asyncio.TaskGroup() as group:
            for node in nodes:
                group.create_task(node.open())
        assert [await node.rows(text("SELECT id, seq FROM epoch"), {}) for node in nodes] == [[(1, 0)]] * 4
        for node in nodes:
            await node.close()

    async def test_a_newer_schema_is_left_alone(self, opened: Postgres, postgres_url: str) -> None:
        await opened.run(text("UPDATE alembic_version SET version_num = '9999'"), {})
        with pytest.raises(Problem, match="newer version"):
            await Postgres(Secret(postgres_url)).open()

    async def test_who_may_make_no_tables_is_told_so(self, postgres: Cluster) -> None:
        url = postgres.empty_database()
        postgres.run("DROP ROLE IF EXISTS nobody_special")
        postgres.run("CREATE ROLE nobody_special LOGIN")
        with pytest.raises(Problem, match="permission denied") as caught:
            await Postgres(Secret(url.replace("postgres@", "nobody_special@"))).open()
        assert caught.value.code == "database_unusable"

    @pytest.mark.parametrize(
        ("url", "reason"),
        [
            ("postgresql://cv:{password}@127.0.0.1:{closed}/cybervault", "Connection refused"),
            ("postgresql://cv:{password}@127.0.0.1:nonsense/cybervault", "address cannot be read"),
            ("postgresql://cv:{password}/x@127.0.0.1:{port}/cybervault", "cannot be (read|reached)"),
            ("mysql://cv:{password}@127.0.0.1/cybervault", "address cannot be read"),
            ("postgresql://postgres:{password}@127.0.0.1:{port}/nowhere", 'database "nowhere" does not exist'),
        ],
    )
    async def test_what_cannot_be_reached_is_told_without_the_password(
        self, postgres: Cluster, url: str, reason: str
    ) -> None:
        """A URL holds a password, so neither the message nor what is behind it in the log repeats it."""
        port = postgres.url.rpartition(":")[2].partition("/")[0]
        address = url.format(password=PASSWORD, closed=free_port(), port=port)
        with pytest.raises(Problem, match=reason) as caught:
            await Postgres(Secret(address), HASTE).open()
        assert caught.value.code == "database_unusable"
        assert PASSWORD not in f"{caught.value.message} {caught.value.detail} {caught.value.__cause__}"

    async def test_a_server_that_says_nothing_is_given_up(self, postgres: Cluster) -> None:
        postgres.pause()
        with pytest.raises(Problem, match="no answer in time"):
            await Postgres(Secret(postgres.url), HASTE).open()

    async def test_a_node_that_hangs_loses_its_locks(self, opened: Postgres) -> None:
        held = await opened.rows(text("SELECT current_setting('idle_in_transaction_session_timeout')"), {})
        assert held == [("10s",)]


class TestFailures:
    async def test_it_works_again_after_the_server_was_killed_and_started(
        self, opened: Postgres, postgres: Cluster
    ) -> None:
        await opened.run(ADD, {"source": "before"})
        postgres.kill()
        for _ in range(3):
            await refused(opened.rows(ALL, {}))
        assert not await opened.is_usable()
        postgres.start()
        await soon(lambda: opened.run(ADD, {"source": "after"}))
        assert await opened.rows(ALL, {}) == [("after",), ("before",)]
        assert await opened.is_usable()

    async def test_a_transaction_whose_server_dies_has_not_happened(self, opened: Postgres, postgres: Cluster) -> None:
        async def write() -> None:
            async with opened.transaction():
                await opened.run(ADD, {"source": "a"})
                postgres.kill()
                await opened.run(ADD, {"source": "b"})

        await refused(write())
        postgres.start()
        await soon(lambda: opened.run(ADD, {"source": "c"}))
        assert await opened.rows(ALL, {}) == [("c",)]

    async def test_an_end_that_nobody_confirms_is_no_success(self, opened: Postgres, postgres: Cluster) -> None:
        async def write() -> None:
            async with opened.transaction():
                await opened.run(ADD, {"source": "a"})
                postgres.kill()

        await refused(write())
        await refused(write())

    async def test_an_operator_who_cuts_the_connections_stops_one_call_at_most(
        self, opened: Postgres, postgres: Cluster
    ) -> None:
        postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cybervault'")
        await soon(lambda: opened.rows(ALL, {}), seconds=2)
        cut = text("SELECT pg_terminate_backend(pg_backend_pid())")
        assert "terminating" in (await refused(opened.rows(cut, {}))).detail
        assert await opened.rows(ALL, {}) == []

    async def test_a_statement_that_takes_too_long_is_stopped(self, opened: Postgres, postgres: Cluster) -> None:
        assert (await refused(opened.rows(SLEEP, {}))).detail == "no answer in time"
        assert await opened.rows(ALL, {}) == []
        running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(10)'"
        assert postgres.run(running) == [(0,)]

    async def test_more_callers_than_connections_wait_their_turn_and_not_for_ever(self, opened: Postgres) -> None:
        goes_on, all_in = asyncio.Event(), asyncio.Barrier(11)

        async def hold() -> None:
            async with AsyncExitStack() as stack:
                # Ten connections at once take their time on a busy machine, and this pool has little patience.
                await soon(lambda: stack.enter_async_context(opened.transaction()))
                await all_in.wait()
                await goes_on.wait()

        async with asyncio.TaskGroup() as group:
            for _ in range(10):
                group.create_task(hold())
            await all_in.wait()
            await refused(opened.rows(ALL, {}))
            patient = group.create_task(opened.rows(ALL, {}))
            await asyncio.sleep(0.01)
            goes_on.set()
        assert patient.result() == []

    async def test_a_server_that_only_reads_is_not_usable_until_another_leads(
        self, postgres: Cluster, postgres_url: str
    ) -> None:
        """After a fail-over the old server still answers; the pool leaves it."""
        name = postgres_url.rpartition("/")[2]
        postgres.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        other = Postgres(Secret(postgres_url), HASTE)
        await other.open()
        assert not await other.is_usable()
        assert await other.rows(ALL, {}) == []
        postgres.run(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        assert "read-only" in (await refused(other.run(ADD, {"source": "a"}))).detail
        assert await other.run(ADD, {"source": "a"}) == 1
        assert await other.is_usable()
        await other.close()

    async def test_a_wait_for_a_lock_ends(self, opened: Postgres, postgres_url: str) -> None:
        other = Postgres(Secret(postgres_url), HASTE)
        await other.open()
        async with opened.transaction():
            await opened.lock("a name")

            async def wait() -> None:
                async with other.transaction():
                    await other.lock("another name")
                    await other.lock("a name")

            await refused(wait())
        async with other.transaction():
            await other.lock("a name")
        await other.close()

    async def test_calls_that_are_called_off_cost_no_connection(self, opened: Postgres) -> None:
        chance = random.Random(1)  # noqa: S311 - the same on every run

        async def work(number: int) -> None:
            async with opened.transaction():
                await opened.run(ADD, {"source": str(number)})
                await opened.rows(SLEEP, {})

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work(number)) for number in range(30)]
            for task in tasks:
                await asyncio.sleep(chance.random() / 100)
                task.cancel()
        async with asyncio.TaskGroup() as group:
            for _ in range(10):
                group.create_task(opened.rows(ALL, {}))
        assert await opened.rows(ALL, {}) == []


class TestBugs:
    async def test_a_duplicate_is_one_and_spoils_its_transaction(self, opened: Postgres) -> None:
        await opened.run(ADD, {"source": "a"})
        with pytest.raises(SpoiledTransactionError):
            async with opened.transaction():
                await opened.run(ADD, {"source": "b"})
                with pytest.raises(Duplicate):
                    await opened.run(ADD, {"source": "a"})
        assert await opened.rows(ALL, {}) == [("a",)]

    async def test_what_is_wrong_in_a_statement_is_no_failure_of_the_server(self, opened: Postgres) -> None:
        with pytest.raises(asyncpg.NotNullViolationError):
            await opened.run(ADD, {"source": None})
        with pytest.raises(asyncpg.DataError):
            await opened.run(ADD, {"source": 5})
        with pytest.raises(asyncpg.PostgresSyntaxError):
            await opened.run(text("SELEKT 1"), {})
        with pytest.raises(KeyError):
            await opened.run(ADD, {})
        assert await opened.rows(ALL, {}) == []

    async def test_what_is_not_open_is_a_bug(self) -> None:
        database = Postgres(Secret("postgresql://nowhere"))
        with pytest.raises(RuntimeError, match="not open"):
            await database.rows(ALL, {})
        await database.close()

    async def test_a_lock_without_a_transaction_would_stay(self, opened: Postgres) -> None:
        with pytest.raises(RuntimeError, match="transaction"):
            await opened.lock("a name")


async def test_its_time_is_the_servers_and_moves_within_a_transaction(opened: Database) -> None:
    async with opened.transaction():
        first = await opened.now()
        assert await opened.now() > first
    assert first.tzinfo is not None
    assert abs(first - SystemClock().now()) < timedelta(seconds=30)
    assert first > datetime(2026, 1, 1, tzinfo=UTC)


async def test_to_close_waits_a_moment_for_what_is_under_way(postgres_url: str) -> None:
    database = Postgres(Secret(postgres_url), HASTE)
    await database.open()
    is_in = asyncio.Event()

    async def hold() -> None:
        async with database.transaction():
            is_in.set()
            await asyncio.sleep(0.3)
            await database.rows(ALL, {})

    holding = asyncio.gather(hold(), return_exceptions=True)
    await is_in.wait()
    await database.close()
    assert [type(one) for one in await holding] == [Problem]


async def test_a_change_tells_how_many_rows_it_touched(opened: Postgres) -> None:
    assert [await opened.run(ADD, {"source": source}) for source in "abc"] == [1, 1, 1]
    assert await opened.run(text("DELETE FROM budget_blocks WHERE source > 'a'"), {}) == 2
    assert await opened.run(text("CREATE TABLE more (id integer)"), {}) == 0


def test_every_node_shares_it() -> None:
    assert Postgres(Secret("postgresql://nowhere")).is_shared


async def test_many_values_go_one_way_to_the_server(opened: Postgres) -> None:
    insert = sql(sa.insert(BUDGET_BLOCKS).returning(BUDGET_BLOCKS.c.source))
    many = [{"source": name, "key_fingerprint": "", "blocked_until": 1.5} for name in "ab"]
    assert await opened.rows_of_each(insert, many) == [("a",), ("b",)]
