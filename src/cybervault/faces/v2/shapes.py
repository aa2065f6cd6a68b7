"""The wire forms of v2: the one body of every failure."""

from typing import Final

from pydantic import BaseModel, Field
from starlette.responses import Response

from cybervault.domain.ids import RequestId
from cybervault.domain.problems import Problem
from cybervault.faces.face import CRASH, Face, json_response, status_of


class ErrorBody(BaseModel):
    """What went wrong."""

    code: str = Field(examples=["rate_limit_exceeded"])
    message: str
    retry_after: int | None = Field(default=None, description="Seconds after which to try again.", examples=[42])


class ErrorReply(BaseModel):
    """Every failure of v2 (contract 1.3.5)."""

    error: ErrorBody


def problem_response(problem: Problem | None, _request_id: RequestId) -> Response:
    """The body and status of a problem; of a bug (None) nothing but that it was one."""
    told = problem or CRASH
    body = ErrorBody(code=told.code, message=told.message, retry_after=told.retry_after_seconds)
    return json_response(status_of(problem), ErrorReply(error=body).model_dump(exclude_none=True))


FACE: Final = Face("/v2", problem_response, limits="v2")
