"""Time comes in by constructor: a Clock tells the date, and a steady count of seconds for deadlines."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the product knows about time."""

    def now(self) -> datetime:
        """The date and time in UTC, with its zone set."""

    def seconds(self) -> float:
        """Seconds of a clock that never jumps; only differences mean something."""


class SystemClock:
    """The machine's own clock, the only reader of it."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - the one clock

    def seconds(self) -> float:
        return time.monotonic()  # noqa: TID251 - the one clock
