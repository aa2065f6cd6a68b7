"""Entity risk: what the hits on one host, user or address add up to over a day, and when that is an incident.

The points of each rule halve every eight hours, so that after a day an eighth is left. A rule counts once, by the hit
of which most is left: a noisy one never makes an incident alone. The score is the sum over rules.
"""

import math
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from cybervault.detection.risk import Hit

HALF_LIFE: Final = timedelta(hours=8)
DAY: Final = timedelta(hours=24)
INCIDENT_FROM: Final = 100
TACTICS_FROM: Final = 3
ENTITIES_MAX: Final = 100_000
NAMES_MAX: Final = 64
"""Rules and tactics of one entity that are remembered: those of which most is left."""

_KINDS: Final = frozenset({"host", "user", "ip"})
_CONFIDENCE_TO_COUNT: Final = 0.5
# Every host has them, so that they would add up what has nothing to do with one another.
_SHARED: Final = frozenset({
    "system", "local system", "localsystem", "local service", "localservice", "network service", "networkservice",
    "anonymous logon", "root", "localhost", "127.0.0.1", "::1", "-", "", "s-1-5-18", "s-1-5-19", "s-1-5-20",
})  # fmt: skip

Entity: TypeAlias = tuple[str, str]
"""Kind and value, as in the entities of a record; values are the same in any case."""


@dataclass(frozen=True, slots=True)
class EntityRisk:
    """The risk of an entity at a moment. `rules` are the points that are left of each, the most first.

    `tactics` were seen within the last 24 hours.
    """

    entity: Entity
    at: datetime
    score: float
    tactics: tuple[str, ...]
    rules: tuple[tuple[str, float], ...]

    @property
    def is_incident(self) -> bool:
        """Whether somebody has to look at once."""
        return self.score >= INCIDENT_FROM or len(self.tactics) >= TACTICS_FROM


@dataclass(slots=True)
class RiskSum:
    """What is known of an entity: by rule, the points and when; by tactic, when it was last seen.

    `is_told`: it was an incident at `latest`, and that was said.
    """

    latest: datetime
    rules: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    tactics: dict[str, datetime] = field(default_factory=dict)
    is_told: bool = False


class EntityRisks:
    """Used in one thread. `evicted` counts entities that were forgotten for others, the quietest first."""

    def __init__(self, entities_max: int = ENTITIES_MAX) -> None:
        self._entities_max = entities_max
        self._sums: OrderedDict[Entity, RiskSum] = OrderedDict()
        self.evicted = 0

    def __len__(self) -> int:
        return len(self._sums)

    def add(self, entities: Iterable[Entity], hits: Sequence[Hit], at: datetime) -> tuple[EntityRisk, ...]:
        """Count hits of an event for whom it is about, and name those that became an incident by it.

        An entity becomes one again only after it has ceased to be. Hits that are too uncertain do not count, and names
        that all hosts share, such as SYSTEM, are nobody.
        """
        counted = [hit for hit in hits if hit.confidence >= _CONFIDENCE_TO_COUNT]
        if not counted:
            return ()
        return tuple(found for entity in apart(entities) if (found := self._count(entity, counted, at)) is not None)

    def of(self, entity: Entity, at: datetime) -> EntityRisk:
        """The risk of an entity at a moment not before its latest hit; of one that is not known, none."""
        kind, value = entity
        found = self._sums.get((kind, value.casefold()))
        return EntityRisk(entity, at, 0.0, (), ()) if found is None else _risk(entity, found, at)

    def recall(self, sums: Mapping[Entity, RiskSum]) -> None:
        """Go on with what was known of some entities."""
        self._sums.update(sums)

    def known(self) -> Mapping[Entity, RiskSum]:
        """All that is to be kept, values in small letters."""
        return self._sums

    def _count(self, entity: Entity, hits: Sequence[Hit], at: datetime) -> EntityRisk | None:
        known = self._sums.get(entity)
        if known is None:
            known = self._sums[entity] = RiskSum(at)
            self._forget()
        self._sums.move_to_end(entity)
        if at > known.latest:
            known.is_told = known.is_told and _risk(entity, known, at).is_incident
            known.latest = at
        for hit in hits:
            _merge(known, hit, at)
        now = _risk(entity, known, known.latest)
        was_told, known.is_told = known.is_told, now.is_incident
        return now if now.is_incident and not was_told else None

    def _forget(self) -> None:
        while len(self._sums) > self._entities_max:
            self._sums.popitem(last=False)
            self.evicted += 1


def apart(entities: Iterable[Entity]) -> Iterator[Entity]:
    """Each once, in small letters, without those that everybody shares."""
    seen = dict.fromkeys((kind, value.casefold()) for kind, value in entities if kind in _KINDS)
    return (one for one in seen if one[1].rpartition("\\")[2] not in _SHARED)


def _merge(known: RiskSum, hit: Hit, at: datetime) -> None:
    """Keep the stronger one, as it will be at any later moment; so the order in which hits come plays no part."""
    now = known.rules.get(hit.name)
    if hit.points and (now is None or _lasting(hit.points, at) > _lasting(*now)):
        known.rules[hit.name] = (hit.points, at)
    if hit.tactic is not None:
        known.tactics[hit.tactic] = max(at, known.tactics.get(hit.tactic, at))
    if len(known.rules) > NAMES_MAX:
        del known.rules[min(known.rules, key=lambda name: (_lasting(*known.rules[name]), name))]
    if len(known.tactics) > NAMES_MAX:
        del known.tactics[min(known.tactics, key=lambda name: (known.tactics[name], name))]


def _lasting(points: int, at: datetime) -> float:
    """Grows with what is left at any given moment: half-lives since a fixed day, on which 1 point was."""
    return math.log2(points) + at.timestamp() / HALF_LIFE.total_seconds()


def _risk(entity: Entity, known: RiskSum, at: datetime) -> EntityRisk:
    left = sorted(((name, _left(points, at - then)) for name, (points, then) in known.rules.items()), key=_most_first)
    tactics = sorted(name for name, then in known.tactics.items() if at - then <= DAY)
    return EntityRisk(entity, at, math.fsum(points for _, points in left), tuple(tactics), tuple(left))


def _left(points: int, age: timedelta) -> float:
    return points * math.exp2(-(max(age, timedelta(0)) / HALF_LIFE))


def _most_first(one: tuple[str, float]) -> tuple[float, str]:
    return (-one[1], one[0])
