"""Limits: what one decision over a minute and an hour costs, and what an adversary gets, against two known libraries.

Claims: in process and over a server of the Redis protocol one decision costs at most half of the peers' two calls;
nobody gets more than the ceiling in any window; who stays near the limit loses less than 2 % to our cells.
"""

import asyncio
import random
import statistics
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

import limits
import throttled.asyncio as throttled
from limits.aio import storage as shared_storage
from limits.aio import strategies as shared_strategies
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from cybervault.access.limits.limiter import LocalLimiter
from cybervault.access.limits.server import LimitServer
from cybervault.access.limits.tables import Allowance, Window
from cybervault.domain.clock import SystemClock
from cybervault.domain.secrets import Secret
from tests.fakes.clock import HandClock
from tests.fakes.engines import a_valkey

ROUNDS = 5
LOCAL_CALLS = 20_000
SHARED_CALLS = 1_500
MANY = 1_000_000
WIDE = Allowance((Window("minute", 60, MANY, MANY), Window("hour", 3600, MANY, MANY)))
MINUTE = limits.RateLimitItemPerMinute(MANY)
HOUR = limits.RateLimitItemPerHour(MANY)


def microseconds(work: Callable[[], object], calls: int) -> float:
    """Time of one call."""
    before = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - before) / calls * 1e6


def in_process() -> None:
    """Print what a decision costs where one process counts."""
    ours, theirs = LocalLimiter(SystemClock()), SlidingWindowCounterRateLimiter(MemoryStorage())

    def two_calls() -> bool:
        return theirs.hit(MINUTE, "a") and theirs.hit(HOUR, "a")

    mine, other = [], []
    for _ in range(ROUNDS):
        mine.append(microseconds(lambda: ours.admit_now("a", WIDE), LOCAL_CALLS))
        other.append(microseconds(two_calls, LOCAL_CALLS // 5))
    a, b = statistics.median(mine), statistics.median(other)
    print(
        f"in process, two windows: ours {a:.2f} us, limits {limits.__version__} two calls {b:.2f} us: ratio {a / b:.2f}"
    )


async def over_a_server(url: str) -> None:
    """Print what a decision costs where a server counts, one call after another."""
    server = LimitServer(Secret(url), timeout_seconds=10.0, connect_seconds=10.0)
    await server.open()
    peer = shared_strategies.SlidingWindowCounterRateLimiter(
        shared_storage.RedisStorage(f"async+{url}", implementation="redispy")
    )
    store = throttled.RedisStore(server=url)
    third = [
        throttled.Throttled(using="sliding_window", quota=quota, store=store)
        for quota in (throttled.per_min(MANY), throttled.per_hour(MANY))
    ]

    async def ours() -> None:
        await server.admit("a", WIDE)

    async def of_limits() -> None:
        await peer.hit(MINUTE, "a")
        await peer.hit(HOUR, "a")

    async def of_throttled() -> None:
        for one in third:
            await one.limit("a")

    async def each(work: Callable[[], Awaitable[None]]) -> float:
        before = time.perf_counter()
        for _ in range(SHARED_CALLS):
            await work()
        return (time.perf_counter() - before) / SHARED_CALLS * 1e6

    found: list[list[float]] = [[], [], []]
    for _ in range(ROUNDS):
        for place, work in enumerate((ours, of_limits, of_throttled)):
            found[place].append(await each(work))
    await server.close()
    a, b, c = map(statistics.median, found)
    print(f"over Valkey, two windows in one step: ours {a:.0f} us, two calls of limits {b:.0f} us: ratio {a / b:.2f}")
    print(
        f"over Valkey, two windows in one step: ours {a:.0f} us, two calls of throttled {c:.0f} us: ratio {a / c:.2f}"
    )


def peak(moments: Sequence[float]) -> int:
    """The most calls in any half-open minute."""
    inside: deque[float] = deque()
    most = 0
    for moment in moments:
        inside.append(moment)
        while inside[0] + 60 <= moment:
            inside.popleft()
        most = max(most, len(inside))
    return most


def admitted(moments: Sequence[float], allowance: Allowance) -> list[float]:
    """What passes in virtual time."""
    clock = HandClock()
    limiter, passed = LocalLimiter(clock), []
    for moment in moments:
        clock.advance(moment - clock.seconds())
        if limiter.admit_now("a", allowance).is_admitted:
            passed.append(moment)
    return passed


def exactly(moments: Sequence[float], ceiling: int) -> int:
    """How many an exact log lets pass."""
    log: deque[float] = deque()
    count = 0
    for moment in moments:
        while log and log[0] + 60 <= moment:
            log.popleft()
        if len(log) < ceiling:
            log.append(moment)
            count += 1
    return count


def accuracy() -> None:
    """Print what an adversary gets, and what a busy caller loses."""
    allowance = Allowance((Window("minute", 60, 100, 115),))
    edge = [
        minute * 60 + side + place * 1e-3 for minute in range(1, 20) for side in (-0.4, 0.1) for place in range(300)
    ]
    print(f"adversary at the edge of the minute: peak {peak(admitted(edge, allowance))} of a ceiling of 115: ratio "
          f"{peak(admitted(edge, allowance)) / 115:.2f}")  # fmt: skip
    chance = random.Random(1)  # noqa: S311 - traffic, no secret
    for rate in (100, 1_000):
        moments, now = [], 0.0
        while (now := now + chance.expovariate(rate / 60)) < 60 * 20:
            moments.append(now)
        passed, exact = len(admitted(moments, Allowance((Window("minute", 60, rate, rate),)))), exactly(moments, rate)
        print(
            f"random traffic at a limit of {rate}: {passed} pass, {exact} by an exact log: ratio {passed / exact:.4f}"
        )


def main() -> None:
    """Print a line for each claim."""
    in_process()
    with a_valkey() as valkey:
        asyncio.run(over_a_server(valkey.url))
    accuracy()


if __name__ == "__main__":
    main()
