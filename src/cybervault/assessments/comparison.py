"""Two assessments side by side: what of their evidence is new, gone, counts more or less. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from cybervault.domain.assessments import Assessment, Sort

# Points (log-odds) by which the age of a fact may move it without saying anything else.
SAME_WITHIN: Final = 0.1


class Change(StrEnum):
    """What became of one piece of evidence."""

    NEW = "new"
    GONE = "gone"
    MORE = "more"
    LESS = "less"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Line:
    """One piece of evidence by its source; `source` is empty for what this server itself found in a record.

    `before` and `after` are its points (log-odds of a fact, 0..100 of a behaviour), None where it was not there.
    """

    observable: str
    source: str
    name: str
    before: float | None
    after: float | None

    @property
    def change(self) -> Change:
        """By how much it counts."""
        if self.before is None:
            return Change.NEW
        if self.after is None:
            return Change.GONE
        if abs(self.after - self.before) < SAME_WITHIN:
            return Change.SAME
        return Change.MORE if abs(self.after) > abs(self.before) else Change.LESS


_Key: TypeAlias = tuple[str, str, str]


def compared(before: Assessment, after: Assessment) -> tuple[Line, ...]:
    """The evidence of both, what changed most first; that of two targets is told by source and name alone."""
    is_same = before.target == after.target
    old, now = _facts(before, is_same=is_same), _facts(after, is_same=is_same)
    lines = [Line(*key, old.get(key), now.get(key)) for key in dict.fromkeys((*old, *now))]
    return tuple(sorted(lines, key=_weight, reverse=True))


def _weight(line: Line) -> float:
    return -1.0 if line.change is Change.SAME else abs((line.after or 0.0) - (line.before or 0.0))


def _facts(assessment: Assessment, *, is_same: bool) -> Mapping[_Key, float]:
    facts: dict[_Key, float] = {}
    is_record = assessment.target.sort is not Sort.INDICATOR
    for part in assessment.parts:
        observable = part.observable.value if is_record and is_same else ""
        for term in part.weighing.terms:
            key = (observable, term.evidence.source, term.evidence.item)
            facts[key] = facts.get(key, 0.0) + term.points
    if is_record:
        facts |= {("", "", sign.name): sign.points for sign in assessment.signs}
    return facts
