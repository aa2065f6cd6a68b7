"""A tenant's own numbers of calls, where they differ from those of its plan."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cybervault.domain.problems import Problem, ProblemKind

_BURST_PERCENT_MAX: Final = 1_000


class CallClass(StrEnum):
    """What a call does: v3 counts reading and writing apart, the others any call alike."""

    READ = "read"
    WRITE = "write"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class LimitOverride:
    """A tenant's own numbers on one face; None = as the plan says, `ANY` = every class of the face.

    Raises `Problem` INVALID `invalid_limits` for numbers nobody could keep.
    """

    face: str
    call_class: CallClass
    minute: int | None = None
    hour: int | None = None
    burst_percent: int | None = None

    def __post_init__(self) -> None:
        calls = [number for number in (self.minute, self.hour) if number is not None]
        if min(calls, default=1) < 1 or not 0 <= (self.burst_percent or 0) <= _BURST_PERCENT_MAX:
            raise Problem(
                ProblemKind.INVALID,
                code="invalid_limits",
                message=f"A limit is at least 1 call, and its burst 0 to {_BURST_PERCENT_MAX} percent.",
            )
