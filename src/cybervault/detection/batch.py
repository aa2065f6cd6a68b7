"""A batch of telemetry, read and asked about a portion at a time: what became of its lines, and which rules fired."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from io import BufferedReader
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Final, Self

import msgspec

from cybervault.detection.correlate.plan import NOTHING, Plan
from cybervault.detection.correlate.signals import Signal
from cybervault.detection.detector import Detected, Detector
from cybervault.detection.engine import Engine
from cybervault.detection.entities import HOST, USER
from cybervault.detection.lines import EVTX_BEGINS, BadLine, Event, Found, Reach, events_of
from cybervault.detection.mentions import Glossary, Mention
from cybervault.detection.normal import normalise
from cybervault.detection.packed import BrokenArchive, unpacked
from cybervault.detection.ranking import RankedEntity
from cybervault.detection.record import Record, Unrecognised, at_of, entity_in
from cybervault.detection.rule import Rule
from cybervault.detection.rules.choice import EVERYTHING, Choice
from cybervault.detection.sightings import Sighting, Sightings
from cybervault.detection.timeline import Timeline
from cybervault.domain.clock import Clock
from cybervault.domain.verdicts import Severity

UNPACKED_BYTES_MAX: Final = 512 * 1024 * 1024
DOCUMENT_BYTES_MAX: Final = 10 * 1024 * 1024
"""One JSON document is read as a whole, and takes many times its size in memory."""
PORTION_LINES: Final = 10_000
PORTION_HITS: Final = 1_000
PORTION_SIGNAL_BYTES: Final = 1024 * 1024
PORTION_SECONDS: Final = 1.0
FAULTS_MAX: Final = 100
EVENTS_OF_RULE: Final = 10
"""Of so many first matches of a rule the event is kept, for whoever asks why."""
EVENT_BYTES_MAX: Final = 64 * 1024
"""A longer one is not kept: who asks for matches waits for their events too."""

_PIECE_BYTES: Final = 1024 * 1024


class Fired(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it is shown, and how often it fired: first and last by the events' own time, where they tell it."""

    id: str
    title: str
    level: Severity
    author: str
    pack: str
    techniques: tuple[str, ...]
    tactics: tuple[str, ...]
    confidence: float = 1.0
    count: int = 0
    first: datetime | None = None
    last: datetime | None = None

    @classmethod
    def of(cls, rule: Rule) -> Self:
        """A rule that has not fired yet."""
        return cls(
            id=rule.id, title=rule.title, level=rule.level, author=rule.author, pack=rule.pack,
            techniques=rule.techniques, tactics=rule.tactics, confidence=rule.confidence,
        )  # fmt: skip

    def again(self, count: int, first: datetime | None, last: datetime | None) -> Self:
        """After so many more."""
        return msgspec.structs.replace(
            self,
            count=self.count + count,
            first=min(filter(None, (self.first, first)), default=None),
            last=max(filter(None, (self.last, last)), default=None),
        )


class Burst(msgspec.Struct, frozen=True):
    """What a correlation counted: of whom, until when, how many, and the lines of the first few."""

    group: tuple[tuple[str, str], ...]
    last: datetime
    count: int
    is_capped: bool
    lines: tuple[int, ...]


class Hit(msgspec.Struct, frozen=True):
    """One rule on one event, or a correlation on several, where `line` and `at` are those of the first.

    `event` is its JSON; empty where it was not kept.
    """

    line: int
    rule_id: str
    at: datetime | None
    host: str
    user: str
    is_certain: bool
    burst: Burst | None = None
    event: bytes = b""


class Fault(msgspec.Struct, frozen=True):
    """A line that no rule was asked about, and why; 0 stands for the batch as a whole."""

    line: int
    reason: str


class Tally(msgspec.Struct):
    """Counts of a batch or of a portion; `faults` are the first of the unread and the unrecognised together.

    `timeline` has the matches whose time is told.
    `indicators` are the addresses, domains and hashes that were looked up.
    `silenced` matches are told only where a correlation comes true, `uncounted` ones had no room among the signals.
    Known at the end are `bursts`, the first correlations that came true; `entities`, the hosts and users of the highest
    risk; `threats`, the ids of findings; and `warnings`, what could not be counted.
    """

    events: int = 0
    matched: int = 0
    unread: int = 0
    unrecognised: int = 0
    matches: int = 0
    silenced: int = 0
    uncounted: int = 0
    indicators: int = 0
    faults: list[Fault] = msgspec.field(default_factory=list)
    rules: dict[str, Fired] = msgspec.field(default_factory=dict)
    timeline: Timeline = msgspec.field(default_factory=Timeline)
    bursts: list[Hit] = msgspec.field(default_factory=list)
    entities: list[RankedEntity] = msgspec.field(default_factory=list)
    threats: list[str] = msgspec.field(default_factory=list)
    warnings: list[str] = msgspec.field(default_factory=list)

    def fault(self, line: int, reason: str) -> None:
        """Note a fault while there is room, and always one of the whole; whoever calls this has counted it."""
        if line == 0:
            self.faults.insert(0, Fault(line, reason))
            del self.faults[FAULTS_MAX:]
        elif len(self.faults) < FAULTS_MAX:
            self.faults.append(Fault(line, reason))

    def add(self, other: "Tally") -> None:
        """Take in what came behind."""
        self.events += other.events
        self.matched += other.matched
        self.unread += other.unread
        self.unrecognised += other.unrecognised
        self.matches += other.matches
        self.silenced += other.silenced
        self.uncounted += other.uncounted
        for fault in other.faults:
            self.fault(fault.line, fault.reason)
        for id_, fired in other.rules.items():
            known = self.rules.get(id_)
            self.rules[id_] = fired if known is None else known.again(fired.count, fired.first, fired.last)
        self.timeline.merge(other.timeline)


