"""How often a caller may ask: fixed windows that start at a caller's first request."""

import ipaddress
import math
from dataclasses import dataclass
from typing import Final

from cybervault.domain.clock import Clock
from cybervault.domain.observables import Address

_CALLERS_MAX: Final = 100_000
_IPV6_CALLER_BITS: Final = 64


@dataclass(frozen=True, slots=True)
class Limit:
    """`calls` in each window of `seconds`."""

    calls: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether the call may pass; if not, after how many whole seconds (at least 1) it may."""

    is_allowed: bool
    retry_after_seconds: int = 0


class FixedWindows:
    """One window per caller, kept in memory and bounded in number: the oldest callers are forgotten first."""

    def __init__(self, limit: Limit, clock: Clock, *, callers_max: int = _CALLERS_MAX) -> None:
        self.limit = limit
        self._clock = clock
        self._callers_max = callers_max
        self._windows: dict[str, tuple[float, int]] = {}

    def admit(self, caller: str) -> Admission:
        """Count one call. A refused call does not lengthen the window."""
        now = self._clock.seconds()
        start, used = self._windows.get(caller, (now, 0))
        if now >= start + self.limit.seconds:
            start, used = now, 0
        if used >= self.limit.calls:
            return Admission(is_allowed=False, retry_after_seconds=max(1, math.ceil(start + self.limit.seconds - now)))
        self._windows.pop(caller, None)
        self._windows[caller] = (start, used + 1)
        if len(self._windows) > self._callers_max:
            self._forget(now)
        return Admission(is_allowed=True)

    def _forget(self, now: float) -> None:
        for caller in [name for name, (start, _) in self._windows.items() if now >= start + self.limit.seconds]:
            del self._windows[caller]
        while len(self._windows) > self._callers_max:
            del self._windows[next(iter(self._windows))]


def caller_of(address: Address | None) -> str:
    """The name under which an address is counted; IPv6 by its /64, which is what one customer gets."""
    if address is None:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(address), _IPV6_CALLER_BITS), strict=False).network_address)
    return str(address)
