"""What a rule that fired weighs in a risk."""

from typing import Final, Protocol

from cybervault.detection.risk import Hit
from cybervault.domain.verdicts import Severity

# So much less does a rule say where what would exclude the event was not told.
_NOT_CERTAIN: Final = 0.6


class Weighty(Protocol):
    """A rule as far as it weighs."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def level(self) -> Severity: ...
    @property
    def confidence(self) -> float: ...
    @property
    def techniques(self) -> tuple[str, ...]: ...
    @property
    def tactics(self) -> tuple[str, ...]: ...


def hit_of(rule: Weighty, *, is_certain: bool) -> Hit:
    """A hit of the rule's level, with its first technique and tactic."""
    doubt = "" if is_certain else " (what would exclude it was not told)"
    return Hit(
        f"rule_{rule.id}",
        rule.level,
        rule.confidence * (1.0 if is_certain else _NOT_CERTAIN),
        f"Rule: {rule.title}{doubt}.",
        next(iter(rule.tactics), None),
        next(iter(rule.techniques), None),
    )
