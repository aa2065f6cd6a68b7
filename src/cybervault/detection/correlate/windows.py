"""What one group has shown within a correlation's timespan, each kind with the least that decides it."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from cybervault.detection.correlate.correlation import Correlation, Kind


class Entry(NamedTuple):
    """A match that counts for a correlation. Entries are in order by time, then by what they say.

    `moment` is in microseconds since 1970, so that the ends of a timespan are exact. `values` are what is told apart.
    """

    moment: int
    step: int
    key: tuple[str, ...]
    position: int
    values: tuple[str, ...]
    event: str


class Window(Protocol):
    """The last timespan of one group."""

    def add(self, batch: Sequence[Entry], since: int) -> int:
        """Take what happened at one moment, and say how many there were since then."""

    def evidence(self) -> list[Entry]:
        """What was counted, the oldest first."""

    def trim(self) -> None:
        """Forget what no later answer depends on."""

    def __len__(self) -> int: ...


def window_of(correlation: Correlation) -> Window:
    """An empty window of the kind that a correlation counts by."""
    match correlation.kind:
        case Kind.EVENT_COUNT:
            return Events(correlation.condition.told_apart)
        case Kind.VALUE_COUNT | Kind.TEMPORAL:
            return Distinct(correlation.condition.told_apart)
        case Kind.TEMPORAL_ORDERED:
            return Chains(len(correlation.rules))


class Events:
    """All events count; the latest `most` are kept."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: deque[Entry] = deque()

    def add(self, batch: Sequence[Entry], since: int) -> int:
        entries = self._entries
        while entries and entries[0].moment < since:
            entries.popleft()
        entries.extend(batch)
        return len(entries)

    def evidence(self) -> list[Entry]:
        return list(self._entries)

    def trim(self) -> None:
        while len(self._entries) > self._most:
            self._entries.popleft()

    def __len__(self) -> int:
        return len(self._entries)


class Distinct:
    """Each value counts once, by its latest event; the latest `most` values are kept."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._latest: dict[str, Entry] = {}

    def add(self, batch: Sequence[Entry], since: int) -> int:
        latest = self._latest
        stale = []
        for value, entry in latest.items():
            if entry.moment >= since:
                break
            stale.append(value)
        for value in stale:
            del latest[value]
        for entry in batch:
            for value in entry.values:
                latest.pop(value, None)
                latest[value] = entry
        return len(latest)

    def evidence(self) -> list[Entry]:
        return list(dict.fromkeys(self._latest.values()))

    def trim(self) -> None:
        surplus = len(self._latest) - self._most
        if surplus > 0:
            for value in list(self._latest)[:surplus]:
                del self._latest[value]

    def __len__(self) -> int:
        return len(self._latest)


class Chains:
    """The first rule, then the second and so on; what happened at the same moment counts as in order.

    For each length the chain that began last is kept: where it does not lie within the timespan, none does.
    """

    def __init__(self, length: int) -> None:
        self._chains: list[tuple[Entry, ...]] = [()] * length
        self._reached = 0

    def add(self, batch: Sequence[Entry], since: int) -> int:
        arrived: dict[int, Entry] = {}
        for entry in batch:
            arrived.setdefault(entry.position, entry)
        for position in sorted(arrived):
            self._extend(position, arrived[position], since)
        lasting = (number for number, one in enumerate(self._chains, start=1) if one and one[0].moment >= since)
        self._reached = max(lasting, default=0)
        return self._reached

    def _extend(self, position: int, entry: Entry, since: int) -> None:
        before = self._chains[position - 1] if position else ()
        if position and (not before or before[0].moment < since):
            return
        longer, now = (*before, entry), self._chains[position]
        if not now or longer[0].moment > now[0].moment:
            self._chains[position] = longer

    def evidence(self) -> list[Entry]:
        return list(self._chains[self._reached - 1]) if self._reached else []

    def trim(self) -> None:
        """A few chains of a few entries."""

    def __len__(self) -> int:
        return sum(map(len, self._chains))
