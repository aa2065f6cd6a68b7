"""The wire forms of v3: replies, and the one body of every failure, also as RFC 9457 has it."""

from datetime import datetime
from typing import Final, Literal

from pydantic import BaseModel, Field
from starlette.responses import Response

from cybervault.domain.ids import RequestId
from cybervault.domain.observables import Address
from cybervault.domain.principals import Principal
from cybervault.domain.problems import Problem
from cybervault.faces.face import CRASH, json_response, status_of
from cybervault.faces.limiting import OverLimit
from cybervault.faces.problems import PROBLEM_PAGES

# Of draft-ietf-httpapi-ratelimit-headers-11.
_QUOTA_EXCEEDED: Final = "https://iana.org/assignments/http-problem-types#quota-exceeded"
_PROBLEM_JSON: Final = "application/problem+json"


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


class CallingKey(BaseModel):
    """The key that a call came with."""

    id: str = Field(examples=["key_4f1k9x2m7q0z"])
    hint: str = Field(description="Its prefix and its last characters.", examples=["cv_live_sk_…Qx7a"])


class CallingMember(BaseModel):
    """The person who has signed in, or whose personal key it is."""

    id: str = Field(examples=["usr_4f1k9x2m7q0z"])
    role: Literal["owner", "admin", "billing_admin", "member", "viewer"]


class WhoamiReply(BaseModel):
    """Answer of `GET /v3/system/whoami`: the caller as this server sees it."""

    now: str = Field(description="What this server's clock says: ISO 8601, UTC.")
    address: str | None = Field(description="Where the call came from.", examples=["203.0.113.9"])
    tenant_id: str
    plan: Literal["starter", "professional", "enterprise"]
    environment: Literal["production", "sandbox"]
    scopes: list[str] = Field(description="What the caller may do at this moment.", examples=[["threat:read"]])
    key: CallingKey | None
    member: CallingMember | None

    @classmethod
    def of(cls, principal: Principal, address: Address | None, now: datetime) -> "WhoamiReply":
        """What is known of this caller."""
        return cls(
            now=f"{now:%Y-%m-%dT%H:%M:%SZ}",
            address=None if address is None else str(address),
            tenant_id=principal.tenant_id,
            plan=principal.plan.value,
            environment=principal.environment.value,
            scopes=sorted(scope.value for scope in principal.scopes if principal.has_scope(scope)),
            key=None if principal.key_id is None else CallingKey(id=principal.key_id, hint=principal.hint),
            member=None
            if principal.member_id is None or principal.role is None
            else CallingMember(id=principal.member_id, role=principal.role.value),
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
        told = problem or CRASH
        body = ErrorBody(code=told.code, message=told.message, request_id=request_id, docs_url=self._page(told))
        return json_response(status_of(problem), ErrorReply(error=body).model_dump())

    def problem_json(self, problem: Problem | None, request_id: RequestId) -> Response:
        """The same as RFC 9457 spells it, for callers that ask for application/problem+json."""
        told, status = problem or CRASH, status_of(problem)
        violated = told.violated if isinstance(told, OverLimit) else ()
        body: dict[str, object] = {
            "type": _QUOTA_EXCEEDED if violated else self._page(told),
            "title": told.code.replace("_", " ").capitalize(),
            "status": status,
            "detail": told.message,
            "code": told.code,
            "request_id": request_id,
        }
        if told.retry_after_seconds is not None:
            body["retry_after"] = told.retry_after_seconds
        if violated:
            body["violated-policies"] = list(violated)
        if told.details:
            body["errors"] = [{"field": field, "reason": reason} for field, reason in told.details]
        response = json_response(status, body)
        response.headers["content-type"] = _PROBLEM_JSON
        return response

    def _page(self, problem: Problem) -> str:
        return f"{self._pages}/{problem.code}"
