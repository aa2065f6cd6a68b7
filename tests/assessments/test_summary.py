"""Findings in numbers: days are whole days of UTC, and open is what somebody still has to do something about."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

from cybervault.assessments.selection import Condition, holds
from cybervault.assessments.summary import TECHNIQUES_MOST, Summary, Tally, summarise
from cybervault.domain.findings import Finding, Status
from cybervault.domain.principals import TenantId
from cybervault.domain.verdicts import Severity
from tests.assessments.made import FINDING

OURS = FINDING.tenant_id
EVENING = datetime(2027, 3, 9, 23, 30, tzinfo=UTC)


class Listed:
    """Findings in a list, counted by the plain rule of conditions."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self._findings = findings
        self.most: list[int] = []

    def _of(self, tenant_id: TenantId) -> list[Finding]:
        return [one for one in self._findings if one.tenant_id == tenant_id]

    async def count(self, tenant_id: TenantId, conditions: Sequence[Condition]) -> int:
        return sum(all(holds(condition, one) for condition in conditions) for one in self._of(tenant_id))

    async def tally(self, tenant_id: TenantId) -> Sequence[Tally]:
        counted = Counter((one.severity, one.status) for one in self._of(tenant_id))
        return [Tally(severity, status, count) for (severity, status), count in counted.items()]

    async def techniques(self, tenant_id: TenantId, most: int) -> Sequence[tuple[str, int]]:
        self.most.append(most)
        return Counter(name for one in self._of(tenant_id) for name in one.techniques).most_common(most)


def at(*moments: datetime) -> list[Finding]:
    return [replace(FINDING, created_at=moment) for moment in moments]


async def test_a_day_is_one_of_utc_from_its_first_to_its_last_moment() -> None:
    midnight = datetime(2027, 3, 9, tzinfo=UTC)
    found = at(midnight - timedelta(microseconds=1), midnight, midnight + timedelta(days=1, microseconds=-1))
    days = (await summarise(Listed(found), OURS, now=EVENING, days=2)).days
    assert days == ((date(2027, 3, 8), 1), (date(2027, 3, 9), 2))


async def test_today_is_today_in_utc_wherever_the_clock_says_it_is() -> None:
    there = EVENING.astimezone(timezone(timedelta(hours=5)))
    assert [day for day, _ in (await summarise(Listed([]), OURS, now=there, days=1)).days] == [date(2027, 3, 9)]


async def test_days_without_findings_are_told_too() -> None:
    summary = await summarise(Listed(at(EVENING)), OURS, now=EVENING, days=90)
    assert len(summary.days) == 90
    assert summary.days[0] == (date(2026, 12, 10), 0)
    assert sum(count for _, count in summary.days) == 1


async def test_the_numbers_are_those_of_one_tenant() -> None:
    listed = Listed([*at(EVENING), replace(FINDING, tenant_id=TenantId("tv_2"), created_at=EVENING)])
    summary = await summarise(listed, OURS, now=EVENING, days=1)
    assert summary == Summary(
        EVENING, (Tally(Severity.HIGH, Status.NEW, 1),), ((date(2027, 3, 9), 1),), (("T1571", 1),)
    )
    assert listed.most == [TECHNIQUES_MOST]


def test_open_is_what_is_new_acknowledged_or_investigated() -> None:
    tallies = tuple(Tally(Severity.HIGH, status, 10**place) for place, status in enumerate(Status))
    summary = Summary(EVENING, (*tallies, Tally(Severity.LOW, Status.NEW, 5)), (), ())
    assert (summary.open_of(Severity.HIGH), summary.open_of(Severity.LOW)) == (111, 5)
    assert summary.open_of(Severity.CRITICAL) == 0
    assert [summary.of_status(status) for status in Status] == [6, *(10**place for place in range(1, 7))]
