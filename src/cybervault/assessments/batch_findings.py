"""The findings that follow from a batch of telemetry: one for each rule on each host or user, the worst first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import msgspec

from cybervault.access.audit import Actor
from cybervault.assessments.findings import Findings
from cybervault.assessments.store.assessments import AssessmentStore
from cybervault.assessments.targets import Reading
from cybervault.detection.batch import Fired, Tally
from cybervault.detection.entities import HOST, USER
from cybervault.detection.risk import Risk, risk_of
from cybervault.detection.rule_hits import hit_of
from cybervault.detection.sightings import Sighting
from cybervault.domain.assessments import (
    Assessment,
    Category,
    Countermeasure,
    Depth,
    Detection,
    Sign,
    Sort,
    Target,
    rank_of,
)
from cybervault.domain.clock import Clock
from cybervault.domain.findings import Finding
from cybervault.domain.ids import FindingId, new_assessment_id
from cybervault.domain.never import NOBODYS, Ground
from cybervault.domain.verdicts import Confidence, Severity, Verdict
from cybervault.verdict.recommend import Entities, recommend

FINDINGS_MAX: Final = 100
"""So many of a batch; that there were more is told."""
FINDING_FROM: Final = Severity.MEDIUM
KIND: Final = "detection"

_MALICIOUS_FROM: Final = 70
_CONFIDENT: Final = 0.75
_GUESSING: Final = "T1110"
_CONTROL: Final = "command-and-control"


class Drawn(msgspec.Struct, frozen=True):
    """An assessment to be kept; `tags` are what its finding names, such as `host:finance-07`."""

    assessment: Assessment
    tags: tuple[str, ...]


@dataclass(slots=True)
class _Group:
    """A rule on an entity; `kind` and `entity` are empty where nobody is named."""

    rule: Fired
    kind: str
    entity: str
    count: int = 0
    is_certain: bool = False
    first: datetime | None = None
    last: datetime | None = None

    def add(self, one: Sighting) -> None:
        self.count += one.count
        self.is_certain = self.is_certain or one.is_certain
        self.first = min(filter(None, (self.first, one.first)), default=None)
        self.last = max(filter(None, (self.last, one.last)), default=None)

    @property
    def risk(self) -> Risk:
        """That of the rule alone: 0 where it says too little."""
        return risk_of([hit_of(self.rule, is_certain=self.is_certain)])


class BatchFindings:
    """Assessments are made once and kept as often as it takes: kept again they change nothing."""

    def __init__(
        self, store: AssessmentStore, findings: Findings, *, clock: Clock, ground: Ground = NOBODYS
    ) -> None:  # fmt: skip
        self._ground = ground
        self._store = store
        self._findings = findings
        self._clock = clock

    def drawn(self, tally: Tally, sightings: Iterable[Sighting], actor: Actor) -> list[Drawn]:
        """An assessment for each rule at or above medium on each host, or else user, that it fired on.

        The tally is told where there were more than are kept.
        """
        worst = sorted(_groups(tally.rules, sightings), key=_worst_first)
        if len(worst) > FINDINGS_MAX:
            tally.warnings.append(f"The first {FINDINGS_MAX} of {len(worst):,} threats were opened, the worst ones.")
        now = self._clock.now()
        return [Drawn(_assessment(one, actor, now, ground=self._ground), _tags(one)) for one in worst[:FINDINGS_MAX]]

    async def keep(self, drawn: Sequence[Drawn], actor: Actor) -> list[FindingId]:
        """Keep assessments, and open or renew the findings that follow, all or none; their ids in the order given."""
        found: dict[str, FindingId] = {}
        async with self._store.transaction():
            # Each takes the lock of its target: in one order everywhere, so that no two batches wait for each other.
            for one in sorted(drawn, key=lambda one: one.assessment.target.value):
                finding = await self._kept(one, actor)
                if finding is not None:
                    found[one.assessment.id] = finding.id
        return [found[one.assessment.id] for one in drawn if one.assessment.id in found]

    async def _kept(self, drawn: Drawn, actor: Actor) -> Finding | None:
        assessment = drawn.assessment
        if await self._store.add(assessment):
            return await self._findings.sight(assessment, Reading(assessment.target, (), tags=drawn.tags), actor)
        return await self._findings.of_target(assessment.tenant_id, assessment.target)


def _groups(rules: Mapping[str, Fired], sightings: Iterable[Sighting]) -> Iterator[_Group]:
    found: dict[tuple[str, str, str], _Group] = {}
    for one in sightings:
        rule = rules[one.rule_id]
        if rank_of(rule.level) < rank_of(FINDING_FROM):
            continue
        kind, entity = next(((kind, name) for kind, name in ((HOST, one.host), (USER, one.user)) if name), ("", ""))
        entity = entity.casefold()
        found.setdefault((rule.id, kind, entity), _Group(rule, kind, entity)).add(one)
    return (group for group in found.values() if group.risk.score)


def _worst_first(group: _Group) -> tuple[int, int, str, str]:
    return (-rank_of(group.rule.level), -group.count, group.rule.title, group.entity)


def _assessment(group: _Group, actor: Actor, now: datetime, *, ground: Ground) -> Assessment:
    if actor.tenant_id is None:
        raise ValueError("an assessment belongs to a tenant")
    rule, risk = group.rule, group.risk
    verdict = Verdict.MALICIOUS if risk.score >= _MALICIOUS_FROM else Verdict.SUSPICIOUS
    return Assessment(
        id=new_assessment_id(),
        tenant_id=actor.tenant_id,
        request_id=actor.request_id or "",
        created_at=now,
        by=actor.name,
        target=Target(Sort.TELEMETRY, KIND, _named(group)),
        depth=Depth.QUICK,
        verdict=verdict,
        score=risk.score,
        severity=rule.level,
        confidence=Confidence.HIGH if risk.confidence >= _CONFIDENT else Confidence.MEDIUM,
        coverage=0.0,
        conflict=0.0,
        category=_category(rule),
        family=None,
        summary=_summary(group, verdict, risk),
        signs=tuple(
            Sign(line.name, round(line.points, 2), line.reason, next(iter(rule.techniques), None))
            for line in risk.breakdown
        ),
        countermeasures=_fitting(group, verdict, ground),
        detections=(
            Detection(
                rule.id, rule.title, rule.level, rule.author, rule.pack, group.is_certain, techniques=rule.techniques
            ),
        ),
    )


def _named(group: _Group) -> str:
    """By the rule's id and the entity one finding is told from another; the title is for people."""
    whom = f", {group.kind} {group.entity}" if group.kind else ""
    return f"{group.rule.title} ({group.rule.id}){whom}"


