"""Correlations over the time of events: whatever order they come in, the same is told.

Events wait until none from before them is expected any more, then they are taken in the order of their time, all of
one moment together. What cannot wait or be remembered is counted in `report`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from heapq import heappop, heappush
from typing import Final

from cybervault.detection.correlate.correlation import CorrelationMatch, Kind, Sighting
from cybervault.detection.correlate.groups import Burst, Groups
from cybervault.detection.correlate.plan import Feed, Plan
from cybervault.detection.correlate.signals import Signal, short, texts_of
from cybervault.detection.correlate.windows import Entry
from cybervault.detection.engine import Match
from cybervault.detection.record import Record, Value

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_SWEEP: Final = 1_000_000  # microseconds of event time between looks at groups that nothing was added to
_BEGINNING: Final = -(1 << 62)


@dataclass(frozen=True, slots=True)
class Limits:
    """`lateness` None waits for the end, or until `pending` matches wait; `groups` and `entries` are by correlation.

    One group alone may exceed `entries`, by what the largest condition wants.
    """

    lateness: timedelta | None = timedelta(seconds=60)
    pending: int = 200_000
    groups: int = 50_000
    entries: int = 200_000


USUAL: Final = Limits()


class Telling(StrEnum):
    """When a burst is told: as soon as it begins, with what is known by then, or as a whole when it is over."""

    AT_ONCE = "at_once"
    WHEN_OVER = "when_over"


@dataclass(slots=True)
class Report:
    """What could not be counted, in matches: none of it is silent.

    `late` came after the time they belong to was closed; `without_time` had none and the caller gave none;
    `without_field` lack a field that is grouped by or counted. `hurried` were taken early because too many waited,
    which may make others late. `evicted` are groups forgotten for others, by the correlation's id. `unwanted` were
    kept for a correlation that is no longer in force.
    """

    late: int = 0
    without_time: int = 0
    without_field: int = 0
    hurried: int = 0
    unwanted: int = 0
    evicted: tuple[tuple[str, int], ...] = ()


class Correlator:
    """Used in one thread."""

    def __init__(self, plan: Plan, *, limits: Limits = USUAL, telling: Telling = Telling.AT_ONCE) -> None:
        self._plan = plan
        self._limits = limits
        self._telling = telling
        self._lateness = None if limits.lateness is None else limits.lateness // _MICROSECOND
        self._report = Report()
        self._pending: list[Entry] = []
        self._closed = self._swept = _BEGINNING
        self._groups = tuple(Groups(one, limits.groups, limits.entries) for one in plan.steps)

    @property
    def report(self) -> Report:
        """What was left out so far."""
        evicted = [(step.rule.id, one.evicted) for step, one in zip(self._plan.steps, self._groups, strict=True)]
        self._report.evicted = tuple(one for one in evicted if one[1])
        return self._report

    def add(
        self, record: Record, matches: Iterable[Match], *, event: str = "", received: datetime | None = None
    ) -> tuple[CorrelationMatch, ...]:
        """Count what rules say of an event, and tell what has come true by now.

        `event` is what it is called in samples. `received` stands for the time of an event that has none, or one
        further ahead of it than the lateness: a wrong clock must not make everybody else late. Matches that are not
        certain do not count.
        """
        feeds = [feed for one in matches if one.is_certain for feed in self._plan.by_source.get(one.rule.id, ())]
        return self._count(feeds, Signal("", event, record.at, record.fields), received)

    def count(self, signal: Signal) -> tuple[CorrelationMatch, ...]:
        """Count what was kept of a match, as `add` counts matches."""
        feeds = self._plan.by_source.get(signal.rule, ())
        self._report.unwanted += not feeds
        return self._count(feeds, signal, None)

    def advance(self, now: datetime) -> tuple[CorrelationMatch, ...]:
        """Tell what has come true where no event came to make time pass."""
        if self._lateness is not None:
            self._closed = max(self._closed, _moment(now) - self._lateness)
        return (*self._release(), *self._sweep(self._closed))

    def finish(self) -> tuple[CorrelationMatch, ...]:
        """Wait no longer: take all, tell all, and begin anew."""
        self._closed = -_BEGINNING
        found = [*self._release()]
        for step, groups in enumerate(self._groups):
            found += self._over(step, groups.drop_all())
        self._closed = self._swept = _BEGINNING
        return tuple(found)

    def _count(self, feeds: Sequence[Feed], signal: Signal, received: datetime | None) -> tuple[CorrelationMatch, ...]:
        if not feeds and self._lateness is None:
            return ()  # most events: nothing fires, and no time passes before the end
        moment = self._moment(signal.at, received)
        if moment is None:
            self._report.without_time += len(feeds)
            return ()
        if moment < self._closed:
            self._report.late += len(feeds)
            return ()
        for feed in feeds:
            self._wait(feed, signal.fields, moment=moment, event=signal.event)
        if self._lateness is not None:
            self._closed = max(self._closed, moment - self._lateness)
        return tuple(self._release()) if self._pending else ()

    def _moment(self, at: datetime | None, received: datetime | None) -> int | None:
        moment = None if at is None else _moment(at)
        if received is None:
            return moment
        now = _moment(received)
        is_ahead = moment is not None and self._lateness is not None and moment > now + self._lateness
        return now if moment is None or is_ahead else moment

    def _wait(self, feed: Feed, fields: Mapping[str, Value], *, moment: int, event: str) -> None:
        entry = self._entry(feed, fields, moment=moment, event=event)
        if entry is None:
            self._report.without_field += 1
        else:
            heappush(self._pending, entry)

    def _entry(self, feed: Feed, fields: Mapping[str, Value], *, moment: int, event: str) -> Entry | None:
        key = _together(fields, feed.group_by)
        values = _apart(fields, feed.fields) if feed.fields else (str(feed.position),)
        return None if key is None or not values else Entry(moment, feed.step, key, feed.position, values, event)

    def _release(self) -> Iterator[CorrelationMatch]:
        pending = self._pending
        while pending and (pending[0].moment < self._closed or len(pending) > self._limits.pending):
            moment = pending[0].moment
            batch = []
            while pending and pending[0].moment == moment:
                batch.append(heappop(pending))
            if moment >= self._closed:
                self._report.hurried += len(batch)
                self._closed = moment + 1
            yield from self._take(moment, batch)

    def _take(self, moment: int, batch: Iterable[Entry]) -> Iterator[CorrelationMatch]:
        """All that happened at one moment, correlations behind those they refer to."""
        waiting: dict[int, dict[tuple[str, ...], list[Entry]]] = {}
        for entry in batch:
            waiting.setdefault(entry.step, {}).setdefault(entry.key, []).append(entry)
        for step, groups in enumerate(self._groups):
            for _, entries in sorted(waiting.get(step, {}).items()):
                yield from self._over(step, groups.expire(moment))
                taken = groups.take(sorted(entries))
                if taken.begun is not None and self._telling is Telling.AT_ONCE:
                    yield from self._told(step, taken.begun)
                yield from self._over(step, taken.over)
                for entry in self._signals(step, entries[0], holds=taken.holds, is_new=taken.begun is not None):
                    waiting.setdefault(entry.step, {}).setdefault(entry.key, []).append(entry)
        if moment - self._swept >= _SWEEP:
            yield from self._sweep(moment)

    def _signals(self, step: int, entry: Entry, *, holds: bool, is_new: bool) -> Iterator[Entry]:
        """What a correlation that holds says to others: to those on time at each event, to those that count once."""
        correlation = self._plan.steps[step]
        fields = dict(zip(correlation.group_by, entry.key, strict=True))
        for feed in self._plan.by_source.get(correlation.rule.id, ()) if holds else ():
            if is_new or self._plan.steps[feed.step].kind in {Kind.TEMPORAL, Kind.TEMPORAL_ORDERED}:
                found = self._entry(feed, fields, moment=entry.moment, event=entry.event)
                if found is None:
                    self._report.without_field += 1
                else:
                    yield found

    def _sweep(self, moment: int) -> Iterator[CorrelationMatch]:
        self._swept = moment
        for step, groups in enumerate(self._groups):
            yield from self._over(step, groups.expire(moment))

    def _over(self, step: int, bursts: Iterable[Burst]) -> Iterator[CorrelationMatch]:
        for burst in bursts:
            if self._telling is Telling.WHEN_OVER:
                yield from self._told(step, burst)

    def _told(self, step: int, burst: Burst) -> Iterator[CorrelationMatch]:
        correlation, sources = self._plan.steps[step], self._plan.sources[step]
        if correlation.rule.id in self._plan.silent:
            return
        yield CorrelationMatch(
            correlation=correlation,
            group=tuple(zip(correlation.group_by, burst.key, strict=True)),
            first=_at(burst.first),
            last=_at(burst.last),
            count=burst.count,
            is_capped=burst.is_capped,
            sample=tuple(Sighting(_at(one.moment), sources[one.position], one.event) for one in burst.sample),
        )


def _moment(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def _at(moment: int) -> datetime:
    return _EPOCH + timedelta(microseconds=moment)


def _together(fields: Mapping[str, Value], names: Iterable[str]) -> tuple[str, ...] | None:
    """One text for each field, in small letters; None where one of them is not there."""
    found = []
    for name in names:
        texts = texts_of(fields.get(name))
        if not texts:
            return None
        found.append(texts[0] if len(texts) == 1 else short(", ".join(sorted(set(texts)))))
    return tuple(found)


def _apart(fields: Mapping[str, Value], names: tuple[str, ...]) -> tuple[str, ...]:
    """The values of one field, or of several fields together as one value."""
    if len(names) == 1:
        return tuple(sorted(set(texts_of(fields.get(names[0])))))
    found = _together(fields, names)
    return () if found is None else ("\x1f".join(found),)
