"""The engine in force: it is asked about events, and another takes its place as a whole."""

from collections.abc import Iterable
from dataclasses import dataclass

from cybervault.detection.engine import Engine, Match
from cybervault.detection.normal.seed import records_of
from cybervault.detection.record import Record
from cybervault.domain.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Detected:
    """What rules say of one event: each rule once, the certain ones first.

    `undecided` counts those that might fire if more were known; `rules` those that were asked, None without any rules.
    """

    matches: tuple[Match, ...] = ()
    undecided: int = 0
    rules: int | None = None


class Detector:
    """Used in one thread. No event sees half of two engines."""

    def __init__(self, engine: Engine | None = None) -> None:
        self._engine = engine

    def use(self, engine: Engine) -> None:
        """From now on these rules are in force."""
        self._engine = engine

    def of_telemetry(self, telemetry: Telemetry) -> Detected:
        """What the rules say of an event that was sent to be assessed."""
        return self.of_records(records_of(telemetry))

    def of_records(self, records: Iterable[Record]) -> Detected:
        """What they say of an event in one or more records."""
        if self._engine is None or not self._engine.rules:
            return Detected()
        found: dict[str, Match] = {}
        undecided = rules = 0
        for outcome in map(self._engine.outcome, records):
            undecided += outcome.undecided
            rules += outcome.rules
            for match in outcome.matches:
                if match.is_certain or match.rule.id not in found:
                    found[match.rule.id] = match
        return Detected(tuple(sorted(found.values(), key=lambda one: not one.is_certain)), undecided, rules)
