"""Refusals that are remembered: as exact as the server's own, and never longer."""

from cybervault.access.limits.denials import Denials
from cybervault.access.limits.limiter import LocalLimiter
from tests.access.limits.traffic import minute_of
from tests.fakes.clock import HandClock

ONE = minute_of(1)


def refused() -> tuple[Denials, HandClock]:
    """One caller, refused for 60 seconds."""
    denials, clock = Denials(denials_max=2), HandClock()
    limiter = LocalLimiter(clock)
    limiter.admit_now("a", ONE)
    denials.keep("a", ONE, limiter.admit_now("a", ONE), now=0)
    return denials, clock


def test_a_refusal_holds_until_its_moment_and_counts_down() -> None:
    denials, _ = refused()
    found = denials.find("a", ONE, now=0.5)
    assert found is not None
    assert (found.is_admitted, found.retry_after_seconds, found.reset_after_seconds) == (False, 60, 59.5)
    assert found.violated == ("minute",)
    late = denials.find("a", ONE, now=59.9)
    assert late is not None
    assert late.retry_after_seconds == 1
    assert denials.find("a", ONE, now=60) is None


def test_other_limits_are_asked_for_anew() -> None:
    denials, _ = refused()
    assert denials.find("a", minute_of(2), now=1) is None
    assert denials.find("a", ONE, now=1) is None


def test_nobody_else_is_refused() -> None:
    denials, _ = refused()
    assert denials.find("b", ONE, now=1) is None


def test_a_refusal_can_be_forgotten_alone_or_with_all() -> None:
    denials, _ = refused()
    denials.forget("a")
    denials.forget("a")
    assert denials.find("a", ONE, now=1) is None
    denials, _ = refused()
    denials.clear()
    assert denials.find("a", ONE, now=1) is None


def test_above_the_bound_the_oldest_is_forgotten() -> None:
    denials, _ = refused()
    kept = denials.find("a", ONE, now=1)
    assert kept is not None
    denials.keep("b", ONE, kept, now=1)
    denials.keep("c", ONE, kept, now=1)
    assert denials.find("a", ONE, now=2) is None
    assert denials.find("b", ONE, now=2) is not None
