"""Wrong proofs of identity slow down the next: by account and by address, longer each time, and never for good."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from cybervault.access.limits.fixed import caller_of
from cybervault.access.store.sign_in_failures import Failures, FailureStore
from cybervault.domain.clock import Clock
from cybervault.domain.observables import Address
from cybervault.domain.problems import Problem, ProblemKind

# After a day without a failure nothing is held against anybody.
FORGOTTEN_AFTER: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Slowdown:
    """The first `free` failures cost nothing; then one second, doubled by each further one, up to `seconds_max`."""

    free: int
    seconds_max: int

    def until(self, failures: Failures) -> datetime:
        """When the next attempt may be made."""
        beyond = failures.count - self.free
        seconds = 0 if beyond < 0 else min(self.seconds_max, 2 ** min(beyond, 30))
        return failures.last_at + timedelta(seconds=seconds)


ACCOUNT: Final = Slowdown(free=5, seconds_max=900)
# Many people may share an address, so that it is slowed down later and less.
ADDRESS: Final = Slowdown(free=20, seconds_max=60)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one attempt is counted under, in the order in which rows are locked."""

    account: str
    address: str | None

    @property
    def counted(self) -> tuple[tuple[str, Slowdown], ...]:
        """Each subject with its rule."""
        account = ((self.account, ACCOUNT),)
        return account if self.address is None else (*account, (self.address, ADDRESS))


def attempt_of(email: str, address: Address | None, *, is_known_address: bool) -> Attempt:
    """Under what an attempt counts.

    Where the member has signed in before, strangers who fail elsewhere, or at the same address with other names,
    slow nobody down: this pair of account and address is counted alone.
    """
    account = f"account:{hashlib.sha256(email.encode()).hexdigest()[:32]}"
    place = caller_of(address)
    if is_known_address:
        return Attempt(f"{account}@{place}", None)
    return Attempt(account, f"address:{place}")


class Throttle:
    """Counts an attempt before it is made, so that many at once gain nothing, and takes a good one back."""

    def __init__(self, store: FailureStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def enter(self, attempt: Attempt) -> None:
        """Count it as failed; `Problem` OVER_LIMIT `too_many_attempts` where it comes too early, which is not counted.

        Opens a transaction of its own.
        """
        now = self._clock.now()
        async with self._store.transaction():
            await self._store.lock()
            held = [(subject, rule, await self._held(subject, now)) for subject, rule in attempt.counted]
            _refuse_early([rule.until(failures) for _, rule, failures in held], now)
            for subject, _, failures in held:
                await self._store.keep(subject, Failures(failures.count + 1, now))

    async def passed(self, attempt: Attempt) -> None:
        """It was right: nothing is held against the account, and this attempt not against the address.

        The caller may hold a transaction.
        """
        await self._store.forget(attempt.account)
        if attempt.address is not None:
            await self._store.take_back(attempt.address)

    async def take_back(self, attempt: Attempt) -> None:
        """It was neither right nor wrong: it does not count. The caller may hold a transaction."""
        for subject, _ in attempt.counted:
            await self._store.take_back(subject)

    async def _held(self, subject: str, now: datetime) -> Failures:
        failures = await self._store.failures(subject)
        if failures is None or now - failures.last_at >= FORGOTTEN_AFTER:
            return Failures(0, now)
        return failures


def _refuse_early(moments: Sequence[datetime], now: datetime) -> None:
    seconds = max((moment - now).total_seconds() for moment in moments)
    if seconds > 0:
        raise Problem(
            ProblemKind.OVER_LIMIT,
            code="too_many_attempts",
            message=f"Too many wrong attempts. Try again in {ceil(seconds)} seconds.",
            retry_after_seconds=ceil(seconds),
        )
