"""The clock: dates know their zone, and neither count of seconds runs backwards."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

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


def test_boot_seconds_count_what_seconds_count_and_sleep_too() -> None:
    clock: Clock = SystemClock()
    counted = [clock.boot_seconds() for _ in range(1_000)]
    assert counted == sorted(counted)
    uptime = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
    assert abs(clock.boot_seconds() - uptime) < 5
