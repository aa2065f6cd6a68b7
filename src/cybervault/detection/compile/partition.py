"""The rules that may fire on events of one log source and event id, with all decided that is known beforehand."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, TypeAlias

from cybervault.detection.compile.scanners import Proposing, Scanner
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
    wanted_by,
    witnesses,
)

_EVERY, _SOME, _NOT = range(3)
Numbers: TypeAlias = int | tuple[int, tuple["Numbers", ...]]
"""A tree over the numbers of predicates: a number, or what joins the trees and these."""

_NEEDS_A_VALUE: Final = frozenset(Kind) - {Kind.NULL} - REFERENCES


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rule, and what remains of its condition. `wanted` are the predicates that speak for it, not against."""

    rule: int
    condition: Numbers
    wanted: frozenset[int]


@dataclass(frozen=True, slots=True)
class Reference:
    """A predicate that looks at two fields."""

    number: int
    predicate: Predicate


@dataclass(frozen=True, slots=True)
class FieldPart:
    """One field, by whose text some predicates are decided.

    `absent` are those that hold where it is not there, `all` the numbers of all of them.
    """

    name: str
    scanner: Scanner
    absent: frozenset[int]
    all: frozenset[int]


class Partition:
    """What is asked of each event here. `by_witness` names the candidates for a predicate that holds."""

    def __init__(self, conditions: Mapping[int, Tree], proposing: Proposing) -> None:
        popularity = Counter(one for tree in conditions.values() for one in dict.fromkeys(leaves(tree)))
        numbers = {predicate: number for number, predicate in enumerate(popularity)}
        self.rules = tuple(conditions)
        self.candidates = [_candidate(rule, tree, numbers) for rule, tree in conditions.items()]
        self.always: list[int] = []
        self.by_witness: dict[int, list[int]] = defaultdict(list)
        for place, tree in enumerate(conditions.values()):
            found = witnesses(tree, popularity)
            for predicate in found or ():
                self.by_witness[numbers[predicate]].append(place)
            if found is None:
                self.always.append(place)
        self.references = [Reference(numbers[one], one) for one in numbers if one.kind in REFERENCES]
        self.fields = [_field(name, some, proposing) for name, some in _by_field(numbers).items()]
        self.keywords = next((part for part in self.fields if part.name == ANYWHERE), None)
        self.fields = [part for part in self.fields if part.name != ANYWHERE]

    def candidates_of(self, true: AbstractSet[int]) -> Sequence[Candidate]:
        """Those rules that may hold where only these predicates do, in their order."""
        places = set(self.always)
        for number in true:
            places.update(self.by_witness.get(number, ()))
        return [self.candidates[place] for place in sorted(places)]


def holds(tree: Numbers, true: AbstractSet[int], negated: AbstractSet[int]) -> bool:
    """Whether a condition holds, where `true` are the predicates that do, and `negated` those that do in a negation.

    They differ where not all is known: what may hold counts as false in the one place and as true in the other.
    """
    if isinstance(tree, int):
        return tree in true
    sign, parts = tree
    if sign == _EVERY:
        return all(holds(part, true, negated) for part in parts)
    if sign == _SOME:
        return any(holds(part, true, negated) for part in parts)
    return not holds(parts[0], negated, true)


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


def partition_of(rules: Mapping[int, Rule], event_id: str | None, *, proposing: Proposing) -> Partition:
    """Those of the rules for one source that may still hold for this event id (None: events that have none)."""
    value_of = known_by(event_id)
    remaining = {place: known(rule.condition, value_of) for place, rule in rules.items()}
    return Partition({place: tree for place, tree in remaining.items() if tree != FALSE}, proposing)


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


def _field(name: str, predicates: Mapping[int, Predicate], proposing: Proposing) -> FieldPart:
    absent = frozenset(number for number, one in predicates.items() if one.kind is Kind.NULL)
    return FieldPart(name, Scanner(predicates, proposing), absent, frozenset(predicates))


def _candidate(rule: int, tree: Tree, numbers: Mapping[Predicate, int]) -> Candidate:
    wanted = frozenset(numbers[predicate] for predicate in wanted_by(tree))
    return Candidate(rule, _numbered(tree, numbers), wanted)


def _numbered(tree: Tree, numbers: Mapping[Predicate, int]) -> Numbers:
    match tree:
        case Leaf(predicate=predicate):
            return numbers[predicate]
        case Not(of=part):
            return (_NOT, (_numbered(part, numbers),))
        case Every(of=parts):
            return (_EVERY, tuple(_numbered(part, numbers) for part in parts))
    return (_SOME, tuple(_numbered(part, numbers) for part in tree.of))
