"""How many nodes live: told by heartbeats in the shared server, by its own clock."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from cybervault.access.nodes import PERIOD_SECONDS, Nodes
from cybervault.domain.secrets import Secret
from cybervault.storage.redis import redis_at
from tests.fakes.engines import Valkey

KEY = "cybervault:nodes"


@pytest.fixture
async def client(valkey: Valkey) -> AsyncIterator[Redis]:
    client = redis_at(Secret(valkey.url), timeout_seconds=0.5)
    yield client
    await client.aclose()


async def test_before_the_first_answer_a_node_knows_of_itself(client: Redis) -> None:
    assert Nodes(client).count() == 1


async def test_each_beat_counts_all_that_live(client: Redis) -> None:
    nodes = [Nodes(client) for _ in range(3)]
    for _ in range(2):
        for node in nodes:
            await node.beat()
    assert [node.count() for node in nodes] == [3, 3, 3]


async def test_who_is_silent_for_three_beats_is_gone(client: Redis) -> None:
    node = Nodes(client)
    seconds, _ = await client.time()
    await client.zadd(KEY, {"dead": seconds - 3 * PERIOD_SECONDS - 1, "late": seconds - 2 * PERIOD_SECONDS})
    await node.beat()
    assert node.count() == 2


async def test_who_stops_says_goodbye(client: Redis) -> None:
    staying, going = Nodes(client), Nodes(client)
    await staying.beat()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(going.run())
        await asyncio.sleep(0.1)
        task.cancel()
    assert going.count() == 2
    await staying.beat()
    assert staying.count() == 1


async def test_while_the_server_is_gone_the_last_count_stays(client: Redis, valkey: Valkey) -> None:
    """A limit is then shared by the nodes that were last seen."""
    first, second = Nodes(client), Nodes(client)
    await first.beat()
    await second.beat()
    valkey.kill()
    await second.beat()
    assert second.count() == 2
    async with asyncio.TaskGroup() as group:
        task = group.create_task(second.run())
        await asyncio.sleep(0.05)
        task.cancel()
    valkey.start()
    await second.beat()
    assert second.count() == 1


async def test_nothing_stays_in_the_server_when_all_are_gone(client: Redis) -> None:
    await Nodes(client).beat()
    assert 0 < await client.ttl(KEY) <= 3 * PERIOD_SECONDS
