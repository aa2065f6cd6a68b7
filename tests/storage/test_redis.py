"""A client of the shared server: fast to fail, and never tried again behind our back."""

import asyncio
from contextlib import suppress

import pytest
from redis.exceptions import RedisError

from cybervault.domain.secrets import Secret
from cybervault.storage.redis import heed_cancellation, redis_at
from tests.fakes.engines import Valkey


async def test_it_speaks_with_the_server(valkey: Valkey) -> None:
    async with redis_at(Secret(valkey.url), timeout_seconds=1) as client:
        assert await client.set("a", b"1")
        assert await client.get("a") == b"1"


async def test_a_server_that_hangs_is_waited_for_as_long_as_was_said(valkey: Valkey) -> None:
    """A limit is decided in milliseconds: one try, not the library's usual several."""
    async with redis_at(Secret(valkey.url), timeout_seconds=0.1) as client:
        await client.set("a", b"1")
        valkey.pause()
        begun = asyncio.get_running_loop().time()
        with pytest.raises((RedisError, OSError)):
            await client.get("a")
        assert 0.09 < asyncio.get_running_loop().time() - begun < 0.3
        valkey.resume()


async def test_a_server_that_is_gone_fails_and_one_that_is_back_works(valkey: Valkey) -> None:
    async with redis_at(Secret(valkey.url), timeout_seconds=1) as client:
        await client.set("a", b"1")
        valkey.kill()
        with pytest.raises((RedisError, OSError)):
            await client.get("a")
        valkey.start()
        assert await client.get("a") is None


def test_an_address_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="scheme"):
        redis_at(Secret("http://127.0.0.1"), timeout_seconds=1)


async def test_a_loop_whose_client_lost_its_cancellation_ends_all_the_same() -> None:
    """As Python 3.11's wait_for loses one that comes just as a command is sent."""
    began = asyncio.Event()

    async def loop() -> None:
        while True:
            began.set()
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0.001)
            heed_cancellation()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(loop())
        await began.wait()
        task.cancel()
    assert task.cancelled()
