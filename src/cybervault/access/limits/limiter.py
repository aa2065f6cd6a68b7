"""Admit a call or not: what every limiter does, and the one that counts in this process alone."""

from collections import OrderedDict
from typing import Final, Protocol

from cybervault.access.limits import admission
from cybervault.access.limits.decision import Decision, WindowState
from cybervault.access.limits.ring import SECOND
from cybervault.access.limits.tables import Allowance
from cybervault.domain.clock import Clock

__all__ = ["Decision", "Limiter", "LocalLimiter", "WindowState"]

BUCKETS_MAX: Final = 100_000
_LOOKED_AT: Final = 2


class Limiter(Protocol):
    """Counts calls by bucket. It never fails: what it cannot ask it decides by itself."""

    async def admit(self, bucket: str, allowance: Allowance) -> Decision:
        """Decide on one call and charge it to all windows, or to none."""

    async def give_back(self, bucket: str, decision: Decision) -> None:
        """Free the place of a caller that left while waiting, if it was the last to reserve one."""

    async def used(self, bucket: str, allowance: Allowance) -> tuple[int, ...]:
        """How many calls each window counts now, those that wait too; to ask counts for none."""


class LocalLimiter:
    """Counts in this process. Above `buckets_max` callers the one longest silent is forgotten."""

    def __init__(self, clock: Clock, *, buckets_max: int = BUCKETS_MAX) -> None:
        self._clock = clock
        self._buckets_max = buckets_max
        self._buckets: OrderedDict[str, admission.Counts] = OrderedDict()

    async def admit(self, bucket: str, allowance: Allowance) -> Decision:
        return self.admit_now(bucket, allowance)

    async def give_back(self, bucket: str, decision: Decision) -> None:
        found = self._buckets.get(bucket)
        if found is not None:
            admission.give_back(found.rings, decision.ticket, self._now())

    async def used(self, bucket: str, allowance: Allowance) -> tuple[int, ...]:
        found = self._buckets.get(bucket)
        return admission.used_of(() if found is None else found.rings, allowance, self._now())

    def admit_now(self, bucket: str, allowance: Allowance) -> Decision:
        """The same as `admit`; nothing is waited for."""
        now = self._now()
        found = self._buckets.get(bucket)
        if found is None:
            self._forget(now)
            found = self._buckets[bucket] = admission.Counts(allowance)
        else:
            self._buckets.move_to_end(bucket)
            if found.allowance is not allowance:
                found.follow(allowance)
        return admission.admit(found.rings, allowance, now)

    def _forget(self, now: int) -> None:
        """For each caller that comes, look at two that were silent longest: so the idle go before memory grows."""
        for name in [name for name, _ in zip(self._buckets, range(_LOOKED_AT), strict=False)]:
            if self._buckets[name].is_idle(now):
                del self._buckets[name]
        while len(self._buckets) >= self._buckets_max:
            self._buckets.popitem(last=False)

    def _now(self) -> int:
        return round(self._clock.seconds() * SECOND)
