"""All rules on one event: what a field's value says is remembered, and what several such say together.

Telemetry repeats itself, so that an event whose values were all seen before costs a few look-ups. Memory is bounded:
a memo that is full begins anew, and one that is hardly ever of use is switched off.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec

from cybervault.detection.compile.hyperscanning import hyperscanning
from cybervault.detection.compile.kept import Keeper, kept_of, restored, versions
from cybervault.detection.compile.partition import Partition, holds, is_for, partition_of
from cybervault.detection.compile.scanners import Finding
from cybervault.detection.memo import USUAL, FieldMemo, Limits, Signatures
from cybervault.detection.reading import refers, texts
from cybervault.detection.record import EVENT_ID, LogSource, Record, Value
from cybervault.detection.rule import Rule, Where
from cybervault.detection.tree import Kind, leaves

PARTITIONS_MAX: Final = 2_000
"""Log sources and event ids that strangers can make up; known ones are a few hundred."""

Key: TypeAlias = tuple[str, frozenset[str], str, str | None]

_UNNAMED: Final = "\0"
"""Stands for each event id that no rule names: to rules they are alike."""
_IDS: Final = msgspec.msgpack.Decoder(list[frozenset[str]])
_WHERE: Final = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that fires. It is not `certain` where something that would exclude the event could not be known.

    Where nothing but a name without its folder speaks for a rule, that is no match: whether `svchost.exe` lies where it
    should is the whole question.
    """

    rule: Rule
    is_certain: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What rules say of an event.

    `undecided` counts those that might fire if more were known of it, `rules` those that were asked.
    """

    matches: tuple[Match, ...] = ()
    undecided: int = 0
    rules: int = 0


NOTHING: Final = Outcome()
NONE: Final = frozenset[int]()


class Engine:
    """The rules that are in force. It is used by one thread at a time."""

    def __init__(
        self,
        rules: Sequence[Rule],
        *,
        finding: Finding = hyperscanning,
        limits: Limits = USUAL,
        keeper: Keeper | None = None,
    ) -> None:
        self.rules = tuple(rules)
        self._finding = finding
        self._limits = limits
        self._keeper = keeper
        self._matchers: dict[Key, Matcher] = {}
        self._scopes: dict[LogSource, _Scope] = {}
        self.digest = "" if keeper is None else _digest(self.rules)
        """Of the rules, where what is made of them is kept."""
        self._ids = self._event_ids()
        self._named_ids = frozenset().union(*self._ids)
        self._by_where: dict[Where, list[int]] = {}
        for place, rule in enumerate(self.rules):
            self._by_where.setdefault(rule.where, []).append(place)

    def outcome(self, record: Record) -> Outcome:
        """What all rules say of a record; of one whose log source no rule is for, nothing."""
        event_id = record.fields.get(EVENT_ID)
        return self.matcher(record.source, event_id if isinstance(event_id, str) else None).outcome(record)

    def matcher(self, source: LogSource, event_id: str | None) -> "Matcher":
        """The rules for a log source and an event id (None: there is none), with what is remembered of them."""
        if event_id is not None and event_id not in self._named_ids and event_id.lower() not in self._named_ids:
            event_id = _UNNAMED
        key = (source.product, source.categories, source.service, event_id)
        return self._matchers.get(key) or self._made(key, source)

    def twin(self) -> "Engine":
        """The same rules for another thread, which builds what the log sources of its own events need."""
        return Engine(self.rules, finding=self._finding, limits=self._limits, keeper=self._keeper)

    def warm(self, sources: Iterable[tuple[LogSource, str | None]]) -> None:
        """Build what these log sources and event ids need, before an event waits for it."""
        for source, event_id in sources:
            self.matcher(source, event_id)

    def _made(self, key: Key, source: LogSource) -> "Matcher":
        if len(self._matchers) >= PARTITIONS_MAX:
            self._matchers.clear()
            self._scopes.clear()
        scope, event_id = self._scope(source), key[-1]
        if event_id is not None and event_id.lower() not in scope.ids:
            event_id = _UNNAMED
        alike = (*key[:-1], event_id)
        found = self._matchers.get(alike)
        if found is None:
            found = self._matchers[alike] = Matcher(self.rules, self._partition(alike, scope), self._limits)
        if len(self._matchers) < PARTITIONS_MAX:
            self._matchers[key] = found
        return found

    def _scope(self, source: LogSource) -> "_Scope":
        found = self._scopes.get(source)
        if found is None:
            places = sorted(one for where, some in self._by_where.items() if is_for(where, source) for one in some)
            ids = frozenset().union(*(self._ids[place] for place in places))
            found = self._scopes[source] = _Scope(places, ids)
        return found

    def _partition(self, key: Key, scope: "_Scope") -> Partition:
        if self._keeper is None:
            return self._compiled(scope, key[-1])
        product, categories, service, event_id = key
        name = f"{self.digest}/{_sha256(msgspec.msgpack.encode((product, sorted(categories), service, event_id)))}"
        raw = self._keeper.get(name)
        found = None if raw is None else restored(raw)
        if found is None:
            found = self._compiled(scope, event_id)
            self._keeper.put(name, kept_of(found))
        return found

    def _compiled(self, scope: "_Scope", event_id: str | None) -> Partition:
        return partition_of({place: self.rules[place] for place in scope.places}, event_id, finding=self._finding)

    def _event_ids(self) -> Sequence[frozenset[str]]:
        """Those that each rule names, in lower case."""
        name = f"{self.digest}/ids"
        raw = None if self._keeper is None else self._keeper.get(name)
        with suppress(msgspec.MsgspecError):
            if raw is not None:
                return _IDS.decode(raw)
        found = [frozenset(_event_ids(rule)) for rule in self.rules]
        if self._keeper is not None:
            self._keeper.put(name, msgspec.msgpack.encode(found))
        return found


@dataclass(frozen=True, slots=True)
class _Scope:
    """The places of the rules for one log source, and the event ids that these name, in lower case."""

    places: Sequence[int]
    ids: frozenset[str]


def _digest(rules: Sequence[Rule]) -> str:
    """All that partitions are made of."""
    return _sha256(versions().encode(), *(part for rule in rules for part in (_WHERE(rule.where), rule.compiled)))


def _sha256(*parts: bytes) -> str:
    made = hashlib.sha256()
    for part in parts:
        made.update(b"%d " % len(part))
        made.update(part)
    return made.hexdigest()[:32]


def _event_ids(rule: Rule) -> Iterable[str]:
    wanted = leaves(rule.condition)
    return (one.pattern.lower() for one in wanted if one.field == EVENT_ID and one.kind is Kind.EQUALS)


class Matcher:
    """One partition with its memory."""

    def __init__(self, rules: Sequence[Rule], partition: Partition, limits: Limits) -> None:
        self._rules = rules
        self._limits = limits
        self.signatures = Signatures()
        self._outcomes: dict[tuple[int, ...], Outcome] = {}
        self._silent = self.signatures.number(frozenset())
        self._has_more = partition.keywords is not None or bool(partition.references)
        self.partition = partition
        self.quiet: set[tuple[int | None, ...]] = set()
        """Numbers of the values of all memos on which no rule fires where nothing holds beside them."""
        self.memos = tuple(FieldMemo(part, self.signatures, limits) for part in partition.fields)
        self._quick = [(memo.name, memo.known, memo.look) for memo in self.memos]

    def outcome(self, record: Record) -> Outcome:
        """What its rules say of a record."""
        if not self.partition.candidates:
            return NOTHING
        if record.is_excerpt or record.bare:
            ids = [memo.careful(record) for memo in self.memos]
        else:
            get, ids = record.fields.get, []
            for name, known, look in self._quick:
                value = get(name)
                found = known.get(value)
                ids.append(look(value) if found is None else found)
        return self.outcome_of(ids, self._true_beside(record.fields) if self._has_more else NONE)

    def outcome_of(self, ids: list[int], beside: frozenset[int] = NONE) -> Outcome:
        """As `outcome`, by the numbers that the memos have for its values, and predicates that hold beside these."""
        self.signatures.events += 1
        if self._has_more:
            ids.append(self.signatures.number(beside) if beside else self._silent)
        key = tuple(ids)
        found = self._outcomes.get(key)
        return self._evaluated(key) if found is None else found

    def true_of_references(self, fields: Mapping[str, Value]) -> frozenset[int]:
        """What is true of fields that are compared with one another."""
        found = self.partition.references
        return frozenset(one.number for one in found if refers(one.predicate, fields)) if found else NONE

    def _true_beside(self, fields: Mapping[str, Value]) -> frozenset[int]:
        """What no field alone decides: words anywhere, and fields that are compared with one another."""
        true = self.true_of_references(fields)
        if self.partition.keywords is None:
            return true
        whole = "\n".join([one if type(one) is str else "\n".join(texts(one)) for one in fields.values() if one])
        return true | self.partition.keywords.scanner.true(whole)

    def _evaluated(self, key: tuple[int, ...]) -> Outcome:
        found = [self.signatures.of(number) for number in key]
        true = frozenset().union(*(one.true for one in found))
        maybe = frozenset().union(*(one.maybe for one in found))
        if maybe:
            evidence = frozenset().union(*(one.true for one in found if not one.is_bare))
            outcome = self._weighed(true, true | maybe, evidence)
        else:
            asked = self.partition.candidates_of(true)
            fired = [Match(self._rules[one.rule]) for one in asked if holds(one.condition, true, true)]
            outcome = Outcome(tuple(fired), 0, len(self.partition.candidates))
        self._remember(key, outcome)
        return outcome

    def _weighed(self, true: frozenset[int], possible: frozenset[int], evidence: frozenset[int]) -> Outcome:
        """Where not all is known."""
        matches, undecided = [], 0
        for candidate in self.partition.candidates_of(possible):
            if holds(candidate.condition, true, possible):
                matches.append(Match(self._rules[candidate.rule]))
            elif holds(candidate.condition, true, true) and not candidate.wanted.isdisjoint(evidence):
                matches.append(Match(self._rules[candidate.rule], is_certain=False))
            elif holds(candidate.condition, possible, true):
                undecided += 1
        return Outcome(tuple(matches), undecided, len(self.partition.candidates))

    def _remember(self, key: tuple[int, ...], outcome: Outcome) -> None:
        if len(self._outcomes) >= self._limits.values:
            self._outcomes.clear()
            self.quiet.clear()
        if len(self.signatures) >= self._limits.values:
            # Numbers would mean something else afterwards, so all that is remembered by them goes too.
            self._outcomes.clear()
            self.quiet.clear()
            self.signatures.clear()
            self._silent = self.signatures.number(frozenset())
            for memo in self.memos:
                memo.forget()
        elif self._limits.remembers:
            self._outcomes[key] = outcome
            if not outcome.matches and not (self._has_more and key[-1] != self._silent):
                self.quiet.add(key[: len(self.memos)])