def _tags(group: _Group) -> tuple[str, ...]:
    return (f"rule:{group.rule.title}", *((f"{group.kind}:{group.entity}",) if group.kind else ()))


def _category(rule: Fired) -> Category:
    if _CONTROL in rule.tactics:
        return Category.COMMAND_AND_CONTROL
    is_guessing = any(one.startswith(_GUESSING) for one in rule.techniques)
    return Category.BRUTE_FORCE if is_guessing else Category.UNKNOWN


def _summary(group: _Group, verdict: Verdict, risk: Risk) -> str:
    times = "once" if group.count == 1 else f"{group.count:,} times"
    whom = f" on the {group.kind} {group.entity}" if group.kind else ""
    doubt = "" if group.is_certain else " What would exclude it was not told."
    return (
        f"{verdict.value.capitalize()}, {risk.score} of 100. The rule {group.rule.title} fired {times}{whom}"
        f"{_when(group)}, in a batch of telemetry.{doubt}"
    )


def _when(group: _Group) -> str:
    if group.first is None or group.last is None:
        return ""
    first, last = (f"{one.astimezone(UTC):%Y-%m-%d %H:%M:%S}" for one in (group.first, group.last))
    return f" at {first}" if first == last else f" from {first} to {last}"


def _fitting(group: _Group, verdict: Verdict, ground: Ground) -> tuple[Countermeasure, ...]:
    entities = Entities(
        host=group.entity if group.kind == HOST else None,
        accounts=(group.entity,) if group.kind == USER else (),
    )
    tactics = frozenset(group.rule.tactics)
    found = recommend(verdict, group.rule.level, entities, tactics=tactics, ground=ground)
    return tuple(Countermeasure(one.type.value, one.target, one.reason, one.is_reversible) for one in found)
