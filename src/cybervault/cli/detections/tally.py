"""What became of all events: counts of everything, and of single matches as many as memory allows."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cybervault.assessments.known_bad import BadIndicator, HitName
from cybervault.cli.detections.moments import Moments
from cybervault.detection.engine import Match
from cybervault.detection.entities import HOST, USER
from cybervault.detection.lines import BadLine
from cybervault.detection.ranking import RankedEntity, ranked
from cybervault.detection.record import Record, Value, at_of, entity_in
from cybervault.detection.rule import Rule
from cybervault.detection.sightings import Sighting, Sightings
from cybervault.detection.tree import leaves
from cybervault.domain.assessments import rank_of
from cybervault.domain.verdicts import Severity
from cybervault.pages.visible import named

KEPT_MAX: Final = 10_000
SAMPLES_MAX: Final = 3
SAMPLE_FIELDS_MAX: Final = 24
SAMPLE_VALUE_MAX: Final = 1_000
BAD_MAX: Final = 50
_LETTERS_MAX: Final = 16_000_000
_NAMES_MAX: Final = 10_000
_NAME_LETTERS_MAX: Final = 200
NEVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Place:
    """The event that is spoken of. `line` is its number where the file has no lines."""

    path: Path
    line: int
    records: Sequence[Record] = ()

    @property
    def at(self) -> datetime | None:
        return at_of(self.records)

    def entity(self, kind: str) -> str:
        """The first of a kind, empty where none is told."""
        return entity_in(self.records, kind)


@dataclass(frozen=True, slots=True)
class Kept:
    """One match, without the event; `file` is how its file is called."""

    rule: Rule
    path: Path
    line: int
    at: datetime | None
    host: str
    user: str
    is_certain: bool
    file: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """One match with the event's fields; those that the rule asks about stand first and are `asked`."""

    match: Kept
    fields: tuple[tuple[str, str], ...]
    asked: int
    left_out: int


@dataclass(slots=True)
class Seen:
    """How often a rule fired, and when."""

    rule: Rule
    count: int = 0
    uncertain: int = 0
    first: datetime | None = None
    last: datetime | None = None
    samples: list[Sample] = field(default_factory=list)

    def add(self, match: Kept) -> None:
        self.count += 1
        self.uncertain += not match.is_certain
        if match.at is not None:
            self.first = match.at if self.first is None else min(self.first, match.at)
            self.last = match.at if self.last is None else max(self.last, match.at)


@dataclass(slots=True)
class Tally:
    """What became of all events. `bad` are the first lines that are none; `unknown` counts why events were not read.

    `kept` are the first `KEPT_MAX` of all `matches`; `hosts` counts matches by host, those of further hosts are under
    the empty name. `silenced` matches are of rules that are told only where a correlation comes true. `looked_up` is
    how many addresses, domains and hashes were, None where they were not; `indicators` are those that are bad. Of files
    `labels` says how they are called, `whole` how many were read to their end, and `silent_files` which had no event.
    """

    events: int = 0
    matched: int = 0
    matches: int = 0
    silenced: int = 0
    bad_count: int = 0
    bad: list[str] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    rules: dict[str, Seen] = field(default_factory=dict)
    kept: list[Kept] = field(default_factory=list)
    hosts: dict[str, Counter[Severity]] = field(default_factory=dict)
    moments: Moments = field(default_factory=Moments)
    letters: int = 0
    sightings: Sightings = field(default_factory=Sightings)
    labels: Mapping[Path, str] = field(default_factory=dict)
    whole: int = 0
    silent_files: list[str] = field(default_factory=list)
    looked_up: int | None = None
    indicators: Sequence[BadIndicator] = ()

    def called(self, path: Path) -> str:
        """How a file is called."""
        return self.labels.get(path) or named(path)

    def bad_line(self, path: Path, line: BadLine) -> None:
        """What is no event; 0 stands for the file as a whole."""
        self.bad_count += 1
        if len(self.bad) < BAD_MAX:
            self.bad.append(f"{self.called(path)}{f':{line.line}' if line.line else ''}: {line.reason}")

    def add(self, place: Place, found: Sequence[Match]) -> Iterator[Kept]:
        """An event with what fired on it; each match as it is shown."""
        self.events += 1
        self.matched += 1
        return self.tell(place, found)

    def tell(self, place: Place, found: Sequence[Match]) -> Iterator[Kept]:
        """What fired on an event that is counted already, or on several together; each match as it is shown."""
        at, host, user = place.at, place.entity(HOST), place.entity(USER)
        if at is not None:
            self.moments.add(at, max((match.rule.level for match in found), key=rank_of))
        for match in found:
            kept = Kept(match.rule, place.path, place.line, at, host, user, match.is_certain, self.called(place.path))
            self._keep(kept, place.records)
            yield kept

    def ranked(self) -> list[Seen]:
        """The rules that fired, the worst first."""
        return sorted(self.rules.values(), key=lambda one: (-rank_of(one.rule.level), -one.count, one.rule.title))

    def in_order(self) -> list[Kept]:
        """The kept matches by time; those without one stand last, as they were read."""
        return sorted(self.kept, key=lambda one: (one.at is None, one.at or NEVER))

    def entities(self, received: datetime) -> tuple[RankedEntity, ...]:
        """Hosts and users by their risk; events without a time count as of `received`."""
        noticed = [on_host for one in self.indicators for on_host in one.noticed()]
        return ranked(self.sightings, {id_: seen.rule for id_, seen in self.rules.items()}, received, noticed=noticed)

    def title_of(self, name: str) -> str:
        """Of a rule by its id, or of indicators by the name of their hit."""
        seen = self.rules.get(name)
        return HitName.of(name).title if seen is None else seen.rule.title

    def _keep(self, match: Kept, records: Sequence[Record]) -> None:
        self.matches += 1
        self.sightings.add(Sighting(match.rule.id, match.host, match.user, match.is_certain, 1, match.at, match.at))
        seen = self.rules.setdefault(match.rule.id, Seen(match.rule))
        seen.add(match)
        host = match.host if match.host in self.hosts or len(self.hosts) < _NAMES_MAX else ""
        self.hosts.setdefault(host, Counter())[match.rule.level] += 1
        if len(self.kept) < KEPT_MAX:
            self.kept.append(match)
        if len(seen.samples) < SAMPLES_MAX and self.letters < _LETTERS_MAX:
            sample = _sample(match, records)
            seen.samples.append(sample)
            self.letters += sum(len(name) + len(value) for name, value in sample.fields)


def _sample(match: Kept, records: Sequence[Record]) -> Sample:
    whole: dict[str, Value] = {}
    for record in reversed(records):
        whole.update(record.fields)
    fields = [(name, text) for name, value in whole.items() if (text := _text(value))]
    names = {predicate.field for predicate in leaves(match.rule.condition)}
    asked = [one for one in fields if one[0] in names]
    shown = [*asked, *(one for one in fields if one[0] not in names)][:SAMPLE_FIELDS_MAX]
    return Sample(match, tuple(_cut(shown)), min(len(asked), len(shown)), len(fields) - len(shown))


def _text(value: Value) -> str:
    return value or "" if isinstance(value, str) or value is None else ", ".join(value)


def _cut(fields: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for name, value in fields:
        shown = value if len(value) <= SAMPLE_VALUE_MAX else f"{value[:SAMPLE_VALUE_MAX]}…"
        yield name[:_NAME_LETTERS_MAX], shown
