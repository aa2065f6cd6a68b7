"""Time comes in by constructor: a Clock tells the date, and two steady counts of seconds for deadlines."""

import time
from datetime import UTC, datetime
from typing import Final, Protocol

# Only Linux has it; elsewhere the steady clock stands in, and there a sleeping machine is seen by its date alone.
_BOOT_CLOCK: Final[int] = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Clock(Protocol):
    """What the product knows about time."""

    def now(self) -> datetime:
        """The date and time in UTC, with its zone set."""

    def seconds(self) -> float:
        """Seconds of a clock that never jumps; only differences mean something."""

    def boot_seconds(self) -> float:
        """As `seconds`, but it runs on while the machine sleeps: for what must not look fresh after a long sleep."""


class SystemClock:
    """The machine's own clock, the only reader of it."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - the one clock

    def seconds(self) -> float:
        return time.monotonic()  # noqa: TID251 - the one clock

    def boot_seconds(self) -> float:
        return time.clock_gettime(_BOOT_CLOCK)
