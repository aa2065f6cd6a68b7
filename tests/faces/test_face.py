"""What a face is to the frame: which paths are its own, which status a problem has, and JSON that keeps its letters."""

import json

import pytest
from starlette.responses import Response

from cybervault.domain.ids import RequestId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.face import STATUS_OF, Face, json_response, status_of


def silent(_problem: Problem | None, _request_id: RequestId) -> Response:
    raise AssertionError


@pytest.mark.parametrize(
    ("path", "is_own"),
    [
        ("/v1", True),
        ("/v1/", True),
        ("/v1/x/y", True),
        ("/v10", False),
        ("/v1x", False),
        ("/", False),
        ("/x/v1", False),
    ],
)
def test_a_path_is_of_the_face_whose_prefix_is_its_first_parts(path: str, is_own: bool) -> None:  # noqa: FBT001 - a column
    assert Face("/v1", silent).owns(path) is is_own


def test_a_face_with_limits_or_with_rights_is_guarded() -> None:
    assert not Face("/a", silent).is_guarded
    assert Face("/a", silent, limits="v1").is_guarded
    assert Face("/a", silent, has_rights=True).is_guarded


def test_every_kind_has_a_status_and_none_is_422() -> None:
    assert set(STATUS_OF) == set(ProblemKind)
    assert 422 not in STATUS_OF.values()


@pytest.mark.parametrize(
    ("code", "status"), [("odd", 400), ("method_not_allowed", 405), ("unsupported_media_type", 415)]
)
def test_a_code_that_http_has_a_status_for_gets_it(code: str, status: int) -> None:
    assert status_of(Problem(ProblemKind.INVALID, code=code, message="")) == status


def test_a_bug_is_500() -> None:
    assert status_of(None) == 500


def test_json_keeps_its_letters() -> None:
    response = json_response(201, {"a": "ñ"}, {"x-one": "1"})
    assert (response.status_code, response.body) == (201, '{"a":"ñ"}'.encode())
    assert (response.headers["content-type"], response.headers["x-one"]) == ("application/json", "1")
    assert json.loads(bytes(json_response(200, {"a": [1]}).body)) == {"a": [1]}
