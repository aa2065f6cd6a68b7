"""What the nodes of an installation share: hints of security changes, counts of limits, and how many they are."""

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cybervault.access.limits.limiter import Limiter, LocalLimiter
from cybervault.access.nodes import Nodes
from cybervault.access.store.epoch import EpochStore
from cybervault.access.streams import Streams
from cybervault.access.sync import Hints, Sync
from cybervault.domain.clock import Clock
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret
from cybervault.settings import Settings
from cybervault.storage.bus import PostgresHints, RedisHints
from cybervault.storage.database import Database
from cybervault.storage.redis import redis_at

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from cybervault.access.limits.shared import SharedLimiter

_TIMEOUT_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class RedisParts:
    """What needs the server of the Redis protocol."""

    client: "Redis"
    limiter: "SharedLimiter"
    nodes: Nodes


@dataclass(frozen=True, slots=True)
class Shared:
    """One node's ends of everything that is shared; the same parts where there is one node only."""

    sync: Sync
    limiter: Limiter
    redis: RedisParts | None = None
    streams: Streams = field(default_factory=Streams)

    def work(self) -> list[Coroutine[Any, Any, None]]:
        """What runs beside requests, each until cancelled."""
        always = [self.sync.run(), self.streams.run()]
        return always if self.redis is None else [*always, self.redis.limiter.watch(), self.redis.nodes.run()]

    async def close(self) -> None:
        """Close the lines to the server of the Redis protocol."""
        if self.redis is not None:
            await self.redis.limiter.close()
            await self.redis.client.aclose()


def shared_by_nodes(settings: Settings, database: Database, clock: Clock) -> Shared:
    """This node's ends; nothing is connected yet.

    Raises `Problem` INVALID `bad_settings` for an address that cannot be read.
    """
    redis = None if settings.redis_url is None else _redis_parts(settings.redis_url, clock)
    sync = Sync(EpochStore(database), clock, _hints(settings, redis))
    shared = Shared(sync, redis.limiter if redis else LocalLimiter(clock), redis)
    sync.follow(shared.streams)
    return shared


def _hints(settings: Settings, redis: RedisParts | None) -> Sequence[Hints]:
    if redis is not None:
        return (RedisHints(redis.client),)
    return () if settings.database_url is None else (PostgresHints(settings.database_url),)


def _redis_parts(url: Secret, clock: Clock) -> RedisParts:
    # An installation without such a server does without its library.
    from cybervault.access.limits.server import LimitServer  # noqa: PLC0415
    from cybervault.access.limits.shared import SharedLimiter  # noqa: PLC0415

    try:
        client = redis_at(url, timeout_seconds=_TIMEOUT_SECONDS)
        nodes = Nodes(client)
        return RedisParts(client, SharedLimiter(LimitServer(url), clock, nodes.count), nodes)
    except ValueError:
        raise Problem(
            ProblemKind.INVALID,
            code="bad_settings",
            message="CYBERVAULT_REDIS_URL cannot be read; it looks like redis://host:6379/0.",
        ) from None
