"""What keys have used of their limits at this moment, as the limiter itself counts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cybervault.access.keys import Keys
from cybervault.access.life import Key
from cybervault.access.limits.limiter import Limiter
from cybervault.access.limits.tables import COUNTED, Counted, Window, standing_in
from cybervault.access.usage import Usage
from cybervault.domain.clock import Clock
from cybervault.domain.principals import Principal

KEYS_MAX: Final = 100
_LONGEST: Final = timedelta(hours=1)
"""What was used longer ago is in no window any more."""


@dataclass(frozen=True, slots=True)
class WindowUse:
    """A window and how many calls it counts."""

    window: Window
    used: int

    @property
    def share(self) -> float:
        """How full it is; above 1 while burst is being used."""
        return self.used / self.window.published


@dataclass(frozen=True, slots=True)
class Consumed:
    """What a key has used of one class of calls on one face."""

    key: Key
    counted: Counted
    uses: tuple[WindowUse, ...]

    @property
    def share(self) -> float:
        """How full its fullest window is."""
        return max(use.share for use in self.uses)


class Consumption:
    """Asks the limiter about keys; to ask counts for no call."""

    def __init__(self, keys: Keys, *, usage: Usage, limiter: Limiter, clock: Clock) -> None:
        self._keys = keys
        self._usage = usage
        self._limiter = limiter
        self._clock = clock

    async def of(self, by: Principal) -> tuple[Consumed, ...]:
        """Whatever counts a call now, of the keys that the caller may look at; the fullest first.

        Of more than `KEYS_MAX` keys in use, those that were used last.
        """
        found = [await self._one(by, key, counted) for key in await self._in_use(by) for counted in COUNTED]
        return tuple(sorted((one for one in found if one.share), key=lambda one: -one.share))

    async def _in_use(self, by: Principal) -> list[Key]:
        await self._usage.flush()
        since = self._clock.now() - _LONGEST
        used = [(at, key) for key in await self._keys.list_for(by) if (at := _last_use(key)) is not None and at > since]
        return [key for _, key in sorted(used, key=lambda pair: pair[0], reverse=True)[:KEYS_MAX]]

    async def _one(self, by: Principal, key: Key, counted: Counted) -> Consumed:
        standing = standing_in(counted, key.id, by.plan, overrides=by.overrides)
        calls = await self._limiter.used(standing.bucket, standing.allowance)
        uses = zip(standing.allowance.windows, calls, strict=True)
        return Consumed(key, counted, tuple(WindowUse(window, used) for window, used in uses))


def _last_use(key: Key) -> datetime | None:
    return max((secret.last_used_at for secret in key.secrets if secret.last_used_at is not None), default=None)
