"""The wire forms of two assessments side by side."""

from typing import Literal

from pydantic import BaseModel, Field

from cybervault.assessments.comparison import Line, compared
from cybervault.domain.assessments import Assessment
from cybervault.domain.jobs import Job
from cybervault.faces.language import ENGLISH, Language
from cybervault.faces.v3.threat_shapes import TEXT, AssessmentReply, QueuedAssessment


class ComparisonQuery(BaseModel):
    """Query of `GET /v3/threats/assessments/compare`."""

    before: str = Field(pattern=TEXT, description="Id of the assessment to start from.", examples=["asm_9z3n5v8w1c"])
    after: str = Field(pattern=TEXT, description="Id of the other one.", examples=["asm_4f1k9x2m7q"])


class LineReply(BaseModel):
    """One piece of evidence in both."""

    change: Literal["new", "gone", "more", "less", "same"] = Field(
        description="Less than 0.1 points is `same`: that is the age of a fact, not what it says."
    )
    observable: str = Field(description="Of which observable of a record; empty where the target says it.")
    source: str = Field(description="Empty for what this server itself found in a record.", examples=["abuseipdb"])
    name: str = Field(examples=["reports"])
    before: float | None = Field(description="Points, as in the assessment; null where it was not there.")
    after: float | None

    @classmethod
    def of(cls, line: Line) -> "LineReply":
        """One line."""
        return cls(
            change=line.change.value,
            observable=line.observable,
            source=line.source,
            name=line.name,
            before=line.before,
            after=line.after,
        )


class ComparisonReply(BaseModel):
    """Answer of `GET /v3/threats/assessments/compare`."""

    before: AssessmentReply | QueuedAssessment = Field(description="One that is not there yet tells how it stands.")
    after: AssessmentReply | QueuedAssessment
    evidence: list[LineReply] | None = Field(description="What changed most first; null until both are there.")

    @classmethod
    def of(cls, before: Assessment | Job, after: Assessment | Job, language: Language = ENGLISH) -> "ComparisonReply":
        """Both, and what became of the evidence."""
        evidence = None
        if isinstance(before, Assessment) and isinstance(after, Assessment):
            evidence = [LineReply.of(line) for line in compared(before, after)]
        return cls(before=_reply_of(before, language), after=_reply_of(after, language), evidence=evidence)


def _reply_of(found: Assessment | Job, language: Language) -> AssessmentReply | QueuedAssessment:
    return QueuedAssessment.of(found, language) if isinstance(found, Job) else AssessmentReply.of(found, language)
