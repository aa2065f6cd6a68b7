"""How each source stands at this moment: whether it would be asked, and what is left of its quota."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cybervault.egress.breaker import Breaker, BreakerState
from cybervault.egress.budget import Budget
from cybervault.enrichment.connector import KeyRule, Source, SourceSetup
from cybervault.enrichment.lookup import quota_rules


class SourceState(StrEnum):
    """Whether a source is asked with the operator's key, and why not."""

    READY = "ready"
    NO_KEY = "no_key"
    EXHAUSTED = "exhausted"
    FAILING = "failing"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class QuotaLeft:
    """Of `limit` calls in each window of `seconds` so many are left until `resets_at`."""

    limit: int
    seconds: int
    remaining: int
    resets_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """A source as the operator set it up; `left` is empty where nothing is counted."""

    source: Source
    state: SourceState
    has_key: bool
    left: tuple[QuotaLeft, ...]


class Standings:
    """Looks at sources without asking them. Failures are those that this process has met since it was started."""

    def __init__(
        self, sources: Iterable[Source], setups: Mapping[str, SourceSetup], *, budget: Budget, breaker: Breaker
    ) -> None:
        self._sources = tuple(sources)
        self._setups = setups
        self._budget = budget
        self._breaker = breaker

    async def all(self) -> tuple[Standing, ...]:
        """Every source that ships, in their order."""
        return tuple([await self._one(source, self._setups.get(source.name)) for source in self._sources])

    async def _one(self, source: Source, setup: SourceSetup | None) -> Standing:
        if setup is None:
            return Standing(source, SourceState.OFF, has_key=False, left=())
        has_key = setup.key is not None
        if source.key is KeyRule.REQUIRED and not has_key and not setup.may_ask_anonymously:
            return Standing(source, SourceState.NO_KEY, has_key, left=())
        fingerprint = setup.key.fingerprint if setup.key else ""
        rules = quota_rules(source) if setup.is_metered else ()
        remaining = await self._budget.remaining(source.name, fingerprint, rules)
        left = tuple(QuotaLeft(one.rule.calls, one.rule.seconds, one.calls, one.resets_at) for one in remaining)
        return Standing(source, self._state(source, fingerprint, left), has_key, left)

    def _state(self, source: Source, fingerprint: str, left: tuple[QuotaLeft, ...]) -> SourceState:
        if self._breaker.state(source.name, fingerprint) is not BreakerState.CLOSED:
            return SourceState.FAILING
        return SourceState.EXHAUSTED if any(one.remaining == 0 for one in left) else SourceState.READY
