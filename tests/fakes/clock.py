"""A clock that moves only when a test moves it."""

from datetime import UTC, datetime, timedelta


class HandClock:
    """`domain.clock.Clock` for tests: starts at a fixed date and is moved by `advance`."""

    def __init__(self, start: datetime = datetime(2026, 11, 1, tzinfo=UTC)) -> None:
        self._start = start
        self._passed = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed)

    def seconds(self) -> float:
        return self._passed

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._passed += seconds
