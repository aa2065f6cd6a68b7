"""The wire forms of v3's threats: assessments with ATT&CK and containment, and findings with their history."""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from cybervault.assessments.analyses import Submission
from cybervault.assessments.findings import StatusChange
from cybervault.assessments.targets import Handed
from cybervault.domain.assessments import Assessment, Depth, Detection, EntityAtRisk, Part, Sign
from cybervault.domain.attack import technique
from cybervault.domain.findings import Finding, Status, Step
from cybervault.domain.jobs import Job
from cybervault.domain.verdicts import Severity, Term
from cybervault.faces.language import ENGLISH, Language, chosen, said
from cybervault.faces.moments import spelled
from cybervault.faces.queued import QueuedReply
from cybervault.faces.v3.management.office import PageQuery, Pagination
from cybervault.faces.v3.sayings import Sayings, summary_of

TEXT: Final = r"^[^\x00]*$"


class AnalyzeRequest(BaseModel):
    """Body of `POST /v3/threats/analyze` (contract 1.4.5)."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    type: Literal["endpoint_telemetry", "network_traffic", "file_hash"] = Field(examples=["endpoint_telemetry"])
    payload: dict[str, Any] = Field(
        description="What was seen: process_name, pid, network_connections (dst_ip, port, protocol), hash_sha256 ...",
        examples=[
            {
                "process_name": "svchost.exe",
                "pid": 4892,
                "network_connections": [{"dst_ip": "198.51.100.42", "port": 4444, "protocol": "TCP"}],
            }
        ],
    )
    depth: Literal["quick", "deep"] = Field(default="quick", description="deep asks the sources too.")

    def handed(self) -> Handed:
        """The record as it came."""
        return Handed(kind=self.type, record=self.payload)

    async def to_core(self, request_id: str) -> Submission:
        """The wish; `Problem` INVALID `invalid_parameter`."""
        return Submission(await self.handed().read(), Depth(self.depth), request_id)


class TechniqueReply(BaseModel):
    """A technique of MITRE ATT&CK."""

    technique_id: str = Field(examples=["T1571"])
    name: str | None = Field(description="null for one that is not in our table.", examples=["Non-Standard Port"])
    tactic: str | None = Field(examples=["command-and-control"])

    @classmethod
    def of(cls, technique_id: str) -> "TechniqueReply":
        """A technique by its id; one that we do not know keeps it."""
        found = technique(technique_id)
        return cls(
            technique_id=technique_id,
            name=None if found is None else found.name,
            tactic=None if found is None else found.tactic,
        )


class ContainmentReply(BaseModel):
    """An action that fits, with what it is to be done to."""

    action: str = Field(examples=["block_ip"])
    target: str
    reason: str
    is_reversible: bool


class SourceEvidence(BaseModel):
    """One fact of a source, and what it adds to the score of its observable."""

    source: str = Field(examples=["abuseipdb"])
    name: str = Field(examples=["reports"])
    points: float = Field(description="Log-odds: above 0 against the observable, below 0 for it.")
    reason: str

    @classmethod
    def of(cls, term: Term, language: Language) -> "SourceEvidence":
        """One line of the account."""
        reason = chosen(term.reason, term.reason_es, language=language)
        return cls(source=term.evidence.source, name=term.evidence.item, points=term.points, reason=reason)


class IndicatorReply(BaseModel):
    """One observable of what was sent, weighed."""

    type: str = Field(examples=["ipv4"])
    value: str
    verdict: Literal["malicious", "suspicious", "benign", "unknown"]
    score: int | None
    summary: str
    evidence: list[SourceEvidence] = Field(description="What the score is made of, source by source.")
    missing: list[str] = Field(description="Sources that could know something of it and were not heard.")

    @classmethod
    def of(cls, part: Part, language: Language) -> "IndicatorReply":
        """One part of an assessment."""
        return cls.model_validate(
            {
                "type": part.observable.kind.value,
                "value": part.observable.value,
                "verdict": part.weighing.verdict.value,
                "score": part.weighing.score,
                "summary": summary_of(part, language),
                "evidence": [SourceEvidence.of(term, language).model_dump() for term in part.weighing.terms],
                "missing": [gap.source for gap in part.weighing.gaps],
            }
        )


class ReasonReply(BaseModel):
    """What added to the score."""

    name: str
    points: float
    reason: str
    technique_id: str | None

    @classmethod
    def of(cls, sign: Sign, reason: str) -> "ReasonReply":
        """One sign, with its reason as it is to be spelled."""
        return cls(name=sign.name, points=sign.points, reason=reason, technique_id=sign.technique_id)


class DetectionReply(BaseModel):
    """A detection rule that fired; its author is shown, as the licences of rules ask."""

    rule_id: str
    title: str = Field(examples=["Outgoing connection to a port of a remote access tool"])
    level: Literal["critical", "high", "medium", "low", "info"]
    author: str
    pack: str
    is_certain: bool = Field(description="Whether everything that would exclude the event was told.")
    mitre_attack: list[str] = Field(examples=[["T1571"]])
    references: list[str]
    false_positives: list[str]

    @classmethod
    def of(cls, detection: Detection) -> "DetectionReply":
        """One rule."""
        return cls.model_validate(
            {
                "rule_id": detection.rule_id,
                "title": detection.title,
                "level": spelled_severity(detection.level),
                "author": detection.author,
                "pack": detection.pack,
                "is_certain": detection.is_certain,
                "mitre_attack": list(detection.techniques),
                "references": list(detection.references),
                "false_positives": list(detection.false_positives),
            }
        )


class EntityPoints(BaseModel):
    """What is left of one sign."""

    name: str = Field(examples=["rule_c2d0f7a4-6f0b-4c55-9d0b-0d7f2f1f8a11"])
    points: float


class EntityRiskReply(BaseModel):
    """A host or user by what its telemetry adds up to."""

    kind: Literal["host", "user"]
    name: str = Field(description="In small letters.", examples=["finance-07"])
    risk_score: float
    is_incident: bool = Field(description="100 points, or three tactics within 24 hours.")
    tactics: list[str]
    breakdown: list[EntityPoints]

    @classmethod
    def of(cls, entity: EntityAtRisk) -> "EntityRiskReply":
        """One host or user."""
        return cls(
            kind="host" if entity.kind == "host" else "user",
            name=entity.value,
            risk_score=entity.score,
            is_incident=entity.is_incident,
            tactics=list(entity.tactics),
            breakdown=[EntityPoints(name=name, points=points) for name, points in entity.points],
        )


class AssessmentReply(BaseModel):
    """Answer of `POST /v3/threats/analyze`, and of what reads it back."""

    assessment_id: str = Field(examples=["asm_4f1k9x2m7q"])
    state: Literal["completed"]
    risk_score: int = Field(ge=0, le=100, description="0 for what is not weighed.", examples=[87])
    severity: Literal["critical", "high", "medium", "low", "info"]
    verdict: Literal["malicious", "suspicious", "benign", "unknown"]
    confidence: float = Field(ge=0, le=1)
    category: str
    family: str | None
    summary: str
    mitre_attack: list[TechniqueReply]
    recommended_actions: list[str] = Field(description="The containment, without its targets.")
    containment: list[ContainmentReply]
    indicators: list[IndicatorReply]
    reasons: list[ReasonReply]
    detections: list[DetectionReply] = Field(description="Rules that fired on telemetry.")
    entity_risk: list[EntityRiskReply] = Field(
        description="What telemetry of late, with this, says of its host and user; points halve every eight hours."
    )
    missing: list[str] = Field(description="Sources that could know something and were not heard.")
    warnings: list[str]
    target_type: str
    target: str
    depth: Literal["quick", "deep", "sandbox"]
    metadata: dict[str, Any]
    created_at: str

    @classmethod
    def of(cls, assessment: Assessment, language: Language = ENGLISH) -> "AssessmentReply":
        """An assessment as v3 spells it; titles of rules and what it quotes of telemetry stay as they are."""
        measures, words = assessment.countermeasures, Sayings(assessment, language)
        return cls.model_validate(
            {
                "assessment_id": assessment.id,
                "state": "completed",
                "risk_score": assessment.score or 0,
                "severity": spelled_severity(assessment.severity),
                "verdict": assessment.verdict.value,
                "confidence": assessment.certainty,
                "category": assessment.category.value,
                "family": assessment.family,
                "summary": words.summary(),
                "mitre_attack": [TechniqueReply.of(one).model_dump() for one in assessment.techniques],
                "recommended_actions": list(dict.fromkeys(one.type for one in measures)),
                "containment": [
                    {
                        "action": one.type,
                        "target": one.target,
                        "reason": said(one.reason, language),
                        "is_reversible": one.is_reversible,
                    }
                    for one in measures
                ],
                "indicators": [IndicatorReply.of(part, language).model_dump() for part in assessment.parts],
                "reasons": [ReasonReply.of(sign, words.reason(sign)).model_dump() for sign in assessment.signs],
                "detections": [DetectionReply.of(rule).model_dump() for rule in assessment.detections],
                "entity_risk": [EntityRiskReply.of(one).model_dump() for one in assessment.entities],
                "missing": list(assessment.missing),
                "warnings": [said(one, language) for one in assessment.warnings],
                "target_type": assessment.target.kind,
                "target": assessment.target.value,
                "depth": assessment.depth.value,
                "metadata": dict(assessment.metadata),
                "created_at": spelled(assessment.created_at),
            }
        )


class QueuedAssessment(QueuedReply):
    """What `GET /v3/threats/assessments/{id}` says until the assessment is there, and the answer to who asks for it."""

    assessment_id: str = Field(examples=["asm_4f1k9x2m7q"])

    @classmethod
    def of(cls, job: Job, language: Language = ENGLISH) -> "QueuedAssessment":
        """How a job stands."""
        return cls(assessment_id=job.reference or "", **QueuedReply.of(job, language).model_dump())


class AssessmentsQuery(PageQuery):
    """Query of `GET /v3/threats/assessments`."""

    target: str | None = Field(
        default=None,
        pattern=TEXT,
        description="Only those of this target: an observable, defanged or not, or the SHA-256 of a payload or record.",
        examples=["203.0.113.42"],
    )


class AssessmentList(BaseModel):
    """Answer of `GET /v3/threats/assessments`."""

    data: list[AssessmentReply]
    pagination: Pagination


class ThreatsQuery(PageQuery):
    """Query of `GET /v3/threats`."""

    sort: str | None = Field(
        default=None,
        description="created_at, last_seen_at, score or severity, a colon, asc or desc.",
        examples=["created_at:desc"],
    )
    filter: str | None = Field(
        default=None,
        description="A JSON object: a value, or eq, in, gte, lte, contains.",
        examples=['{"severity":"high"}'],
    )


class ThreatReply(BaseModel):
    """One threat."""

    id: str = Field(examples=["thr_8f4a2c9d1e"])
    type: str
    severity: Literal["critical", "high", "medium", "low", "info"]
    score: int
    verdict: Literal["malicious", "suspicious", "benign", "unknown"]
    status: Status
    kind: str = Field(examples=["ipv4"])
    value: str
    source_ip: str | None
    indicators: list[str]
    mitre_attack: list[TechniqueReply]
    sightings: int = Field(description="How many times it was assessed as bad.")
    assessment_id: str = Field(description="The newest of these assessments.")
    created_at: str
    last_seen_at: str
    updated_at: str
    updated_by: str

    @classmethod
    def of(cls, finding: Finding) -> "ThreatReply":
        """A finding as v3 spells it."""
        return cls.model_validate(
            {
                "id": finding.id,
                "type": finding.type.value,
                "severity": spelled_severity(finding.severity),
                "score": finding.score,
                "verdict": finding.verdict.value,
                "status": finding.status,
                "kind": finding.kind,
                "value": finding.value,
                "source_ip": finding.source_ip,
                "indicators": list(finding.indicators),
                "mitre_attack": [TechniqueReply.of(one).model_dump() for one in finding.techniques],
                "sightings": finding.sightings,
                "assessment_id": finding.assessment_id,
                "created_at": spelled(finding.created_at),
                "last_seen_at": spelled(finding.last_seen_at),
                "updated_at": spelled(finding.updated_at),
                "updated_by": finding.updated_by,
            }
        )


class ThreatList(BaseModel):
    """Answer of `GET /v3/threats`."""

    data: list[ThreatReply]
    pagination: Pagination


class StepReply(BaseModel):
    """One line of a history."""

    number: int
    at: str
    by: str
    act: Literal["opened", "status", "comment"]
    old_status: Status | None
    new_status: Status | None
    comment: str | None

    @classmethod
    def of(cls, step: Step) -> "StepReply":
        """What happened."""
        return cls.model_validate(
            {
                "number": step.number,
                "at": spelled(step.at),
                "by": step.by,
                "act": step.act.value,
                "old_status": step.old_status,
                "new_status": step.new_status,
                "comment": step.comment,
            }
        )


class HistoryReply(BaseModel):
    """Answer of `GET /v3/threats/{threat_id}/history`."""

    data: list[StepReply]


class ThreatEdit(BaseModel):
    """Body of `PATCH /v3/threats/{threat_id}`."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    status: Status
    comment: str | None = None

    def to_core(self) -> StatusChange:
        """The wish."""
        return StatusChange(self.status, self.comment)


class CommentRequest(BaseModel):
    """Body of `POST /v3/threats/{threat_id}/comments`."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    comment: str = Field(pattern=TEXT)


def spelled_severity(severity: Severity) -> str:
    """v3 says info (contract 1.4.5)."""
    return "info" if severity is Severity.INFORMATIONAL else severity.value
