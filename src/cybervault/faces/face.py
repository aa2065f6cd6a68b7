"""What one HTTP contract is to the frame: its paths, its limits, and how it spells an answer and a failure."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from starlette.responses import Response

from cybervault.domain.ids import RequestId
from cybervault.domain.problems import Problem, ProblemKind

# None stands for a bug of ours.
ProblemForm: TypeAlias = Callable[[Problem | None, RequestId], Response]


@dataclass(frozen=True, slots=True)
class Face:
    """One HTTP contract.

    `limits` names its table of limits; with it every call is counted, and its routes need a key or a session as
    `faces.rights` says. `has_rights` asks for the second alone. `problem_json` is the form of RFC 9457, for callers
    that ask for it. `is_slash_optional`: a path with a slash at its end is the path without. `answer_seconds`: to
    take longer is a failure; None for faces that stream. `speaks_spanish`: failures too, to who prefers it.
    """

    prefix: str
    problem_response: ProblemForm
    limits: str | None = None
    problem_json: ProblemForm | None = None
    has_rights: bool = False
    is_slash_optional: bool = False
    answer_seconds: float | None = None
    speaks_spanish: bool = False

    @property
    def is_guarded(self) -> bool:
        """Whether every route needs a row in the table of rights."""
        return self.has_rights or self.limits is not None

    def owns(self, path: str) -> bool:
        """Whether a path belongs to it."""
        return path.startswith(self.prefix) and path[len(self.prefix) :][:1] in {"", "/"}


STATUS_OF: Final = {
    ProblemKind.INVALID: 400,
    ProblemKind.UNAUTHENTICATED: 401,
    ProblemKind.FORBIDDEN: 403,
    ProblemKind.NOT_FOUND: 404,
    ProblemKind.CONFLICT: 409,
    ProblemKind.TOO_LARGE: 413,
    ProblemKind.OVER_LIMIT: 429,
    ProblemKind.UPSTREAM: 502,
    ProblemKind.UNAVAILABLE: 503,
}
# Codes that HTTP has a status of its own for.
# The document of v1 knows no 504 (contract 1.2.1).
_STATUS_OF_CODE: Final = {
    "method_not_allowed": 405,
    "body_timeout": 408,
    "unsupported_media_type": 415,
    "timeout": 500,
    "internal_error": 500,
}
CRASH: Final = Problem(ProblemKind.UNAVAILABLE, code="internal_error", message="Something went wrong on our side.")


def status_of(problem: Problem | None) -> int:
    """The status of a problem, of a bug (None) 500."""
    told = problem or CRASH
    return _STATUS_OF_CODE.get(told.code) or STATUS_OF[told.kind]


def json_response(status: int, body: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer that keeps its letters."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(), status, headers, media_type="application/json")
