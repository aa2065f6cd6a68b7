"""A clock that moves only when a test moves it."""

from datetime import UTC, datetime, timedelta


class HandClock:
    """`domain.clock.Clock` for tests: starts at a fixed date and is moved by `advance`, `sleep` and `jump`."""

    def __init__(self, start: datetime = datetime(2026, 11, 1, tzinfo=UTC)) -> None:
        self._start = start
        self._passed = 0.0
        self._slept = 0.0
        self._jumped = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed + self._slept + self._jumped)

    def seconds(self) -> float:
        return self._passed

    def boot_seconds(self) -> float:
        return self._passed + self._slept

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._passed += seconds

    def sleep(self, seconds: float) -> None:
        """Let the machine sleep: the steady clock stands still meanwhile."""
        self._slept += seconds

    def jump(self, seconds: float) -> None:
        """Set the date forth or back, as an administrator, or the restore of a snapshot, does."""
        self._jumped += seconds
