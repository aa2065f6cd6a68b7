"""Failures in the form of the face that was called, the framework's own too."""

from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.caller import Presented
from cybervault.faces.face import CRASH
from cybervault.faces.language import SPANISH, language_of
from cybervault.faces.spanish_problems import in_spanish
from cybervault.faces.visit import Visit

_NO_PAGES: Final = ("/api/", "/assets/")
_PROBLEM_JSON: Final = "application/problem+json"


def in_form(visit: Visit, problem: Problem | None) -> Response:
    """A problem, or a bug of ours (None), as the caller is told it."""
    face = visit.face
    form = face.problem_response
    if face.problem_json is not None and _names(visit.presented.headers, _PROBLEM_JSON):
        form = face.problem_json
    is_spanish = face.speaks_spanish and language_of(visit.presented.headers.get("accept-language", "")) == SPANISH
    response = form(in_spanish(problem or CRASH) if is_spanish else problem, visit.request_id)
    if is_spanish:
        response.headers["content-language"] = SPANISH
        response.headers.append("vary", "Accept-Language")
    if problem is not None and problem.retry_after_seconds is not None:
        response.headers["retry-after"] = str(problem.retry_after_seconds)
    return response


def is_opened(presented: Presented, path: str) -> bool:
    """Whether somebody opens a path as a page, in a browser: not what pages and programs ask for by themselves."""
    return presented.method == "GET" and not path.startswith(_NO_PAGES) and _names(presented.headers, "text/html")


def _names(headers: Headers, wanted: str) -> bool:
    """Whether a type is named among what the caller accepts, and not by a zero weight."""
    for item in ",".join(headers.getlist("accept")).lower().split(","):
        media, _, weight = item.partition(";")
        if media.strip() == wanted:
            return weight.replace(" ", "").rstrip("0") not in {"q=", "q=0."}
    return False


def problem_of(error: HTTPException) -> Problem:
    """The framework's own "no such path" and "not with this method" as problems."""
    kind, code, message = {
        404: (ProblemKind.NOT_FOUND, "not_found", "There is nothing at this path."),
        405: (ProblemKind.INVALID, "method_not_allowed", "This path does not take this method."),
        413: (ProblemKind.TOO_LARGE, "payload_too_large", "The body of the request is too large."),
        415: (ProblemKind.INVALID, "unsupported_media_type", "This path takes application/json."),
    }.get(error.status_code, (ProblemKind.INVALID, "invalid_request", "The request cannot be read."))
    return Problem(kind, code=code, message=message)
