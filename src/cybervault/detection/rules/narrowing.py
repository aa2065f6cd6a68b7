"""A tenant's own filters, asked about what fired: the rules themselves are compiled for everybody."""

from collections.abc import Sequence
from threading import Lock
from typing import Final

from cybervault.detection.compile.scanners import literals
from cybervault.detection.engine import Engine, Match
from cybervault.detection.record import Record
from cybervault.detection.rule import Filter
from cybervault.detection.rules.pack import narrowed

RULES_MAX: Final = 1_000
"""Rules that fired and have a filter, of each of which a small engine is kept."""


class Narrowing:
    """Some filters, for threads of calls and of batches at once.

    A rule that fired is asked once more with the filters that are for it, so that what is not known counts as it does
    for filters of packs: a match may become one that is not certain.
    """

    def __init__(self, filters: Sequence[Filter] = ()) -> None:
        self.filters = tuple(filters)
        self._engines: dict[str, Engine | None] = {}
        self._lock = Lock()

    def of(self, record: Record, match: Match) -> Match | None:
        """The match under the filters; None where they leave nothing of it."""
        if not self.filters:
            return match
        with self._lock:
            engine = self._engine(match)
            if engine is None:
                return match
            found = next(iter(engine.outcome(record).matches), None)
        return None if found is None else Match(match.rule, is_certain=found.is_certain)

    def _engine(self, match: Match) -> Engine | None:
        rule = match.rule
        if rule.id not in self._engines:
            if len(self._engines) >= RULES_MAX:
                self._engines.clear()
            under = narrowed(rule, self.filters)
            self._engines[rule.id] = None if under is rule else Engine([under], finding=literals)
        return self._engines[rule.id]
