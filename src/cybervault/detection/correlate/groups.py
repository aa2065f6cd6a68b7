"""The groups of one correlation: when each comes true, and the bound on how many are remembered."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from cybervault.detection.correlate.correlation import Correlation, Kind
from cybervault.detection.correlate.windows import Entry, Window, window_of

SAMPLE_MAX: Final = 10
VALUES_MAX: Final = 1_000
"""So many different values of one burst are told apart; more are told as at least so many."""

_MICROSECONDS: Final = 1_000_000


@dataclass(slots=True)
class Burst:
    """A run of events of one group at each of which the condition held; times are in microseconds since 1970."""

    key: tuple[str, ...]
    first: int
    last: int
    count: int
    sample: tuple[Entry, ...]
    values: set[str] = field(default_factory=set)
    is_capped: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a group: whether the condition holds, a burst that began, and those that are over."""

    holds: bool
    begun: Burst | None
    over: tuple[Burst, ...]


@dataclass(slots=True)
class _Group:
    window: Window
    last: int
    burst: Burst | None = None
    size: int = 0


class Groups:
    """They are given what happened in the order of its time, all of one moment and group together.

    `evicted` counts groups that were forgotten before their time, those first that were quiet for longest.
    """

    def __init__(self, correlation: Correlation, groups_max: int, entries_max: int) -> None:
        self._correlation = correlation
        self._span = correlation.seconds * _MICROSECONDS
        self._groups_max = groups_max
        self._entries_max = entries_max
        self._groups: OrderedDict[tuple[str, ...], _Group] = OrderedDict()
        self._entries = 0
        self.evicted = 0

    def __len__(self) -> int:
        return len(self._groups)

    def take(self, batch: Sequence[Entry]) -> Taken:
        """What these entries of one group change; expired groups must have been dropped before."""
        at, key = batch[0].moment, batch[0].key
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group(window_of(self._correlation), at)
        else:
            self._groups.move_to_end(key)
        group.last = at
        count = group.window.add(batch, at - self._span)
        holds = self._correlation.condition.holds(count)
        begun, over = self._changed(group, batch, count if holds else None)
        group.window.trim()
        self._measure(group)
        return Taken(holds, begun, (*(() if over is None else (over,)), *self._evict()))

    def expire(self, moment: int) -> Iterator[Burst]:
        """Drop the groups of which nothing lies within the timespan any more."""
        while self._groups and next(iter(self._groups.values())).last < moment - self._span:
            yield from self._drop()

    def drop_all(self) -> Iterator[Burst]:
        """Forget all groups."""
        while self._groups:
            yield from self._drop()

    def _changed(self, group: _Group, batch: Sequence[Entry], count: int | None) -> tuple[Burst | None, Burst | None]:
        """The burst that begins and the one that is over; `count` is None where the condition does not hold."""
        burst = group.burst
        if count is None:
            group.burst = None
            return None, burst
        if burst is None:
            evidence = group.window.evidence()
            at = batch[0].moment
            burst = group.burst = Burst(batch[0].key, evidence[0].moment, at, count, tuple(evidence[:SAMPLE_MAX]))
            self._tell_apart(burst, evidence)
            return burst, None
        burst.last = batch[0].moment
        if self._correlation.kind is Kind.EVENT_COUNT:
            burst.count += len(batch)
        burst.count = max(burst.count, count)
        self._tell_apart(burst, batch)
        return None, None

    def _tell_apart(self, burst: Burst, entries: Sequence[Entry]) -> None:
        if self._correlation.kind not in {Kind.VALUE_COUNT, Kind.TEMPORAL}:
            return
        for value in (value for entry in entries for value in entry.values):
            if len(burst.values) < VALUES_MAX:
                burst.values.add(value)
            elif value not in burst.values:
                burst.is_capped = True
        burst.count = max(burst.count, len(burst.values))

    def _measure(self, group: _Group) -> None:
        size = len(group.window) + (0 if group.burst is None else len(group.burst.values))
        self._entries += size - group.size
        group.size = size

    def _evict(self) -> Iterator[Burst]:
        while len(self._groups) > 1 and (len(self._groups) > self._groups_max or self._entries > self._entries_max):
            self.evicted += 1
            yield from self._drop()

    def _drop(self) -> Iterator[Burst]:
        _, group = self._groups.popitem(last=False)
        self._entries -= group.size
        if group.burst is not None:
            yield group.burst
