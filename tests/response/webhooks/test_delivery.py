"""When a delivery is tried again."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cybervault.response.webhooks.delivery import PAUSES_SECONDS, Attempt, pause_after, said_of

FAILED = Attempt(1, datetime(2026, 11, 1, tzinfo=UTC), 500, None, 12, "")
SILENT = replace(FAILED, status=None, failure="no answer within 5 seconds")


def test_the_first_five_are_as_the_contract_says_and_all_take_three_days() -> None:
    assert PAUSES_SECONDS[:5] == (0, 30, 120, 600, 3_600)
    assert 72 * 3_600 < sum(PAUSES_SECONDS) < 80 * 3_600


@pytest.mark.parametrize("tried", range(1, len(PAUSES_SECONDS)))
def test_a_pause_is_never_shorter_than_promised_and_a_tenth_longer_at_most(tried: int) -> None:
    assert pause_after(FAILED, tried, 0.0) == PAUSES_SECONDS[tried]
    assert pause_after(FAILED, tried, 1.0) == pytest.approx(PAUSES_SECONDS[tried] * 1.1)


def test_there_is_an_end() -> None:
    assert pause_after(FAILED, len(PAUSES_SECONDS), 0.0) is None


def test_a_receiver_may_ask_for_more_time_and_for_a_day_at_most() -> None:
    assert pause_after(replace(FAILED, retry_after_seconds=300), 1, 0.0) == 300
    assert pause_after(replace(FAILED, retry_after_seconds=5), 1, 0.0) == 30
    assert pause_after(replace(FAILED, retry_after_seconds=10**8), 1, 0.0) == 86_400


def test_who_is_gone_is_not_asked_again() -> None:
    assert pause_after(replace(FAILED, status=410), 1, 0.0) is None


@pytest.mark.parametrize(
    ("status", "expected"),
    [(200, True), (201, True), (204, True), (299, True), (199, False), (301, False), (404, False)],
)
def test_only_two_hundreds_are_taken(status: int, expected: bool) -> None:  # noqa: FBT001 - a case
    assert replace(FAILED, status=status).is_delivered is expected
    assert not SILENT.is_delivered


def test_a_failure_is_said_in_words() -> None:
    assert said_of(FAILED) == "the receiver answered 500"
    assert said_of(SILENT) == "no answer within 5 seconds"
