"""Which transaction a task stands in."""

import asyncio

import pytest

from cybervault.storage.database import SpoiledTransactionError
from cybervault.storage.holding import Holding


async def test_outside_nothing_is_held() -> None:
    holding: Holding[str] = Holding()
    assert holding.current() is None
    holding.refuse_second()
    with pytest.raises(RuntimeError, match="within a transaction"):
        holding.require()


async def test_within_it_is_held_to_the_end() -> None:
    holding: Holding[str] = Holding()
    with holding.holding("connection"):
        assert holding.current() == holding.require() == "connection"
        with pytest.raises(RuntimeError, match="transaction within a transaction"):
            holding.refuse_second()
    assert holding.current() is None


async def test_after_a_failure_nothing_may_follow() -> None:
    holding: Holding[str] = Holding()
    holding.spoil()
    assert holding.current() is None
    with holding.holding("connection"):
        holding.spoil()
        with pytest.raises(SpoiledTransactionError):
            holding.current()
    assert holding.current() is None
    with holding.holding("connection"):
        assert holding.current() == "connection"


async def test_two_databases_hold_each_their_own() -> None:
    one, other = Holding[str](), Holding[str]()
    with one.holding("one"), other.holding("other"):
        assert (one.current(), other.current()) == ("one", "other")


async def test_a_task_beside_it_stands_outside() -> None:
    holding: Holding[str] = Holding()
    goes_on, looked = asyncio.Event(), asyncio.Event()

    async def look() -> str | None:
        await goes_on.wait()
        found = holding.current()
        looked.set()
        return found

    async with asyncio.TaskGroup() as group:
        task = group.create_task(look())
        with holding.holding("connection"):
            goes_on.set()
            await looked.wait()
    assert task.result() is None


async def test_a_task_started_within_is_refused_until_the_end() -> None:
    holding: Holding[str] = Holding()
    is_over = asyncio.Event()

    async def look() -> list[str | None]:
        with pytest.raises(RuntimeError, match="started within"):
            holding.current()
        is_over.set()
        await asyncio.sleep(0)
        return [holding.current()]

    async with asyncio.TaskGroup() as group:
        with holding.holding("connection"):
            task = group.create_task(look())
            await is_over.wait()
    assert task.result() == [None]
