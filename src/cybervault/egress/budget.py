"""What we still allow ourselves of a source: quota per source and key, over fixed windows that begin in UTC.

A key that a user brings has its own windows, so the server's empty quota never stops it.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from cybervault.domain.clock import Clock

EXHAUST_SECONDS_MAX: Final = 86_400.0
"""A source may silence itself for a day at most, so that one odd Retry-After does not do it for a year."""

EXHAUST_SECONDS_DEFAULT: Final = 60.0
ENTRIES_MAX: Final = 16_384


@dataclass(frozen=True, slots=True)
class QuotaRule:
    """`calls` in each window of `seconds`; windows are aligned to UTC (a day begins at 00:00)."""

    calls: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Lane:
    """Whose quota it is: a source and the fingerprint of the key ("" without a key)."""

    source: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Window:
    """One window of a lane; `start` in whole seconds since 1970-01-01 UTC."""

    lane: Lane
    seconds: int
    start: int

    @property
    def end(self) -> int:
        """The first second after it."""
        return self.start + self.seconds


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left of a rule, and when it is full again."""

    rule: QuotaRule
    calls: int
    resets_at: datetime


class BudgetStore(Protocol):
    """Where counts are kept; a shared one makes many processes obey one quota."""

    async def add(self, windows: Sequence[Window]) -> Sequence[int]:
        """Count a call in each of the windows, in one atomic step; their counts after it."""

    async def take_back(self, windows: Sequence[Window]) -> None:
        """Count one call less in each of the windows, never below 0."""

    async def used(self, window: Window) -> int:
        """The count of a window, 0 for an unknown one."""

    async def block(self, lane: Lane, until: float) -> None:
        """Keep a lane blocked until a time (seconds since 1970 UTC), never shortening an earlier block."""

    async def blocked_until(self, lane: Lane) -> float:
        """The time until which a lane is blocked, 0 when it is not known to be."""


class Budget:
    """Reserve calls before they are made. Fixed windows may let up to twice a rule's calls through at a border."""

    def __init__(self, store: BudgetStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def take(self, source: str, fingerprint: str, rules: Sequence[QuotaRule]) -> bool:
        """Reserve one call in every window, or in none.

        It adds first and gives back when that was one too many, so that nodes beside each other never overspend.
        """
        lane = Lane(source, fingerprint)
        now = self._now()
        if await self._store.blocked_until(lane) > now:
            return False
        if not rules:
            return True
        windows = [_window(lane, rule, now) for rule in rules]
        counts = await self._store.add(windows)
        if any(count > rule.calls for count, rule in zip(counts, rules, strict=True)):
            await self._store.take_back(windows)
            return False
        return True

    async def give_back(self, source: str, fingerprint: str, rules: Sequence[QuotaRule]) -> None:
        """Return one reserved call that was not made, or that the source does not count."""
        lane = Lane(source, fingerprint)
        now = self._now()
        await self._store.take_back([_window(lane, rule, now) for rule in rules])

    async def exhaust(
        self, source: str, fingerprint: str, *, seconds: float | None = None, rules: Iterable[QuotaRule] = ()
    ) -> None:
        """Take the source's word that the quota is used up.

        For `seconds` (its Retry-After), or without that to the end of the shortest window of `rules`, or a
        minute; a day at most.
        """
        now = self._now()
        if seconds is None:
            ends = [_window(Lane(source, fingerprint), rule, now).end - now for rule in rules]
            seconds = min(ends, default=EXHAUST_SECONDS_DEFAULT)
        if seconds > 0:
            await self._store.block(Lane(source, fingerprint), now + min(seconds, EXHAUST_SECONDS_MAX))

    async def remaining(self, source: str, fingerprint: str, rules: Iterable[QuotaRule]) -> tuple[Remaining, ...]:
        """What each rule still allows; 0 in all of them while the source says that its quota is used up."""
        lane = Lane(source, fingerprint)
        now = self._now()
        blocked_until = await self._store.blocked_until(lane)
        left = []
        for rule in rules:
            window = _window(lane, rule, now)
            calls = 0 if blocked_until > now else max(0, rule.calls - await self._store.used(window))
            resets_at = datetime.fromtimestamp(max(float(window.end), blocked_until), UTC)
            left.append(Remaining(rule, calls, resets_at))
        return tuple(left)

    def _now(self) -> float:
        return self._clock.now().timestamp()


class MemoryBudgetStore:
    """Counts of one process; above `entries_max` windows the one longest untouched is forgotten."""

    def __init__(self, entries_max: int = ENTRIES_MAX) -> None:
        self._entries_max = entries_max
        self._counts: OrderedDict[Window, int] = OrderedDict()
        self._blocks: OrderedDict[Lane, float] = OrderedDict()

    async def add(self, windows: Sequence[Window]) -> Sequence[int]:
        return [self._count(window, 1) for window in windows]

    async def take_back(self, windows: Sequence[Window]) -> None:
        for window in windows:
            self._count(window, -1)

    async def used(self, window: Window) -> int:
        return self._counts.get(window, 0)

    async def block(self, lane: Lane, until: float) -> None:
        self._blocks[lane] = max(until, self._blocks.get(lane, 0.0))
        self._blocks.move_to_end(lane)
        if len(self._blocks) > self._entries_max:
            self._blocks.popitem(last=False)

    async def blocked_until(self, lane: Lane) -> float:
        return self._blocks.get(lane, 0.0)

    def _count(self, window: Window, calls: int) -> int:
        count = max(0, self._counts.get(window, 0) + calls)
        self._counts[window] = count
        self._counts.move_to_end(window)
        if len(self._counts) > self._entries_max:
            self._counts.popitem(last=False)
        return count


def _window(lane: Lane, rule: QuotaRule, now: float) -> Window:
    return Window(lane, rule.seconds, int(now // rule.seconds) * rule.seconds)
