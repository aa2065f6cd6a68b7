"""Events judged at a glance: by the values that rules ask for, where they stand in the event, without making records.

Nearly no event is one that a rule fires on, so for nearly all that is the whole answer, and the others are read whole.
"""

from collections.abc import Sequence
from typing import Final, cast

from cybervault.detection.compile.gate import Gate, Gates
from cybervault.detection.engine import NONE, PARTITIONS_MAX, Engine, Matcher
from cybervault.detection.lines import Event
from cybervault.detection.memo import plain
from cybervault.detection.normal.glance import Content, Route, Signs, flat_of, route_of, signs_of
from cybervault.detection.normal.values import DEPTH_MAX, FIELDS_MAX, is_within_bounds

_KNOWN: Final = dict.get
_OPENING: Final = (b"{", b"[")
# A value takes two bytes at least.
_BYTES_FEW: Final = 2 * FIELDS_MAX


class Glances:
    """Looks at events for an engine, in the thread that uses it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._gates = Gates()
        self._lanes: dict[Signs, _Lane | None] = {}

    def is_silent(self, event: Event) -> bool:
        """Whether no rule fires on an event; False too where that takes a whole reading."""
        line = event.raw
        content = flat_of(event.content) if line else None
        if content is None:
            return False
        signs = signs_of(content)
        try:
            lane = self._lanes[signs]
        except KeyError:
            lane = self._lane(signs, content)
        except TypeError:  # a list or an object, which cannot be looked up
            return False
        if lane is None or not _is_within_bounds(event.content, line) or not lane.is_silent(content, line):
            return False
        second = lane.route.second(content) if lane.route.derive is not None else None
        return second is None or not self._engine.outcome(second).matches

    def _lane(self, signs: Signs, content: Content) -> "_Lane | None":
        if len(self._lanes) >= PARTITIONS_MAX:
            self._lanes.clear()
        route = route_of(content)
        lane = self._lanes[signs] = None if route is None else self._lane_of(route)
        return lane

    def _lane_of(self, route: Route) -> "_Lane | None":
        matcher = self._engine.matcher(route.source, route.event_id)
        keywords = matcher.partition.keywords
        gate = None if keywords is None else self._gates.of(keywords.scanner.predicates.values())
        # What stands below a dotted name may be a value of an object, and a word anywhere in all of them.
        is_whole = any("." in name for name in _named_by(matcher)) or (keywords is not None and gate is None)
        return None if is_whole else _Lane(matcher, route, gate)


def _named_by(matcher: Matcher) -> Sequence[str]:
    references = matcher.partition.references
    return (
        *(memo.name for memo in matcher.memos),
        *(name for one in references for name in (one.predicate.field, one.predicate.pattern)),
    )


def _is_within_bounds(event: Content, line: bytes) -> bool:
    """As `is_within_bounds`, faster where a line is too short for many values and opens few objects and lists."""
    return (len(line) <= _BYTES_FEW and _opens_few(line)) or is_within_bounds(event)


def _opens_few(line: bytes) -> bool:
    left = DEPTH_MAX
    for sign in _OPENING:
        place = line.find(sign)  # which leaps; to count would look at each byte
        while place >= 0:
            left -= 1
            if left < 0:
                return False
            place = line.find(sign, place + 1)
    return True


class _Lane:
    """The rules that the events of one route are asked, and where their fields are."""

    def __init__(self, matcher: Matcher, route: Route, gate: Gate | None) -> None:
        self.route = route
        self._matcher = matcher
        self._names = tuple(route.names.get(memo.name, memo.name) for memo in matcher.memos)
        self._knowns = tuple(memo.known for memo in matcher.memos)
        self._made = tuple(
            (place, route.made[memo.name]) for place, memo in enumerate(matcher.memos) if memo.name in route.made
        )
        self._refers = bool(matcher.partition.references)
        # Where each value stands in the event by itself, what was remembered of all of them together is the answer.
        self._quiet = matcher.quiet if not (self._made or self._refers) else frozenset[tuple[int | None, ...]]()
        self._gate = gate

    def is_silent(self, event: Content, line: bytes) -> bool:
        """Whether no rule fires; False where it takes a whole reading."""
        if not self._matcher.partition.candidates:
            return True
        if self._gate is not None and self._gate(event, line):
            return False
        try:
            known = tuple(map(_KNOWN, self._knowns, map(event.get, self._names)))
            if known in self._quiet:
                self._matcher.signatures.events += 1
                return True
            found: list[int | None] = [*known]
            for place, make in self._made:
                found[place] = self._knowns[place].get(make(event))
            numbers = self._looked(event, found) if None in found else cast("list[int]", found)
            beside = self._matcher.true_of_references(self._compared(event)) if self._refers else NONE
        except TypeError:  # a list or an object, which cannot be looked up
            return False
        return not self._matcher.outcome_of(numbers, beside).matches

    def _looked(self, event: Content, found: list[int | None]) -> list[int]:
        memos = self._matcher.memos
        return [
            memo.look_plain(self._value(event, memo.name)) if one is None else one
            for memo, one in zip(memos, found, strict=True)
        ]

    def _value(self, event: Content, name: str) -> object:
        make = self.route.made.get(name)
        return event.get(self.route.names.get(name, name)) if make is None else make(event)

    def _compared(self, event: Content) -> dict[str, str | None]:
        """The fields that rules compare with one another."""
        pairs = ((one.predicate.field, one.predicate.pattern) for one in self._matcher.partition.references)
        return {name: plain(self._value(event, name)) for pair in pairs for name in pair}
