"""The server that speaks the Redis protocol and that nodes may share: how a client of it is made."""

import asyncio
from typing import TYPE_CHECKING

from cybervault.domain.secrets import Secret

if TYPE_CHECKING:
    from redis.asyncio import Redis


def redis_at(url: Secret, *, timeout_seconds: float, connect_seconds: float | None = None) -> "Redis":
    """A client that connects when it is first used; each call fails after the timeout and is not tried again.

    `connect_seconds` is the time that a new connection has, where that is another one.

    ValueError for an address that cannot be read.
    """
    # An installation without such a server does without the library.
    from redis.asyncio import Redis  # noqa: PLC0415
    from redis.asyncio.retry import Retry  # noqa: PLC0415
    from redis.backoff import NoBackoff  # noqa: PLC0415

    return Redis.from_url(
        url.reveal(),
        socket_timeout=timeout_seconds,
        socket_connect_timeout=connect_seconds or timeout_seconds,
        retry=Retry(NoBackoff(), 0),
    )


def heed_cancellation() -> None:
    """Raise CancelledError where this task was cancelled and did not notice it.

    The client sends through `asyncio.wait_for`, which on Python 3.11 loses a cancellation that comes just as all is
    sent: an endless loop around a client would then never end.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
