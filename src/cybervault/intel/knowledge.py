"""What we know ourselves about an observable, from one memory-mapped generation.

Lists, special networks, malware families and registered domains; nobody is asked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from cybervault.domain.evidence import Answer, Outcome
from cybervault.domain.observables import ADDRESS_KINDS, HASH_KINDS, Kind, Observable
from cybervault.domain.problems import Problem
from cybervault.intel.allowlists import LOCAL_SOURCE, KnownList, Match, Scope, evidence_of, labels_of
from cybervault.intel.families import Families
from cybervault.intel.generations import Manifest, Pointer, check_files, read_manifest, read_pointer
from cybervault.intel.index import Index
from cybervault.intel.networks import Network, Networks, is_address, special_use
from cybervault.intel.sections import Sections
from cybervault.intel.suffixes import Suffixes, registered_domain

Members: TypeAlias = tuple[tuple[KnownList, bool], ...]
"""Lists, and for each whether it covers subdomains."""

NAME_PREFIX: Final = b"n"
HASH_PREFIX: Final = b"h"

# Below a platform's own name, and behind an address that many rent, even a start page is a stranger's.
_PLATFORMS: Final = frozenset({"shared_platform", "shortener", "dynamic_dns"})
_FRONT_ENDS: Final = frozenset({"cdn", "cloud"})


@dataclass(frozen=True, slots=True)
class KnowledgeState:
    """What is compiled: when, from which package versions, how much of each (`counts`), and its size on disk."""

    generation: str
    built_at: datetime
    packages: tuple[tuple[str, str], ...]
    counts: tuple[tuple[str, int], ...]
    disk_bytes: int


class Knowledge:
    """One open generation. It never changes; after a newer one was published it keeps answering from its own."""

    def __init__(self, directory: Path, pointer: Pointer) -> None:
        """Map the generation `pointer` names; `Knowledge.open` is the usual way."""
        manifest = read_manifest(directory, pointer)
        folder = directory / pointer.name
        check_files(folder, manifest)
        self._directory = directory
        self._pointer = pointer
        self._members = _members(manifest)
        self._lists = Index(folder / "lists", manifest.seed)
        self._networks = Networks(folder / "v4", folder / "v6")
        self._suffixes = Suffixes(Index(folder / "suffixes", manifest.seed))
        self._families = Families(Index(folder / "family-names", manifest.seed), Sections(folder / "families", 2))
        self._state = _state(manifest, pointer)

    @classmethod
    def open(cls, directory: Path) -> "Knowledge | None":
        """The current generation in a directory, or None when none was compiled in this format.

        Raises `Problem` UNAVAILABLE `local_knowledge_broken` when it is damaged.
        """
        pointer = read_pointer(directory)
        while pointer is not None:
            try:
                return cls(directory, pointer)
            except Problem:
                now = read_pointer(directory)
                if now == pointer:  # otherwise a newer one was published while we opened this one
                    raise
                pointer = now
        return None

    def is_current(self) -> bool:
        """Whether the directory still names this generation; reads one small file. `Problem` when that is damaged."""
        return read_pointer(self._directory) == self._pointer

    def describe(self) -> KnowledgeState:
        """What is compiled, for doctor and the footer."""
        return self._state

    def family(self, name: str) -> tuple[str, tuple[str, ...]] | None:
        """The canonical name and the aliases of the family that a name or an antivirus label means."""
        family = self._families.find(name)
        return None if family is None else (family.name, family.aliases)

    def registered_domain(self, host: str) -> str | None:
        """What somebody registered, by the public-suffix list: `example.co.uk` of `a.b.example.co.uk`."""
        return None if "." not in host or is_address(host) else registered_domain(host, self._suffixes.suffix(host)[0])

    def answer(self, observable: Observable) -> Answer:
        """What the lists say, as the source "local"; it asks nobody and takes tens of microseconds."""
        special = special_use(observable)
        if special is not None:
            return Answer(LOCAL_SOURCE, Outcome.NOT_APPLICABLE, labels=(("special use", special),))
        matches = tuple(self._matches(observable))
        evidence = evidence_of(matches, _scope(observable, matches))
        return Answer(
            LOCAL_SOURCE,
            Outcome.HIT if evidence else Outcome.UNKNOWN,
            evidence,
            document=_document(observable, matches) if matches else None,
            labels=(*labels_of(matches), *self._name_labels(observable)),
        )

    def _matches(self, observable: Observable) -> Iterator[Match]:
        match observable.kind:
            case kind if kind in HASH_KINDS:
                yield from self._of_hash(observable.value)
            case kind if kind in ADDRESS_KINDS:
                yield from self._of_address(observable.value)
            case Kind.CIDR:
                yield from self._of_network(ip_network(observable.value))
            case _:
                host = observable.host
                if host is not None:
                    yield from self._of_address(host) if is_address(host) else self._of_name(host)

    def _of_hash(self, digest: str) -> Iterator[Match]:
        number = self._lists.find(HASH_PREFIX + bytes.fromhex(digest))
        if number is not None:
            yield from (Match(known, digest, is_itself=True) for known, _ in self._members[number])

    def _of_address(self, text: str) -> Iterator[Match]:
        for known, _ in self._members[self._networks.covering(ip_address(text))]:
            yield Match(known, text, is_itself=True)

    def _of_network(self, network: Network) -> Iterator[Match]:
        sets = self._networks.within(network)
        common = dict(self._members[next(sets)])
        for number in sets:
            if not common:
                return
            common = {known: flag for known, flag in self._members[number] if known in common}
        yield from (Match(known, str(network), is_itself=True) for known in common)

    def _of_name(self, host: str) -> Iterator[Match]:
        seen: set[str] = set()
        name = host
        while "." in name:
            number = self._lists.find(NAME_PREFIX + name.encode())
            is_itself = host in {name, f"www.{name}"}
            for known, covers_subdomains in () if number is None else self._members[number]:
                if (is_itself or covers_subdomains) and known.name not in seen:
                    seen.add(known.name)
                    yield Match(known, name, is_itself)
            name = name.partition(".")[2]

    def _name_labels(self, observable: Observable) -> Iterator[tuple[str, str]]:
        host = observable.host
        if host is None or is_address(host):
            return
        suffix, is_private = self._suffixes.suffix(host)
        registered = registered_domain(host, suffix)
        if registered is not None:
            yield "registered domain", registered
        if is_private:
            yield "platform suffix", suffix


def _members(manifest: Manifest) -> tuple[Members, ...]:
    lists = tuple(
        KnownList(record.name, record.sort, record.bin, record.title, record.owner, record.ranking)
        for record in manifest.lists
    )
    return tuple(
        tuple((lists[member >> 1], bool(member & 1)) for member in members) for members in manifest.combinations
    )


def _state(manifest: Manifest, pointer: Pointer) -> KnowledgeState:
    return KnowledgeState(
        pointer.name,
        manifest.built_at,
        tuple(manifest.packages.items()),
        tuple(manifest.counts.items()),
        sum(record.size for record in manifest.files.values()),
    )


def _scope(observable: Observable, matches: Sequence[Match]) -> Scope:
    if observable.kind is Kind.EMAIL:
        return Scope.MAIL
    if observable.kind is not Kind.URL:
        return Scope.WHOLE
    is_start_page = observable.value in {f"{scheme}://{observable.host}/" for scheme in ("http", "https")}
    is_strangers = any(
        match.known.bin in _FRONT_ENDS or (match.known.bin in _PLATFORMS and not match.is_itself) for match in matches
    )
    return Scope.WHOLE if is_start_page and not is_strangers else Scope.URL


def _document(observable: Observable, matches: Sequence[Match]) -> bytes:
    rows = [
        {
            "list": match.known.name,
            "title": match.known.title,
            "sort": match.known.sort.value,
            "bin": match.known.bin,
            "matched": match.matched,
        }
        for match in matches
    ]
    return msgspec.json.encode({"observable": observable.value, "lists": rows})
