"""The wire forms of v3: replies, and the one body of every failure."""

from datetime import datetime
from typing import Final, Literal

from pydantic import BaseModel, Field
from starlette.responses import Response

from cybervault.domain.ids import RequestId
from cybervault.domain.principals import Principal
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.http import STATUS_OF, json_response
from cybervault.faces.problems import PROBLEM_PAGES

_CRASH_STATUS: Final = 500
_CRASH: Final = Problem(ProblemKind.UNAVAILABLE, code="internal_error", message="Something went wrong on our side.")


class HealthReply(BaseModel):
    """Answer of `GET /v3/system/health` (contract 1.4.4)."""

    status: Literal["operational", "degraded", "maintenance"]
    tenant_id: str = Field(description="The caller's tenant.", examples=["tv_9a8b7c6d5e4f"])
    environment: Literal["production", "sandbox"] = Field(description="sandbox for test keys.")
    timestamp: str = Field(description="ISO 8601, UTC.", examples=["2026-01-31T12:00:00Z"])

    @classmethod
    def of(cls, principal: Principal, now: datetime, *, is_healthy: bool) -> "HealthReply":
        """How the service stands, for this caller."""
        return cls(
            status="operational" if is_healthy else "degraded",
            tenant_id=principal.tenant_id,
            environment=principal.environment.value,
            timestamp=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        )


class ErrorBody(BaseModel):
    """What went wrong."""

    code: str = Field(examples=["invalid_scope"])
    message: str
    request_id: str = Field(description="The same as in X-Request-ID and in the log.")
    docs_url: str = Field(description="The page about this code on this server.")


class ErrorReply(BaseModel):
    """Every failure of v3, and of paths outside all faces (contract 1.4.8)."""

    error: ErrorBody


class ErrorForm:
    """Spells failures; `base_url` is where callers reach this server, without a closing slash."""

    def __init__(self, base_url: str) -> None:
        self._pages = f"{base_url}{PROBLEM_PAGES}"

    def response(self, problem: Problem | None, request_id: RequestId) -> Response:
        """The body and status of a problem; of a bug (None) nothing but that it was one."""
        if problem is None:
            status, problem = _CRASH_STATUS, _CRASH
        else:
            status = STATUS_OF[problem.kind]
        docs_url = f"{self._pages}/{problem.code}"
        body = ErrorBody(code=problem.code, message=problem.message, request_id=request_id, docs_url=docs_url)
        return json_response(status, ErrorReply(error=body).model_dump())
