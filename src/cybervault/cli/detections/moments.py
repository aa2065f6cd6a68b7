"""How many events matched when: counted within bounds, whatever times the telemetry claims."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cybervault.domain.assessments import rank_of
from cybervault.domain.verdicts import Severity

SEVERITIES: Final = tuple(reversed(Severity))
"""The worst first."""

_KEYS_MAX: Final = 4096
_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR
_YEAR: Final = 365 * _DAY
# Widths that people can read, in seconds.
_WIDTHS: Final = (
    1, 2, 5, 10, 30, _MINUTE, 2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 30 * _MINUTE,
    _HOUR, 2 * _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY, 30 * _DAY, 90 * _DAY,
    _YEAR, 10 * _YEAR, 100 * _YEAR, 1000 * _YEAR,
)  # fmt: skip
# A clock that was wrong makes one event of 1601; where all others fill less than a tenth, it is told and not drawn.
_STRAY_SHARE: Final = 0.01
_STRAY_SPAN: Final = 10
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Bar:
    """Events with a match from a moment on, by their worst severity in the order of `SEVERITIES`."""

    begin: datetime
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Bars:
    """All bars are of one width, and none is left out between the first and the last; `strays` are not in them."""

    seconds: int
    bars: tuple[Bar, ...]
    strays: int = 0


class Moments:
    """Counts by time that grow coarser as the time grows longer."""

    def __init__(self) -> None:
        self._width = 1
        self._counts: dict[int, list[int]] = {}

    def add(self, at: datetime, severity: Severity) -> None:
        """One event with a match."""
        key = _seconds(at) // self._width
        counts = self._counts.setdefault(key, [0] * len(SEVERITIES))
        counts[len(SEVERITIES) - rank_of(severity)] += 1
        while len(self._counts) > _KEYS_MAX:
            self._coarsen()

    def bars(self, most: int) -> Bars:
        """At most so many bars, of the narrowest width that does."""
        by_second = {key * self._width: counts for key, counts in sorted(self._counts.items())}
        kept = _without_strays(by_second)
        strays = sum(map(sum, by_second.values())) - sum(map(sum, kept.values()))
        if not kept:
            return Bars(1, ())
        first, last = min(kept), max(kept)
        width = next(
            (one for one in _WIDTHS if one >= self._width and last // one - first // one < most), _WIDTHS[-1]
        )  # fmt: skip
        merged = _merged(kept, width)
        numbers = range(first // width, last // width + 1)
        empty = [0] * len(SEVERITIES)
        bars = tuple(Bar(_moment(number * width), tuple(merged.get(number, empty))) for number in numbers)
        return Bars(width, bars, strays)

    def _coarsen(self) -> None:
        self._width *= 2
        self._counts = _merged(self._counts, 2)


def _merged(counts: Mapping[int, list[int]], width: int) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for key, values in counts.items():
        kept = found.setdefault(key // width, [0] * len(SEVERITIES))
        for place, value in enumerate(values):
            kept[place] += value
    return found


def _without_strays(by_second: Mapping[int, list[int]]) -> Mapping[int, list[int]]:
    """Those without the few that lie far outside of all others; seconds stand in order."""
    seconds = list(by_second)
    allowed = int(sum(map(sum, by_second.values())) * _STRAY_SHARE)
    low, high = _inside(iter(seconds), by_second, allowed), _inside(reversed(seconds), by_second, allowed)
    if low is None or high is None:
        return by_second
    near = high - low + _HOUR
    if seconds[-1] - seconds[0] <= _STRAY_SPAN * near:
        return by_second
    return {second: counts for second, counts in by_second.items() if low - near <= second <= high + near}


def _inside(seconds: Iterator[int], by_second: Mapping[int, list[int]], allowed: int) -> int | None:
    """The first second before which more events lie than may be strays."""
    for second in seconds:
        allowed -= sum(by_second[second])
        if allowed < 0:
            return second
    return None


def _seconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(seconds=1)


def _moment(seconds: int) -> datetime:
    """Widths of centuries begin before the first year that a date can say."""
    begin = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // timedelta(seconds=1)
    return _EPOCH + timedelta(seconds=max(seconds, begin))


def spoken(seconds: int) -> str:
    """A width in words: `5 minutes`."""
    units = ((_YEAR, "year"), (_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute"), (1, "second"))
    size, word = next((size, word) for size, word in units if seconds >= size)
    count = seconds // size
    return f"{count:,} {word}{'' if count == 1 else 's'}"
