"""Severities as callers write them."""

from collections.abc import Sequence
from typing import Final

from cybervault.domain.assessments import rank_of
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.verdicts import Severity

NAMES: Final = ("critical", "high", "medium", "low")
"""Those that lists are asked by (contract 1.3.2)."""


def ranks_in(text: str, known: Sequence[str] = NAMES) -> tuple[int, ...]:
    """The OCSF numbers of one severity, or of several with commas between them.

    Raises `Problem` INVALID `invalid_parameter` that names the field.
    """
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",", len(known) * 2)))
    if not all(name in known for name in names):
        reason = f"is one of {', '.join(known)}, or several with commas"
        raise Problem(
            ProblemKind.INVALID,
            code="invalid_parameter",
            message=f"severity {reason}.",
            details=(("severity", reason),),
        )
    return tuple(rank_of(Severity(name)) for name in names)
