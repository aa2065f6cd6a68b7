"""Networks: the special ones in words, and which sets of lists cover an address, from mapped flat segments.

All networks are swept once into disjoint segments, so that one binary search answers with every covering list.
"""

import ipaddress
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Final, TypeAlias

from cybervault.domain.observables import Address, Kind, Observable, embedded_ipv4
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.intel.sections import Sections, broken

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

SET_NUMBER_MAX: Final = 65_535
NOTHING: Final = 0
"""The set number of what no list covers."""

_HALF: Final = 64
_LOW: Final = (1 << _HALF) - 1
_V4_SECTIONS: Final = 2
_V6_SECTIONS: Final = 3

# The special-purpose registries of IANA (RFC 6890 and later). The narrower network stands first.
_SPECIAL: Final = tuple(
    (network.version, int(network.network_address), int(network.broadcast_address), words)
    for network, words in (
        (ipaddress.ip_network(text), words)
        for text, words in (
            ("0.0.0.0/32", "unspecified address (RFC 1122)"),
            ("0.0.0.0/8", "this network (RFC 791)"),
            ("10.0.0.0/8", "private network (RFC 1918)"),
            ("100.64.0.0/10", "shared address space of providers (RFC 6598)"),
            ("127.0.0.0/8", "loopback (RFC 1122)"),
            ("169.254.169.254/32", "link-local, metadata service of clouds (RFC 3927)"),
            ("169.254.0.0/16", "link-local (RFC 3927)"),
            ("172.16.0.0/12", "private network (RFC 1918)"),
            ("192.0.0.0/24", "protocol assignments (RFC 6890)"),
            ("192.0.2.0/24", "documentation (RFC 5737)"),
            ("192.88.99.0/24", "retired 6to4 relays (RFC 7526)"),
            ("192.168.0.0/16", "private network (RFC 1918)"),
            ("198.18.0.0/15", "benchmarking (RFC 2544)"),
            ("198.51.100.0/24", "documentation (RFC 5737)"),
            ("203.0.113.0/24", "documentation (RFC 5737)"),
            ("233.252.0.0/24", "multicast for documentation (RFC 6676)"),
            ("224.0.0.0/4", "multicast (RFC 5771)"),
            ("255.255.255.255/32", "limited broadcast (RFC 919)"),
            ("240.0.0.0/4", "reserved (RFC 1112)"),
            ("::/128", "unspecified address (RFC 4291)"),
            ("::1/128", "loopback (RFC 4291)"),
            ("64:ff9b:1::/48", "local translation to IPv4 (RFC 8215)"),
            ("100::/64", "discard-only (RFC 6666)"),
            ("2001:2::/48", "benchmarking (RFC 5180)"),
            ("2001:10::/28", "retired cryptographic identifiers (RFC 4843)"),
            ("2001:20::/28", "cryptographic identifiers (RFC 7343)"),
            ("2001:db8::/32", "documentation (RFC 3849)"),
            ("3fff::/20", "documentation (RFC 9637)"),
            ("5f00::/16", "segment routing (RFC 9602)"),
            ("fc00::/7", "unique local network (RFC 4193)"),
            ("fe80::/10", "link-local (RFC 4291)"),
            ("fec0::/10", "retired site-local network (RFC 3879)"),
            ("ff00::/8", "multicast (RFC 4291)"),
        )
    )
)

_SPECIAL_NAMES: Final = {
    "alt": "name outside the DNS (RFC 9476)",
    "example": "documentation (RFC 2606)",
    "home": "name of a home network",
    "home.arpa": "name of a home network (RFC 8375)",
    "internal": "name of a private network (ICANN)",
    "invalid": "name that never exists (RFC 2606)",
    "lan": "name of a local network",
    "local": "name of the local link (RFC 6762)",
    "localhost": "loopback (RFC 6761)",
    "onion": "onion service of Tor (RFC 7686)",
    "test": "name for tests (RFC 2606)",
}


def special_use(observable: Observable) -> str | None:
    """What the address, network or host of an observable is reserved for, in words; None when it is nothing special."""
    if observable.kind is Kind.CIDR:
        network = ipaddress.ip_network(observable.value)
        return _words(network.version, int(network.network_address), int(network.broadcast_address))
    host = observable.host
    if host is None:
        return None
    return _special_address(ipaddress.ip_address(host)) if is_address(host) else _special_name(host)


