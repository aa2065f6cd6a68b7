"""When matches were: counted by level in steps of a second, and in longer ones where they lie far apart."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import msgspec

from cybervault.domain.verdicts import Severity

PLACES_MAX: Final = 500
"""So many steps with matches are told apart; where there are more, steps grow."""

# Each holds a whole number of those before, so that what is counted moves into longer ones without being cut.
_STEPS: Final = (1, 10, 60, 600, 3_600, 21_600, 86_400, 604_800)
_FACTOR: Final = 10
_FIRST: Final = int(datetime(1, 1, 1, tzinfo=UTC).timestamp())


class Timeline(msgspec.Struct):
    """Counts by level, by where their step begins, in seconds since 1970; the same in any order of matches."""

    step_seconds: int = _STEPS[0]
    counts: dict[int, dict[Severity, int]] = msgspec.field(default_factory=dict)

    def add(self, at: datetime, level: Severity) -> None:
        """Count one match."""
        self._count(int(at.timestamp()), level, 1)
        self._fit()

    def merge(self, other: "Timeline") -> None:
        """Count those of another."""
        self._widen(other.step_seconds)
        for begin, levels in other.counts.items():
            for level, count in levels.items():
                self._count(begin, level, count)
        self._fit()

    def __iter__(self) -> Iterator[tuple[datetime, dict[Severity, int]]]:
        for begin in sorted(self.counts):
            yield datetime.fromtimestamp(begin, UTC), self.counts[begin]

    def _count(self, second: int, level: Severity, count: int) -> None:
        # Where the first step of all began there was no time that can be told.
        begin = max(second - second % self.step_seconds, _FIRST)
        levels = self.counts.setdefault(begin, {})
        levels[level] = levels.get(level, 0) + count

    def _fit(self) -> None:
        while len(self.counts) > PLACES_MAX:
            self._widen(next((step for step in _STEPS if step > self.step_seconds), self.step_seconds * _FACTOR))

    def _widen(self, step_seconds: int) -> None:
        if step_seconds <= self.step_seconds:
            return
        before, self.counts, self.step_seconds = self.counts, {}, step_seconds
        for begin, levels in before.items():
            for level, count in levels.items():
                self._count(begin, level, count)