@dataclass(frozen=True, slots=True)
class Room:
    """How much more of a batch is kept: so many hits, so many bytes of what correlations count and of events.

    `rules` are those that fired before.
    """

    hits: int
    signals: int
    events: int = 0
    rules: Mapping[str, Fired] = field(default_factory=dict)


class Portion(msgspec.Struct):
    """What came of the next `lines` of a batch: hits and signals of them, as many as there was room for.

    `sightings` are of all matches, `mentions` of all events.
    `letters` is about how many bytes the signals take, `event_bytes` how many the events that are kept with hits.
    """

    lines: int = 0
    is_last: bool = False
    tally: Tally = msgspec.field(default_factory=Tally)
    hits: list[Hit] = msgspec.field(default_factory=list)
    signals: list[Signal] = msgspec.field(default_factory=list)
    sightings: list[Sighting] = msgspec.field(default_factory=list)
    mentions: list[Mention] = msgspec.field(default_factory=list)
    letters: int = 0
    event_bytes: int = 0

    def add(self, hit: Hit, event: Event, room: Room) -> None:
        """Keep a hit that was counted while there is room, with its event where it is one of the first of its rule."""
        if len(self.hits) >= room.hits:
            return
        before = room.rules.get(hit.rule_id)
        count = self.tally.rules[hit.rule_id].count + (0 if before is None else before.count)
        if count <= EVENTS_OF_RULE:
            raw = _json_of(event)
            if raw and len(raw) <= min(EVENT_BYTES_MAX, room.events - self.event_bytes):
                self.event_bytes += len(raw)
                hit = msgspec.structs.replace(hit, event=raw)
        self.hits.append(hit)

    def keep(self, signals: Iterable[Signal], room: int) -> None:
        """Keep what correlations count, in at most so many bytes; what has no room is counted."""
        for signal in signals:
            if self.letters + signal.letters > room:
                self.tally.uncounted += 1
            else:
                self.letters += signal.letters
                self.signals.append(signal)


class BatchDetector:
    """The rules in force, for threads beside the event loop.

    It has an engine of its own with the same rules: to wait for the one that answers calls, or to run beside it on the
    loop, would hold calls up, and a twin costs what the log sources of batches need and nothing else.
    """

    def __init__(self) -> None:
        self._detector = Detector()
        self._lock = Lock()

    @property
    def plan(self) -> Plan:
        """The correlations in force."""
        return self._detector.plan

    def rule(self, rule_id: str) -> Rule | None:
        """The rule in force of this id."""
        return next((one for one in self._detector.rules if one.id == rule_id), None)

    def use(self, engine: Engine, plan: Plan = NOTHING) -> None:
        """From the next event on the rules of this engine are in force; it is not used itself."""
        self._detector = Detector(engine.twin(), plan)

    def is_silent(self, event: Event) -> bool:
        """As `Detector.is_silent`."""
        with self._lock:
            return self._detector.is_silent(event)

    def of_records(self, records: tuple[Record, ...], choice: Choice = EVERYTHING) -> Detected:
        """What the rules say of an event; others wait meanwhile, for an engine serves one thread at a time."""
        with self._lock:
            return self._detector.of_records(records, choice)


class LeadingDetector(Detector):
    """The engine in force for calls, which see single events; batches follow it, and what correlations say too."""

    def __init__(self, follower: BatchDetector) -> None:
        super().__init__()
        self._follower = follower

    def use(self, engine: Engine, plan: Plan = NOTHING) -> None:
        """From now on these rules are in force."""
        super().use(engine, plan.for_single_events())
        self._follower.use(engine, plan)


