"""Calls of a key in equal steps of time, by how they ended and with which of its secrets. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

_REFUSED: Final = frozenset({401, 403, 429})
_FAULTY_FROM: Final = 400
_FAILED_FROM: Final = 500


class Outcome(StrEnum):
    """How a call ended: `refused` for want of a right or because of a limit, `faulty` for what it asked otherwise."""

    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    FAULTY = "faulty"
    FAILED = "failed"


def outcome_of(status: int) -> Outcome:
    """How a call ended, by its status."""
    if status < _FAULTY_FROM:
        return Outcome.SUCCEEDED
    if status >= _FAILED_FROM:
        return Outcome.FAILED
    return Outcome.REFUSED if status in _REFUSED else Outcome.FAULTY


@dataclass(frozen=True, slots=True)
class Tally:
    """How many calls of the step of this number since 1970 ended with a status, with the present secret or not."""

    number: int
    status: int
    is_old_secret: bool
    calls: int


@dataclass(frozen=True, slots=True)
class Count:
    """Calls of one step that ended alike, with the present secret or an older one; never none."""

    outcome: Outcome
    is_old_secret: bool
    calls: int


@dataclass(frozen=True, slots=True)
class UsageStep:
    """A step from `at` on; without counts nothing was called."""

    at: datetime
    counts: tuple[Count, ...]


def first_of(now: datetime, length: timedelta, count: int) -> int:
    """The number of the first of so many steps of which the last is going on; all begin at whole ones since 1970."""
    return int(now.timestamp() // length.total_seconds()) - count + 1


def steps_of(tallies: Iterable[Tally], length: timedelta, *, first: int, count: int) -> Sequence[UsageStep]:
    """So many steps without a gap, oldest first."""
    found: dict[int, dict[tuple[Outcome, bool], int]] = {first + number: {} for number in range(count)}
    for one in tallies:
        sums, key = found.get(one.number, {}), (outcome_of(one.status), one.is_old_secret)
        sums[key] = sums.get(key, 0) + one.calls
    return [
        UsageStep(
            datetime.fromtimestamp(number * length.total_seconds(), UTC),
            tuple(
                Count(outcome, is_old, sums[outcome, is_old])
                for outcome in Outcome
                for is_old in (False, True)
                if (outcome, is_old) in sums
            ),
        )
        for number, sums in found.items()
    ]
