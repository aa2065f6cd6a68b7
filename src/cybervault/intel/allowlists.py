"""The hand-sorted table of lists, and what it means for an observable that some of them hold it.

Nothing here reads an index: matched lists go in, evidence and labels come out.
"""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from importlib import resources
from typing import Final

import msgspec

from cybervault.domain.evidence import Evidence, EvidenceGroup

LOCAL_SOURCE: Final = "local"
LOCAL_TITLE: Final = "CyberVault local knowledge"
LOCAL_KNOWS: Final = (
    "roles, popularity, known files and allow-lists that ship with CyberVault; no key and no network needed"
)
LOCAL_BINS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("standing", ("hard_allow",)),
    (
        "role",
        (
            "cdn",
            "cloud",
            "public_resolver",
            "scanner",
            "shared_platform",
            "shortener",
            "dynamic_dns",
            "disposable_email",
            "vpn",
            "tor_exit",
            "sinkhole",
        ),
    ),
    ("popularity", ("top_1k", "top_10k", "top_100k", "top_1m")),
    ("known_file", ("yes",)),
)
"""No shipped list gives `vpn` and `tor_exit`: those two wait for a feed."""

_ROLES: Final = dict(LOCAL_BINS)["role"]
_BUCKETS: Final = dict(LOCAL_BINS)["popularity"]

ROLE_WORDS: Final = {
    "cdn": "content delivery network",
    "cloud": "cloud or data centre",
    "public_resolver": "public DNS resolver",
    "scanner": "declared scanner",
    "shared_platform": "shared platform",
    "shortener": "URL shortener",
    "dynamic_dns": "dynamic DNS",
    "disposable_email": "disposable e-mail",
    "vpn": "VPN exit",
    "tor_exit": "Tor exit",
    "sinkhole": "sinkhole",
}

# A role says nothing more where another one says it better: a shortener is a platform, a cloud's front end is a CDN,
# and a sinkhole entry on a shared front end means one name among thousands.
_SAID_BETTER: Final = {
    "shared_platform": frozenset({"shortener", "dynamic_dns"}),
    "cloud": frozenset({"cdn"}),
    "sinkhole": frozenset({"cdn"}),
}
_ROLES_OF_URLS: Final = frozenset({"shared_platform", "shortener", "dynamic_dns", "vpn", "tor_exit", "sinkhole"})
_ROLES_OF_MAIL: Final = frozenset({"disposable_email"})
_ROLES_WITHOUT_STANDING: Final = frozenset({"shortener", "dynamic_dns", "disposable_email", "sinkhole"})
_AGREEING_BUCKETS: Final = frozenset({"top_1k", "top_10k"})
_AGREEING_WITHOUT_FIRST: Final = 3
_LIST_LABELS_MAX: Final = 8


class Sort(StrEnum):
    """What a list is good for; the table explains each."""

    HARD_ALLOW = "hard_allow"
    ROLE = "role"
    POPULARITY = "popularity"
    KNOWN_FILE = "known_file"
    OPERATOR = "operator"
    NAMED = "named"
    IGNORED = "ignored"


_WITH_BIN: Final = frozenset({Sort.ROLE, Sort.POPULARITY})


class Covers(StrEnum):
    """What an entry of a list of names stands for."""

    EXACT = "exact"
    DOTTED = "dotted"
    SUBDOMAINS = "subdomains"


class SortedList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the table; `networks` and `names` are the entries of a list of our own."""

    sort: Sort
    title: str
    reason: str
    bin: str = ""
    owner: str = ""
    ranking: str = ""
    covers: Covers = Covers.EXACT
    networks: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        declared = dict(LOCAL_BINS).get(self.sort.value, ("",)) if self.sort in _WITH_BIN else ("",)
        if self.bin not in declared:
            message = f"{self.title}: {self.bin!r} is no bin of {self.sort}"
            raise ValueError(message)
        if (self.sort is Sort.POPULARITY) is not bool(self.ranking):
            message = f"{self.title}: popularity, and nothing else, names its ranking"
            raise ValueError(message)


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`lists.toml`: the shipped lists by name, and our own."""

    warninglists: dict[str, SortedList]
    curated: dict[str, SortedList]


def table_text() -> str:
    """The table as it ships."""
    return resources.files("cybervault.intel").joinpath("lists.toml").read_text(encoding="utf-8")


def read_table(text: str) -> Table:
    """Read the table; `msgspec.ValidationError` when a line is wrong, which is a bug of ours."""
    return msgspec.convert(tomllib.loads(text), Table)


