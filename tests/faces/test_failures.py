"""Failures in the form of the face that was called, and in that of RFC 9457 for those who ask for it."""

from ipaddress import ip_address

import pytest
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cybervault.domain.ids import RequestId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.caller import Callers, Presented
from cybervault.faces.face import Face, status_of
from cybervault.faces.failures import in_form, is_opened, problem_of
from cybervault.faces.proxies import Client
from cybervault.faces.rights import Rights
from cybervault.faces.visit import Desk, Visit
from tests.faces.framed import Framed

HERE = Client(ip_address("192.0.2.1"), None, "https")


def plain(problem: Problem | None, request_id: RequestId) -> Response:
    return Response(f"plain {problem and problem.code} {request_id}", status_of(problem))


def other(problem: Problem | None, _request_id: RequestId) -> Response:
    return Response("other", status_of(problem))


def visit_of(framed: Framed, accept: list[str], *, has_other: bool = True) -> Visit:
    face = Face("/x", plain, problem_json=other if has_other else None)
    headers = Headers(raw=[(b"accept", value.encode()) for value in accept])
    desk = Desk(Callers(framed.world.keys), Rights(()))
    return Visit(desk, face, RequestId("req_1"), Presented("GET", headers, HERE), 0.0)


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("path", "accept", "method", "is_page"),
    [
        ("/nowhere", BROWSER, "GET", True),
        ("/nowhere", "", "GET", False),
        ("/nowhere", "*/*", "GET", False),
        ("/nowhere", "application/json, text/html;q=0", "GET", False),
        ("/nowhere", BROWSER, "POST", False),
        ("/api/nowhere", BROWSER, "GET", False),
        ("/assets/nowhere.js", BROWSER, "GET", False),
    ],
)
def test_a_page_is_for_who_opens_one(path: str, accept: str, method: str, *, is_page: bool) -> None:
    presented = Presented(method, Headers({"accept": accept}), HERE)
    assert is_opened(presented, path) is is_page


PROBLEM = Problem(ProblemKind.CONFLICT, code="odd", message="For the caller.")


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ([], b"plain odd req_1"),
        (["*/*"], b"plain odd req_1"),
        (["application/json"], b"plain odd req_1"),
        (["application/problem+json;q=0"], b"plain odd req_1"),
        (["application/problem+json; q=0.000"], b"plain odd req_1"),
        (["application/problem+json"], b"other"),
        (["application/json, Application/Problem+JSON;q=0.5"], b"other"),
        (["text/html", "application/problem+json"], b"other"),
    ],
)
def test_the_other_form_is_for_those_who_name_it(framed: Framed, accept: list[str], form: bytes) -> None:
    assert in_form(visit_of(framed, accept), PROBLEM).body == form
    assert in_form(visit_of(framed, accept, has_other=False), PROBLEM).body == b"plain odd req_1"


def worded(problem: Problem | None, _request_id: RequestId) -> Response:
    return Response("none" if problem is None else problem.message, status_of(problem))


FASTER = "Otra persona cambió lo mismo en el mismo momento. Míralo de nuevo antes de decidir."


@pytest.mark.parametrize(
    ("accepted", "speaks", "text"),
    [
        ("es-ES, en;q=0.5", True, FASTER),
        ("es-ES", False, "For the caller."),
        ("en, es;q=0.5", True, "For the caller."),
        (None, True, "For the caller."),
    ],
)
def test_a_face_that_speaks_spanish_does_so_to_who_prefers_it(
    framed: Framed, accepted: str | None, text: str, *, speaks: bool
) -> None:
    """Who sends no Accept-Language, and the faces of the contracts, keep the words and headers that they had."""
    visit = visit_of(framed, [])
    face = Face("/x", worded, speaks_spanish=speaks)
    headers = Headers({} if accepted is None else {"accept-language": accepted})
    visit = Visit(visit.desk, face, RequestId("req_1"), Presented("GET", headers, HERE), 0.0)
    response = in_form(visit, Problem(ProblemKind.CONFLICT, code="conflict", message="For the caller."))
    assert (bytes(response.body).decode(), response.status_code) == (text, 409)
    is_spanish = text != "For the caller."
    assert (response.headers.get("content-language"), response.headers.get("vary")) == (
        ("es", "Accept-Language") if is_spanish else (None, None)
    )
    crash = in_form(visit, None)
    said = "Algo falló por nuestra parte. El registro lo guarda con el número de la petición."
    assert (bytes(crash.body).decode(), crash.status_code) == (said if is_spanish else "none", 500)


def test_a_bug_is_told_as_one(framed: Framed) -> None:
    response = in_form(visit_of(framed, []), None)
    assert (response.status_code, response.body) == (500, b"plain None req_1")


def test_a_problem_that_passes_says_when_to_try_again(framed: Framed) -> None:
    waiting = Problem(ProblemKind.UNAVAILABLE, code="gone", message="", retry_after_seconds=7)
    assert in_form(visit_of(framed, []), waiting).headers["retry-after"] == "7"
    assert "retry-after" not in in_form(visit_of(framed, []), PROBLEM).headers


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, "not_found"),
        (405, "method_not_allowed"),
        (413, "payload_too_large"),
        (415, "unsupported_media_type"),
        (400, "invalid_request"),
        (422, "invalid_request"),
    ],
)
def test_what_the_framework_refuses_has_a_code_and_never_422(status: int, code: str) -> None:
    problem = problem_of(HTTPException(status))
    assert problem.code == code
    assert status_of(problem) == (400 if status == 422 else status)
