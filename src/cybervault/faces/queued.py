"""Answers that come later (RFC 7240): who asked for one, where it stands, and how it is spelled."""

from typing import Literal

from pydantic import BaseModel, Field
from starlette.datastructures import Headers
from starlette.responses import Response

from cybervault.domain.jobs import Job
from cybervault.faces.face import json_response
from cybervault.faces.language import ENGLISH, Language, said
from cybervault.faces.moments import spelled
from cybervault.faces.openapi import Piece
from cybervault.faces.spanish_problems import message_in

_WISH = "respond-async"
_APPLIED = {"preference-applied": _WISH}
PREFER: Piece = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": "`respond-async`: answer 202 at once, and let the assessment be asked for at `Location`.",
    "schema": {"type": "string"},
    "example": _WISH,
}


class FailureReply(BaseModel):
    """Why it failed, or why it is tried again."""

    code: str
    message: str

    @classmethod
    def of(cls, code: str | None, message: str | None, language: Language) -> "FailureReply | None":
        """What was kept of a problem, where there was one."""
        return None if code is None else cls(code=code, message=message_in(language, code, message or ""))


class QueuedReply(BaseModel):
    """How an assessment stands that is not there yet."""

    state: Literal["queued", "running", "completed", "failed", "cancelled", "timed_out"]
    progress: float = Field(ge=0, le=1, description="From 0 to 1.")
    doing: str = Field(description="What is done now, in words.", examples=["weighing 20 of 57 observables"])
    error: FailureReply | None
    created_at: str

    @classmethod
    def of(cls, job: Job, language: Language = ENGLISH) -> "QueuedReply":
        """How a job stands."""
        return cls(
            state=job.state.value,
            progress=round(job.progress, 2),
            doing=said(job.doing, language),
            error=FailureReply.of(job.problem_code, job.problem_message, language),
            created_at=spelled(job.created_at),
        )


def wants_async(headers: Headers) -> bool:
    """Whether the caller would rather be answered later, and ask again."""
    wishes = (wish for line in headers.getlist("prefer") for wish in line.split(","))
    return any(wish.partition(";")[0].strip().lower() == _WISH for wish in wishes)


def accepted(body: BaseModel, location: str) -> Response:
    """202, and where to ask."""
    return json_response(202, body.model_dump(), {"location": location} | _APPLIED)
