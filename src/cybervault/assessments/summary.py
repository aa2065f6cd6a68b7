"""Findings in numbers: how many are open and how bad they are, how many came each day, which techniques they show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Protocol

from cybervault.assessments.selection import Condition, Field, Operator
from cybervault.domain.findings import OPEN, Status
from cybervault.domain.principals import TenantId
from cybervault.domain.verdicts import Severity

TECHNIQUES_MOST: Final = 10


@dataclass(frozen=True, slots=True)
class Tally:
    """How many findings are of one severity and status."""

    severity: Severity
    status: Status
    count: int


@dataclass(frozen=True, slots=True)
class Summary:
    """`days` are of UTC, oldest first and today last; `techniques` those of open findings, the most frequent first."""

    at: datetime
    tallies: tuple[Tally, ...]
    days: tuple[tuple[date, int], ...]
    techniques: tuple[tuple[str, int], ...]

    def open_of(self, severity: Severity) -> int:
        """How many of a severity are open."""
        return sum(one.count for one in self.tallies if one.severity is severity and one.status in OPEN)

    def of_status(self, status: Status) -> int:
        """How many stand there."""
        return sum(one.count for one in self.tallies if one.status is status)


class Counted(Protocol):
    """Who counts findings."""

    async def count(self, tenant_id: TenantId, conditions: Sequence[Condition]) -> int:
        """How many there are."""

    async def tally(self, tenant_id: TenantId) -> Sequence[Tally]:
        """How many of each severity and status there are, without those of which there is none."""

    async def techniques(self, tenant_id: TenantId, most: int) -> Sequence[tuple[str, int]]:
        """The most frequent techniques of open findings, each with how many show it."""


async def summarise(findings: Counted, tenant_id: TenantId, *, now: datetime, days: int) -> Summary:
    """The numbers of a tenant, of today and of the days before it: `days` in all."""
    today = now.astimezone(UTC).date()
    counted = [today - timedelta(days=back) for back in reversed(range(days))]
    return Summary(
        now,
        tuple(await findings.tally(tenant_id)),
        tuple([(day, await findings.count(tenant_id, _within(day))) for day in counted]),
        tuple(await findings.techniques(tenant_id, TECHNIQUES_MOST)),
    )


def _within(day: date) -> tuple[Condition, Condition]:
    begin = datetime.combine(day, time(), UTC)
    # A moment is kept in microseconds at best, so that none lies between this end and the next day.
    end = begin + timedelta(days=1) - timedelta(microseconds=1)
    return (
        Condition(Field.CREATED_AT, Operator.FROM, (begin.timestamp(),)),
        Condition(Field.CREATED_AT, Operator.TO, (end.timestamp(),)),
    )
