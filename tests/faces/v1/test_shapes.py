"""The wire forms of v1: one flat body for every failure."""

import json

import pytest

from cybervault.domain.ids import RequestId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.face import STATUS_OF
from cybervault.faces.v1.shapes import FACE, problem_response


@pytest.mark.parametrize("kind", list(ProblemKind))
def test_every_failure_is_flat_and_has_a_trace(kind: ProblemKind) -> None:
    problem = Problem(kind, code="odd", message="Für den Aufrufer.", detail="for the log", retry_after_seconds=7)
    response = problem_response(problem, RequestId("req_1"))
    assert response.status_code == STATUS_OF[kind]
    expected = {"error_code": "odd", "message": "Für den Aufrufer.", "trace_id": "req_1"}
    assert json.loads(bytes(response.body)) == expected


def test_a_malformed_request_tells_each_field() -> None:
    problem = Problem(ProblemKind.INVALID, code="missing_parameter", message="M", details=(("a.b", "must be given"),))
    body = json.loads(bytes(problem_response(problem, RequestId("req_1")).body))
    assert body["details"] == [{"field": "a.b", "reason": "must be given"}]


def test_a_missing_scope_has_the_code_of_its_document() -> None:
    problem = Problem(ProblemKind.FORBIDDEN, code="invalid_scope", message="M")
    response = problem_response(problem, RequestId("req_1"))
    assert (response.status_code, json.loads(bytes(response.body))["error_code"]) == (403, "insufficient_permissions")


def test_a_bug_says_nothing_but_that_it_is_one() -> None:
    response = problem_response(None, RequestId("req_1"))
    body = json.loads(bytes(response.body))
    assert (response.status_code, body["error_code"], body["trace_id"]) == (500, "internal_error", "req_1")


def test_the_face_counts_by_its_own_table_and_takes_a_slash_at_the_end() -> None:
    assert (FACE.prefix, FACE.limits, FACE.is_slash_optional) == ("/v1", "v1", True)
