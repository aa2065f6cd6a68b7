"""Statements in both dialects, and what every database promises to stores, on each engine."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.sandbox import SandboxBreachError, sandboxed
from cybervault.domain.secrets import Secret
from cybervault.storage.database import (
    Database,
    Duplicate,
    SpoiledTransactionError,
    Sql,
    larger,
    sql,
    unavailable,
    unusable,
    upsert,
)
from cybervault.storage.engines import database_at
from cybervault.storage.tables import ANSWERS, BUDGET_BLOCKS, BUDGETS, KEYS, MEMBERS
from tests.fakes.clock import HandClock

BLOCK: Mapping[str, object] = {"source": "a", "key_fingerprint": "", "blocked_until": 1.5}
ADD = sql(sa.insert(BUDGET_BLOCKS))
ALL = sql(sa.select(BUDGET_BLOCKS).order_by(BUDGET_BLOCKS.c.source))
SOURCES = sql(sa.select(BUDGET_BLOCKS.c.source).order_by(BUDGET_BLOCKS.c.source))


class TestSql:
    def test_a_statement_is_compiled_for_both_engines_with_its_names_in_order(self) -> None:
        found = sql(
            sa.select(ANSWERS.c.value).where(
                ANSWERS.c.source == sa.bindparam("source"),
                ANSWERS.c.kind == sa.bindparam("kind"),
                ANSWERS.c.value == sa.bindparam("source"),
            )
        )
        assert found.sqlite.endswith("answers.source = :source AND answers.kind = :kind AND answers.value = :source")
        assert found.names == ("source", "kind")
        assert "answers.value = $1" in found.postgres

    def test_values_that_stand_in_a_statement_are_no_parameters(self) -> None:
        found = sql(
            sa.update(KEYS)
            .values(name="it's :one", is_decoy=True)
            .where(KEYS.c.id == sa.bindparam("id_"), KEYS.c.kind.in_(["a", "b"]), KEYS.c.created_at > 5)
        )
        assert found.names == ("id_",)
        for text in (found.sqlite, found.postgres):
            assert "it''s :one" in text
            assert "IN ('a', 'b')" in text
            assert "> 5" in text

    def test_the_text_of_a_statement_stays_as_it_is_for_each_run(self) -> None:
        statement = sa.select(ANSWERS.c.value).where(ANSWERS.c.source == sa.bindparam("source")).limit(3)
        assert sql(statement) == sql(statement)
        assert statement.compile().params["source"] is None

    def test_a_limit_is_one_and_no_more(self) -> None:
        found = sql(sa.select(ANSWERS.c.value).limit(3))
        assert found.sqlite.split()[-2:] == found.postgres.split()[-2:] == ["LIMIT", "3"]
        skipping = sql(sa.select(ANSWERS.c.value).limit(3).offset(sa.bindparam("skipped")))
        assert skipping.sqlite.split()[-4:] == ["LIMIT", "3", "OFFSET", ":skipped"]
        assert skipping.names == ("skipped",)

    def test_a_value_that_the_compiler_adds_is_told_at_once(self) -> None:
        with pytest.raises(ValueError, match="nobody would give"):
            sql(sa.select(ANSWERS.c.value).offset(sa.bindparam("skipped")))

    def test_a_raw_text_has_names_too(self) -> None:
        assert sql(sa.text("SELECT :one, :two")) == Sql("SELECT :one, :two", "SELECT $1, $2", ("one", "two"))


class TestUpsert:
    async def test_what_is_new_is_inserted_and_what_is_there_changed(self, database: Database) -> None:
        keep = upsert(BUDGET_BLOCKS, at=["source", "key_fingerprint"], change=["blocked_until"])
        assert await database.run(keep, BLOCK) == 1
        assert await database.run(keep, {**BLOCK, "blocked_until": 2.5}) == 1
        assert await database.rows(ALL, {}) == [("a", "", 2.5)]

    async def test_a_change_may_be_made_of_both_rows_and_told(self, database: Database) -> None:
        keep = upsert(
            BUDGET_BLOCKS,
            at=["source", "key_fingerprint"],
            change=lambda new: {"blocked_until": larger(BUDGET_BLOCKS.c.blocked_until, new.blocked_until)},
            returning=["blocked_until"],
        )
        told = [await database.rows(keep, {**BLOCK, "blocked_until": until}) for until in (5.0, 2.0, 7.0)]
        assert told == [[(5.0,)], [(5.0,)], [(7.0,)]]

    async def test_without_a_change_the_row_that_stands_stays(self, database: Database) -> None:
        keep = upsert(BUDGET_BLOCKS, at=["source", "key_fingerprint"], change=())
        assert [await database.run(keep, {**BLOCK, "blocked_until": until}) for until in (1.0, 2.0)] == [1, 0]
        assert await database.rows(ALL, {}) == [("a", "", 1.0)]

    async def test_columns_that_are_not_named_get_their_defaults(self, database: Database) -> None:
        names = ("id", "tenant_id", "kind", "name", "scopes", "networks", "created_at")
        keep = upsert(KEYS, at=["id"], change=["name"], columns=names)
        await database.run(keep, {name: 0.5 if name == "created_at" else name for name in names})
        found = await database.rows(sql(sa.select(KEYS.c.is_decoy, KEYS.c.version, KEYS.c.expires_at)), {})
        assert found == [(False, 1, None)]


class TestRows:
    async def test_kinds_of_values_come_back_as_they_went(self, database: Database) -> None:
        """Booleans are 0 and 1 on SQLite, which compare as such."""
        ten = {column.name: None for column in MEMBERS.columns} | {
            "id": "usr_1", "tenant_id": "tv_1", "email": "ä@example.org", "name": "Ä'\"%s", "role": "owner",
            "created_at": 1_790_000_000.123456, "totp_secret": b"\x00\xff", "totp_step": 2**40,
        }  # fmt: skip
        await database.run(sql(sa.insert(MEMBERS)), ten)
        (row,) = await database.rows(sql(sa.select(MEMBERS)), {})
        assert dict(zip(MEMBERS.columns.keys(), row, strict=True)) == ten

    async def test_a_run_tells_how_many_rows_it_changed(self, database: Database) -> None:
        for source in ("a", "b", "c"):
            assert await database.run(ADD, {**BLOCK, "source": source}) == 1
        assert await database.run(sql(sa.delete(BUDGET_BLOCKS).where(BUDGET_BLOCKS.c.source > "a")), {}) == 2
        assert await database.run(sql(sa.delete(BUDGETS)), {}) == 0
        assert await database.run(sql(sa.text("CREATE TABLE another (id integer)")), {}) == 0

    async def test_a_row_that_is_there_already_is_a_duplicate(self, database: Database) -> None:
        await database.run(ADD, BLOCK)
        with pytest.raises(Duplicate):
            await database.run(ADD, BLOCK)
        assert len(await database.rows(ALL, {})) == 1

    async def test_a_forgotten_value_is_a_bug_and_not_a_duplicate(self, database: Database) -> None:
        with pytest.raises(Exception, match=r"(?i)null") as caught:
            await database.run(ADD, {**BLOCK, "blocked_until": None})
        assert not isinstance(caught.value, Duplicate | Problem)

    async def test_a_search_finds_what_is_committed_and_within_a_transaction_its_own_rows(
        self, database: Database
    ) -> None:
        await database.run(ADD, BLOCK)
        assert await database.search(SOURCES, {}) == [("a",)]
        async with database.transaction():
            await database.run(ADD, {**BLOCK, "source": "b"})
            assert await database.search(SOURCES, {}) == [("a",), ("b",)]

    async def test_a_search_that_fails_is_told_in_words(self, database: Database) -> None:
        lost = sql(sa.select(sa.table("no_such_table", sa.column("x")).c.x))
        with pytest.raises(Problem) as caught:
            await database.search(lost, {})
        assert caught.value.code == "service_unavailable"

    async def test_a_percent_sign_is_one(self, database: Database) -> None:
        await database.run(ADD, {**BLOCK, "source": "abc"})
        found = sql(sa.select(BUDGET_BLOCKS.c.source).where(BUDGET_BLOCKS.c.source.like("%b%")))
        assert await database.rows(found, {}) == [("abc",)]


class TestTransaction:
    async def test_what_fails_within_leaves_nothing(self, database: Database) -> None:
        with pytest.raises(ValueError, match="stop"):
            async with database.transaction():
                await database.run(ADD, BLOCK)
                raise ValueError("stop")
        assert await database.rows(ALL, {}) == []
        async with database.transaction():
            assert await database.run(ADD, BLOCK) == 1
        assert await database.rows(SOURCES, {}) == [("a",)]

    async def test_nothing_may_follow_a_failed_statement(self, database: Database) -> None:
        """PostgreSQL keeps nothing of such a transaction, so it must not look as if it did; SQLite does the same."""
        await database.run(ADD, BLOCK)
        for follows in (True, False):
            with pytest.raises(SpoiledTransactionError):
                async with database.transaction():
                    await database.run(ADD, {**BLOCK, "source": "b"})
                    with pytest.raises(Duplicate):
                        await database.run(ADD, BLOCK)
                    if follows:
                        await database.run(ADD, {**BLOCK, "source": "c"})
        assert await database.rows(SOURCES, {}) == [("a",)]

    async def test_who_is_called_off_within_leaves_nothing(self, database: Database) -> None:
        is_in = asyncio.Event()

        async def hang() -> None:
            async with database.transaction():
                await database.run(ADD, BLOCK)
                is_in.set()
                await asyncio.Event().wait()

        async with asyncio.TaskGroup() as group:
            task = group.create_task(hang())
            await is_in.wait()
            task.cancel()
        async with database.transaction():
            assert await database.rows(ALL, {}) == []

    async def test_others_do_not_see_it_before_its_end(self, database: Database, database_place: Path | Secret) -> None:
        other = database_at(database_place, HandClock())
        await other.open()
        async with database.transaction():
            await database.run(ADD, BLOCK)
            assert await other.rows(ALL, {}) == []
        assert len(await other.rows(ALL, {})) == 1
        await other.close()

    async def test_a_transaction_within_another_is_a_bug(self, database: Database) -> None:
        async with database.transaction():
            with pytest.raises(RuntimeError, match="within"):
                async with database.transaction():
                    raise AssertionError

    async def test_a_task_that_is_started_within_must_not_write_past_it(self, database: Database) -> None:
        async with database.transaction():
            with pytest.raises(RuntimeError, match="task"):
                await asyncio.wait_for(asyncio.ensure_future(database.run(ADD, BLOCK)), 5)  # noqa: TID251 - the bug
        assert await database.rows(ALL, {}) == []

    async def test_a_task_that_outlives_it_stands_outside(self, database: Database) -> None:
        is_over = asyncio.Event()

        async def write_later() -> None:
            await is_over.wait()
            await database.run(ADD, BLOCK)

        async with asyncio.TaskGroup() as group:
            async with database.transaction():
                group.create_task(write_later())
            is_over.set()
        assert len(await database.rows(ALL, {})) == 1

    async def test_statements_of_another_task_are_no_part_of_it(self, database: Database) -> None:
        """On SQLite they wait for its end, on PostgreSQL they have a connection of their own."""
        is_in, others = asyncio.Event(), asyncio.Event()

        async def fail() -> None:
            async with database.transaction():
                await database.run(ADD, BLOCK)
                is_in.set()
                others.set()
                await asyncio.sleep(0)
                raise ValueError("stop")

        async def write() -> None:
            await is_in.wait()
            await database.run(ADD, {**BLOCK, "source": "b"})
            assert await database.rows(SOURCES, {}) == [("b",)]

        found = await asyncio.gather(fail(), write(), return_exceptions=True)
        assert [type(one) for one in found] == [ValueError, type(None)]
        assert await database.rows(SOURCES, {}) == [("b",)]


class TestLock:
    async def test_only_one_at_a_time_is_behind_it(self, database: Database, database_place: Path | Secret) -> None:
        """Each reads what the one before it has written, on this node and on another."""
        other = database_at(database_place, HandClock())
        await other.open()
        await database.run(ADD, {**BLOCK, "blocked_until": 0.0})
        update = sql(sa.update(BUDGET_BLOCKS).values(blocked_until=sa.bindparam("now")))

        async def count(node: Database) -> None:
            async with node.transaction():
                await node.lock("counter")
                ((before,),) = await node.rows(sql(sa.select(BUDGET_BLOCKS.c.blocked_until)), {})
                await asyncio.sleep(0)
                await node.run(update, {"now": float(str(before)) + 1})

        # One after another on SQLite's second connection, which would wait for the first by blocking the loop.
        nodes = [database, other] * 5 if database.is_shared else [database] * 10
        async with asyncio.TaskGroup() as group:
            for node in nodes:
                group.create_task(count(node))
        assert await other.rows(ALL, {}) == [("a", "", 10.0)]
        await other.close()

    async def test_without_a_transaction_nobody_would_give_it_back(self, database: Database) -> None:
        with pytest.raises(RuntimeError, match="within a transaction"):
            await database.lock("counter")


async def test_a_statement_is_run_with_each_of_many_values_in_their_order(database: Database) -> None:
    count = upsert(
        BUDGETS,
        at=["source", "key_fingerprint", "window_seconds", "window_start"],
        change=lambda new: {"used": BUDGETS.c.used + new.used},
        returning=["source", "used"],
    )
    place = {"key_fingerprint": "", "window_seconds": 60, "window_start": 60}
    many = [place | {"source": source, "used": number} for number, source in enumerate("abab", start=1)]
    assert await database.rows_of_each(count, many) == [("a", 1), ("b", 2), ("a", 4), ("b", 6)]
    assert await database.rows_of_each(count, []) == []


async def test_many_values_are_written_all_or_none(database: Database) -> None:
    with pytest.raises(Duplicate):
        await database.rows_of_each(ADD, [BLOCK, dict(BLOCK, source="b"), BLOCK])
    assert await database.rows(ALL, {}) == []


async def test_many_values_join_the_transaction_that_is_open(database: Database) -> None:
    with pytest.raises(KeyError):
        async with database.transaction():
            await database.rows_of_each(ADD, [BLOCK, dict(BLOCK, source="b")])
            assert len(await database.rows(ALL, {})) == 2
            raise KeyError
    assert await database.rows(ALL, {}) == []


async def test_time_has_its_zone(database: Database) -> None:
    found = await database.now()
    assert found.tzinfo is not None
    assert await database.now() >= found


async def test_it_tells_whether_it_is_usable(database: Database) -> None:
    assert await database.is_usable()
    await database.run(sql(sa.text("DROP TABLE alembic_version")), {})
    assert not await database.is_usable()


async def test_a_failure_is_told_in_words_with_its_reason_for_the_log_only(database: Database) -> None:
    await database.run(sql(sa.text("DROP TABLE answers")), {})
    with pytest.raises(Problem) as caught:
        await database.rows(sql(sa.select(ANSWERS)), {})
    assert (caught.value.kind, caught.value.code) == (ProblemKind.UNAVAILABLE, "service_unavailable")
    assert caught.value.retry_after_seconds == 5
    assert "answers" in caught.value.detail
    assert "answers" not in caught.value.message


async def test_what_is_not_open_is_a_bug(database_place: Path | Secret) -> None:
    database = database_at(database_place, HandClock())
    with pytest.raises(RuntimeError, match="not open"):
        await database.rows(ALL, {})
    await database.close()


def test_problems_name_the_place_or_nothing() -> None:
    assert unusable("there", "it burns").message == "The database there cannot be used: it burns"
    assert unavailable("it burns").detail == "it burns"
    assert "burns" not in unavailable("it burns").message


class TestSandbox:
    """Rows of production are out of reach while a test key is answered; those of access are not."""

    def test_a_statement_knows_whether_it_touches_production(self) -> None:
        deep = sa.select(KEYS.c.id).where(KEYS.c.id.in_(sa.select(ANSWERS.c.value)))
        assert sql(sa.insert(ANSWERS)).is_real
        assert sql(sa.update(BUDGETS).values(used=1)).is_real
        assert sql(sa.delete(BUDGET_BLOCKS)).is_real
        assert sql(deep).is_real
        assert upsert(BUDGETS, at=["source"], change=["used"]).is_real
        assert not sql(sa.select(KEYS)).is_real

    async def test_no_engine_runs_one(self, database: Database) -> None:
        with sandboxed():
            for run in (
                database.rows(ALL, {}),
                database.search(ALL, {}),
                database.run(ADD, BLOCK),
                database.rows_of_each(ADD, [BLOCK]),
            ):
                with pytest.raises(SandboxBreachError, match="rows of production"):
                    await run
        assert await database.rows(ALL, {}) == []
