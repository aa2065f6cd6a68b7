"""The wire forms of v3 for batches of telemetry: what fired, which lines were not read, and how a large one stands."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from cybervault.assessments.known_bad import HitName
from cybervault.assessments.telemetry_batches import Counts, ListedBatch, Looked, Report
from cybervault.detection.batch import Burst, Fault, Fired, Hit, Tally
from cybervault.detection.entities import HOST
from cybervault.detection.ranking import RankedEntity
from cybervault.detection.timeline import Timeline
from cybervault.domain.assessments import rank_of
from cybervault.domain.jobs import Job
from cybervault.faces.language import ENGLISH, Language, said
from cybervault.faces.moments import spelled
from cybervault.faces.queued import QueuedReply
from cybervault.faces.v3.management.office import PageQuery, Pagination
from cybervault.faces.v3.threat_shapes import TechniqueReply, spelled_severity

Level = Literal["critical", "high", "medium", "low", "info"]


class FaultReply(BaseModel):
    """A line that no rule was asked about."""

    line: int = Field(description="From 1; 0 speaks of the batch as a whole, such as of an archive that is broken.")
    reason: str

    @classmethod
    def of(cls, fault: Fault, language: Language = ENGLISH) -> "FaultReply":
        """One fault."""
        return cls(line=fault.line, reason=said(fault.reason, language))


class FiredRuleReply(BaseModel):
    """A detection rule; its author is shown, as the licences of rules ask."""

    rule_id: str
    title: str = Field(examples=["Outgoing connection to a port of a remote access tool"])
    level: Level
    author: str
    pack: str
    mitre_attack: list[str] = Field(examples=[["T1571"]])
    tactics: list[str]

    @classmethod
    def of(cls, rule: Fired) -> "FiredRuleReply":
        """One rule."""
        return cls(**_rule(rule))


class FiredReply(FiredRuleReply):
    """A rule that fired, and how often; first and last by the time that events tell."""

    count: int
    first: str | None
    last: str | None

    @classmethod
    def of(cls, rule: Fired) -> "FiredReply":
        """One rule."""
        return cls(**_rule(rule), count=rule.count, first=_moment(rule.first), last=_moment(rule.last))


class BurstReply(BaseModel):
    """What a correlation counted."""

    group: dict[str, str] = Field(description="Of whom, in small letters.", examples=[{"User": "acme\\eve"}])
    last: str
    count: int
    is_capped: bool = Field(description="Whether there were more than `count`.")
    lines: list[int] = Field(description="The first few.")

    @classmethod
    def of(cls, burst: Burst) -> "BurstReply":
        """One burst."""
        return cls(
            group=dict(burst.group), last=spelled(burst.last), count=burst.count, is_capped=burst.is_capped,
            lines=list(burst.lines),
        )  # fmt: skip


class MatchReply(BaseModel):
    """One rule on one event, or a correlation on several, where `line` and `at` are those of the first."""

    line: int = Field(description="In an array the number of the event, of EVTX its EventRecordID.")
    rule: FiredRuleReply
    is_certain: bool = Field(description="Whether everything that would exclude the event was told.")
    at: str | None
    host: str | None
    user: str | None
    burst: BurstReply | None = Field(description="Of a correlation, what it counted.")
    event: str | None = Field(
        description="The event as JSON, kept of the first ten matches of each rule. A text, for many a reader would "
        "round the long numbers of events."
    )

    @classmethod
    def of(cls, hit: Hit, rules: Mapping[str, Fired]) -> "MatchReply":
        """One match."""
        return cls(
            line=hit.line,
            rule=FiredRuleReply.of(rules[hit.rule_id]),
            is_certain=hit.is_certain,
            at=_moment(hit.at),
            host=hit.host or None,
            user=hit.user or None,
            burst=None if hit.burst is None else BurstReply.of(hit.burst),
            event=hit.event.decode() or None,
        )


class PointsReply(BaseModel):
    """What a rule, or what is known of indicators, adds to the risk of a host or user."""

    rule_id: str | None = Field(description="None where bad indicators of one kind add it, of which the worst counts.")
    title: str
    verdict: str | None = Field(default=None, description="`malicious` or `suspicious`, of these indicators.")
    indicator: str | None = Field(default=None, description="Their kind: `file`, or as of observables.")
    points: float

    @classmethod
    def of(cls, name: str, points: float, rules: Mapping[str, Fired]) -> Self:
        """Of a rule by its id, or of indicators by the name of their hit."""
        rule = rules.get(name)
        if rule is not None:
            return cls(rule_id=rule.id, title=rule.title, points=points)
        hit = HitName.of(name)
        return cls(rule_id=None, title=hit.title, verdict=hit.verdict, indicator=hit.kind, points=points)


class EntityReply(BaseModel):
    """A host or user at the moment when its risk was highest."""

    kind: Literal["host", "user"]
    name: str
    risk_score: float = Field(description="The sum over rules and bad indicators; each halves every eight hours.")
    at: str
    is_incident: bool = Field(description="Whether it reached 100, or three tactics within 24 hours, at any moment.")
    tactics: list[str] = Field(description="Of the 24 hours before.")
    breakdown: list[PointsReply] = Field(description="The ten that add most.")
    matches: int

    @classmethod
    def of(cls, entity: RankedEntity, rules: Mapping[str, Fired]) -> "EntityReply":
        """One host or user."""
        return cls(
            kind="host" if entity.kind == HOST else "user",
            name=entity.value,
            risk_score=entity.score,
            at=spelled(entity.at),
            is_incident=entity.is_incident,
            tactics=list(entity.tactics),
            breakdown=[PointsReply.of(name, points, rules) for name, points in entity.rules],
            matches=entity.matches,
        )


class MatchedTechnique(TechniqueReply):
    """A technique that rules which fired speak of."""

    count: int = Field(description="How many matches they have.")


class MomentReply(BaseModel):
    """The matches of one step, by level."""

    at: str = Field(description="Where it begins.")
    critical: int = 0
    high: int = 0
    medium: int = 0
    low: int = 0
    info: int = 0


class TimelineReply(BaseModel):
    """When the matches were whose time is told; steps without any are left out."""

    step_seconds: int = Field(description="How long each step is, so that there are at most 500.", examples=[60])
    steps: list[MomentReply]

    @classmethod
    def of(cls, timeline: Timeline) -> "TimelineReply":
        """The counts."""
        steps = [
            MomentReply(at=spelled(at), **{spelled_severity(level): count for level, count in levels.items()})
            for at, levels in timeline
        ]
        return cls(step_seconds=timeline.step_seconds, steps=steps)


class TallyReply(BaseModel):
    """What became of the lines of a batch: every one is an event or counted as not read."""

    events: int
    matched: int = Field(description="Events on which a rule fired.")
    not_read: int = Field(description="Lines that are no event.")
    not_recognised: int = Field(description="Events of no format that is known; no rule was asked about them.")
    errors: list[FaultReply] = Field(description="The first 100 of what was not read or not recognised.")
    matches_total: int
    by_rule: list[FiredReply] = Field(description="The rules that fired, the worst first.")
    techniques: list[MatchedTechnique] = Field(description="The techniques of these rules, the most frequent first.")
    timeline: TimelineReply
    bursts: list[MatchReply] = Field(description="The first 1,000 correlations that came true, by when they began.")
    entities: list[EntityReply] = Field(description="The 100 hosts and users of the highest risk, incidents first.")
    indicators: int = Field(
        description="Addresses, domains and hashes of the events that were looked up, each once; at most 5,000."
    )
    threats: list[str] = Field(
        description="Ids of the threats that were opened or seen again: at most 100 of rules, then at most 50 of bad "
        "indicators, the worst first.",
        examples=[["thr_8f4a2c9d1e"]],
    )
    warnings: list[str] = Field(description="What correlations could not count, and what is not told by itself.")

    @classmethod
    def of(cls, tally: Tally, language: Language = ENGLISH) -> "TallyReply":
        """The counts."""
        return cls(
            events=tally.events,
            matched=tally.matched,
            not_read=tally.unread,
            not_recognised=tally.unrecognised,
            errors=[FaultReply.of(fault, language) for fault in tally.faults],
            matches_total=tally.matches,
            by_rule=[FiredReply.of(rule) for rule in _ranked(tally.rules.values())],
            techniques=_techniques(tally.rules.values()),
            timeline=TimelineReply.of(tally.timeline),
            bursts=[MatchReply.of(hit, tally.rules) for hit in tally.bursts],
            entities=[EntityReply.of(one, tally.rules) for one in tally.entities],
            indicators=tally.indicators,
            threats=tally.threats,
            warnings=[said(one, language) for one in tally.warnings],
        )


class TelemetryReply(TallyReply):
    """Answer of `POST /v3/telemetry` for a small batch."""

    matches: list[MatchReply] = Field(description="The first 10,000 in the order of the batch, then `bursts`.")

    @classmethod
    def of_looked(cls, looked: Looked, language: Language = ENGLISH) -> "TelemetryReply":
        """What came of it."""
        return cls(
            **TallyReply.of(looked.tally, language).model_dump(),
            matches=[MatchReply.of(hit, looked.tally.rules) for hit in looked.hits],
        )


class BatchReply(QueuedReply):
    """How a large batch stands: answer of `POST /v3/telemetry` for one, and of what reads it back."""

    batch_id: str = Field(examples=["tel_4f1k9x2m7q"])
    result: TallyReply | None = Field(description="What came of it, once it is completed.")

    @classmethod
    def of_job(cls, job: Job, report: Report | None = None, language: Language = ENGLISH) -> "BatchReply":
        """How it stands."""
        result = None if report is None else TallyReply.of(report.tally, language)
        return cls(batch_id=job.reference or "", result=result, **QueuedReply.of(job, language).model_dump())


class MatchesQuery(PageQuery):
    """Query of `GET /v3/telemetry/{batch_id}/matches`."""

    rule_id: str | None = Field(
        default=None, description="Those of this rule.", examples=["5db09bd8-f6e8-48fe-9596-314f112e5c2e"]
    )


class MatchList(BaseModel):
    """Answer of `GET /v3/telemetry/{batch_id}/matches`."""

    data: list[MatchReply]
    pagination: Pagination


class CountsReply(BaseModel):
    """What came of a batch, in numbers."""

    events: int
    matched: int
    not_read: int
    not_recognised: int
    matches_total: int
    bursts: int
    threats: int

    @classmethod
    def of(cls, counts: Counts) -> "CountsReply":
        """The counts."""
        return cls(
            events=counts.events, matched=counts.matched, not_read=counts.unread,
            not_recognised=counts.unrecognised, matches_total=counts.matches, bursts=counts.bursts,
            threats=counts.threats,
        )  # fmt: skip


class ListedBatchReply(QueuedReply):
    """One batch of a list."""

    batch_id: str = Field(examples=["tel_4f1k9x2m7q"])
    finished_at: str | None
    counts: CountsReply | None = Field(description="What came of it, once it is completed.")

    @classmethod
    def of_listed(cls, listed: ListedBatch, language: Language = ENGLISH) -> "ListedBatchReply":
        """How it stands."""
        job = listed.job
        return cls(
            batch_id=job.reference or "",
            finished_at=_moment(job.finished_at),
            counts=None if listed.counts is None else CountsReply.of(listed.counts),
            **QueuedReply.of(job, language).model_dump(),
        )


class BatchList(BaseModel):
    """Answer of `GET /v3/telemetry`."""

    data: list[ListedBatchReply]
    pagination: Pagination


def _rule(rule: Fired) -> dict[str, Any]:
    return {
        "rule_id": rule.id,
        "title": rule.title,
        "level": spelled_severity(rule.level),
        "author": rule.author,
        "pack": rule.pack,
        "mitre_attack": list(rule.techniques),
        "tactics": list(rule.tactics),
    }


def _techniques(rules: Iterable[Fired]) -> list[MatchedTechnique]:
    counts = Counter[str]()
    for rule in rules:
        counts.update(dict.fromkeys(rule.techniques, rule.count))
    return [
        MatchedTechnique(**TechniqueReply.of(id_).model_dump(), count=count)
        for id_, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    ]


def _ranked(rules: Iterable[Fired]) -> list[Fired]:
    return sorted(rules, key=lambda rule: (-rank_of(rule.level), -rule.count, rule.title))


def _moment(at: datetime | None) -> str | None:
    return None if at is None else spelled(at)
