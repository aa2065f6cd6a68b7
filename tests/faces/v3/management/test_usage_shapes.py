"""How v3 spells what was called with a key, in steps of time."""

from datetime import UTC, datetime, timedelta

from cybervault.access.usage_steps import Count, Outcome, UsageStep
from cybervault.faces.v3.management.usage_shapes import UsageSummary, UsageSummaryQuery


def test_hours_go_back_two_days_and_days_ninety() -> None:
    assert UsageSummaryQuery(step="hour").to_core() == (timedelta(hours=1), 48)
    assert UsageSummaryQuery().to_core() == (timedelta(days=1), 90)


def test_each_step_tells_its_calls_by_how_they_ended_and_with_which_secret() -> None:
    counts = (Count(Outcome.REFUSED, is_old_secret=True, calls=2), Count(Outcome.FAILED, is_old_secret=False, calls=1))
    steps = [UsageStep(datetime(2026, 11, 1, hour, tzinfo=UTC), counts[: 2 * hour]) for hour in (0, 1)]
    assert UsageSummary.of(steps, "hour").model_dump() == {
        "step": "hour",
        "calls": 3,
        "data": [
            {"at": "2026-11-01T00:00:00Z", "counts": []},
            {
                "at": "2026-11-01T01:00:00Z",
                "counts": [
                    {"outcome": "refused", "is_old_secret": True, "calls": 2},
                    {"outcome": "failed", "is_old_secret": False, "calls": 1},
                ],
            },
        ],
    }
