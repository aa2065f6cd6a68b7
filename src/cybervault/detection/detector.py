"""The engine in force: it is asked about events, and another takes its place as a whole."""

from collections.abc import Iterable
from dataclasses import dataclass

from cybervault.detection.correlate.plan import NOTHING, Plan
from cybervault.detection.correlate.signals import Signal, signals_of
from cybervault.detection.engine import Engine, Match
from cybervault.detection.glance import Glances
from cybervault.detection.lines import Event
from cybervault.detection.normal.seed import records_of
from cybervault.detection.record import Record
from cybervault.detection.rule import Rule
from cybervault.detection.rules.choice import EVERYTHING, Choice
from cybervault.domain.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Detected:
    """What rules say of one event: each rule once, the certain ones first.

    `undecided` counts those that might fire if more were known; `rules` those that were asked, None without any rules.
    `signals` are what counts over several events, `silenced` matches that are told in no other way.
    """

    matches: tuple[Match, ...] = ()
    undecided: int = 0
    rules: int | None = None
    signals: tuple[Signal, ...] = ()
    silenced: int = 0


class Detector:
    """Used in one thread. No event sees half of two engines.

    Of the rules that a plan says are silent no match is told; what its correlations count becomes signals.
    """

    def __init__(self, engine: Engine | None = None, plan: Plan = NOTHING) -> None:
        self._engine: Engine | None = None
        self._glances: Glances | None = None
        self._plan = plan
        if engine is not None:
            self._put(engine)

    @property
    def plan(self) -> Plan:
        """The correlations that go with the rules in force."""
        return self._plan

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in force."""
        return () if self._engine is None else self._engine.rules

    def use(self, engine: Engine, plan: Plan = NOTHING) -> None:
        """From now on these rules are in force."""
        self._plan = plan
        self._put(engine)

    def _put(self, engine: Engine) -> None:
        self._engine, self._glances = engine, Glances(engine)

    def is_silent(self, event: Event) -> bool:
        """Whether an event was seen at a glance to be of a known format, and one that no rule fires on.

        False says nothing: then it takes a whole reading.
        """
        return self._glances is not None and self._glances.is_silent(event)

    def of_telemetry(self, telemetry: Telemetry, choice: Choice = EVERYTHING) -> Detected:
        """What the rules that count say of an event that was sent to be assessed."""
        return self.of_records(records_of(telemetry), choice)

    def of_records(self, records: Iterable[Record], choice: Choice = EVERYTHING) -> Detected:
        """What those that count say of an event in one or more records; how many were asked is of all."""
        if self._engine is None or not self._engine.rules:
            return Detected()
        found: dict[str, Match] = {}
        undecided = rules = 0
        signals: list[Signal] = []
        silent, silenced = self._plan.silent, set[str]()
        for record in records:
            outcome = self._engine.outcome(record)
            undecided += outcome.undecided
            rules += outcome.rules
            if not outcome.matches:
                continue
            left = choice.left(record, outcome.matches)
            signals += signals_of(self._plan, record, left)
            for match in left:
                if match.rule.id in silent:
                    silenced.add(match.rule.id)
                elif choice.takes(match.rule) and (match.is_certain or match.rule.id not in found):
                    found[match.rule.id] = match
        matches = tuple(sorted(found.values(), key=lambda one: not one.is_certain))
        return Detected(matches, undecided, rules, tuple(signals), len(silenced))
