"""Kinds of traffic in virtual time, and what is counted of it exactly."""

import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from cybervault.access.limits.ring import SECOND
from cybervault.access.limits.tables import Allowance, Window

MINUTE: Final = 60 * SECOND


def minute_of(published: int, *, ceiling: int = 0, queued_max: int = 0, wait_seconds_max: float = 0.0) -> Allowance:
    """An allowance of one minute."""
    return Allowance((Window("minute", 60, published, ceiling or published),), queued_max, wait_seconds_max)


def peak(moments: Sequence[int], span: int) -> int:
    """The most calls in any half-open window."""
    inside: deque[int] = deque()
    most = 0
    for moment in sorted(moments):
        inside.append(moment)
        while inside[0] + span <= moment:
            inside.popleft()
        most = max(most, len(inside))
    return most


def exactly_admitted(moments: Sequence[int], ceiling: int, span: int) -> int:
    """How many an exact log would admit."""
    log: deque[int] = deque()
    admitted = 0
    for moment in moments:
        while log and log[0] + span <= moment:
            log.popleft()
        if len(log) < ceiling:
            log.append(moment)
            admitted += 1
    return admitted


def _steady_flood(rate: int, minutes: int) -> list[int]:
    step = MINUTE // (5 * rate)
    return list(range(0, minutes * MINUTE, step))


def _poisson(rate: int, minutes: int) -> list[int]:
    chance, moment, moments = random.Random(1), 0.0, []  # noqa: S311 - traffic, no secret
    while (moment := moment + chance.expovariate(rate / MINUTE)) < minutes * MINUTE:
        moments.append(int(moment))
    return moments


def _bursts(rate: int, minutes: int) -> list[int]:
    chance, moment, moments = random.Random(2), 0.0, []  # noqa: S311 - same
    while (moment := moment + chance.expovariate(1 / (20 * SECOND))) < minutes * MINUTE:
        start, size = int(moment), chance.randint(1, rate)
        moments += [start + place * 2_000 for place in range(size)]
    return sorted(moments)


def adversary(rate: int, minutes: int) -> list[int]:
    """Who fills the end of one minute and the beginning of the next, over and over."""
    return [
        minute * MINUTE + side * SECOND // 10 + place
        for minute in range(1, minutes)
        for side in (-1, 1)
        for place in range(rate)
    ]


def _below(rate: int, minutes: int) -> list[int]:
    return list(range(0, minutes * MINUTE, MINUTE * 10 // (9 * rate)))


KINDS: Final[Mapping[str, Callable[[int, int], list[int]]]] = {
    "steady flood": _steady_flood,
    "poisson at the limit": _poisson,
    "random bursts": _bursts,
    "adversary at the edge": adversary,
    "nine tenths of the limit": _below,
}