class Batch:
    """The content of a batch, on disk without a name, so that nothing of it outlives the process.

    It is opened first. Its methods block, and are for one thread at a time; `close` may come from any.
    """

    def __init__(
        self, content: bytes, detector: BatchDetector, *, clock: Clock, choice: Choice = EVERYTHING
    ) -> None:  # fmt: skip
        self._content = content
        self.choice = choice
        self._detector = detector
        self._clock = clock
        self._file: BinaryIO | None = None
        self._reach = Reach()
        self._found: Iterator[Found] = self._events()
        self._lock = Lock()
        self._is_closed = False
        self.read = 0

    def open(self) -> None:
        """Put the content on disk; OSError."""
        with self._held():
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - until it is closed
            self._file.write(self._content)
            self._content = b""

    def is_longer(self, most: int) -> bool:
        """Whether it has more bytes than that, unpacked."""
        return len(self._begin(most + 1)) > most

    def is_long_document(self) -> bool:
        """Whether it is one JSON document over several lines, and longer than such may be."""
        begin = self._begin(DOCUMENT_BYTES_MAX + 1)
        if len(begin) <= DOCUMENT_BYTES_MAX or begin.startswith(EVTX_BEGINS):
            return False
        first = begin.partition(b"\n")[0].strip()
        if first[:1] not in {b"[", b"{"}:
            return False
        try:
            msgspec.json.decode(first)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return True
        return False

    def share(self) -> float:
        """How much of it is read, by its bytes as they were sent, from 0 to 1."""
        with self._held():
            return self._reach.share()

    def skip_to(self, line: int) -> None:
        """Go on behind so many lines, which were asked about before."""
        with self._held():
            while self.read < line and not self._is_closed and next(self._found, None) is not None:
                self.read += 1

    def portion(self, room: Room) -> Portion:
        """The next lines, some thousands or what a second is enough for."""
        made, noted, ends_at = Portion(), _Noted(), self._clock.seconds() + PORTION_SECONDS
        with self._held():
            while not self._is_full(made, ends_at):
                found = next(self._found, None)
                if found is None:
                    made.is_last = True
                    break
                made.lines += 1
                self._ask(found, made, noted, room=room)
            self.read += made.lines
        made.sightings, made.mentions = [*noted.sightings], [*noted.glossary.mentions()]
        return made

    def close(self) -> None:
        """Let go of the file; a thread that reads it meanwhile stops at the next line."""
        self._is_closed = True
        if self._lock.acquire(blocking=False):
            self._found = iter(())
            if self._file is not None:
                self._file.close()
            self._lock.release()

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Who was asked to close meanwhile does so at the end, whoever asked found it held."""
        try:
            with self._lock:
                yield
        finally:
            if self._is_closed:
                self.close()

    def _events(self) -> Iterator[Found]:
        yield from events_of(self._place(), unpacked_max=UNPACKED_BYTES_MAX, reach=self._reach)

    def _opened(self) -> BufferedReader:
        return self._place().open("rb")

    def _place(self) -> Path:
        """The file by a name; who opens it reads from its beginning, on macOS too, where the place is shared."""
        if self._file is None:
            raise ValueError("a batch is opened before it is read")
        self._file.seek(0)
        return Path(f"/dev/fd/{self._file.fileno()}")

    def _begin(self, most: int) -> bytes:
        begin = b""
        with self._held(), self._opened() as file, suppress(BrokenArchive):
            plain = unpacked(file, UNPACKED_BYTES_MAX)
            while len(begin) < most and (piece := plain.read(min(_PIECE_BYTES, most - len(begin)))):
                begin += piece
        return begin

    def _is_full(self, made: Portion, ends_at: float) -> bool:
        is_much = made.lines >= PORTION_LINES or len(made.hits) >= PORTION_HITS or made.letters >= PORTION_SIGNAL_BYTES
        return is_much or self._is_closed or (made.lines > 0 and self._clock.seconds() >= ends_at)

    def _ask(self, found: Found, made: Portion, noted: "_Noted", *, room: Room) -> None:
        tally = made.tally
        if isinstance(found, BadLine):
            tally.unread += 1
            tally.fault(found.line, found.reason)
            return
        tally.events += 1
        if self._detector.is_silent(found):
            noted.glossary.note(found.content)
            return
        records = normalise(found.content)
        if isinstance(records, Unrecognised):
            tally.unrecognised += 1
            tally.fault(found.line, records.reason)
            return
        noted.glossary.read(records)
        detected = self._detector.of_records(records, self.choice)
        tally.silenced += detected.silenced
        if detected.signals:
            event = str(found.line)
            made.keep((msgspec.structs.replace(one, event=event) for one in detected.signals), room.signals)
        if detected.matches:
            tally.matched += 1
            for hit in _hits(found, records, detected, tally=tally):
                noted.sightings.add(Sighting(hit.rule_id, hit.host, hit.user, hit.is_certain, 1, hit.at, hit.at))
                made.add(hit, found, room)


@dataclass(frozen=True, slots=True)
class _Noted:
    """Whom the matches of a portion are about, and what its events name."""

    sightings: Sightings = field(default_factory=Sightings)
    glossary: Glossary = field(default_factory=Glossary)


def _hits(found: Event, records: tuple[Record, ...], detected: Detected, *, tally: Tally) -> Iterator[Hit]:
    """The matches on an event, each counted."""
    at, host, user = at_of(records), entity_in(records, HOST), entity_in(records, USER)
    for match in detected.matches:
        rule, rules = match.rule, tally.rules
        tally.matches += 1
        rules[rule.id] = (rules.get(rule.id) or Fired.of(rule)).again(1, at, at)
        if at is not None:
            tally.timeline.add(at, rule.level)
        yield Hit(found.line, rule.id, at, host, user, match.is_certain)


def _json_of(event: Event) -> bytes:
    """Empty where it holds what is no text, as documents may."""
    try:
        return event.raw.strip() or msgspec.json.encode(event.content)
    except UnicodeEncodeError:
        return b""
