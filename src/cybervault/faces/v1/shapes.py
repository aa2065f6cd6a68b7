"""The wire forms of v1: the one flat body of every failure."""

from typing import Final

from pydantic import BaseModel, Field
from starlette.responses import Response

from cybervault.domain.ids import RequestId
from cybervault.domain.problems import Problem
from cybervault.faces.face import CRASH, Face, json_response, status_of


class FaultyField(BaseModel):
    """One field of a request that is not as it must be."""

    field: str
    reason: str


class ErrorReply(BaseModel):
    """Every failure of v1 (contract 1.2.6)."""

    error_code: str = Field(examples=["rate_limit_exceeded"])
    message: str
    details: list[FaultyField] | None = Field(default=None, description="Of a malformed request, each field at fault.")
    trace_id: str = Field(description="The same as in X-Request-ID and in the log.")


def problem_response(problem: Problem | None, request_id: RequestId) -> Response:
    """The body and status of a problem; of a bug (None) nothing but that it was one."""
    told = _in_words_of_v1(problem or CRASH)
    details = [FaultyField(field=field, reason=reason) for field, reason in told.details]
    body = ErrorReply(
        error_code=told.code,
        message=told.message,
        details=details or None,
        trace_id=request_id,
    )
    return json_response(status_of(problem), body.model_dump(exclude_none=True))


def _in_words_of_v1(problem: Problem) -> Problem:
    """The document has a word of its own for a missing scope (contract 1.2.6)."""
    if problem.code != "invalid_scope":
        return problem
    return Problem(problem.kind, code="insufficient_permissions", message=problem.message)


# Contract 1.2.1.
ANSWER_SECONDS: Final = 30.0
FACE: Final = Face("/v1", problem_response, limits="v1", is_slash_optional=True, answer_seconds=ANSWER_SECONDS)
