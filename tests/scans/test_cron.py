"""When a schedule is due, in the zone that it names."""

from datetime import UTC, datetime

import pytest

from cybervault.domain.problems import Problem
from cybervault.scans.cron import next_run, refuse_bad_times

NOW = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "timezone", "after", "expected"),
    [
        ("30 3 * * 1", "UTC", NOW, "2026-11-02T03:30:00+00:00"),
        ("30 3 * * 1", "Europe/Madrid", NOW, "2026-11-02T02:30:00+00:00"),
        ("0 0 L * *", "Asia/Kolkata", NOW, "2026-11-29T18:30:00+00:00"),
        # Behind the moment itself, for else a turn would come twice.
        ("30 12 * * *", "UTC", NOW, "2026-11-02T12:30:00+00:00"),
        # The hour that summer time leaves out, and the one that it gives back.
        ("30 2 * * *", "Europe/Madrid", datetime(2026, 3, 28, 12, tzinfo=UTC), "2026-03-29T01:00:00+00:00"),
        ("30 2 * * *", "Europe/Madrid", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-26T01:30:00+00:00"),
    ],
)
def test_times_are_those_of_the_zone(cron: str, timezone: str, after: datetime, expected: str) -> None:
    found = next_run(cron, timezone, after)
    assert found is not None
    assert found.isoformat() == expected
    refuse_bad_times(cron, timezone, after)


@pytest.mark.parametrize(
    ("cron", "timezone", "field"),
    [
        ("* * * * *", "UTC", "cron"),
        ("0,10 3 * * *", "UTC", "cron"),
        ("0 0 * * * *", "UTC", "cron"),
        ("@daily", "UTC", "cron"),
        ("61 * * * *", "UTC", "cron"),
        ("0 0 30 2 *", "UTC", "cron"),
        ("0 0 1-99999999999 * *", "UTC", "cron"),
        ("0 \u0663 * * *", "UTC", "cron"),
        ("0" * 200 + " 3 * * *", "UTC", "cron"),
        ("0 3 * * *", "", "timezone"),
        ("0 3 * * *", "Nope/Here", "timezone"),
        ("0 3 * * *", "America", "timezone"),
        ("0 3 * * *", "../../etc/passwd", "timezone"),
        ("0 3 * * *", "UTC\x00", "timezone"),
        ("0 3 * * *", "+02:00", "timezone"),
    ],
)
def test_what_is_no_time_never_comes_or_comes_too_often_is_refused(cron: str, timezone: str, field: str) -> None:
    with pytest.raises(Problem) as refused:
        refuse_bad_times(cron, timezone, NOW)
    assert refused.value.code == "invalid_schedule"
    assert refused.value.details[0][0] == field


def test_a_quarter_of_an_hour_is_not_too_often() -> None:
    refuse_bad_times("*/15 * * * *", "Europe/Madrid", NOW)
