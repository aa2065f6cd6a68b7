"""Hints between nodes: they come with the commit, and the line heals itself, whatever breaks it."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg  # type: ignore[import-untyped] # it brings no types
import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from cybervault.domain.secrets import Secret
from cybervault.storage.bus import CHANNEL, PostgresHints, RedisHints
from cybervault.storage.redis import redis_at
from tests.fakes.engines import Postgres, Valkey

PATIENCE_SECONDS = 10.0
NOTIFY = f"NOTIFY {CHANNEL}"
_HEARING = "datname = current_database() AND (query LIKE 'LISTEN%' OR query = 'SELECT 1')"
BACKENDS = f"SELECT pid FROM pg_stat_activity WHERE {_HEARING}"  # noqa: S608 - our own text
CUT = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {_HEARING}"  # noqa: S608 - same


@dataclass
class Ear:
    """Counts how often it was woken."""

    woken: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        self.woken += 1
        self._changed.set()

    async def hears(self, number: int) -> None:
        """Wait until it was woken so often in all."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.woken < number:
                self._changed.clear()
                await self._changed.wait()

    async def hears_nothing(self) -> None:
        before = self.woken
        await asyncio.sleep(0.1)
        assert self.woken == before


@asynccontextmanager
async def listening(hints: PostgresHints | RedisHints) -> AsyncIterator[Ear]:
    """An ear at a line that was heard once already."""
    ear = Ear()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(hints.listen(ear.wake))
        await ear.hears(1)
        yield ear
        task.cancel()


async def again(ear: Ear, say: Callable[[], Awaitable[object]]) -> None:
    """Say something until it is heard: a line that was cut needs a moment."""
    before = ear.woken
    async with asyncio.timeout(PATIENCE_SECONDS):
        while ear.woken == before:
            await say()
            await asyncio.sleep(0.02)


class TestPostgres:
    async def test_a_hint_comes_with_the_commit_and_not_before(self, postgres_url: str) -> None:
        speaker = await asyncpg.connect(postgres_url)
        async with listening(PostgresHints(Secret(postgres_url))) as ear:
            async with speaker.transaction():
                await speaker.execute(NOTIFY)
                await ear.hears_nothing()
            await ear.hears(2)
        await speaker.close()

    async def test_what_is_rolled_back_gives_no_hint(self, postgres_url: str) -> None:
        speaker = await asyncpg.connect(postgres_url)
        async with listening(PostgresHints(Secret(postgres_url))) as ear:
            transaction = speaker.transaction()
            await transaction.start()
            await speaker.execute(NOTIFY)
            await transaction.rollback()
            await ear.hears_nothing()
        await speaker.close()

    async def test_nobody_has_to_send(self, postgres_url: str) -> None:
        hints = PostgresHints(Secret(postgres_url))
        async with listening(hints) as ear:
            await hints.send()
            await ear.hears_nothing()

    async def test_a_line_that_was_cut_is_made_anew_and_wakes_once_for_what_was_missed(
        self, postgres: Postgres, postgres_url: str
    ) -> None:
        with capture_logs() as logs:
            async with listening(PostgresHints(Secret(postgres_url))) as ear:
                postgres.run(CUT, postgres_url)
                await ear.hears(2)
                postgres.run(NOTIFY, postgres_url)
                await ear.hears(3)
        assert postgres_url not in str(logs)

    async def test_a_server_that_died_is_heard_again_when_it_lives(self, postgres: Postgres, postgres_url: str) -> None:
        with capture_logs() as logs:
            async with listening(PostgresHints(Secret(postgres_url))) as ear:
                postgres.kill()
                await asyncio.sleep(0.5)
                postgres.start()
                await ear.hears(2)
                postgres.run(NOTIFY, postgres_url)
                await ear.hears(3)
        assert [entry["log_level"] for entry in logs] == ["warning"]

    async def test_a_line_that_is_dead_without_a_word_is_found_by_a_question(
        self, postgres: Postgres, postgres_url: str
    ) -> None:
        async with listening(PostgresHints(Secret(postgres_url), silent_seconds=0.1)) as ear:
            await asyncio.sleep(0.3)  # some questions that are answered
            await ear.hears_nothing()
            rows = postgres.run(BACKENDS, postgres_url)
            frozen = [int(str(pid)) for (pid,) in rows]
            assert frozen
            for pid in frozen:
                os.kill(pid, signal.SIGSTOP)
            try:
                await ear.hears(2)
            finally:
                for pid in frozen:
                    os.kill(pid, signal.SIGCONT)


class TestRedis:
    @pytest.fixture
    async def client(self, valkey: Valkey) -> AsyncIterator[Redis]:
        client = redis_at(Secret(valkey.url), timeout_seconds=1)
        yield client
        await client.aclose()

    async def test_who_sends_wakes_all_that_listen(self, client: Redis) -> None:
        async with listening(RedisHints(client)) as first, listening(RedisHints(client)) as second:
            await RedisHints(client).send()
            await first.hears(2)
            await second.hears(2)

    async def test_other_channels_wake_nobody(self, client: Redis) -> None:
        async with listening(RedisHints(client)) as ear:
            await client.publish("another", b"")
            await ear.hears_nothing()

    async def test_to_send_never_fails(self, client: Redis, valkey: Valkey) -> None:
        valkey.kill()
        await RedisHints(client).send()
        valkey.start()
        valkey.pause()
        await RedisHints(client).send()
        valkey.resume()

    async def test_a_server_that_died_is_heard_again_when_it_lives(self, client: Redis, valkey: Valkey) -> None:
        with capture_logs() as logs:
            async with listening(RedisHints(client)) as ear:
                valkey.kill()
                await asyncio.sleep(0.3)
                valkey.start()
                await ear.hears(2)
                await again(ear, RedisHints(client).send)
        assert [entry["log_level"] for entry in logs] == ["warning"]

    async def test_a_line_that_is_dead_without_a_word_is_found_by_a_question(
        self, client: Redis, valkey: Valkey
    ) -> None:
        async with listening(RedisHints(client, silent_seconds=0.1)) as ear:
            await asyncio.sleep(0.3)  # some questions that are answered
            assert ear.woken == 1
            with capture_logs() as logs:
                valkey.pause()
                await asyncio.sleep(2.5)  # a tenth of silence and two seconds for the answer
                valkey.resume()
                await ear.hears(2)
            assert [entry["log_level"] for entry in logs] == ["warning"]
