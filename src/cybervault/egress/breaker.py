"""Stop asking a source that does not answer: closed, open, and half-open with one probe, per source and key."""

from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cybervault.domain.clock import Clock

FAILURES_TO_OPEN: Final = 5
OPEN_SECONDS: Final = 30.0
ENTRIES_MAX: Final = 4096


class BreakerState(StrEnum):
    """Whether calls go through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(slots=True)
class _Failing:
    failures: int = 0
    open_until: float = 0.0
    """When the next call may go, by the clock's seconds; each probe sets it anew, so a lost probe blocks no longer."""


class Breaker:
    """One switch for each (source, key fingerprint); a lane without failures takes no room.

    Ask `allows` before each call and report its end by `succeeded` or `failed`; an answer that only says no
    (unknown, bad key, quota) is a success. Above `ENTRIES_MAX` failing lanes the one longest silent is forgotten.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failing: OrderedDict[tuple[str, str], _Failing] = OrderedDict()

    def allows(self, source: str, fingerprint: str) -> bool:
        """Whether a call may go now; in half-open the first to ask becomes the probe."""
        lane = self._failing.get((source, fingerprint))
        if lane is None or lane.failures < FAILURES_TO_OPEN:
            return True
        if self._clock.seconds() < lane.open_until:
            return False
        lane.open_until = self._clock.seconds() + OPEN_SECONDS
        return True

    def succeeded(self, source: str, fingerprint: str) -> None:
        """Report a reply: the lane is closed and its count gone."""
        self._failing.pop((source, fingerprint), None)

    def failed(self, source: str, fingerprint: str) -> None:
        """Report a call without a usable reply."""
        lane = self._failing.setdefault((source, fingerprint), _Failing())
        lane.failures += 1
        if lane.failures >= FAILURES_TO_OPEN:
            lane.open_until = self._clock.seconds() + OPEN_SECONDS
        self._failing.move_to_end((source, fingerprint))
        if len(self._failing) > ENTRIES_MAX:
            self._failing.popitem(last=False)

    def state(self, source: str, fingerprint: str) -> BreakerState:
        """What `allows` would say, without taking the probe."""
        lane = self._failing.get((source, fingerprint))
        if lane is None or lane.failures < FAILURES_TO_OPEN:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._clock.seconds() < lane.open_until else BreakerState.HALF_OPEN
