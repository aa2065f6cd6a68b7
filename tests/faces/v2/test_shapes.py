"""The wire forms of v2: one body for every failure, with the seconds to wait."""

import json

import pytest

from cybervault.domain.ids import RequestId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.face import STATUS_OF
from cybervault.faces.v2.shapes import FACE, problem_response


@pytest.mark.parametrize("kind", list(ProblemKind))
def test_every_failure_has_code_and_message(kind: ProblemKind) -> None:
    problem = Problem(kind, code="odd", message="Für den Aufrufer.", detail="for the log", details=(("a", "b"),))
    response = problem_response(problem, RequestId("req_1"))
    assert response.status_code == STATUS_OF[kind]
    assert json.loads(bytes(response.body)) == {"error": {"code": "odd", "message": "Für den Aufrufer."}}


def test_where_waiting_helps_the_body_says_how_long() -> None:
    problem = Problem(ProblemKind.OVER_LIMIT, code="rate_limit_exceeded", message="M", retry_after_seconds=42)
    body = json.loads(bytes(problem_response(problem, RequestId("req_1")).body))
    assert body == {"error": {"code": "rate_limit_exceeded", "message": "M", "retry_after": 42}}


def test_a_bug_says_nothing_but_that_it_is_one() -> None:
    response = problem_response(None, RequestId("req_1"))
    assert (response.status_code, json.loads(bytes(response.body))["error"]["code"]) == (500, "internal_error")


def test_the_face_counts_by_its_own_table() -> None:
    assert (FACE.prefix, FACE.limits, FACE.is_slash_optional) == ("/v2", "v2", False)
