"""The one kind of expected failure: a Problem with a closed kind and a code that we promise to callers."""

from enum import StrEnum


class ProblemKind(StrEnum):
    """What sort of failure it is; every face maps each kind to its own status and body."""

    INVALID = "invalid"
    NOT_FOUND = "not_found"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    OVER_LIMIT = "over_limit"
    UNAVAILABLE = "unavailable"
    UPSTREAM = "upstream"


class Problem(Exception):  # noqa: N818 - "Problem" is the word of the house; an Error is a bug.
    """An expected failure.

    `message` is written for the caller; `detail` goes to the log only and must hold no secret.
    `retry_after_seconds` is set where waiting helps. `details` are pairs of field and reason, where a request was
    malformed; a reason never holds what was sent.
    """

    def __init__(  # noqa: PLR0913 - each says something of its own, and all but two may be left out
        self,
        kind: ProblemKind,
        *,
        code: str,
        message: str,
        detail: str = "",
        retry_after_seconds: int | None = None,
        details: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.code = code
        self.message = message
        self.detail = detail
        self.retry_after_seconds = retry_after_seconds
        self.details = details

    def __repr__(self) -> str:
        return f"Problem({self.kind}, code={self.code!r}, message={self.message!r})"
