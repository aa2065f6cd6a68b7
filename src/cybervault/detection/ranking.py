"""Hosts and users of a file or a batch by their risk, each at the moment when it was highest."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from cybervault.detection.entities import HOST, USER
from cybervault.detection.entity_risk import Entity, EntityRisk, EntityRisks
from cybervault.detection.risk import Hit
from cybervault.detection.rule_hits import Weighty, hit_of
from cybervault.detection.sightings import Sighting

ENTITIES_SHOWN_MAX: Final = 100
RULES_SHOWN_MAX: Final = 10
_PREFIX: Final = "rule_"


class Noticed(NamedTuple):
    """A hit on a host that is of no rule, and when, if that was told."""

    host: str
    hit: Hit
    at: datetime | None


class RankedEntity(msgspec.Struct, frozen=True):
    """A host or user: the risk at its highest, and what it was made of then, the most first.

    `rules` are ids of rules, and names of hits that are of none. `is_incident`: the threshold was passed, then or at
    another moment.
    """

    kind: str
    value: str
    score: float
    at: datetime
    is_incident: bool
    tactics: tuple[str, ...]
    rules: tuple[tuple[str, float], ...]
    matches: int


class _Counted(NamedTuple):
    at: datetime
    hit: Hit
    host: str
    user: str = ""
    matches: int = 0


@dataclass(slots=True)
class _Seen:
    value: str
    matches: int = 0
    peak: EntityRisk | None = None
    is_incident: bool = False


def ranked(
    sightings: Iterable[Sighting],
    rules: Mapping[str, Weighty],
    received: datetime,
    *,
    noticed: Iterable[Noticed] = (),
    most: int = ENTITIES_SHOWN_MAX,
) -> tuple[RankedEntity, ...]:
    """At most so many, incidents first; events without a time count as of `received`."""
    risks, seen = EntityRisks(), dict[Entity, _Seen]()
    counted = [_counted(one, rules[one.rule_id], received) for one in sightings]
    counted += [_Counted(one.at or received, one.hit, one.host) for one in noticed]
    for one in sorted(counted, key=lambda one: one.at):
        entities = [(kind, value) for kind, value in ((HOST, one.host), (USER, one.user)) if value]
        became = {(risk.entity[0], risk.entity[1]) for risk in risks.add(entities, [one.hit], one.at)}
        for kind, value in entities:
            entity = (kind, value.casefold())
            known = seen.setdefault(entity, _Seen(value))
            known.matches += one.matches
            known.is_incident = known.is_incident or entity in became
            now = risks.of(entity, one.at)
            if known.peak is None or now.score > known.peak.score:
                known.peak = now
    found = [_ranked(entity[0], one) for entity, one in seen.items() if one.peak is not None and one.peak.score > 0]
    return tuple(sorted(found, key=_worst_first)[:most])


def _counted(one: Sighting, rule: Weighty, received: datetime) -> _Counted:
    return _Counted(one.last or received, hit_of(rule, is_certain=one.is_certain), one.host, one.user, one.count)


def _ranked(kind: str, seen: _Seen) -> RankedEntity:
    peak = seen.peak
    if peak is None:
        raise ValueError("nobody is ranked without a risk")
    rules = tuple((name.removeprefix(_PREFIX), round(points, 1)) for name, points in peak.rules[:RULES_SHOWN_MAX])
    return RankedEntity(
        kind, seen.value, round(peak.score, 1), peak.at, seen.is_incident, peak.tactics, rules, seen.matches
    )


def _worst_first(one: RankedEntity) -> tuple[bool, float, str, str]:
    return (not one.is_incident, -one.score, one.kind, one.value)
