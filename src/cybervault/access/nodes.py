"""How many nodes live: each lets its heart beat in the shared server of the Redis protocol."""

import asyncio
import secrets
from typing import TYPE_CHECKING, Final

from cybervault.storage.redis import heed_cancellation

if TYPE_CHECKING:
    from redis.asyncio import Redis

PERIOD_SECONDS: Final = 5
_KEY: Final = "cybervault:nodes"
_ID_BYTES: Final = 8
# By the server's own time: says when this node was last heard, drops who was silent for three beats, counts the others.
_BEAT: Final = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
redis.call('EXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])
"""
_SILENT_SECONDS: Final = 3 * PERIOD_SECONDS


class Nodes:
    """This node among the others."""

    def __init__(self, client: "Redis") -> None:
        self._client = client
        self._id = secrets.token_hex(_ID_BYTES)
        self._count = 1

    def count(self) -> int:
        """How many lived when that was last known, this one included; 1 before the first answer."""
        return self._count

    async def run(self) -> None:
        """Beat until cancelled, and then say goodbye where that can be done."""
        try:
            while True:
                await self.beat()
                heed_cancellation()
                await asyncio.sleep(PERIOD_SECONDS)
        finally:
            await self._leave()

    async def beat(self) -> None:
        """Beat once and count; where the server does not answer the last count stays."""
        from redis.exceptions import RedisError  # noqa: PLC0415 - an installation without the server does without it

        try:
            self._count = max(1, int(await self._client.eval(_BEAT, 1, _KEY, self._id, str(_SILENT_SECONDS))))
        except (RedisError, OSError):
            return

    async def _leave(self) -> None:
        from redis.exceptions import RedisError  # noqa: PLC0415 - same

        try:
            await self._client.zrem(_KEY, self._id)
        except (RedisError, OSError):
            return
