"""Calls in equal steps of time, by how they ended and with which secret."""

from datetime import UTC, datetime, timedelta

import pytest

from cybervault.access.usage_steps import Count, Outcome, Tally, first_of, outcome_of, steps_of

HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 1, 12, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.SUCCEEDED),
        (304, Outcome.SUCCEEDED),
        (400, Outcome.FAULTY),
        (401, Outcome.REFUSED),
        (403, Outcome.REFUSED),
        (404, Outcome.FAULTY),
        (429, Outcome.REFUSED),
        (500, Outcome.FAILED),
        (503, Outcome.FAILED),
    ],
)
def test_how_a_call_ended(status: int, outcome: Outcome) -> None:
    assert outcome_of(status) is outcome


def test_steps_have_no_gap_and_hold_each_call_once() -> None:
    first = first_of(NOW, HOUR, 3)
    tallies = [
        Tally(first, 200, is_old_secret=True, calls=4),
        Tally(first, 204, is_old_secret=True, calls=1),
        Tally(first, 200, is_old_secret=False, calls=2),
        Tally(first + 2, 500, is_old_secret=False, calls=7),
        Tally(first - 1, 200, is_old_secret=False, calls=9),
    ]
    steps = steps_of(tallies, HOUR, first=first, count=3)
    assert [step.at.hour for step in steps] == [10, 11, 12]
    assert steps[0].counts == (
        Count(Outcome.SUCCEEDED, is_old_secret=False, calls=2),
        Count(Outcome.SUCCEEDED, is_old_secret=True, calls=5),
    )
    assert (steps[1].counts, steps[2].counts) == ((), (Count(Outcome.FAILED, is_old_secret=False, calls=7),))
