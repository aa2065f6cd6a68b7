"""Known vulnerabilities of an image's packages: what advisories of OSV say of the versions that are in it.

Of a distribution the source package counts, and the version that its own security team fixed.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import msgspec

from cybervault.domain.verdicts import Severity
from cybervault.scans.contents import Catalogue, Contents, Database, Layer, LayerContents, Package, Release, contents_of
from cybervault.scans.ecosystems import ecosystem_of, parts_of, why_without
from cybervault.scans.engines import ADVISORIES, LAYERS, SYFT
from cybervault.scans.inventory import Inventory, Vulnerability
from cybervault.scans.seen import Coverage, CoverageState, Report, Seen, shown
from cybervault.scans.stocktaking import Key, items_of, release_in
from cybervault.scans.store.advisories import Concern, Loaded
from cybervault.scans.versions import Span, span_with

_UNRATED: Final = Severity.MEDIUM
_AFFECTED_MAX: Final = 1_000
COMPARISONS_MAX: Final = 1_000_000
"""Of a version with an advisory, some 15 us each. Large images take ten thousand; a made-up one could take billions."""
HITS_MAX: Final = 200_000
_MARKED_VERSIONS: Final = frozenset({"golang", "composer"})
"""Of which a v may stand before the version, and in advisories does not."""
_FULL: Final = f"more than {COMPARISONS_MAX:,} comparisons or {HITS_MAX:,} matches; what came after was not looked at"
_Hit: TypeAlias = tuple[Database, Package, Concern, Span | None]
_Key: TypeAlias = tuple[str, Package, str]


@dataclass(frozen=True, slots=True)
class _Match:
    """One vulnerability of one package, in each place of an image that has it."""

    name: str
    vulnerability: str
    hits: Sequence[_Hit]

    @property
    def severity(self) -> Severity | None:
        """The worst that anybody says; None where nobody does."""
        severities = list(Severity)
        return max((hit[2].severity for hit in self.hits if hit[2].severity), key=severities.index, default=None)

    @property
    def fixed(self) -> str:
        """The version to update to, where one is known."""
        return next((span.fixed for *_, span in self.hits if span is not None and span.fixed), "")

    @property
    def advisories(self) -> list[str]:
        """Which say it."""
        return list(dict.fromkeys(hit[2].advisory for hit in self.hits))


class Knowledge(Protocol):
    """What is known of packages."""

    def loaded(self) -> tuple[Loaded, ...]:
        """Which ecosystems there are."""

    def about(self, ecosystem: str, names: Sequence[str]) -> dict[str, tuple[Concern, ...]]:
        """What is said of packages of one ecosystem, by their names."""


def match_packages(
    asset: str, layers: Sequence[LayerContents], knowledge: Knowledge, *, catalogue: Catalogue | None = None
) -> Report:
    """One finding for each vulnerability of each package, and the inventory with all; what nothing is known of is told.

    What only the `catalogue` tells of is seen by the engine that made it. The whole image is covered by an engine only
    where every list of packages was read and something is known of each.
    """
    contents = contents_of(layers)
    matches, report = _looked_up(asset, ADVISORIES, contents, knowledge=knowledge), Report()
    found = [(_seen(asset, match, ADVISORIES), match) for match in matches.found]
    report.coverage += matches.coverage
    if catalogue is not None:
        faults = (catalogue.fault,) if catalogue.fault else ()
        more = msgspec.structs.replace(contents, databases=catalogue.databases, faults=faults)
        matches = _looked_up(asset, SYFT, more, knowledge=knowledge)
        found += [(_seen(asset, match, SYFT), match) for match in matches.found]
        report.coverage += matches.coverage
        together = (*contents.faults, *(f"{SYFT}: {fault}" for fault in faults))
        databases = (*contents.databases, *catalogue.databases)
        contents = msgspec.structs.replace(contents, databases=databases, faults=together)
    report.seen = [seen for seen, _ in found]
    report.inventories = [_inventory(layers[0].layer, contents, found)]
    if not any(layer.fault for layer in layers):
        report.coverage.append(Coverage(asset, LAYERS, CoverageState.COVERED, "every layer was read"))
    return report


@dataclass(frozen=True, slots=True)
class _LookedUp:
    found: Sequence[_Match]
    coverage: Sequence[Coverage]


def _looked_up(asset: str, engine: str, contents: Contents, *, knowledge: Knowledge) -> _LookedUp:
    loaded = {one.ecosystem: one.loaded_at for one in knowledge.loaded()}
    gaps = [Coverage(asset, engine, CoverageState.FAILED, shown(fault, 300)) for fault in contents.faults]
    known, matches, room = dict[str, str](), list[_Match](), _Room()
    for (system, ecosystem), databases in _by_ecosystem(contents).items():
        parts = parts_of(ecosystem, loaded)
        if parts:
            known[ecosystem] = f"advisories of {min(loaded[part] for part in parts):%Y-%m-%d}"
            matches += _matched(databases, [knowledge.about(part, _names(databases)) for part in parts], room)
        else:
            reason = _nothing_known(system, ecosystem, contents.release)
            gaps.append(Coverage(asset, engine, CoverageState.NOT_TESTED, reason))
    if room.is_full:
        gaps.append(Coverage(asset, engine, CoverageState.FAILED, _FULL))
    if gaps:
        in_part = [Coverage(asset, engine, CoverageState.COVERED, said, (name,)) for name, said in known.items()]
        return _LookedUp(matches, gaps + in_part)
    nothing = "no list of packages is in it" if engine == ADVISORIES else "none of the packages that it knows is in it"
    said = ", ".join(f"{name}: {of}" for name, of in known.items()) or nothing
    return _LookedUp(matches, [Coverage(asset, engine, CoverageState.COVERED, said)])


def _by_ecosystem(contents: Contents) -> Mapping[tuple[str, str], list[Database]]:
    found: dict[tuple[str, str], list[Database]] = defaultdict(list)
    for database in contents.databases:
        if database.packages:
            found[database.system, ecosystem_of(database.system, contents.release)].append(database)
    return found


def _names(databases: Sequence[Database]) -> list[str]:
    together = (_called(database.system, package) for database in databases for package in database.packages)
    return [name for called in together for name, _ in called]


def _called(system: str, package: Package) -> list[tuple[str, str]]:
    """The names that advisories use, each with the version that goes with it; a finding bears the first.

    Of a distribution it is the source's, of PyPI that in its normal form (PEP 503). Of RPM some name the source and
    others each package, so that both are looked for.
    """
    if system == "pypi":
        parts = package.name.lower().replace("_", "-").replace(".", "-").split("-")
        return [("-".join(part for part in parts if part), package.version)]
    if system in _MARKED_VERSIONS:
        return [(package.name, package.version.removeprefix("go").removeprefix("v"))]
    first = (package.source or package.name, package.source_version or package.version)
    is_other = system == "rpm" and first[0] != package.name
    return [first, (package.name, package.version)] if is_other else [first]


class _Room:
    """What may be compared and found, of one image."""

    def __init__(self) -> None:
        self._comparisons, self._hits = COMPARISONS_MAX, HITS_MAX

    @property
    def is_full(self) -> bool:
        """Whether there was more than it takes."""
        return self._comparisons < 0 or self._hits < 0

    def take(self, *, comparisons: int = 0, hits: int = 0) -> bool:
        """Whether so many more are within it."""
        self._comparisons -= comparisons
        self._hits -= hits
        return not self.is_full


def _matched(
    databases: Sequence[Database], known: Sequence[Mapping[str, tuple[Concern, ...]]], room: _Room
) -> list[_Match]:
    """As far as there is room."""
    found: dict[tuple[str, str], dict[_Key, _Hit]] = defaultdict(dict)
    for database in databases:
        concerned = _Concerned(database.system, known, room)
        for package in database.packages:
            called = _called(database.system, package)
            for name, version in called:
                concerns = concerned.by(name, version, package)
                if not room.take(hits=len(concerns)):
                    return _together(found)
                for concern, span in concerns:
                    hits = found[called[0][0], concern.vulnerability]
                    # Several repositories of a distribution say the same.
                    hits[database.path, package, concern.advisory] = (database, package, concern, span)
    return _together(found)


def _together(found: Mapping[tuple[str, str], Mapping[_Key, _Hit]]) -> list[_Match]:
    return [_Match(*about, tuple(hits.values())) for about, hits in found.items()]


class _Concerned:
    """What concerns a version, looked up once for all packages that are of one source."""

    def __init__(self, system: str, known: Sequence[Mapping[str, tuple[Concern, ...]]], room: _Room) -> None:
        self._system, self._known, self._room = system, known, room
        self._found: dict[tuple[str, str, str], Sequence[tuple[Concern, Span | None]]] = {}

    def by(self, name: str, version: str, package: Package) -> Sequence[tuple[Concern, Span | None]]:
        """Of a package by one of its names; nothing where there is no more room."""
        key = (name, version, package.module)
        found = self._found.get(key)
        if found is None:
            about = [one for some in self._known for one in some.get(name, ())]
            concerns = (
                [one for one in about if _is_of_stream(one, package)] if self._room.take(comparisons=len(about)) else []
            )
            found = self._found[key] = tuple(_concerns(self._system, version, concerns))
        return found


def _is_of_stream(concern: Concern, package: Package) -> bool:
    """Whether an advisory may be about the stream that a package of RPM is from; versions of two cannot be compared.

    That a version is of a stream, it says itself; from which, only the summary does ("nodejs:18 security update").
    """
    fixed = [span.fixed for span in concern.spans if span.fixed]
    if fixed and any(".module" in version for version in fixed) != bool(package.module):
        return False
    name = package.module.partition(":")[0]
    named = re.search(rf"(?<![\w.-]){re.escape(name)}:\S+", concern.summary) if name else None
    return named is None or named[0] == package.module


def _concerns(system: str, version: str, concerns: Sequence[Concern]) -> Iterator[tuple[Concern, Span | None]]:
    for concern in concerns:
        if version in concern.versions:
            yield concern, None
            continue
        try:
            span = span_with(system, version, concern.spans)
        except ValueError:  # a version that its own system would not take cannot be compared
            return
        if span is not None:
            yield concern, span


def _seen(asset: str, match: _Match, engine: str) -> Seen:
    database, package, concern, _ = match.hits[0]
    places = list(dict.fromkeys(f"{hit[1].name} {hit[1].version} in {hit[0].path}" for hit in match.hits))
    evidence = "; ".join(
        (
            ", ".join(places[:5]),
            f"fixed in {match.fixed}" if match.fixed else "no fixed version is known",
            *([] if match.severity else ["nobody rated it"]),
            f"https://osv.dev/vulnerability/{match.advisories[0]}",
            *([concern.summary] if concern.summary else []),
        )
    )
    title = f"{package.name} {package.version} has a known vulnerability: {match.vulnerability}"
    place, severity = f"pkg:{database.system}/{match.name} {match.vulnerability}", match.severity or _UNRATED
    return Seen(asset, "package_vulnerable", engine, shown(place, 300), shown(evidence, 1_000), severity, shown(title))


def _inventory(layer: Layer, contents: Contents, found: Sequence[tuple[Seen, _Match]]) -> Inventory:
    items, faults = items_of(contents)
    places = {key: place for place, key in enumerate(items)}
    vulnerabilities = tuple(_vulnerability(seen, match, places) for seen, match in found)
    return Inventory(layer.target, layer.image, release_in(contents), tuple(items.values()), vulnerabilities, faults)


def _vulnerability(seen: Seen, match: _Match, places: Mapping[Key, int]) -> Vulnerability:
    keys = dict.fromkeys((database.system, package) for database, package, *_ in match.hits)
    affected = [places[key] for key in keys if key in places]
    return Vulnerability(
        seen.fingerprint,
        match.vulnerability,
        tuple(match.advisories),
        match.severity,
        match.fixed,
        match.hits[0][2].summary,
        tuple(affected[:_AFFECTED_MAX]),
    )


def _nothing_known(system: str, ecosystem: str, release: Release | None) -> str:
    if ecosystem:
        family = ecosystem.partition(":")[0]
        word = f'"{family}"' if " " in family else family
        return f"no advisories of {ecosystem} are loaded: cybervault scans update-advisories --ecosystem {word}"
    if release is None or not release.id:
        return f"{system} packages cannot be matched: the image does not say which distribution it is"
    named = shown(release.pretty_name or release.id, 80)
    return f"{system} packages of {named} cannot be matched: {why_without(release)}"
