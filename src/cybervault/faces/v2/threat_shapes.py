"""The wire forms of v2's threats: scores are whole numbers, and an answer names a mitigation."""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from cybervault.assessments.analyses import Submission
from cybervault.assessments.findings import StatusChange
from cybervault.assessments.targets import Handed, TargetType
from cybervault.domain.assessments import Assessment, Category, Depth, Sort
from cybervault.domain.findings import Finding, Status
from cybervault.domain.observables import HASH_KINDS
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.verdicts import Severity, Verdict
from cybervault.faces.moments import spelled

CONTEXT_MAX: Final = 50
TEXT: Final = r"^[^\x00]*$"


class RecentQuery(BaseModel):
    """Query of `GET /v2/threats/recent`."""

    severity: str = Field(description="One of critical, high, medium, low; several with commas.", examples=["critical"])
    limit: str | None = Field(default=None, description="Items a page: 25 unless said, at most 100.", examples=["25"])
    offset: str | None = Field(default=None, description="How many to skip: 0 unless said.", examples=["0"])
    since: str | None = Field(default=None, description="Detected after this moment, ISO 8601; UTC without a zone.")
    until: str | None = Field(default=None, description="Detected until this moment.")
    type: Category | None = Field(default=None, description="Of this type only.")


class ThreatItem(BaseModel):
    """One threat; its indicators stand as they were stored."""

    id: str = Field(examples=["thr_8f4a2c9d1e"])
    type: str = Field(examples=["ransomware"])
    severity: Literal["critical", "high", "medium", "low", "informational"]
    timestamp: str = Field(examples=["2025-03-15T08:42:11Z"])
    source_ip: str | None = Field(description="Where it came from; null where that is not known.")
    indicators: list[str] = Field(examples=[["hash:md5:a1b2c3", "domain:evil-payload.net"]])
    status: str = Field(examples=["mitigated"])

    @classmethod
    def of(cls, finding: Finding) -> "ThreatItem":
        """A finding as v2 spells it."""
        return cls.model_validate(_item(finding))


class RecentMeta(BaseModel):
    """Which part of how many."""

    total: int
    limit: int
    offset: int


class RecentReply(BaseModel):
    """Answer of `GET /v2/threats/recent`."""

    data: list[ThreatItem]
    meta: RecentMeta


class AnalyzeRequest(BaseModel):
    """Body of `POST /v2/threats/analyze` (contract 1.3.3); fields that are not known are ignored."""

    model_config = ConfigDict(hide_input_in_errors=True)

    target: str = Field(
        pattern=TEXT, description="A hash, an address, a URL, a domain or a raw payload.", examples=["203.0.113.42"]
    )
    target_type: TargetType | None = Field(default=None, description="Guessed where it is left out.", examples=["ip"])
    context: dict[str, Any] = Field(
        default_factory=dict,
        max_length=CONTEXT_MAX,
        description="Your own words on where it was seen; depth is quick or deep.",
        examples=[{"environment": "production", "network_zone": "dmz"}],
    )

    async def to_core(self, request_id: str) -> Submission:
        """The wish; `Problem` INVALID `invalid_parameter`, TOO_LARGE `payload_too_large`."""
        tags = {name[:64]: value for name, value in self.context.items() if isinstance(value, str | int | float | bool)}
        return Submission(await Handed(self.target, self.target_type).read(), self._depth(), request_id, tags)

    def _depth(self) -> Depth:
        depth = self.context.get("depth", Depth.QUICK.value)
        if not isinstance(depth, str) or depth not in {Depth.QUICK, Depth.DEEP}:
            reason = "is quick or deep"
            raise Problem(
                ProblemKind.INVALID,
                code="invalid_parameter",
                message=f"context.depth {reason}.",
                details=(("context.depth", reason),),
            )
        return Depth(depth)


class Mitigation(BaseModel):
    """What to do."""

    action: Literal["block_immediately", "block", "quarantine", "monitor", "none"]
    rule_id: str | None = Field(description="The rule that does it; null where there is none.")
    scope: Literal["global", "tenant", "none"]


class AnalyzeReply(BaseModel):
    """Answer of `POST /v2/threats/analyze`."""

    analysis_id: str = Field(examples=["anl_9x7c2m4p0q"])
    threat_score: int = Field(ge=0, le=100, description="0 for what is not weighed, such as a CVE.", examples=[92])
    classification: Category
    confidence: float = Field(ge=0, le=1, examples=[0.97])
    mitigation: Mitigation

    @classmethod
    def of(cls, assessment: Assessment) -> "AnalyzeReply":
        """An assessment as v2 spells it."""
        action = _action(assessment)
        return cls.model_validate(
            {
                "analysis_id": assessment.id.replace("asm_", "anl_", 1),
                "threat_score": assessment.score or 0,
                "classification": assessment.category,
                "confidence": assessment.certainty,
                "mitigation": {
                    "action": action,
                    "rule_id": None,
                    "scope": "none" if action == "none" else "tenant",
                },
            }
        )


class StatusRequest(BaseModel):
    """Body of `PATCH /v2/threats/{id}/status`."""

    model_config = ConfigDict(hide_input_in_errors=True)

    status: Status = Field(examples=["acknowledged"])
    comment: str | None = Field(default=None, description="Why, for the history.")

    def to_core(self) -> StatusChange:
        """The wish."""
        return StatusChange(self.status, self.comment)


class ChangedThreat(ThreatItem):
    """Answer of `PATCH /v2/threats/{id}/status`: the whole threat, and who changed it when."""

    updated_at: str
    updated_by: str

    @classmethod
    def of(cls, finding: Finding) -> "ChangedThreat":
        """A finding that was changed."""
        more = {"updated_at": spelled(finding.updated_at), "updated_by": finding.updated_by}
        return cls.model_validate(_item(finding) | more)


def _item(finding: Finding) -> dict[str, object]:
    return {
        "id": finding.id,
        "type": finding.type.value,
        "severity": finding.severity.value,
        "timestamp": spelled(finding.created_at),
        "source_ip": finding.source_ip,
        "indicators": list(finding.indicators),
        "status": finding.status.value,
    }


def _action(assessment: Assessment) -> str:
    if assessment.verdict is Verdict.SUSPICIOUS:
        return "monitor"
    if assessment.verdict is not Verdict.MALICIOUS:
        return "none"
    if assessment.target.sort is Sort.PAYLOAD or assessment.target.kind in HASH_KINDS:
        return "quarantine"
    return "block_immediately" if assessment.severity is Severity.CRITICAL else "block"
