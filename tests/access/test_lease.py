"""The lease: below four seconds on a clock that sleeps with nobody, and dropped when the clocks disagree."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.access.lease import LEASE_SECONDS, DatabaseClock, Lease, Moment
from tests.fakes.clock import HandClock


def held(clock: HandClock) -> Lease:
    lease = Lease(clock)
    lease.renew(Moment.of(clock))
    return lease


def test_before_the_first_look_nothing_is_held() -> None:
    assert not Lease(HandClock()).is_held()


@pytest.mark.parametrize(("seconds", "is_held"), [(0.0, True), (3.999, True), (4.0, False), (3600.0, False)])
def test_it_ends_four_seconds_after_the_look_began(seconds: float, *, is_held: bool) -> None:
    clock = HandClock()
    lease = held(clock)
    clock.advance(seconds)
    assert lease.is_held() is is_held


def test_it_counts_from_the_start_of_the_look_not_from_its_end() -> None:
    clock = HandClock()
    lease, begun = Lease(clock), Moment.of(clock)
    clock.advance(3.0)
    lease.renew(begun)
    assert lease.is_held()
    clock.advance(1.0)
    assert not lease.is_held()


def test_a_machine_that_slept_does_not_think_its_lease_fresh() -> None:
    """CLOCK_MONOTONIC stands still during sleep; the boot clock does not."""
    clock = HandClock()
    lease = held(clock)
    clock.sleep(4.0)
    assert clock.seconds() == 0.0
    assert not lease.is_held()


@pytest.mark.parametrize("seconds", [1.01, -1.01, 3600.0])
def test_it_drops_when_the_date_jumps(seconds: float) -> None:
    """A restored snapshot goes on with the old boot clock while the world has moved on."""
    clock = HandClock()
    lease = held(clock)
    clock.jump(seconds)
    assert not lease.is_held()


def test_a_date_that_is_corrected_a_little_leaves_it() -> None:
    clock = HandClock()
    lease = held(clock)
    clock.jump(0.9)
    assert lease.is_held()


def test_dropped_it_waits_for_the_next_look() -> None:
    clock = HandClock()
    lease = held(clock)
    lease.drop()
    assert not lease.is_held()
    lease.renew(Moment.of(clock))
    assert lease.is_held()


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_no_pair_of_clocks_makes_a_lease_of_four_seconds_or_more(
    boot: float, date: float, later_boot: float, later_date: float
) -> None:
    passed = later_boot - boot
    if Moment(boot, date).covers(Moment(later_boot, later_date)):
        assert 0 <= passed < LEASE_SECONDS
        assert abs(later_date - date - passed) <= 1


class TestDatabaseClock:
    def test_it_tells_this_machines_date_before_the_first_look(self) -> None:
        clock = HandClock()
        assert DatabaseClock(clock).now() == clock.now()

    def test_it_tells_the_databases_date_and_counts_on(self) -> None:
        clock = HandClock()
        date = DatabaseClock(clock)
        date.set(clock.boot_seconds(), datetime(2030, 1, 1, tzinfo=UTC))
        clock.advance(10)
        assert date.now() == datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=10)

    def test_it_runs_on_while_the_machine_sleeps_and_stands_when_its_date_jumps(self) -> None:
        clock = HandClock()
        date = DatabaseClock(clock)
        date.set(clock.boot_seconds(), datetime(2030, 1, 1, tzinfo=UTC))
        clock.sleep(5)
        clock.jump(-86_400)
        assert date.now() == datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=5)

    def test_its_seconds_are_the_machines(self) -> None:
        clock = HandClock()
        date = DatabaseClock(clock)
        clock.advance(3)
        clock.sleep(4)
        assert (date.seconds(), date.boot_seconds()) == (3.0, 7.0)
