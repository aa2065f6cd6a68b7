"""Reads the entries of a warning list: what each stands for, and which cannot be read."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from cybervault.domain.observables import Kind, parse_observable
from cybervault.domain.problems import Problem
from cybervault.intel.allowlists import Covers
from cybervault.intel.networks import Network
from cybervault.intel.packing import network_of

_HASH_DIGITS: Final = frozenset({32, 40, 64, 128})
_NAME_CHARACTERS_MAX: Final = 253
_HASH_ATTRIBUTES: Final = frozenset({"md5", "sha1", "sha256"})
_ADDRESS_KINDS: Final = frozenset({Kind.IPV4, Kind.IPV6, Kind.CIDR})

# Names that are canonical already; everything else takes the slow way through the parser of observables.
_NAME: Final = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})")


class WarningList(msgspec.Struct, frozen=True):
    """The parts of a MISP warning list that we read."""

    list: tuple[str, ...]
    type: str
    version: int | str = ""
    matching_attributes: tuple[str, ...] = ()

    @property
    def holds_networks(self) -> bool:
        return self.type == "cidr"

    @property
    def holds_hashes(self) -> bool:
        return not _HASH_ATTRIBUTES.isdisjoint(self.matching_attributes)


@dataclass(slots=True)
class Entries:
    """Canonical entries of one list; `zones` are the names that cover their subdomains."""

    names: list[str] = field(default_factory=list)
    zones: list[str] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    networks: list[Network] = field(default_factory=list)
    unread: int = 0

    def __len__(self) -> int:
        return len(self.names) + len(self.zones) + len(self.digests) + len(self.networks)


def read_warning_list(path: Path) -> WarningList:
    """Read a list file; `msgspec.DecodeError` when it has another form."""
    return msgspec.json.decode(path.read_bytes(), type=WarningList)


def read_entries(found: WarningList, covers: Covers, registries: frozenset[str]) -> Entries:
    """Sort the entries of a list; a registry's suffix (`com`) as a zone would cover strangers and is left unread."""
    entries = Entries()
    if found.holds_networks:
        add_networks(entries, found.list)
    elif found.holds_hashes:
        _add_digests(entries, found.list)
    else:
        add_names(entries, found.list, covers, registries=registries)
    return entries


def add_networks(entries: Entries, texts: Iterable[str]) -> None:
    for text in texts:
        try:
            entries.networks.append(network_of(text.strip()))
        except ValueError:
            entries.unread += 1


def _add_digests(entries: Entries, texts: Iterable[str]) -> None:
    for text in texts:
        try:
            digest = bytes.fromhex(text.strip())
        except ValueError:
            digest = b""
        if len(digest) * 2 in _HASH_DIGITS:
            entries.digests.append(digest)
        else:
            entries.unread += 1


def add_names(entries: Entries, texts: Iterable[str], covers: Covers, *, registries: frozenset[str]) -> None:
    for text in texts:
        lowered = text if text.islower() else text.lower()  # a million texts are not copied
        name = lowered.removeprefix(".")
        is_zone = covers is Covers.SUBDOMAINS or (covers is Covers.DOTTED and lowered.startswith("."))
        if not _NAME.fullmatch(name) or len(name) > _NAME_CHARACTERS_MAX:
            _add_odd(entries, name, is_zone=is_zone)
        elif is_zone and name in registries:
            entries.unread += 1
        else:
            (entries.zones if is_zone else entries.names).append(name)


def _add_odd(entries: Entries, text: str, *, is_zone: bool) -> None:
    try:
        found = parse_observable(text)
    except Problem:
        entries.unread += 1
        return
    if found.kind is Kind.DOMAIN:
        (entries.zones if is_zone else entries.names).append(found.value)
    elif found.kind in _ADDRESS_KINDS:
        entries.networks.append(network_of(found.value))
    else:
        entries.unread += 1