@dataclass(frozen=True, slots=True)
class KnownList:
    """A compiled list, as far as an answer needs it."""

    name: str
    sort: Sort
    bin: str
    title: str
    owner: str
    ranking: str


@dataclass(frozen=True, slots=True)
class Match:
    """A list holds `matched`: the observable itself, or a name or network above it."""

    known: KnownList
    matched: str
    is_itself: bool


class Scope(IntEnum):
    """How far what is known about a host, address or file speaks for the observable."""

    WHOLE = 0
    """It is the observable: every statement counts."""
    URL = 1
    """A page on it: nothing known about the host exonerates the page."""
    MAIL = 2
    """A mailbox on it."""


def evidence_of(matches: Sequence[Match], scope: Scope) -> tuple[Evidence, ...]:
    """What weighs, at most once for each bin: standing, roles in the order of their bins, popularity, known file."""
    roles = _roles(matches)
    counted = {Scope.URL: _ROLES_OF_URLS, Scope.MAIL: _ROLES_OF_MAIL}.get(scope, frozenset(_ROLES))
    found = [_evidence("role", bin_, match) for bin_, match in roles.items() if bin_ in counted]
    if scope is not Scope.WHOLE:
        return tuple(found)
    standing = _standing(matches, roles.keys())
    popularity = _most_popular(matches)
    known_file = next((match for match in matches if match.known.sort is Sort.KNOWN_FILE), None)
    return (
        *([] if standing is None else [_evidence("standing", "hard_allow", standing)]),
        *found,
        *([] if popularity is None else [_evidence("popularity", popularity.known.bin, popularity)]),
        *([] if known_file is None else [_evidence("known_file", "yes", known_file)]),
    )


def _evidence(item: str, bin_: str, match: Match) -> Evidence:
    return Evidence(LOCAL_SOURCE, item, bin_, match.known.name, match.known.title, EvidenceGroup.LOCAL_LISTS)


def _roles(matches: Sequence[Match]) -> dict[str, Match]:
    found = {match.known.bin: match for match in reversed(matches) if match.known.sort is Sort.ROLE}
    return {
        role: found[role] for role in _ROLES if role in found and not _SAID_BETTER.get(role, frozenset()) & found.keys()
    }


def _standing(matches: Sequence[Match], roles: Iterable[str]) -> Match | None:
    """The list that hard-allows: by itself, or as the first of rankings that agree.

    Agreement is a first thousand that another ranking or an operator's zone confirms, or three first ten thousands:
    of 936,905 known malware domains none meets it.
    """
    allowed = next((match for match in matches if match.known.sort is Sort.HARD_ALLOW and match.is_itself), None)
    if allowed is not None or not _ROLES_WITHOUT_STANDING.isdisjoint(roles):
        return allowed
    ranked = [match for match in matches if match.known.bin in _AGREEING_BUCKETS and match.is_itself]
    agreeing = len({match.known.ranking for match in ranked})
    first = next((match for match in ranked if match.known.bin == _BUCKETS[0]), None)
    if first is not None:
        is_confirmed = agreeing > 1 or any(match.known.sort is Sort.OPERATOR for match in matches)
        return first if is_confirmed else None
    return ranked[0] if agreeing >= _AGREEING_WITHOUT_FIRST else None


def _most_popular(matches: Sequence[Match]) -> Match | None:
    ranked = [match for match in matches if match.known.sort is Sort.POPULARITY and match.is_itself]
    return min(ranked, key=lambda match: _BUCKETS.index(match.known.bin), default=None)


def labels_of(matches: Sequence[Match]) -> tuple[tuple[str, str], ...]:
    """Roles, lists and owners for people; of one ranking only the best bucket."""
    roles = [("role", ROLE_WORDS[role]) for role in _roles(matches)]
    titles: dict[str, Match] = {}
    for match in matches:
        if match.known.sort is Sort.OPERATOR or (match.known.sort is Sort.POPULARITY and not match.is_itself):
            continue
        place = match.known.ranking or match.known.title
        kept = titles.get(place)
        if kept is None or (match.known.ranking and _is_better(match, kept)):
            titles[place] = match
    lists = [("list", match.known.title) for match in titles.values()][:_LIST_LABELS_MAX]
    owners = [("owner", owner) for owner in dict.fromkeys(match.known.owner for match in matches) if owner]
    return (*roles, *lists, *owners)


def _is_better(match: Match, other: Match) -> bool:
    return _BUCKETS.index(match.known.bin) < _BUCKETS.index(other.known.bin)
