"""Moments as callers write them."""

import re
from datetime import UTC, datetime
from typing import Final

from cybervault.domain.problems import Problem, ProblemKind

# A date alone is its first moment in UTC; a time says its zone, or nobody knows what is meant.
_FORM: Final = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d))?")
_WITHOUT_ZONE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?")


def moment_in(text: str) -> datetime | None:
    """The moment in UTC that an ISO 8601 text names; None for one that names none."""
    if _FORM.fullmatch(text) is None or not text.isascii():
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def seconds_of(field: str, text: str | None) -> float | None:
    """The Unix seconds of a moment in a query, in UTC where it says no zone (contract 1.3.2); None where none is given.

    Raises `Problem` INVALID `invalid_parameter` for a text that names no moment.
    """
    if text is None:
        return None
    # A + in a query that was not encoded arrives as a blank.
    text = text.replace(" ", "+")
    moment = moment_in(f"{text}Z" if _WITHOUT_ZONE.fullmatch(text) else text)
    if moment is None:
        raise Problem(
            ProblemKind.INVALID,
            code="invalid_parameter",
            message=f"{field} is a date, or a time such as 2027-01-31T12:00:00Z.",
            details=((field, "is not valid"),),
        )
    return moment.timestamp()


def spelled(moment: datetime) -> str:
    """A moment as all faces write it: ISO 8601 in UTC, whole seconds, Z."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
