"""Addresses, domains and hashes that events name, each once: little enough to be kept of a whole batch.

What only means something inside a network, as private addresses do, is nobody's to know and is left out.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import zip_longest
from typing import Final

import msgspec

from cybervault.detection.entities import DOMAIN, HASH, HOST, IP, Entities, named, names_of
from cybervault.detection.normal.glance import HOSTS, flat_of, moment_of
from cybervault.detection.normal.values import value_of
from cybervault.detection.record import Record, at_of
from cybervault.domain.observables import (
    ADDRESS_KINDS,
    HASH_KINDS,
    Kind,
    Observable,
    is_outside_address,
    parse_observable,
)
from cybervault.domain.problems import Problem

MENTIONS_MAX: Final = 5_000
HOSTS_MAX: Final = 10
"""So many hosts on which one was seen are told."""

_KINDS: Final = {IP: ADDRESS_KINDS, DOMAIN: frozenset({Kind.DOMAIN}), HASH: HASH_KINDS}
_PAIRS: Final = (*((name, HOST) for name in HOSTS), *((name, kind) for kind in _KINDS for name in names_of(kind)))
_NAMES: Final = tuple(name for name, _ in _PAIRS)
_KINDS_OF_NAMES: Final = tuple(kind for _, kind in _PAIRS)


class Mention(msgspec.Struct, frozen=True):
    """How many events name something, the first hosts that they are of, and about when one of each did, if it tells."""

    observable: Observable
    count: int
    hosts: tuple[str, ...] = ()
    moments: tuple[datetime | None, ...] = ()

    def by_host(self) -> dict[str, datetime | None]:
        """The hosts with their moments."""
        return dict(zip_longest(self.hosts, self.moments))


class Mentions:
    """At most so many are told apart; how often others were named is counted in `left_out`."""

    def __init__(self, most: int = MENTIONS_MAX) -> None:
        self.most = most
        self._by_observable: dict[Observable, Mention] = {}
        self.left_out = 0

    def __len__(self) -> int:
        return len(self._by_observable)

    def __iter__(self) -> Iterator[Mention]:
        return iter(self._by_observable.values())

    def add(self, one: Mention) -> None:
        """Count it, with what was counted before."""
        known = self._by_observable.get(one.observable)
        if known is not None:
            hosts = known.by_host()
            for host, at in one.by_host().items():
                if host in hosts or len(hosts) < HOSTS_MAX:
                    hosts[host] = max(filter(None, (hosts.get(host), at)), default=None)
            count = known.count + one.count
            self._by_observable[one.observable] = Mention(one.observable, count, (*hosts,), (*hosts.values(),))
        elif len(self._by_observable) < self.most:
            self._by_observable[one.observable] = one
        else:
            self.left_out += one.count

    def add_all(self, about: Entities, count: int, at: datetime | None) -> None:
        """Count what so many events name, all of them on one host, and one of them at this moment."""
        host = next((value for kind, value in about if kind == HOST), None)
        for kind, text in about:
            observable = _observable(kind, text)
            if observable is not None:
                self.add(Mention(observable, count, *(((host,), (at,)) if host is not None else ())))


class Glossary:
    """What the events of a portion name, noted in a moment for each event and read at the end: most name the same."""

    def __init__(self) -> None:
        self._noted: Counter[tuple[object, ...]] = Counter()
        self._read: Counter[Entities] = Counter()
        self._moments: dict[tuple[object, ...], datetime | None] = {}

    def note(self, event: Mapping[str, object]) -> None:
        """One that was judged at a glance."""
        values = tuple(map((flat_of(event) or {}).get, _NAMES))
        try:
            is_new = values not in self._noted
        except TypeError:  # a list, which cannot be counted as it is
            values = tuple(map(value_of, values))
            is_new = values not in self._noted
        if is_new:
            self._moments[values] = moment_of(event)
        self._noted[values] += 1

    def read(self, records: tuple[Record, ...]) -> None:
        """One that was read whole."""
        about = dict.fromkeys(one for record in records for one in record.entities)
        if any(kind in _KINDS for kind, _ in about):
            names = tuple(about)
            self._moments.setdefault(names, at_of(records))
            self._read[names] += 1

    def mentions(self) -> Mentions:
        """All that was named."""
        found = Mentions()
        for values, count in self._noted.items():
            texts = (value if isinstance(value, str | tuple) else None for value in values)
            about = named(zip(_KINDS_OF_NAMES, texts, strict=True))
            found.add_all(about, count, self._moments[values])
        for about, count in self._read.items():
            found.add_all(about, count, self._moments[about])
        return found


def on_mentions(mentions: Mentions) -> tuple[str, ...]:
    """A sentence on what had no room, where there is any."""
    if not mentions.left_out:
        return ()
    return (f"The first {mentions.most:,} addresses, domains and hashes were looked up; events name more.",)


@lru_cache(maxsize=8192)
def _observable(kind: str, text: str) -> Observable | None:
    """Remembered, because one host's events repeat a few."""
    if kind not in _KINDS:
        return None
    try:
        found = parse_observable(text.rstrip(".") if kind == DOMAIN else text)
    except Problem:
        return None
    if found.kind not in _KINDS[kind] and not (kind == DOMAIN and found.kind in ADDRESS_KINDS):
        return None
    return None if found.kind in ADDRESS_KINDS and not is_outside_address(found.address) else found
