"""Whom matches are about: how often a rule fired on a host and a user within an hour.

That is little enough to be kept of all matches of a file or a batch.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, TypeAlias

import msgspec

SIGHTINGS_MAX: Final = 20_000

_Key: TypeAlias = tuple[str, str, str, bool, datetime | None]


class Sighting(msgspec.Struct, frozen=True):
    """A rule on a host and a user; both may be empty, and times None, where events tell nothing."""

    rule_id: str
    host: str
    user: str
    is_certain: bool
    count: int = 1
    first: datetime | None = None
    last: datetime | None = None


class Sightings:
    """At most so many are told apart; the matches of others are counted in `left_out`."""

    def __init__(self, most: int = SIGHTINGS_MAX) -> None:
        self._most = most
        self._by_key: dict[_Key, Sighting] = {}
        self.left_out = 0

    def __iter__(self) -> Iterator[Sighting]:
        return iter(self._by_key.values())

    def add(self, one: Sighting) -> None:
        """Count what was seen, with what was seen in the same hour; names are the same in any case."""
        hour = None if one.last is None else one.last.replace(minute=0, second=0, microsecond=0)
        key = (one.rule_id, one.host.casefold(), one.user.casefold(), one.is_certain, hour)
        known = self._by_key.get(key)
        if known is not None:
            self._by_key[key] = _merged(known, one)
        elif len(self._by_key) < self._most:
            self._by_key[key] = one
        else:
            self.left_out += one.count


def on_crowd(sightings: Sightings) -> tuple[str, ...]:
    """A sentence on matches that had no room, where there are any."""
    if not sightings.left_out:
        return ()
    return (f"{sightings.left_out:,} matches were too many to count for the risk of hosts and users.",)


def _merged(one: Sighting, other: Sighting) -> Sighting:
    return msgspec.structs.replace(
        one,
        count=one.count + other.count,
        first=min(filter(None, (one.first, other.first)), default=None),
        last=max(filter(None, (one.last, other.last)), default=None),
    )