def is_address(host: str) -> bool:
    """Whether the host of an observable is an address: only addresses hold colons, or digits and dots alone."""
    return ":" in host or host.replace(".", "").isdigit()


def _words(version: int, first: int, last: int) -> str | None:
    return next(
        (words for of, low, high, words in _SPECIAL if of == version and low <= first and last <= high),
        None,
    )


def _special_address(address: Address) -> str | None:
    words = _words(address.version, int(address), int(address))
    carried = embedded_ipv4(address)
    if words is not None or carried is None:
        return words
    inner = _special_address(carried)
    return None if inner is None else f"carries {carried}: {inner}"


def _special_name(host: str) -> str | None:
    top = host.rpartition(".")[2]
    if top == "arpa" and (host == "home.arpa" or host.endswith(".home.arpa")):
        top = "home.arpa"
    if top in _SPECIAL_NAMES:
        return _SPECIAL_NAMES[top]
    return None if "." in host else "name without a domain"


class Networks:
    """Two mapped files of segments: where each starts, and the number of the set of lists that covers it."""

    def __init__(self, v4: Path, v6: Path) -> None:
        four, six = Sections(v4, _V4_SECTIONS), Sections(v6, _V6_SECTIONS)
        self._starts = four.numbers(0, "I")
        self._sets = four.numbers(1, "H")
        self._highs = six.numbers(0, "Q")
        self._lows = six.numbers(1, "Q")
        self._sets6 = six.numbers(2, "H")
        if len(self._starts) != len(self._sets) or not len(self._highs) == len(self._lows) == len(self._sets6):
            raise broken("networks: the sections do not fit each other")

    def covering(self, address: Address) -> int:
        """The number of the set of all lists that cover an address, or NOTHING."""
        if isinstance(address, ipaddress.IPv4Address):
            at = bisect_right(self._starts, int(address)) - 1
            return self._sets[at] if at >= 0 else NOTHING
        at = self._segment6(int(address))
        return self._sets6[at] if at >= 0 else NOTHING

    def within(self, network: Network) -> Iterator[int]:
        """The set number of each segment that a network touches; a list covers it all when it is in every set."""
        first, last = int(network.network_address), int(network.broadcast_address)
        if isinstance(network, ipaddress.IPv4Network):
            low, high, sets = bisect_right(self._starts, first) - 1, bisect_right(self._starts, last), self._sets
        else:
            low, high, sets = self._segment6(first), self._segment6(last) + 1, self._sets6
        if low < 0:
            yield NOTHING
        for at in range(max(low, 0), high):
            yield sets[at]

    def _segment6(self, number: int) -> int:
        high, low = number >> _HALF, number & _LOW
        end = bisect_right(self._highs, high)
        start = bisect_left(self._highs, high, 0, end)
        return bisect_right(self._lows, low, start, end) - 1


class Numbering:
    """Numbers sets of members in the order they are met; the empty set is NOTHING."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, ...], int] = {(): NOTHING}

    def number(self, members: Iterable[int]) -> int:
        """The number of a set; `Problem` TOO_LARGE when there are more sets than the files can number."""
        number = self._numbers.setdefault(tuple(sorted(members)), len(self._numbers))
        if number > SET_NUMBER_MAX:
            raise Problem(
                ProblemKind.TOO_LARGE,
                code="local_knowledge_too_large",
                message=f"The lists overlap in more than {SET_NUMBER_MAX} ways; fewer of them have to be compiled.",
            )
        return number

    @property
    def sets(self) -> tuple[tuple[int, ...], ...]:
        """All sets, each at the place of its number."""
        return tuple(self._numbers)


def flatten(networks: Iterable[tuple[int, int, int]], numbering: Numbering) -> list[tuple[int, int]]:
    """Sweep (first, last, member) into (start, set number); a segment ends where the next begins.

    Members of one list may overlap or repeat.
    """
    changes: list[tuple[int, int, int]] = []
    for first, last, member in networks:
        changes += (first, member, 1), (last + 1, member, -1)
    changes.sort()
    active: Counter[int] = Counter()
    segments: list[tuple[int, int]] = []
    for start, group in groupby(changes, key=itemgetter(0)):
        for _, member, step in group:
            active[member] += step
            if not active[member]:
                del active[member]
        number = numbering.number(active)
        if not segments or segments[-1][1] != number:
            segments.append((start, number))
    return segments
