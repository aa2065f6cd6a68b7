"""The clock: dates know their zone, and seconds never run backwards."""

from datetime import UTC, datetime, timedelta

from cybervault.domain.clock import Clock, SystemClock


def test_now_is_the_date_of_this_machine_in_utc() -> None:
    clock: Clock = SystemClock()
    before = datetime.now(UTC)  # noqa: TID251 - what the clock is held against
    now = clock.now()
    assert now.utcoffset() == timedelta(0)
    assert before <= now <= datetime.now(UTC)  # noqa: TID251 - same


def test_seconds_never_run_backwards() -> None:
    clock: Clock = SystemClock()
    counted = [clock.seconds() for _ in range(1_000)]
    assert counted == sorted(counted)
