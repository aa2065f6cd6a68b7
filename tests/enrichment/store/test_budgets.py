"""What sources still allow: counted in one step, shared by connections, kept over a restart."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cybervault.egress.budget import Budget, Lane, QuotaRule, Window
from cybervault.enrichment.store.budgets import StoredBudgets
from cybervault.storage.database import Database
from tests.fakes.clock import HandClock

LANE = Lane("virustotal", "k1")
WINDOW = Window(LANE, 60, 1_790_000_040)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / "x.db")
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> StoredBudgets:
    return StoredBudgets(database)


async def test_calls_add_up_and_are_given_back(store: StoredBudgets) -> None:
    assert [await store.add(WINDOW, 1) for _ in range(3)] == [1, 2, 3]
    assert await store.add(WINDOW, -1) == 2
    assert await store.used(WINDOW) == 2


async def test_a_count_never_falls_below_zero(store: StoredBudgets) -> None:
    assert await store.add(WINDOW, -1) == 0
    assert await store.add(WINDOW, 1) == 1
    assert await store.add(WINDOW, -5) == 0


async def test_lanes_and_windows_are_counted_apart(store: StoredBudgets) -> None:
    await store.add(WINDOW, 1)
    assert await store.used(Window(Lane("virustotal", "k2"), 60, WINDOW.start)) == 0
    assert await store.used(Window(LANE, 60, WINDOW.start + 60)) == 0
    assert await store.used(Window(LANE, 86_400, WINDOW.start)) == 0


async def test_a_block_is_never_shortened(store: StoredBudgets) -> None:
    assert await store.blocked_until(LANE) == 0.0
    await store.block(LANE, 20.5)
    await store.block(LANE, 10.0)
    assert await store.blocked_until(LANE) == 20.5


async def test_a_second_connection_sees_the_same_quota(store: StoredBudgets, tmp_path: Path) -> None:
    rules = (QuotaRule(4, 60), QuotaRule(500, 86_400))
    other_database = Database.open(tmp_path / "x.db")
    one, other = Budget(store, HandClock()), Budget(StoredBudgets(other_database), HandClock())
    taken = [await budget.take("virustotal", "k1", rules) for budget in (one, other) * 3]
    assert taken == [True, True, True, True, False, False]
    assert [left.calls for left in await other.remaining("virustotal", "k1", rules)] == [0, 496]
    other_database.close()


async def test_windows_of_long_ago_leave_the_disk(store: StoredBudgets, database: Database) -> None:
    await store.add(WINDOW, 1)
    await store.add(Window(LANE, 60, WINDOW.start + 4 * 86_400), 1)
    assert database.rows("SELECT count(*) FROM budgets", {}) == [(1,)]
