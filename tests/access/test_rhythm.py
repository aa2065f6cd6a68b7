"""The beat of work beside requests."""

import asyncio

from cybervault.access.rhythm import every


async def test_there_is_a_turn_after_each_pause_and_a_last_one_at_the_stop() -> None:
    stop, turns = asyncio.Event(), []
    async with asyncio.timeout(5):
        async for _ in every(0.001, stop):
            turns.append(stop.is_set())
            if len(turns) == 3:
                stop.set()  # in the middle of a turn, which may have missed what came after its beginning
    assert turns == [False, False, False, True]


async def test_a_long_pause_ends_at_once_when_it_is_to_stop() -> None:
    stop = asyncio.Event()

    async def turns() -> int:
        return len([None async for _ in every(3_600, stop)])

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        counted = group.create_task(turns())
        await asyncio.sleep(0)
        stop.set()
    assert counted.result() == 1


async def test_what_was_stopped_before_has_its_last_turn() -> None:
    stop = asyncio.Event()
    stop.set()
    assert [None async for _ in every(3_600, stop)] == [None]
