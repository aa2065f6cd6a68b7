"""Events judged at a glance: by the values that rules ask for, where they stand in the event, without making records.

Nearly no event is one that a rule fires on, so for nearly all that is the whole answer, and the others are read whole.
"""

from collections.abc import Sequence
from typing import Final

from cybervault.detection.compile.gate import Gate, Gates
from cybervault.detection.engine import NOTHING, PARTITIONS_MAX, Engine, Matcher, Outcome
from cybervault.detection.lines import Event
from cybervault.detection.memo import plain
from cybervault.detection.normal.glance import Content, Route, route_of
from cybervault.detection.normal.values import FIELDS_MAX, is_within_bounds

_KNOWN: Final = dict.get
_NESTED: Final = frozenset({dict, list})
# A value takes two bytes at least.
_BYTES_FEW: Final = 2 * FIELDS_MAX


class Glances:
    """Looks at events for an engine, in the thread that uses it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._gates = Gates()
        self._lanes: dict[Route, _Lane | None] = {}

    def is_silent(self, event: Event) -> bool:
        """Whether no rule fires on an event; False too where that takes a whole reading."""
        content, line = event.content, event.raw
        route = route_of(content) if line else None
        if route is None:
            return False
        try:
            lane = self._lanes[route]
        except KeyError:
            lane = self._lane(route)
        if lane is None or not _is_within_bounds(content, line):
            return False
        outcome = lane.outcome(content, line)
        if outcome is None or outcome.matches:
            return False
        second = route.second(content) if route.derive is not None else None
        return second is None or not self._engine.outcome(second).matches

    def _lane(self, route: Route) -> "_Lane | None":
        if len(self._lanes) >= PARTITIONS_MAX:
            self._lanes.clear()
        matcher = self._engine.matcher(route.source, route.event_id)
        keywords = matcher.partition.keywords
        gate = None if keywords is None else self._gates.of(keywords.scanner.predicates.values())
        # What stands below a dotted name may be a value of an object, and a word anywhere in all of them.
        is_whole = any("." in name for name in _named_by(matcher)) or (keywords is not None and gate is None)
        lane = self._lanes[route] = None if is_whole else _Lane(matcher, route, gate)
        return lane


def _named_by(matcher: Matcher) -> Sequence[str]:
    references = matcher.partition.references
    return (
        *(memo.name for memo in matcher.memos),
        *(name for one in references for name in (one.predicate.field, one.predicate.pattern)),
    )


def _is_within_bounds(event: Content, line: bytes) -> bool:
    """As `is_within_bounds`, faster where nothing is nested but lists of texts, as nearly everywhere."""
    nested = [value for value in event.values() if type(value) is not str and type(value) in _NESTED]
    if len(line) <= _BYTES_FEW and all(type(one) is list and _NESTED.isdisjoint(map(type, one)) for one in nested):
        return True
    return is_within_bounds(event)


class _Lane:
    """The rules that the events of one route are asked, and where their fields are."""

    def __init__(self, matcher: Matcher, route: Route, gate: Gate | None) -> None:
        self._matcher = matcher
        self._route = route
        self._names = tuple(route.names.get(memo.name, memo.name) for memo in matcher.memos)
        self._knowns = tuple(memo.known for memo in matcher.memos)
        self._made = tuple(
            (place, route.made[memo.name]) for place, memo in enumerate(matcher.memos) if memo.name in route.made
        )
        self._refers = bool(matcher.partition.references)
        self._gate = gate

    def outcome(self, event: Content, line: bytes) -> Outcome | None:
        """None where it takes a whole reading."""
        matcher = self._matcher
        if not matcher.partition.candidates:
            return NOTHING
        if self._gate is not None and self._gate(event, line):
            return None
        try:
            numbers = list(map(_KNOWN, self._knowns, map(event.get, self._names)))
            for place, make in self._made:
                numbers[place] = self._knowns[place].get(make(event))
            ids = [self._looked(event, place) if one is None else one for place, one in enumerate(numbers)]
            if self._refers:
                return matcher.outcome_of(ids, matcher.true_of_references(self._compared(event)))
        except TypeError:  # a list or an object, which cannot be looked up
            return None
        return matcher.outcome_of(ids)

    def _looked(self, event: Content, place: int) -> int:
        memo = self._matcher.memos[place]
        return memo.look_plain(self._value(event, memo.name))

    def _value(self, event: Content, name: str) -> object:
        make = self._route.made.get(name)
        return event.get(self._route.names.get(name, name)) if make is None else make(event)

    def _compared(self, event: Content) -> dict[str, str | None]:
        """The fields that rules compare with one another."""
        pairs = ((one.predicate.field, one.predicate.pattern) for one in self._matcher.partition.references)
        return {name: plain(self._value(event, name)) for pair in pairs for name in pair}
