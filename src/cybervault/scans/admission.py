"""Which of the targets that somebody names may be scanned, and why the others may not (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.scans.grant import Permit
from cybervault.scans.targets import Target, parse_target


class Why(StrEnum):
    """Why a target may not be scanned."""

    INVALID = "invalid"
    """It has no form of a target, or is too large for one."""
    NEVER_SCANNED = "never_scanned"
    """Nobody may, whatever was granted."""
    NOT_GRANTED = "not_granted"
    PENTEST_NOT_GRANTED = "pentest_not_granted"
    """It was granted, but not for a pentest."""


@dataclass(frozen=True, slots=True)
class Refused:
    """One target as it was named, why it may not be scanned, and the same in a sentence."""

    target: str
    why: Why
    reason: str


def admitted(
    texts: Sequence[str], permit: Permit, *, is_pentest: bool, has_loopback: bool
) -> tuple[tuple[Target, ...], tuple[Refused, ...]]:
    """Those that may be scanned, each once, and those that may not."""
    targets, refused = dict[Target, None](), list[Refused]()
    for text in texts:
        try:
            target = parse_target(text, has_loopback=has_loopback)
        except Problem as problem:
            why = Why.INVALID if problem.kind is ProblemKind.INVALID else Why.NEVER_SCANNED
            refused.append(Refused(text, why, problem.message))
            continue
        if permit.missing((target,), is_pentest=False):
            refused.append(Refused(text, Why.NOT_GRANTED, "No grant covers it."))
        elif permit.missing((target,), is_pentest=is_pentest):
            refused.append(Refused(text, Why.PENTEST_NOT_GRANTED, "No grant that allows a pentest covers it."))
        else:
            targets[target] = None
    return tuple(targets), tuple(refused)
