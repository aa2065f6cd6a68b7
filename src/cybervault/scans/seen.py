"""What an engine gives: what it saw, and honestly what it looked at and what not."""

import hashlib
import re
from collections.abc import Collection
from enum import StrEnum
from typing import Final

import msgspec

from cybervault.domain.verdicts import Severity
from cybervault.scans.contents import Layer, LayerContents
from cybervault.scans.inventory import Inventory

EVIDENCE_CHARACTERS_MAX: Final = 2_048
EVIDENCE_MAX: Final = 100
"""Of one finding."""
_SERVICE: Final = re.compile(r"([0-9]{1,5}/tcp) ", re.ASCII)


class CoverageState(StrEnum):
    """Whether something was looked at."""

    COVERED = "covered"
    NOT_REACHED = "not_reached"
    """Nothing answered, or the scan ended before."""
    FAILED = "failed"
    NOT_TESTED = "not_tested"
    """No engine could, or none was allowed to."""


class Coverage(msgspec.Struct, frozen=True):
    """One line of what was looked at: `places` such as "443/tcp", none where the whole asset is meant."""

    asset: str
    engine: str
    state: CoverageState
    reason: str = ""
    places: tuple[str, ...] = ()

    def covers(self, asset: str, place: str, engines: tuple[str, ...]) -> bool:
        """Whether a finding of these engines would have been seen again, had it still been there."""
        is_place = not self.places or is_within(place, self.places)
        return self.state is CoverageState.COVERED and self.asset == asset and is_place and self.engine in engines


class Seen(msgspec.Struct, frozen=True):
    """One thing that an engine saw: a rule held for a place of an asset."""

    asset: str
    rule: str
    engine: str
    place: str = ""
    evidence: str = ""
    severity: Severity | None = None
    """None: as the rule says."""
    title: str = ""
    """"": as the rule says."""

    @property
    def fingerprint(self) -> str:
        """The same for the same spot, whoever saw it and whatever it is called."""
        text = f"{self.asset}\x00{self.rule}\x00{self.place}"
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


class Host(msgspec.Struct, frozen=True):
    """An address that may be looked at, for which target, by which name ("" where it has none)."""

    target: str
    address: str
    name: str = ""

    @property
    def asset(self) -> str:
        """What findings are kept under."""
        return self.name or self.address


class Service(msgspec.Struct, frozen=True):
    """A port that answered."""

    host: Host
    port: int


class CloudArea(msgspec.Struct, frozen=True):
    """One kind of resource in one region of an account ("" where its kind has none)."""

    target: str
    kind: str
    region: str

    @property
    def place(self) -> str:
        """How it is written as a place of the account."""
        return f"{self.kind} in {self.region}" if self.region else self.kind


class CloudResource(msgspec.Struct, frozen=True):
    """A resource by its ARN, which may be looked at for which target."""

    target: str
    arn: str


class Closed(msgspec.Struct, frozen=True):
    """Places of an asset at which nothing listens, so that nothing that was seen there stands any longer."""

    asset: str
    places: tuple[str, ...]


class Report(msgspec.Struct):
    """What came of one part of a scan, and what the next parts look at: hosts, services, layers, areas and such.

    `inventories` are kept with the scan and looked at by none.
    """

    seen: list[Seen] = msgspec.field(default_factory=list)
    coverage: list[Coverage] = msgspec.field(default_factory=list)
    hosts: list[Host] = msgspec.field(default_factory=list)
    services: list[Service] = msgspec.field(default_factory=list)
    closed: list[Closed] = msgspec.field(default_factory=list)
    layers: list[Layer] = msgspec.field(default_factory=list)
    contents: list[LayerContents] = msgspec.field(default_factory=list)
    areas: list[CloudArea] = msgspec.field(default_factory=list)
    resources: list[CloudResource] = msgspec.field(default_factory=list)
    inventories: list[Inventory] = msgspec.field(default_factory=list)

    def add(self, other: "Report") -> None:
        """Take in what another engine gave."""
        self.seen += other.seen
        self.coverage += other.coverage
        self.hosts += other.hosts
        self.services += other.services
        self.closed += other.closed
        self.layers += other.layers
        self.contents += other.contents
        self.areas += other.areas
        self.resources += other.resources
        self.inventories += other.inventories


def place_of(port: int) -> str:
    """How a TCP port is written as a place."""
    return f"{port}/tcp"


def spot_of(place: str, spot: str) -> str:
    """How a spot within a service is written as a place: "443/tcp /search (q)"."""
    return f"{place} {spot}"


def is_within(place: str, places: Collection[str]) -> bool:
    """Whether a place is one of these, or a spot within a service that is."""
    service = _SERVICE.match(place)
    return place in places or (service is not None and service[1] in places)


def shown(raw: bytes | str, most: int = 200) -> str:
    """What another machine said, safe to keep and to show: one line, no control characters, not long."""
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    return "".join(character if character.isprintable() else " " for character in text[: most * 2]).strip()[:most]
