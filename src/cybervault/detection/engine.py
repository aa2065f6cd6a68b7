"""All rules on one event: what a field's value says is remembered, and what several such say together.

Telemetry repeats itself, so that an event whose values were all seen before costs a few look-ups. Memory is bounded:
a memo that is full begins anew, and one that is hardly ever of use is switched off.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from cybervault.detection.compile.hyperscanning import hyperscanning
from cybervault.detection.compile.partition import Partition, holds, partition_of, rules_for
from cybervault.detection.compile.scanners import Proposing
from cybervault.detection.memo import USUAL, FieldMemo, Limits, Signatures
from cybervault.detection.reading import refers, texts
from cybervault.detection.record import EVENT_ID, LogSource, Record, Value
from cybervault.detection.rule import Rule
from cybervault.detection.tree import Kind, leaves

PARTITIONS_MAX: Final = 2_000
"""Log sources and event ids that strangers can make up; known ones are a few hundred."""

Key: TypeAlias = tuple[str, frozenset[str], str, str | None]

_UNNAMED: Final = "\0"
"""Stands for each event id that no rule names: to rules they are alike."""


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
_NONE: Final = frozenset[int]()


class Engine:
    """The rules that are in force. It is used by one thread at a time."""

    def __init__(self, rules: Sequence[Rule], *, proposing: Proposing = hyperscanning, limits: Limits = USUAL) -> None:
        self.rules = tuple(rules)
        self._proposing = proposing
        self._limits = limits
        self._matchers: dict[Key, Matcher] = {}
        self._rules_for: dict[LogSource, dict[int, Rule]] = {}
        self._named_ids = _event_ids(self.rules)

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
        return Engine(self.rules, proposing=self._proposing, limits=self._limits)

    def warm(self, sources: Iterable[tuple[LogSource, str | None]]) -> None:
        """Build what these log sources and event ids need, before an event waits for it."""
        for source, event_id in sources:
            self.matcher(source, event_id)

    def _made(self, key: Key, source: LogSource) -> "Matcher":
        if len(self._matchers) >= PARTITIONS_MAX:
            self._matchers.clear()
            self._rules_for.clear()
        if source not in self._rules_for:
            self._rules_for[source] = rules_for(self.rules, source)
        partition = partition_of(self._rules_for[source], key[-1], proposing=self._proposing)
        found = self._matchers[key] = Matcher(self.rules, partition, self._limits)
        return found


def _event_ids(rules: Iterable[Rule]) -> frozenset[str]:
    wanted = (one for rule in rules for one in leaves(rule.condition))
    return frozenset(one.pattern.lower() for one in wanted if one.field == EVENT_ID and one.kind is Kind.EQUALS)


class Matcher:
    """One partition with its memory."""

    def __init__(self, rules: Sequence[Rule], partition: Partition, limits: Limits) -> None:
        self._rules = rules
        self._limits = limits
        self._signatures = Signatures()
        self._outcomes: dict[tuple[int, ...], Outcome] = {}
        self._silent = self._signatures.number(frozenset())
        self._has_more = partition.keywords is not None or bool(partition.references)
        self.partition = partition
        self.memos = tuple(FieldMemo(part, self._signatures, limits) for part in partition.fields)
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
        return self.outcome_of(ids, self._true_beside(record.fields) if self._has_more else _NONE)

    def outcome_of(self, ids: list[int], beside: frozenset[int] = _NONE) -> Outcome:
        """As `outcome`, by the numbers that the memos have for its values, and predicates that hold beside these."""
        self._signatures.events += 1
        if self._has_more:
            ids.append(self._signatures.number(beside) if beside else self._silent)
        key = tuple(ids)
        found = self._outcomes.get(key)
        return self._evaluated(key) if found is None else found

    def true_of_references(self, fields: Mapping[str, Value]) -> frozenset[int]:
        """What is true of fields that are compared with one another."""
        found = self.partition.references
        return frozenset(one.number for one in found if refers(one.predicate, fields)) if found else _NONE

    def _true_beside(self, fields: Mapping[str, Value]) -> frozenset[int]:
        """What no field alone decides: words anywhere, and fields that are compared with one another."""
        true = self.true_of_references(fields)
        if self.partition.keywords is None:
            return true
        whole = "\n".join([one if type(one) is str else "\n".join(texts(one)) for one in fields.values() if one])
        return true | self.partition.keywords.scanner.true(whole)

    def _evaluated(self, key: tuple[int, ...]) -> Outcome:
        found = [self._signatures.of(number) for number in key]
        true = frozenset().union(*(one.true for one in found))
        possible = true.union(*(one.maybe for one in found))
        evidence = frozenset().union(*(one.true for one in found if not one.is_bare))
        matches, undecided = [], 0
        for candidate in self.partition.candidates_of(possible):
            if holds(candidate.condition, true, possible):
                matches.append(Match(self._rules[candidate.rule]))
            elif holds(candidate.condition, true, true) and not candidate.wanted.isdisjoint(evidence):
                matches.append(Match(self._rules[candidate.rule], is_certain=False))
            elif holds(candidate.condition, possible, true):
                undecided += 1
        outcome = Outcome(tuple(matches), undecided, len(self.partition.candidates))
        self._remember(key, outcome)
        return outcome

    def _remember(self, key: tuple[int, ...], outcome: Outcome) -> None:
        if len(self._outcomes) >= self._limits.values:
            self._outcomes.clear()
        if len(self._signatures) >= self._limits.values:
            # Numbers would mean something else afterwards, so all that is remembered by them goes too.
            self._outcomes.clear()
            self._signatures.clear()
            self._silent = self._signatures.number(frozenset())
            for memo in self.memos:
                memo.forget()
        elif self._limits.remembers:
            self._outcomes[key] = outcome
