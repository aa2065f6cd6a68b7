"""Hears of security changes: looks for them each second, and at once on a hint, and has them forgotten."""

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from cybervault.access.cache import Cache
from cybervault.access.lease import DatabaseClock, Lease, Moment
from cybervault.access.store.epoch import EVENTS_AT_ONCE, EpochStore, SecurityEvent
from cybervault.access.subjects import Subject
from cybervault.access.verify import E, EntrySource, Verifier
from cybervault.domain.clock import Clock
from cybervault.domain.problems import Problem, ProblemKind

_LOG: Final = structlog.get_logger("cybervault.access")
PERIOD_SECONDS: Final = 1.0
_SPREAD: Final = random.Random()  # noqa: S311 - spreads load, guards nothing
# Nodes that were started together must not ask together for ever.
_SHORTEST_PERIOD: Final = 0.8
# The most that a flood of forged hints costs is a look in this time.
_PAUSE_SECONDS: Final = 0.005
_LOOK_SECONDS: Final = 1.5
# How long a change of this node may take to commit before it counts as rolled back.
_COMMIT_SECONDS: Final = 1.0
_COMMIT_PAUSE_SECONDS: Final = 0.001
_KEPT_SECONDS: Final = 3_600.0
_TIDY_SECONDS: Final = 60.0


class Follower(Protocol):
    """Whoever remembers what somebody may."""

    def drop(self, subjects: Iterable[Subject]) -> None:
        """Forget what depends on these."""

    def drop_all(self) -> None:
        """Forget everything."""


class Hints(Protocol):
    """A line between nodes that says "look now" and nothing else; it may lie, be late or be cut."""

    async def listen(self, wake: Callable[[], None]) -> None:
        """Call `wake` on each hint, and after each time without hearing, until cancelled."""

    async def send(self) -> None:
        """Wake the others, if it can be done; never fails."""


@dataclass(frozen=True, slots=True)
class _Noted:
    """A change that this node makes: its number, and when it was written down."""

    number: int
    boot: float


_BEFORE_ALL: Final = SecurityEvent(0, Subject(""), 0.0)


def _continues(last: SecurityEvent, events: Sequence[SecurityEvent]) -> bool:
    """Whether these are the newest known event and all that came after it, none missing.

    They are not when it is older than what is kept; and not in another past: a database that was restored, or that
    lost its last transactions, gives the same numbers to other events.
    """
    return bool(events) and events[0] == last and events[-1].seq - last.seq == len(events) - 1 < EVENTS_AT_ONCE - 1


class Sync:
    """One node's view of the security changes. `lease` bounds what it may remember; `date` is the database's clock.

    Whether an event that was seen is forgotten in time never depends on a hint, on another node's clock or on a timer.
    """

    def __init__(self, store: EpochStore, clock: Clock, hints: Sequence[Hints] = ()) -> None:
        self._store = store
        self._clock = clock
        self._hints = hints
        self.lease = Lease(clock)
        self._date = DatabaseClock(clock)
        self._followers: list[Follower] = []
        self._last: SecurityEvent | None = None
        self._noted: _Noted | None = None
        self._wake = asyncio.Event()
        self._is_failing = False
        self._tidied_at = clock.seconds()

    @property
    def date(self) -> Clock:
        """The clock by which rights end: the same on all nodes of a shared database."""
        return self._date if self._store.is_shared else self._clock

    def follow(self, follower: Follower) -> None:
        """From now on it is told what to forget."""
        self._followers.append(follower)

    def verifier(self, source: EntrySource[E]) -> Verifier[E]:
        """What asks this store: through a memory where other nodes share the database, else directly."""
        if not self._store.is_shared:
            return Verifier(source, self._clock)
        cache = Cache[E]()
        self.follow(cache)
        return Verifier(source, self._clock, lease=self.lease, cache=cache)

    def wake(self) -> None:
        """Look at once; what woke us is not believed, only looked after."""
        self._wake.set()

    def noted(self, number: int) -> None:
        """This node is about to commit the change of this number: nothing remembered is used until that was seen."""
        self._noted = _Noted(number, self._clock.boot_seconds())
        self.lease.drop()
        self.wake()

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for hints in self._hints:
                group.create_task(hints.listen(self.wake))
            while True:
                look = group.create_task(self._try_to_look())
                done, _ = await asyncio.wait({look}, timeout=_LOOK_SECONDS)
                if not done:
                    look.cancel()  # and not waited for: where the database hangs, so does the end of the call
                    self._failed(f"no answer within {_LOOK_SECONDS} seconds")
                await self._rest()

    async def look(self) -> None:
        """Apply all new events, and only then renew the lease, to when the look began.

        `Problem` UNAVAILABLE when the database cannot be read.
        """
        begun = Moment.of(self._clock)
        await self._follow_events()
        asked = self._clock.boot_seconds()
        self._date.set(asked, await self._store.now())
        is_ours_seen = self._is_ours_seen()
        if self._noted is None:
            self.lease.renew(begun)
        if is_ours_seen:
            for hints in self._hints:
                await hints.send()

    async def _follow_events(self) -> None:
        last = self._last
        if last is None:
            await self._start_anew()
            return
        kept = await self._store.after(last.seq - 1)
        events = (_BEFORE_ALL, *kept) if last == _BEFORE_ALL else kept
        if not _continues(last, events):
            await self._start_anew()
            return
        self._last = events[-1]
        if len(events) > 1:
            subjects = {event.subject for event in events[1:]}
            for follower in self._followers:
                follower.drop(subjects)

    async def _start_anew(self) -> None:
        """Find the newest event and forget everything; nothing is known of what happened before."""
        number = await self._store.seq()
        newest = await self._store.after(number - 1) if number else (_BEFORE_ALL,)
        self._last = newest[0] if newest else None
        for follower in self._followers:
            follower.drop_all()

    def _is_ours_seen(self) -> bool:
        """Whether the change that this node made is among what was seen; given up where it does not come."""
        noted = self._noted
        if noted is None:
            return False
        is_seen = self._last is not None and self._last.seq >= noted.number
        if is_seen or self._clock.boot_seconds() - noted.boot >= _COMMIT_SECONDS:
            self._noted = None
        return is_seen

    async def _try_to_look(self) -> None:
        try:
            await self.look()
            await self._tidy()
        except Problem as problem:
            if problem.kind is not ProblemKind.UNAVAILABLE:
                raise
            self._failed(problem.detail or problem.message)
        else:
            self._is_failing = False

    def _failed(self, reason: str) -> None:
        if not self._is_failing:
            _LOG.warning("security changes cannot be read", reason=reason)
        self._is_failing = True

    async def _tidy(self) -> None:
        if self._clock.seconds() - self._tidied_at >= _TIDY_SECONDS:
            self._tidied_at = self._clock.seconds()
            await self._store.forget(self.date.now().timestamp() - _KEPT_SECONDS)

    async def _rest(self) -> None:
        if self._noted is not None and not self._is_failing:
            await asyncio.sleep(_COMMIT_PAUSE_SECONDS)
            return
        await asyncio.sleep(_PAUSE_SECONDS)
        period = PERIOD_SECONDS * _SPREAD.uniform(_SHORTEST_PERIOD, 1)
        with suppress(TimeoutError):
            async with asyncio.timeout(period):
                await self._wake.wait()
        self._wake.clear()
