"""Counts by time: bounded, complete, and of a width that people can read."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.cli.detections.moments import SEVERITIES, Moments, spoken
from cybervault.domain.verdicts import Severity

AT = datetime(2026, 11, 1, 8, tzinfo=UTC)


def test_events_are_counted_by_time_and_severity_without_a_gap() -> None:
    moments = Moments()
    for minutes, severity in ((0, Severity.HIGH), (0, Severity.CRITICAL), (10, Severity.HIGH)):
        moments.add(AT + timedelta(minutes=minutes), severity)
    found = moments.bars(12)
    assert (found.seconds, len(found.bars), found.strays) == (60, 11, 0)
    assert found.bars[0].begin == AT
    assert (found.bars[0].counts, found.bars[0].total) == ((1, 1, 0, 0, 0), 2)
    assert (found.bars[1].total, found.bars[10].counts) == (0, (0, 1, 0, 0, 0))


def test_without_events_there_are_no_bars() -> None:
    assert Moments().bars(10).bars == ()


def test_a_clock_that_was_wrong_does_not_squeeze_all_others() -> None:
    moments = Moments()
    for minute in range(300):
        moments.add(AT + timedelta(minutes=minute), Severity.LOW)
    moments.add(datetime(1601, 1, 1, tzinfo=UTC), Severity.HIGH)
    found = moments.bars(60)
    assert (found.strays, found.seconds) == (1, 300)
    assert sum(bar.total for bar in found.bars) == 300


@given(st.lists(st.datetimes(timezones=st.just(UTC)), min_size=1, max_size=50), st.integers(11, 80))
def test_whatever_times_are_claimed_every_event_is_in_a_bar_or_a_stray(times: list[datetime], most: int) -> None:
    moments = Moments()
    for at in times:
        moments.add(at, Severity.MEDIUM)
    found = moments.bars(most)
    assert len(found.bars) <= most
    assert sum(bar.total for bar in found.bars) + found.strays == len(times)
    assert found.bars[0].total


def test_thousands_of_different_times_are_kept_coarser() -> None:
    moments = Moments()
    for number in range(10_000):
        moments.add(AT + timedelta(seconds=7 * number), SEVERITIES[number % 5])
    found = moments.bars(72)
    assert sum(bar.total for bar in found.bars) == 10_000
    assert found.seconds == 1_800


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 second"), (30, "30 seconds"), (300, "5 minutes"), (3_600, "1 hour"), (7 * 86_400, "7 days")],
)
def test_a_width_is_said_in_words(seconds: int, words: str) -> None:
    assert spoken(seconds) == words
