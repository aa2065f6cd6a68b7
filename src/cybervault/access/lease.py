"""For how long a node may act on what it remembers: the lease that each look at the security events renews."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cybervault.domain.clock import Clock

# Revoked is dead everywhere within five seconds: four for a node that hears nothing, one for the revoking request.
LEASE_SECONDS: Final = 4.0
_CLOCKS_DIFFER_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment on both clocks: seconds since boot, sleep included, and the date in Unix seconds."""

    boot: float
    date: float

    @classmethod
    def of(cls, clock: Clock) -> "Moment":
        """The present one."""
        return cls(clock.boot_seconds(), clock.now().timestamp())

    def covers(self, later: "Moment") -> bool:
        """Whether a lease from this moment still holds at the later one.

        Where the clocks disagree about the time between, the machine was frozen and restored, or its date was set:
        nobody knows how long that took.
        """
        passed = later.boot - self.boot
        differ = abs(later.date - self.date - passed)
        return 0 <= passed < LEASE_SECONDS and differ <= _CLOCKS_DIFFER_SECONDS


class Lease:
    """What was remembered may be used while it is held.

    It counts from the start of the last look that saw all events: a right that was taken before that start is
    forgotten by now, and one that was taken later is younger than the lease.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since: Moment | None = None

    def is_held(self) -> bool:
        """Whether it holds now; ask after reading what it is to vouch for."""
        return self._since is not None and self._since.covers(Moment.of(self._clock))

    def renew(self, begun: Moment) -> None:
        """The look that began then has seen all events, and they are applied."""
        self._since = begun

    def drop(self) -> None:
        """Nothing remembered may be used until the next look."""
        self._since = None


class DatabaseClock:
    """A `Clock` that tells the database's date, so that an expiry is the same moment on every node.

    The date is counted on from the last look by the boot clock, never by this machine's own date. Before the first
    look it is this machine's.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: tuple[float, datetime] | None = None

    def set(self, boot: float, date: datetime) -> None:
        """The database said this date. `boot` is when it was asked: what errs by the way there ends early, not late."""
        self._told = (boot, date)

    def now(self) -> datetime:
        if self._told is None:
            return self._clock.now()
        boot, date = self._told
        return date + timedelta(seconds=self._clock.boot_seconds() - boot)

    def seconds(self) -> float:
        return self._clock.seconds()

    def boot_seconds(self) -> float:
        return self._clock.boot_seconds()
