"""The row of security changes: numbered in the order of their commits, without gaps, whatever overtakes what."""

import asyncio

import pytest

from cybervault.access.store.epoch import EVENTS_AT_ONCE, EpochStore, SecurityEvent
from cybervault.access.subjects import Subject
from cybervault.domain.clock import SystemClock
from cybervault.storage.database import Database
from cybervault.storage.engines import database_at

KEY = Subject("key:key_1")
OTHER = Subject("key:key_2")


async def noted(database: Database, *subjects: Subject, at: float = 100.0) -> list[int]:
    store, numbers = EpochStore(database), []
    for subject in subjects:
        async with database.transaction():
            numbers.append(await store.note(subject, at))
    return numbers


async def test_events_have_the_numbers_1_2_3(database: Database) -> None:
    store = EpochStore(database)
    assert (await store.seq(), await store.after(0)) == (0, ())
    assert await noted(database, KEY, OTHER, KEY) == [1, 2, 3]
    assert await store.seq() == 3
    assert await store.after(1) == (SecurityEvent(2, OTHER, 100.0), SecurityEvent(3, KEY, 100.0))


async def test_a_change_that_is_rolled_back_tells_nothing_and_leaves_no_gap(database: Database) -> None:
    store = EpochStore(database)
    with pytest.raises(ZeroDivisionError):
        async with database.transaction():
            await store.note(KEY, 100.0)
            raise ZeroDivisionError
    assert (await store.seq(), await store.after(0)) == (0, ())
    assert await noted(database, OTHER) == [1]


async def test_what_is_old_is_dropped_but_never_the_newest(database: Database) -> None:
    """By the newest a node sees that it is up to date."""
    store = EpochStore(database)
    await noted(database, KEY, OTHER, at=100.0)
    assert await store.forget(before=100.0) == 0
    assert await store.forget(before=101.0) == 1
    assert await store.after(0) == (SecurityEvent(2, OTHER, 100.0),)


async def test_no_more_are_read_at_once_than_are_worth_it(database: Database) -> None:
    store = EpochStore(database)
    async with database.transaction():
        for _ in range(EVENTS_AT_ONCE // 100):
            await store.note(KEY, 100.0)
    assert len(await store.after(0)) == EVENTS_AT_ONCE // 100
    assert EVENTS_AT_ONCE == 10_000


async def test_its_time_is_the_databases(database: Database) -> None:
    assert await EpochStore(database).now() is not None
    assert EpochStore(database).is_shared is database.is_shared


async def test_who_asks_for_all_after_its_last_misses_none_that_committed_late(postgres_url: str) -> None:
    """A serial column gives its number before the commit, and pollers lost 169 of 900 changes by that."""
    writer, reader = database_at(postgres_url, SystemClock()), database_at(postgres_url, SystemClock())
    await writer.open()
    await reader.open()
    store, seen = EpochStore(reader), list[SecurityEvent]()
    is_done = asyncio.Event()

    async def change(number: int) -> None:
        async with writer.transaction():
            await EpochStore(writer).note(Subject(f"key:{number}"), float(number))
            await asyncio.sleep(0.003 * (number % 4))  # who began first need not end first

    async def poll() -> None:
        while not is_done.is_set():
            seen.extend(await store.after(seen[-1].seq if seen else 0))

    async with asyncio.TaskGroup() as group:
        group.create_task(poll())
        async with asyncio.TaskGroup() as changes:
            for number in range(100):
                changes.create_task(change(number))
        is_done.set()
    seen.extend(await store.after(seen[-1].seq))
    assert [event.seq for event in seen] == list(range(1, 101))
    assert {event.subject for event in seen} == {f"key:{number}" for number in range(100)}
    await writer.close()
    await reader.close()
