"""What sources still allow: counted in one step, shared by connections, kept over a restart."""

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa

from cybervault.domain.secrets import Secret
from cybervault.egress.budget import Budget, Lane, QuotaRule, Window
from cybervault.enrichment.store.budgets import StoredBudgets
from cybervault.storage.database import Database, sql
from cybervault.storage.engines import database_at
from cybervault.storage.tables import BUDGETS
from tests.fakes.clock import HandClock

LANE = Lane("virustotal", "k1")
WINDOW = Window(LANE, 60, 1_790_000_040)


@pytest.fixture
def store(database: Database) -> StoredBudgets:
    return StoredBudgets(database)


async def test_calls_add_up_and_are_given_back(store: StoredBudgets) -> None:
    assert [await store.add([WINDOW]) for _ in range(3)] == [[1], [2], [3]]
    await store.take_back([WINDOW])
    assert await store.used(WINDOW) == 2


async def test_a_count_never_falls_below_zero(store: StoredBudgets) -> None:
    await store.take_back([WINDOW])
    assert await store.add([WINDOW]) == [1]
    for _ in range(3):
        await store.take_back([WINDOW])
    assert await store.used(WINDOW) == 0


async def test_lanes_and_windows_are_counted_apart(store: StoredBudgets) -> None:
    await store.add([WINDOW])
    assert await store.used(Window(Lane("virustotal", "k2"), 60, WINDOW.start)) == 0
    assert await store.used(Window(LANE, 60, WINDOW.start + 60)) == 0
    assert await store.used(Window(LANE, 86_400, WINDOW.start)) == 0


async def test_who_comes_at_the_same_moment_is_counted_one_after_another(store: StoredBudgets) -> None:
    day = Window(LANE, 86_400, WINDOW.start)
    await store.add([day])
    first, second, other = await asyncio.gather(
        store.add([WINDOW, day]), store.add([WINDOW, day]), store.add([Window(Lane("other", ""), 60, 60)])
    )
    assert (first, second, other) == ([1, 2], [2, 3], [1])
    assert [await store.used(window) for window in (WINDOW, day)] == [2, 3]


async def test_who_gives_up_is_counted_and_stops_nobody(store: StoredBudgets) -> None:
    """A quota may be counted too high after a call that was called off, never too low."""
    async with asyncio.TaskGroup() as group:
        given_up, other = (group.create_task(store.add([WINDOW])) for _ in range(2))
        await asyncio.sleep(0)
        given_up.cancel()
    assert given_up.cancelled()
    assert other.result() == [2]


async def test_nodes_that_count_the_same_windows_crosswise_do_not_hold_each_other(
    store: StoredBudgets, database_place: Path | Secret
) -> None:
    other_database = database_at(database_place, HandClock())
    await other_database.open()
    windows = [Window(Lane(name, ""), 60, 60) for name in "abcdefgh"]
    other = StoredBudgets(other_database)
    for _ in range(10):
        await asyncio.gather(store.add(windows), other.add(windows[::-1]))
    assert [await store.used(window) for window in windows] == [20] * 8
    await other_database.close()


async def test_a_block_is_never_shortened(store: StoredBudgets) -> None:
    assert await store.blocked_until(LANE) == 0.0
    await store.block(LANE, 20.5)
    await store.block(LANE, 10.0)
    assert await store.blocked_until(LANE) == 20.5


async def test_a_second_connection_sees_the_same_quota(store: StoredBudgets, database_place: Path | Secret) -> None:
    rules = (QuotaRule(4, 60), QuotaRule(500, 86_400))
    other_database = database_at(database_place, HandClock())
    await other_database.open()
    one, other = Budget(store, HandClock()), Budget(StoredBudgets(other_database), HandClock())
    taken = [await budget.take("virustotal", "k1", rules) for budget in (one, other) * 3]
    assert taken == [True, True, True, True, False, False]
    assert [left.calls for left in await other.remaining("virustotal", "k1", rules)] == [0, 496]
    await other_database.close()


async def test_windows_of_long_ago_leave_the_disk(store: StoredBudgets, database: Database) -> None:
    await store.add([WINDOW])
    await store.add([Window(LANE, 60, WINDOW.start + 4 * 86_400)])
    assert len(await database.rows(sql(sa.select(BUDGETS)), {})) == 1
