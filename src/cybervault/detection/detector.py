"""The engine in force: it is asked about events, and another takes its place as a whole."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from cybervault.detection.engine import Engine, Match
from cybervault.detection.normal.seed import records_of
from cybervault.detection.record import Record
from cybervault.domain.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Detected:
    """What rules say of one event: each rule once, the certain ones first.

    `undecided` counts those that might fire if more were known; `rules` those that were asked, None without any rules.
    `parts` are its records, each with all that fires on it, the silent rules too, for what counts over several events.
    """

    matches: tuple[Match, ...] = ()
    undecided: int = 0
    rules: int | None = None
    parts: tuple[tuple[Record, tuple[Match, ...]], ...] = field(default=(), compare=False, repr=False)


class Detector:
    """Used in one thread. No event sees half of two engines.

    Rules that are `silent` are asked for correlations only (`Plan.silent`) and are no matches by themselves.
    """

    def __init__(self, engine: Engine | None = None, silent: frozenset[str] = frozenset()) -> None:
        self._engine = engine
        self._silent = silent

    def use(self, engine: Engine, silent: frozenset[str] = frozenset()) -> None:
        """From now on these rules are in force."""
        self._engine, self._silent = engine, silent

    def of_telemetry(self, telemetry: Telemetry) -> Detected:
        """What the rules say of an event that was sent to be assessed."""
        return self.of_records(records_of(telemetry))

    def of_records(self, records: Iterable[Record]) -> Detected:
        """What they say of an event in one or more records."""
        if self._engine is None or not self._engine.rules:
            return Detected()
        found: dict[str, Match] = {}
        undecided = rules = 0
        parts = []
        for record in records:
            outcome = self._engine.outcome(record)
            parts.append((record, outcome.matches))
            undecided += outcome.undecided
            rules += outcome.rules
            for match in outcome.matches:
                if match.rule.id not in self._silent and (match.is_certain or match.rule.id not in found):
                    found[match.rule.id] = match
        matches = tuple(sorted(found.values(), key=lambda one: not one.is_certain))
        return Detected(matches, undecided, rules, tuple(parts))
