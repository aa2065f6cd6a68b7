"""Hints between nodes: "look now", over the shared database or over a server that speaks the Redis protocol.

A hint has no content that anybody reads. Nothing has to be forgotten when the line breaks: what a node may remember is
bounded by its own looks at the database, and a hint only makes the next one come sooner.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeAlias

import structlog

from cybervault.domain.secrets import Secret
from cybervault.storage.redis import heed_cancellation

if TYPE_CHECKING:
    from redis.asyncio import Redis

CHANNEL: Final = "cybervault_epoch"

_LOG: Final = structlog.get_logger("cybervault.storage")
_SPREAD: Final = random.Random()  # noqa: S311 - spreads load, guards nothing
_PAUSES_SECONDS: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
# A line that was cut without a word is found after this time of silence.
_SILENT_SECONDS: Final = 10.0
_ANSWER_SECONDS: Final = 2.0

Wake: TypeAlias = Callable[[], None]


class PostgresHints:
    """LISTEN on a connection of its own, which must lead to the server itself: a transaction pooler loses it silently.

    Nobody sends: the NOTIFY is part of the transaction that makes the change, and comes exactly when that commits.
    """

    def __init__(self, address: Secret, silent_seconds: float = _SILENT_SECONDS) -> None:
        self._address = address
        self._silent_seconds = silent_seconds

    async def listen(self, wake: Wake) -> None:
        """Call `wake` on each hint, and after each time without hearing, until cancelled."""
        from asyncpg import (  # type: ignore[import-untyped] # noqa: PLC0415 - the embedded default does without it
            InterfaceError,
            PostgresError,
        )

        await _again_and_again(self._hear, wake, (PostgresError, InterfaceError, OSError))

    async def send(self) -> None:
        """Nothing to do."""

    async def _hear(self, wake: Wake) -> None:
        import asyncpg  # noqa: PLC0415 - same

        connection = await asyncpg.connect(
            self._address.reveal(), timeout=_ANSWER_SECONDS, command_timeout=_ANSWER_SECONDS
        )
        is_closed = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: is_closed.set())
            await connection.add_listener(CHANNEL, lambda *_: wake())
            wake()
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._silent_seconds):
                        await is_closed.wait()
                await connection.execute("SELECT 1")  # fails where it was closed
        finally:
            connection.terminate()


class RedisHints:
    """Publish and subscribe; who changed something sends, after the commit."""

    def __init__(self, client: "Redis", silent_seconds: float = _SILENT_SECONDS) -> None:
        self._client = client
        self._silent_seconds = silent_seconds

    async def listen(self, wake: Wake) -> None:
        """Call `wake` on each hint, and after each time without hearing, until cancelled."""
        from redis.exceptions import RedisError  # noqa: PLC0415 - an installation without the server does without it

        await _again_and_again(self._hear, wake, (RedisError, OSError))

    async def send(self) -> None:
        """Wake the others, if it can be done."""
        from redis.exceptions import RedisError  # noqa: PLC0415 - same

        with suppress(RedisError, OSError):
            await self._client.publish(CHANNEL, b"")

    async def _hear(self, wake: Wake) -> None:
        async with self._client.pubsub() as line:
            await line.subscribe(CHANNEL)
            while True:
                said = await line.get_message(timeout=self._silent_seconds)
                heed_cancellation()
                if said is None:
                    await line.ping()
                    said = await line.get_message(timeout=_ANSWER_SECONDS)
                if said is None:
                    raise TimeoutError
                if said["type"] in {"subscribe", "message"}:
                    wake()


async def _again_and_again(
    hear: Callable[[Wake], Awaitable[None]], wake: Wake, failures: tuple[type[Exception], ...]
) -> None:
    """Hear until the line breaks, and then anew, after a pause that grows while it cannot be had."""
    failed = 0

    def heard() -> None:
        nonlocal failed
        failed = 0
        wake()

    while True:
        try:
            await hear(heard)
        except failures as error:
            if failed == 0:
                _LOG.warning("hints between nodes do not come; each looks for itself", reason=type(error).__name__)
        heed_cancellation()
        pause = _PAUSES_SECONDS[min(failed, len(_PAUSES_SECONDS) - 1)]
        failed += 1
        await asyncio.sleep(pause * _SPREAD.uniform(0.5, 1))
