"""The rules that may fire on events of one log source and event id, with all decided that is known beforehand."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Final

import msgspec

from cybervault.detection.compile.scanners import Finding, Scanner, scanner_of
from cybervault.detection.record import EVENT_ID, LogSource
from cybervault.detection.rule import Rule, Where
from cybervault.detection.tree import (
    ANYWHERE,
    FALSE,
    REFERENCES,
    Every,
    Kind,
    Leaf,
    Not,
    Predicate,
    Tree,
    known,
    leaves,
    witnesses,
)


class Condition(msgspec.Struct, frozen=True, array_like=True):
    """A tree over the numbers of predicates: `leaves` and `parts` are joined by the sign, of which NOT has one."""

    sign: int
    leaves: frozenset[int]
    parts: tuple["Condition", ...] = ()


EVERY, SOME, NOT = range(3)
_CONDITIONS: Final = msgspec.msgpack.Decoder(Condition)


class Candidate(msgspec.Struct, dict=True):
    """A rule by its place, and what remains of its condition, as MessagePack until it is needed: few ever are."""

    rule: int
    packed: bytes

    @cached_property
    def condition(self) -> Condition:
        """What remains."""
        return _CONDITIONS.decode(self.packed)

    @cached_property
    def wanted(self) -> frozenset[int]:
        """The predicates that speak for it, not against."""
        return frozenset(_wanted(self.condition, is_wanted=True))


class Reference(msgspec.Struct, frozen=True, array_like=True):
    """A predicate that looks at two fields."""

    number: int
    predicate: Predicate


@dataclass(frozen=True, slots=True)
class FieldPart:
    """One field, by whose text some predicates are decided; `absent` are those that hold where it is not there."""

    name: str
    scanner: Scanner
    absent: frozenset[int]

    @property
    def all(self) -> frozenset[int]:
        """The numbers of all its predicates."""
        return self.scanner.numbers


class Partition:
    """What is asked of each event here.

    `always` are the places of candidates that may hold whatever the event says, `by_witness` names the others for a
    predicate that holds.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        fields: Sequence[FieldPart],
        references: Sequence[Reference] = (),
        *,
        always: Sequence[int] = (),
        by_witness: Mapping[int, Sequence[int]] = MappingProxyType({}),
    ) -> None:
        self.candidates = candidates
        self.references = references
        self.always = always
        self.by_witness = by_witness
        self.keywords = next((part for part in fields if part.name == ANYWHERE), None)
        self.fields = [part for part in fields if part.name != ANYWHERE]

    def candidates_of(self, true: AbstractSet[int]) -> Sequence[Candidate]:
        """Those rules that may hold where only these predicates do, in their order."""
        places = set(self.always)
        for number in true & self.by_witness.keys():
            places.update(self.by_witness[number])
        return [self.candidates[place] for place in sorted(places)]


def holds(tree: Condition, true: AbstractSet[int], negated: AbstractSet[int]) -> bool:
    """Whether a condition holds, where `true` are the predicates that do, and `negated` those that do in a negation.

    They differ where not all is known: what may hold counts as false in the one place and as true in the other.
    """
    if tree.sign == EVERY:
        return tree.leaves <= true and all(holds(part, true, negated) for part in tree.parts)
    if tree.sign == SOME:
        return not tree.leaves.isdisjoint(true) or any(holds(part, true, negated) for part in tree.parts)
    return not holds(tree.parts[0], negated, true)


def _wanted(tree: Condition, *, is_wanted: bool) -> Iterable[int]:
    if is_wanted:
        yield from tree.leaves
    for part in tree.parts:
        yield from _wanted(part, is_wanted=is_wanted is (tree.sign != NOT))


def is_for(where: Where, source: LogSource) -> bool:
    """Whether a rule is for events of this source. One that names nothing is for none: it would fire anywhere."""
    if not (where.product or where.category or where.service):
        return False
    return (
        (not where.product or where.product == source.product)
        and (not where.category or where.category in source.categories)
        and (not where.service or where.service == source.service)
    )


def rules_for(rules: Sequence[Rule], source: LogSource) -> dict[int, Rule]:
    """The rules for events of this source, by their places."""
    return {place: rule for place, rule in enumerate(rules) if is_for(rule.where, source)}


def partition_of(rules: Mapping[int, Rule], event_id: str | None, *, finding: Finding) -> Partition:
    """Those of the rules for one source that may still hold for this event id (None: events that have none)."""
    value_of = known_by(event_id)
    remaining = {place: known(rule.condition, value_of) for place, rule in rules.items()}
    return _partition({place: tree for place, tree in remaining.items() if tree != FALSE}, finding)


def _partition(conditions: Mapping[int, Tree], finding: Finding) -> Partition:
    popularity = Counter(one for tree in conditions.values() for one in dict.fromkeys(leaves(tree)))
    numbers = {predicate: number for number, predicate in enumerate(popularity)}
    always: list[int] = []
    by_witness: dict[int, list[int]] = defaultdict(list)
    for place, tree in enumerate(conditions.values()):
        found = witnesses(tree, popularity)
        for predicate in found or ():
            by_witness[numbers[predicate]].append(place)
        if found is None:
            always.append(place)
    return Partition(
        [Candidate(rule, msgspec.msgpack.encode(_numbered(tree, numbers))) for rule, tree in conditions.items()],
        [_field(name, some, finding) for name, some in _by_field(numbers).items()],
        [Reference(numbers[one], one) for one in numbers if one.kind in REFERENCES],
        always=always,
        by_witness=dict(by_witness),
    )


def known_by(event_id: str | None) -> Callable[[Predicate], bool | None]:
    """What an event id alone says of predicates (None: nothing), as in `tree.known`."""

    def value_of(predicate: Predicate) -> bool | None:
        if predicate.field != EVENT_ID or predicate.kind not in {Kind.EQUALS, Kind.NULL, Kind.EXISTS}:
            return None
        if predicate.kind is Kind.EQUALS:
            return event_id is not None and event_id.lower() == predicate.pattern
        return (event_id is None) == (predicate.kind is Kind.NULL)

    return value_of


def _by_field(numbers: Mapping[Predicate, int]) -> Mapping[str, dict[int, Predicate]]:
    found: dict[str, dict[int, Predicate]] = defaultdict(dict)
    for predicate, number in numbers.items():
        if predicate.kind not in REFERENCES:
            found[predicate.field][number] = predicate
    return found


def _field(name: str, predicates: Mapping[int, Predicate], finding: Finding) -> FieldPart:
    return FieldPart(name, scanner_of(predicates, finding), absent_in(predicates))


def absent_in(predicates: Mapping[int, Predicate]) -> frozenset[int]:
    """Those of a field's predicates that hold where it is not there."""
    return frozenset(number for number, one in predicates.items() if one.kind is Kind.NULL)


def _numbered(tree: Tree, numbers: Mapping[Predicate, int]) -> Condition:
    match tree:
        case Leaf(predicate=predicate):
            return Condition(EVERY, frozenset({numbers[predicate]}))
        case Not(of=part):
            return Condition(NOT, frozenset(), (_numbered(part, numbers),))
    plain = frozenset(numbers[part.predicate] for part in tree.of if isinstance(part, Leaf))
    others = tuple(_numbered(part, numbers) for part in tree.of if not isinstance(part, Leaf))
    return Condition(EVERY if isinstance(tree, Every) else SOME, plain, others)
