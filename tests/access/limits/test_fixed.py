"""Fixed windows: counted per caller, started by the first request, bounded in number."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.access.limits.fixed import FixedWindows, Limit, caller_of
from tests.fakes.clock import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def windows(clock: HandClock) -> FixedWindows:
    return FixedWindows(Limit(5, 60), clock)


def test_the_sixth_call_of_a_window_is_refused(windows: FixedWindows) -> None:
    assert all(windows.admit("a").is_allowed for _ in range(5))
    assert not windows.admit("a").is_allowed


def test_another_caller_is_not_touched(windows: FixedWindows) -> None:
    for _ in range(6):
        windows.admit("a")
    assert windows.admit("b").is_allowed


def test_the_wait_is_told_in_whole_seconds_rounded_up(windows: FixedWindows, clock: HandClock) -> None:
    for _ in range(5):
        windows.admit("a")
    assert windows.admit("a").retry_after_seconds == 60
    clock.advance(59.5)
    assert windows.admit("a").retry_after_seconds == 1


def test_who_waits_as_told_gets_through(windows: FixedWindows, clock: HandClock) -> None:
    for _ in range(5):
        windows.admit("a")
    clock.advance(windows.admit("a").retry_after_seconds)
    assert windows.admit("a").is_allowed


def test_refused_calls_do_not_lengthen_the_window(windows: FixedWindows, clock: HandClock) -> None:
    for _ in range(5):
        windows.admit("a")
    for _ in range(30):
        clock.advance(2)
        windows.admit("a")
    assert windows.admit("a").is_allowed


def test_the_oldest_callers_are_forgotten_before_memory_grows(clock: HandClock) -> None:
    windows = FixedWindows(Limit(1, 60), clock, callers_max=2)
    windows.admit("a")
    clock.advance(61)
    for name in ("b", "c", "d"):
        windows.admit(name)
    assert not windows.admit("d").is_allowed
    assert not windows.admit("c").is_allowed
    assert windows.admit("b").is_allowed


@given(st.lists(st.floats(0, 100), max_size=60))
def test_no_window_ever_admits_more_than_its_limit(pauses: list[float]) -> None:
    clock = HandClock()
    windows = FixedWindows(Limit(3, 10), clock)
    admitted: list[float] = []
    for pause in pauses:
        clock.advance(pause)
        if windows.admit("a").is_allowed:
            admitted.append(clock.seconds())
    start, count = float("-inf"), 0
    for moment in admitted:
        start, count = (moment, 1) if moment >= start + 10 else (start, count + 1)
        assert count <= 3


@pytest.mark.parametrize(
    ("address", "caller"),
    [("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3::4", "2001:db8:1:2::"), (None, "unknown")],
)
def test_a_caller_is_an_ipv4_address_or_an_ipv6_customer(address: str | None, caller: str) -> None:
    assert caller_of(ipaddress.ip_address(address) if address else None) == caller
