"""The wire forms of v1's threats: scores are fractions, and an answer says what to do."""

import math
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cybervault.assessments.analyses import Submission
from cybervault.assessments.targets import Handed
from cybervault.domain.assessments import Assessment, Depth
from cybervault.domain.findings import Finding
from cybervault.domain.jobs import Job
from cybervault.domain.verdicts import Verdict
from cybervault.faces.language import ENGLISH, Language
from cybervault.faces.moments import spelled
from cybervault.faces.queued import QueuedReply

METADATA_MAX: Final = 50
_TEXT: Final = r"^[^\x00]*$"

Scalar = Annotated[str, Field(max_length=512)] | bool | int | float | None
Name = Annotated[str, Field(min_length=1, max_length=64)]

# Contract 1.2.3.
_ACTIONS: Final = {
    Verdict.MALICIOUS: "block_and_alert",
    Verdict.SUSPICIOUS: "alert",
    Verdict.UNKNOWN: "monitor",
    Verdict.BENIGN: "allow",
}


class AnalyzeRequest(BaseModel):
    """Body of `POST /v1/threats/analyze`; fields that are not known are ignored (contract 1.2.3)."""

    model_config = ConfigDict(hide_input_in_errors=True)

    target: str = Field(
        pattern=_TEXT,
        description="A URL, address, hash or domain, else a raw payload of at most 1 MiB; bytes as data:;base64,...",
        examples=["203.0.113.42"],
    )
    mode: Literal["quick", "deep", "sandbox"] = Field(
        default="quick", description="quick asks nobody; deep asks the sources too; sandbox runs the target."
    )
    metadata: dict[Name, Scalar] = Field(
        default_factory=dict, max_length=METADATA_MAX, description="Your own tags.", examples=[{"case": "42"}]
    )

    @field_validator("metadata")
    @classmethod
    def _finite(cls, value: dict[str, Any]) -> dict[str, Any]:
        if any(isinstance(one, float) and not math.isfinite(one) for one in value.values()):
            raise ValueError("no number")
        return value

    def handed(self) -> Handed:
        """The target as it came."""
        return Handed(self.target)

    async def to_core(self, request_id: str) -> Submission:
        """The wish; `Problem` INVALID `invalid_parameter`, TOO_LARGE `payload_too_large`."""
        return Submission(await self.handed().read(), Depth(self.mode), request_id, self.metadata)


class AnalyzeReply(BaseModel):
    """Answer of `POST /v1/threats/analyze`."""

    request_id: str = Field(examples=["req_8f3a2c1d"])
    threat_score: float = Field(ge=0, le=1, description="0 for what is not weighed, such as a CVE.", examples=[0.94])
    classification: Literal["malicious", "suspicious", "benign", "unknown"]
    family: str | None = Field(examples=["cobalt_strike"])
    indicators: list[str] = Field(description="What speaks against it, the strongest first.", examples=[["c2_beacon"]])
    action: Literal["block_and_alert", "alert", "monitor", "allow"]
    timestamp: str = Field(examples=["2025-04-12T08:41:00Z"])

    @classmethod
    def of(cls, assessment: Assessment) -> "AnalyzeReply":
        """An assessment as v1 spells it."""
        return cls.model_validate(
            {
                "request_id": assessment.request_id,
                "threat_score": fraction(assessment.score),
                "classification": assessment.verdict.value,
                "family": assessment.family,
                "indicators": list(dict.fromkeys(sign.name for sign in assessment.signs)),
                "action": _ACTIONS[assessment.verdict],
                "timestamp": spelled(assessment.created_at),
            }
        )


class EvidenceReply(BaseModel):
    """One reason."""

    name: str = Field(examples=["abuseipdb_reports"])
    points: float
    reason: str


class AnalysisReply(BaseModel):
    """Answer of `GET /v1/threats/analyses/{request_id}`."""

    request_id: str
    state: Literal["completed"]
    mode: Literal["quick", "deep", "sandbox"]
    target_kind: str = Field(examples=["ipv4"])
    target: str = Field(description="Its canonical text; of a payload its SHA-256.")
    metadata: dict[str, Scalar]
    summary: str
    evidence: list[EvidenceReply]
    missing: list[str] = Field(description="Sources that could know something and were not heard.")
    warnings: list[str]
    result: AnalyzeReply

    @classmethod
    def of(cls, assessment: Assessment) -> "AnalysisReply":
        """An assessment with what it rests on."""
        return cls.model_validate(
            {
                "request_id": assessment.request_id,
                "state": "completed",
                "mode": assessment.depth.value,
                "target_kind": assessment.target.kind,
                "target": assessment.target.value,
                "metadata": dict(assessment.metadata),
                "summary": assessment.summary,
                "evidence": [
                    {"name": sign.name, "points": sign.points, "reason": sign.reason} for sign in assessment.signs
                ],
                "missing": list(assessment.missing),
                "warnings": list(assessment.warnings),
                "result": AnalyzeReply.of(assessment).model_dump(),
            }
        )


class QueuedAnalysis(QueuedReply):
    """Answer of `GET /v1/threats/analyses/{request_id}` until the analysis is there, and of what asks for it."""

    request_id: str

    @classmethod
    def of(cls, job: Job, language: Language = ENGLISH) -> "QueuedAnalysis":
        """How a job stands."""
        return cls(request_id=job.request_id or "", **QueuedReply.of(job, language).model_dump())


class FeedQuery(BaseModel):
    """Query of `GET /v1/threats/feed`."""

    limit: str | None = Field(default=None, description="Items a page: 50 unless said, at most 200.", examples=["50"])
    cursor: str | None = Field(default=None, description="next_cursor of the page before.")
    severity: str | None = Field(default=None, description="One of critical, high, medium, low; several by comma.")
    since: str | None = Field(default=None, description="Detected after this moment, ISO 8601.")


class FeedItem(BaseModel):
    """One threat."""

    id: str = Field(examples=["thr_8f4a2c9d1e"])
    type: str = Field(examples=["command_and_control"])
    threat_score: float = Field(ge=0, le=1)
    classification: Literal["malicious", "suspicious", "benign", "unknown"]
    severity: str = Field(examples=["critical"])
    target: str
    indicators: list[str]
    status: str
    timestamp: str

    @classmethod
    def of(cls, finding: Finding) -> "FeedItem":
        """A finding as v1 spells it."""
        return cls.model_validate(
            {
                "id": finding.id,
                "type": finding.type.value,
                "threat_score": fraction(finding.score),
                "classification": finding.verdict.value,
                "severity": finding.severity.value,
                "target": finding.value,
                "indicators": list(finding.indicators),
                "status": finding.status.value,
                "timestamp": spelled(finding.created_at),
            }
        )


class Pagination(BaseModel):
    """How to go on."""

    next_cursor: str | None
    has_more: bool


class FeedReply(BaseModel):
    """Answer of `GET /v1/threats/feed`."""

    data: list[FeedItem]
    pagination: Pagination


def fraction(score: int | None) -> float:
    """A score of 0..100 as v1 has it, 0..1 with two decimals."""
    return round((score or 0) / 100, 2)
