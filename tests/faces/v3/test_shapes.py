"""The wire forms of v3: one body for every failure, and times in UTC with a Z."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest

from cybervault.access.limits.limiter import LocalLimiter
from cybervault.domain.ids import RequestId
from cybervault.domain.principals import (
    Environment,
    KeyId,
    KeyKind,
    MemberId,
    Plan,
    Principal,
    Role,
    Scope,
    SessionId,
    TenantId,
)
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.face import STATUS_OF
from cybervault.faces.limiting import Limits, OverLimit
from cybervault.faces.v3.shapes import ErrorForm, HealthReply, WhoamiReply
from tests.fakes.clock import HandClock

FORM = ErrorForm("https://cybervault.example/base")
NOW = datetime(2026, 1, 31, 12, 0, 0, 999_999, tzinfo=UTC)


@pytest.mark.parametrize("kind", list(ProblemKind))
def test_every_failure_has_the_same_four_fields(kind: ProblemKind) -> None:
    problem = Problem(kind, code="odd", message="Für den Aufrufer.", detail="for the log")
    response = FORM.response(problem, RequestId("req_1"))
    assert response.status_code == STATUS_OF[kind]
    assert json.loads(bytes(response.body)) == {
        "error": {
            "code": "odd",
            "message": "Für den Aufrufer.",
            "request_id": "req_1",
            "docs_url": "https://cybervault.example/base/api/docs/problems/odd",
        }
    }


def test_a_bug_says_nothing_but_that_it_is_one() -> None:
    response = FORM.response(None, RequestId("req_1"))
    error = json.loads(bytes(response.body))["error"]
    assert (response.status_code, error["code"]) == (500, "internal_error")
    assert error["docs_url"].endswith("/internal_error")


@pytest.mark.parametrize(("is_healthy", "status"), [(True, "operational"), (False, "degraded")])
def test_health_tells_tenant_environment_and_time(is_healthy: bool, status: str) -> None:  # noqa: FBT001 - a column
    principal = Principal(
        TenantId("tv_1"),
        scopes=frozenset(),
        plan=Plan.STARTER,
        environment=Environment.SANDBOX,
        key_id=KeyId("key_1"),
        kind=KeyKind.SERVICE_TEST,
    )
    assert HealthReply.of(principal, NOW, is_healthy=is_healthy).model_dump() == {
        "status": status,
        "tenant_id": "tv_1",
        "environment": "sandbox",
        "timestamp": "2026-01-31T12:00:00Z",
    }


KEY = Principal(
    TenantId("tv_1"),
    frozenset({Scope.THREAT_WRITE, Scope.THREAT_READ}),
    Plan.PROFESSIONAL,
    key_id=KeyId("key_1"),
    kind=KeyKind.SERVICE_READ,
    hint="cv_read_sk_…abcd",
)


def test_a_caller_is_told_how_the_server_sees_it() -> None:
    assert WhoamiReply.of(KEY, ip_address("192.0.2.1"), NOW).model_dump() == {
        "now": "2026-01-31T12:00:00Z",
        "address": "192.0.2.1",
        "tenant_id": "tv_1",
        "plan": "professional",
        "environment": "production",
        "scopes": ["threat:read"],
        "key": {"id": "key_1", "hint": "cv_read_sk_…abcd"},
        "member": None,
    }
    member = replace(
        KEY, key_id=None, kind=None, member_id=MemberId("usr_1"), role=Role.VIEWER, session_id=SessionId("ses_1")
    )
    told = WhoamiReply.of(member, None, NOW).model_dump()
    assert (told["address"], told["key"], told["member"]) == (None, None, {"id": "usr_1", "role": "viewer"})
    assert told["scopes"] == ["threat:read", "threat:write"]


class TestProblemJson:
    """RFC 9457, with our words as members."""

    @pytest.mark.parametrize("kind", list(ProblemKind))
    def test_every_failure_has_the_members_of_the_standard(self, kind: ProblemKind) -> None:
        response = FORM.problem_json(Problem(kind, code="odd_thing", message="For the caller."), RequestId("req_1"))
        assert response.headers["content-type"] == "application/problem+json"
        assert json.loads(bytes(response.body)) == {
            "type": "https://cybervault.example/base/api/docs/problems/odd_thing",
            "title": "Odd thing",
            "status": response.status_code,
            "detail": "For the caller.",
            "code": "odd_thing",
            "request_id": "req_1",
        }
        assert response.status_code == STATUS_OF[kind]

    def test_faulty_fields_and_waiting_times_stand_beside(self) -> None:
        problem = Problem(
            ProblemKind.INVALID, code="odd", message="M", details=(("a", "must be given"),), retry_after_seconds=3
        )
        body = json.loads(bytes(FORM.problem_json(problem, RequestId("req_1")).body))
        assert (body["errors"], body["retry_after"]) == ([{"field": "a", "reason": "must be given"}], 3)

    async def test_who_is_over_a_limit_is_told_which(self) -> None:
        clock = HandClock()
        limits = Limits(LocalLimiter(clock), clock)
        charges = [await limits.charge("v3", "GET", ip_address("192.0.2.1")) for _ in range(61)]
        problem = OverLimit(charges[-1].decision)
        body = json.loads(bytes(FORM.problem_json(problem, RequestId("req_1")).body))
        assert body["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded"
        assert (body["code"], body["status"]) == ("rate_limit_exceeded", 429)
        assert (body["violated-policies"], body["retry_after"]) == (["minute"], problem.retry_after_seconds)

    def test_a_bug_says_nothing_but_that_it_is_one(self) -> None:
        body = json.loads(bytes(FORM.problem_json(None, RequestId("req_1")).body))
        assert (body["status"], body["code"]) == (500, "internal_error")
