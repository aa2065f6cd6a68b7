"""Failures slow down the next attempt, each more than the last, and never for good."""

import asyncio
import ipaddress

import pytest

from cybervault.access.store.sign_in_failures import Failures, FailureStore
from cybervault.access.throttle import ACCOUNT, ADDRESS, FORGOTTEN_AFTER, Attempt, Slowdown, Throttle, attempt_of
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.storage.database import Database
from tests.fakes.clock import HandClock

HERE = ipaddress.ip_address("192.0.2.7")
DAY = FORGOTTEN_AFTER.total_seconds()


class Desk:
    """A throttle with its clock."""

    def __init__(self, database: Database) -> None:
        self.clock = HandClock()
        self.store = FailureStore(database)
        self.throttle = Throttle(self.store, self.clock)

    async def wait(self, attempt: Attempt) -> int:
        """Make an attempt that fails; the seconds that it was told to wait instead."""
        try:
            await self.throttle.enter(attempt)
        except Problem as problem:
            told = problem
        else:
            return 0
        assert (told.kind, told.code) == (ProblemKind.OVER_LIMIT, "too_many_attempts")
        assert told.message == f"Too many wrong attempts. Try again in {told.retry_after_seconds} seconds."
        return told.retry_after_seconds or -1

    async def fail(self, attempt: Attempt, times: int) -> None:
        """Fail as often, with all the patience that it takes."""
        for _ in range(times):
            while seconds := await self.wait(attempt):
                self.clock.advance(seconds)


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


ATTEMPT = attempt_of("ana@acme.example", HERE, is_known_address=False)


def test_the_wait_doubles_up_to_its_end() -> None:
    clock, slowdown = HandClock(), Slowdown(free=2, seconds_max=10)
    waits = [(slowdown.until(Failures(n, clock.now())) - clock.now()).total_seconds() for n in range(8)]
    assert waits == [0, 0, 1, 2, 4, 8, 10, 10]
    assert (slowdown.until(Failures(10_000, clock.now())) - clock.now()).total_seconds() == 10


async def test_after_five_free_failures_each_costs_twice_the_wait_of_the_last(desk: Desk) -> None:
    assert [await desk.wait(ATTEMPT) for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    for seconds in (1, 2, 4, 8, 16):
        assert await desk.wait(ATTEMPT) == seconds
        desk.clock.advance(seconds - 0.5)
        assert await desk.wait(ATTEMPT) == 1  # told in whole seconds, rounded up
        desk.clock.advance(0.5)
        assert await desk.wait(ATTEMPT) == 0


async def test_an_attempt_that_comes_too_early_does_not_lengthen_the_wait(desk: Desk) -> None:
    """Security: nobody is locked out by somebody who only hammers at the door."""
    for _ in range(50):
        await desk.wait(ATTEMPT)
    assert await desk.wait(ATTEMPT) == 1


async def test_nobody_is_locked_out_for_good(desk: Desk) -> None:
    await desk.fail(ATTEMPT, 30)
    assert 0 < await desk.wait(ATTEMPT) <= ACCOUNT.seconds_max


async def test_after_a_day_nothing_is_held_against_anybody(desk: Desk) -> None:
    await desk.fail(ATTEMPT, 20)
    desk.clock.advance(DAY)
    assert [await desk.wait(ATTEMPT) for _ in range(5)] == [0] * 5


async def test_a_right_proof_clears_the_account_and_takes_back_one_failure_of_the_address(desk: Desk) -> None:
    """Security: an account of one's own at hand does not clear the address for guessing at others."""
    for _ in range(5):
        await desk.wait(ATTEMPT)
    desk.clock.advance(1)
    await desk.throttle.enter(ATTEMPT)
    await desk.throttle.passed(ATTEMPT)
    assert ATTEMPT.address is not None
    assert await desk.store.failures(ATTEMPT.account) is None
    left = await desk.store.failures(ATTEMPT.address)
    assert left is not None
    assert left.count == 5


async def test_what_nobody_could_judge_does_not_count(desk: Desk) -> None:
    for _ in range(30):
        await desk.throttle.enter(ATTEMPT)
        await desk.throttle.take_back(ATTEMPT)
    assert await desk.wait(ATTEMPT) == 0


async def test_an_address_is_slowed_down_over_all_accounts(desk: Desk) -> None:
    attempts = [attempt_of(f"{n}@acme.example", HERE, is_known_address=False) for n in range(ADDRESS.free + 1)]
    assert [await desk.wait(one) for one in attempts] == [0] * ADDRESS.free + [1]
    other = attempt_of("ana@acme.example", ipaddress.ip_address("192.0.2.8"), is_known_address=False)
    assert await desk.wait(other) == 0


async def test_where_a_member_has_been_before_strangers_slow_nobody_down(desk: Desk) -> None:
    await desk.fail(ATTEMPT, 30)
    known = attempt_of("ana@acme.example", HERE, is_known_address=True)
    assert [await desk.wait(known) for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    desk.clock.advance(1)
    await desk.throttle.enter(known)
    await desk.throttle.passed(known)
    assert await desk.wait(ATTEMPT) > 0


async def test_many_attempts_at_once_gain_nothing(desk: Desk) -> None:
    """Security: each is counted before it is made."""
    waits = await asyncio.gather(*(desk.wait(ATTEMPT) for _ in range(12)))
    assert sorted(waits) == [0] * 5 + [1] * 7


def test_an_address_is_counted_by_what_one_customer_has_and_a_name_only_by_its_digest() -> None:
    one, other = (
        attempt_of("ana@acme.example", ipaddress.ip_address(text), is_known_address=False)
        for text in ("2001:db8::1", "2001:db8::2")
    )
    assert one == other
    assert "ana" not in one.account
    assert attempt_of("ana@acme.example", None, is_known_address=False).address == "address:unknown"
