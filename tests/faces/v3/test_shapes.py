"""The wire forms of v3: one body for every failure, and times in UTC with a Z."""

import json
from datetime import UTC, datetime

import pytest

from cybervault.domain.ids import RequestId
from cybervault.domain.principals import Environment, KeyId, KeyKind, Plan, Principal, TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.http import STATUS_OF
from cybervault.faces.v3.shapes import ErrorForm, HealthReply

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
        KeyId("key_1"),
        KeyKind.SERVICE_TEST,
        scopes=frozenset(),
        environment=Environment.SANDBOX,
        plan=Plan.STARTER,
    )
    assert HealthReply.of(principal, NOW, is_healthy=is_healthy).model_dump() == {
        "status": status,
        "tenant_id": "tv_1",
        "environment": "sandbox",
        "timestamp": "2026-01-31T12:00:00Z",
    }
