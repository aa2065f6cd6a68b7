"""Findings: what was assessed as bad and is handled by people, with its life and its history."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from cybervault.domain.assessments import Category
from cybervault.domain.ids import AssessmentId, FindingId
from cybervault.domain.principals import TenantId
from cybervault.domain.verdicts import Severity, Verdict


class Status(StrEnum):
    """Where in its life a finding stands (contract 1.3.4)."""

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    INVESTIGATING = "investigating"
    MITIGATED = "mitigated"
    FALSE_POSITIVE = "false_positive"
    CLOSED = "closed"
    IGNORED = "ignored"


OPEN: Final = (Status.NEW, Status.ACKNOWLEDGED, Status.INVESTIGATING)
"""Somebody still has to do something about it."""

ENDING: Final = frozenset({Status.CLOSED, Status.IGNORED})
"""To set these, and to leave them, needs the right to write."""

_DONE: Final = frozenset({Status.CLOSED, Status.MITIGATED})


@dataclass(frozen=True, slots=True)
class Finding:
    """One threat, first detected at `created_at` and seen again until `last_seen_at`.

    `type` is its category; `kind` and `value` the target; `indicators` are texts such as `domain:evil.example`, as
    they were stored. `source_ip` is where it came from, None where that is not known.
    """

    id: FindingId
    tenant_id: TenantId
    created_at: datetime
    last_seen_at: datetime
    updated_at: datetime
    updated_by: str
    type: Category
    severity: Severity
    score: int
    verdict: Verdict
    status: Status
    kind: str
    value: str
    source_ip: str | None
    sightings: int
    assessment_id: AssessmentId
    indicators: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()

    @property
    def takes_sightings(self) -> bool:
        """Whether the same target, assessed as bad again, is this finding again; what was dealt with comes anew."""
        return self.status not in _DONE

    def seen_again(self, other: "Finding") -> "Finding":
        """This finding after a newer one on the same target: the newer evidence counts, the life goes on."""
        return replace(
            self,
            last_seen_at=other.created_at,
            sightings=self.sightings + 1,
            assessment_id=other.assessment_id,
            type=self.type if other.type is Category.UNKNOWN else other.type,
            severity=other.severity,
            score=other.score,
            verdict=other.verdict,
            source_ip=other.source_ip or self.source_ip,
            indicators=tuple(dict.fromkeys((*self.indicators, *other.indicators))),
            techniques=tuple(dict.fromkeys((*self.techniques, *other.techniques))),
        )


class Act(StrEnum):
    """What the history of a finding tells."""

    OPENED = "opened"
    STATUS = "status"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the history of a finding."""

    number: int
    at: datetime
    by: str
    act: Act
    old_status: Status | None = None
    new_status: Status | None = None
    comment: str | None = None


def needs_write(before: Status, after: Status) -> bool:
    """Whether a change of status is more than analysts with `threat:read` may do (contract 1.3.4)."""
    return before is not after and bool({before, after} & ENDING)
